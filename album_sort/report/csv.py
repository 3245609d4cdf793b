"""`report.csv`: the same rows for a spreadsheet, one line per source file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from album_sort.report._output import atomic_text
from album_sort.report.rows import format_offset
from album_sort.report.sinks import ReportBrief
from album_sort.types import PhotoRow, ReportFooter, ReportRow, SkippedRow

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
    "taken_why",
    "place",
    "country",
    "country_code",
    "distance_km",
    "lat_deg",
    "lon_deg",
    "place_source",
    "trip",
    "trip_start",
    "trip_end",
    *(f"class_{number}{part}" for number in range(1, _TOP + 1) for part in ("", "_probability")),
    "scores",
    "also",
    "group",
    "why",
    "sha256",
    "similar_to",
    "by_hand",
    "size_bytes",
    "duplicate_of",
    "freed_bytes",
    "damaged",
    "damaged_share",
    "camera",
    "width_px",
    "height_px",
    "people",
    "preview",
    "stage",
    "reason",
    "code",
    "problem",
    "in_run",
)
"""The header, in order."""

_LIST_SEPARATOR = " | "

_NOTHING = ("",) * (len(COLUMNS) - 7)
"""What a skipped file has between its source and its stage."""

# A spreadsheet takes a cell that begins so for a formula, and a file name can be one: such text gets an apostrophe in front, which
# spreadsheets do not show.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are full-width forms, which spreadsheets in East Asian languages read likewise."""

# Where the comma is the decimal sign, a spreadsheet takes semicolons (others take tabs) for the ends of cells, whatever is quoted:
# what comes behind one may begin a cell.
_INNER_START = re.compile(f"[;\t\r\n](?=[{re.escape(''.join(_FORMULA_STARTS))}])")


def _text(value: str) -> str:
    if ";" in value or not value.isprintable():
        value = _INNER_START.sub(lambda end: f"{end.group()}'", value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _cells(row: ReportRow) -> tuple[str, ...]:
    """The cells of a row, in the order of `COLUMNS`."""
    if isinstance(row, SkippedRow):
        said = (str(row.stage), _text(row.reason), row.coded.code if row.coded else "", _yes(row.is_problem))
        return ("skipped", _text(row.source), *_NOTHING, *said, _yes(row.in_run))
    return (
        "photo",
        _text(row.source),
        row.album,
        _text(row.title),
        next((f"{score:.4f}" for album, score in row.scores if album == row.album), ""),
        _text(row.path),
        str(row.action),
        *_where_and_when(row),
        *_classes(row),
        _LIST_SEPARATOR.join(f"{album} {score:.4f}" for album, score in row.scores),
        _text(_LIST_SEPARATOR.join(row.also)),
        _text(_LIST_SEPARATOR.join(row.group)),
        _text(_LIST_SEPARATOR.join(row.why)),
        row.sha256,
        row.similar_to or "",
        row.by_hand,
        "" if row.size_bytes is None else str(row.size_bytes),
        _text(row.duplicate_of),
        str(row.freed_bytes) if row.duplicate_of else "",
        *(("", "") if row.damaged_share is None else ("true", f"{row.damaged_share:.3f}")),
        _text(row.camera),
        *(("", "") if row.size_px is None else map(str, row.size_px)),
        _text(_LIST_SEPARATOR.join(row.people)),
        _text(row.preview),
        *("", "", "", ""),
        _yes(row.in_run),
    )


def _yes(value: bool) -> str:  # noqa: FBT001 - a cell's only value
    return "yes" if value else "no"


def _where_and_when(row: PhotoRow) -> Iterator[str]:
    taken, place = row.taken, row.place
    if taken:
        yield taken.local.isoformat(sep=" ", timespec="seconds")
        yield format_offset(taken.utc_offset_minutes) or ""
        yield taken.precision
        yield taken.source
        yield _text(_LIST_SEPARATOR.join(taken.why))
    else:
        yield from ("",) * 5
    if place:
        yield _text(place.name)
        yield _text(place.country)
        yield place.country_code
        yield f"{place.distance_km:.1f}"
        yield from ("", "") if place.lat_deg is None else (f"{place.lat_deg}", f"{place.lon_deg}")
        yield _text(place.source)
    else:
        yield from ("",) * 7
    if row.trip:
        yield _text(row.trip.title)
        yield row.trip.start.isoformat()
        yield row.trip.end.isoformat()
    else:
        yield from ("", "", "")


def _classes(row: PhotoRow) -> Iterator[str]:
    for top in row.top[:_TOP]:
        yield _text(top.label)
        yield f"{top.probability:.4f}"
    yield from ("", "") * (_TOP - len(row.top))


class _Rows(Protocol):
    def writerow(self, row: tuple[str, ...], /) -> object: ...


class CsvReport:
    """A report.csv being written, row by row."""

    def __init__(self, stream: IO[str]) -> None:
        # A `DictWriter` would take twice the time.
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        self._writer: _Rows = writer

    def add(self, row: ReportRow) -> None:
        """Writes one line."""
        self._writer.writerow(_cells(row))

    def finish(self, _outcome: ReportFooter | None) -> None:
        """Nothing: a table has rows only."""


def is_our_csv(head: bytes) -> bool:
    """Whether a file begins with our header."""
    return head.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS[:4]).encode())


@contextmanager
def csv_report(path: Path, _brief: ReportBrief) -> Iterator[CsvReport]:
    """A report.csv that takes its name when all rows are in. It starts with a byte order mark: spreadsheets need it for Chinese."""
    with atomic_text(path, is_ours=is_our_csv, encoding="utf-8-sig", newline="") as stream:
        yield CsvReport(stream)
