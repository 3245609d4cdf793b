"""`report.csv`: the same rows for a spreadsheet, one line per source file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from album_sort.report._output import atomic_text
from album_sort.report.rows import format_offset
from album_sort.types import PhotoRow, ReportRow, SkippedRow

_TOP = 3

COLUMNS = (
    "type",
    "source",
    "album",
    "title",
    "probability",
    "path",
    "action",
    "taken",
    "utc_offset",
    "taken_precision",
    "taken_source",
    "place",
    "country",
    "country_code",
    "distance_km",
    "trip",
    *(f"class_{number}{part}" for number in range(1, _TOP + 1) for part in ("", "_probability")),
    "also",
    "group",
    "why",
    "sha256",
    "similar_to",
    "stage",
    "reason",
)
"""The header, in order."""

_LIST_SEPARATOR = " | "

# A spreadsheet takes a cell that begins so for a formula, and a file name can be one: such text gets an apostrophe in front, which
# spreadsheets do not show.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _cells(row: ReportRow) -> dict[str, str]:
    if isinstance(row, SkippedRow):
        return {
            "type": "skipped",
            "source": _text(row.source),
            "stage": str(row.stage),
            "reason": _text(row.reason),
        }
    cells = {
        "type": "photo",
        "source": _text(row.source),
        "album": row.album,
        "title": _text(row.title),
        "path": _text(row.path),
        "action": str(row.action),
        "also": _text(_LIST_SEPARATOR.join(row.also)),
        "group": _text(_LIST_SEPARATOR.join(row.group)),
        "why": _text(_LIST_SEPARATOR.join(row.why)),
        "sha256": row.sha256,
        "similar_to": row.similar_to or "",
    }
    cells["probability"] = next((f"{score:.4f}" for album, score in row.scores if album == row.album), "")
    for number, top in enumerate(row.top[:_TOP], start=1):
        cells |= {f"class_{number}": _text(top.label), f"class_{number}_probability": f"{top.probability:.4f}"}
    return cells | _where_and_when(row)


def _where_and_when(row: PhotoRow) -> dict[str, str]:
    cells: dict[str, str] = {}
    if row.taken:
        cells["taken"] = row.taken.local.isoformat(sep=" ", timespec="seconds")
        cells["utc_offset"] = format_offset(row.taken.utc_offset_minutes) or ""
        cells["taken_precision"] = row.taken.precision
        cells["taken_source"] = row.taken.source
    if row.place:
        cells["place"] = _text(row.place.name)
        cells["country"] = _text(row.place.country)
        cells["country_code"] = row.place.country_code
        cells["distance_km"] = f"{row.place.distance_km:.1f}"
    if row.trip:
        cells["trip"] = _text(row.trip.title)
    return cells


class _Rows(Protocol):
    def writerow(self, row: dict[str, str], /) -> object: ...


class CsvReport:
    """A report.csv being written, row by row."""

    def __init__(self, stream: IO[str]) -> None:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        self._writer: _Rows = writer

    def add(self, row: ReportRow) -> None:
        """Writes one line."""
        self._writer.writerow(_cells(row))


def is_our_csv(head: bytes) -> bool:
    """Whether a file begins with our header."""
    return head.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS[:4]).encode())


@contextmanager
def csv_report(path: Path) -> Iterator[CsvReport]:
    """A report.csv that takes its name when all rows are in. It starts with a byte order mark: spreadsheets need it for Chinese."""
    with atomic_text(path, is_ours=is_our_csv, encoding="utf-8-sig", newline="") as stream:
        yield CsvReport(stream)


def write_csv(rows: Iterable[ReportRow], path: Path) -> None:
    """Writes all rows to `path`."""
    with csv_report(path) as report:
        for row in rows:
            report.add(row)
