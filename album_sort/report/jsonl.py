"""`report.jsonl`: one row a line, written while a run goes on, valid wherever it is cut.

Rows leave in blocks of whole lines, each block with one `write`: what a killed run leaves ends with a complete line, or with one
unfinished line (no newline) that the reader drops. So there is no temporary name and no renaming here: the point is to be there early.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from album_sort.core.checked import NONSENSE, json_object
from album_sort.errors import DestinationError
from album_sort.reading import check_regular, open_regular
from album_sort.report._output import refuse_foreign
from album_sort.report.rows import photo_from_json, photo_to_json, skipped_from_json, skipped_to_json
from album_sort.report.run_rows import Json, info_from_json, info_to_json, outcome_from_json, outcome_to_json
from album_sort.report.sinks import ReportBrief
from album_sort.report.tally import Tally
from album_sort.sentences import sentence
from album_sort.types import (
    REPORT_SCHEMA_VERSION,
    PhotoRow,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RunReport,
)

_BLOCK_BYTES = 64 * 1024
"""A block leaves when it is this large ..."""

_LONGEST_LINE = 16 << 20
"""Bytes; the summary of a hundred thousand trips is shorter."""

_SUMMARY = b'{"type": "summary"'

_BLOCK_SECONDS = 1.0
"""... or when its first row is this old: what a kill can cost, and no more than one `write` a second on a slow disk."""

# Some readers split lines at more than the newline (Python's `splitlines` does), and lone surrogates (file names that are no
# UTF-8) have no UTF-8 form: these characters are escaped, all others stay readable.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


# `json.dumps` with these arguments makes an encoder each time.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def to_line(row: Json) -> bytes:
    """One row as UTF-8 with its newline."""
    text = _encode(row)
    if text.isascii() and "\x7f" not in text:
        return text.encode() + b"\n"
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode() + b"\n"


# Neither through a link that was put there nor into a pipe, which would wait for somebody to read it.
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class JsonlReport:
    """A report.jsonl being written: `with JsonlReport(path, info) as report: report.add(row) ...; report.finish(outcome)`."""

    def __init__(self, path: Path, info: ReportHeader, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.tally = Tally()
        self._path = path
        self._clock = clock
        self._lines: list[bytes] = [to_line(info_to_json(info))]
        self._size = 0
        self._since = 0.0
        try:
            self._descriptor = os.open(path, _FLAGS, 0o644)
            check_regular(self._descriptor, path)
        except OSError as error:
            raise DestinationError(
                sentence("report.cannot-write-the-report", path=path, why=error.strerror), hint=f"check {path.parent}"
            ) from error
        self.flush()

    def __enter__(self) -> JsonlReport:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes; what was added stays, whatever ended the block. Where an error ended it, that one is told."""
        with contextlib.suppress(DestinationError) if value is not None else contextlib.nullcontext():
            self.close()

    def add(self, row: ReportRow) -> None:
        """Appends a row; it is on its way to the disk after a second at most, as soon as the next row comes."""
        self.tally.add(row)
        line = to_line(photo_to_json(row) if isinstance(row, PhotoRow) else skipped_to_json(row))
        if not self._lines:
            self._since = self._clock()
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _BLOCK_BYTES or self._clock() - self._since >= _BLOCK_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Hands all rows so far to the operating system. Raises `DestinationError` when the disk does not take them."""
        block = memoryview(b"".join(self._lines))
        try:
            while block:
                block = block[os.write(self._descriptor, block) :]
        except OSError as error:
            raise DestinationError(
                sentence("report.cannot-write-the-report", path=self._path, why=error.strerror),
                hint=sentence("report.check-that-the-disk"),
            ) from error
        finally:
            # Tried once: of a block of which the disk took a part, nobody knows where it ends.
            self._lines.clear()
            self._size = 0

    def revise(self, revised: Callable[[PhotoRow], PhotoRow]) -> None:
        """The photos so far once more, with what has become known since: the report before stays until the new one is whole.

        Raises `DestinationError` where the disk does not take it.
        """
        self.flush()
        temporary = self._path.with_name(f"{self._path.name}.new")
        try:
            # Also a link of that name, which would lead elsewhere.
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, _FLAGS | os.O_EXCL, 0o644)
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                for row in read_lines(self._path):
                    is_photo = row["type"] == "photo"
                    stream.write(to_line(photo_to_json(revised(photo_from_json(row))) if is_photo else row))
            temporary.replace(self._path)
        except OSError as error:
            raise DestinationError(
                sentence("report.cannot-write-the-report", path=self._path, why=error.strerror)
            ) from error
        os.close(self._descriptor)
        self._descriptor = descriptor

    def finish(self, outcome: ReportFooter | None) -> None:
        """Writes the summary row; the report is complete. That of a run without an outcome stays without one."""
        if outcome is None:
            return
        self._lines.append(to_line(outcome_to_json(outcome, self.tally.as_json())))
        self.flush()
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Writes what is left and closes; closing twice does no harm."""
        if self._descriptor >= 0:
            try:
                self.flush()
            finally:
                os.close(self._descriptor)
                self._descriptor = -1


def jsonl_report(path: Path, brief: ReportBrief) -> JsonlReport:
    """A further report.jsonl, of rows that are known; never in place of a file that is not ours."""
    refuse_foreign(path, is_our_jsonl)
    return JsonlReport(path, brief.info)


def read_lines(path: Path, beginning: bytes = b"") -> Iterator[Json]:
    """The rows of a report as JSON objects; an unfinished last line is dropped. With a `beginning`, the first and those that have it.

    Raises `DestinationError` where the file cannot be read or is not a report of a version we know.
    """
    try:
        with os.fdopen(open_regular(path, follow=False), "rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b"")):
                if not line.endswith(b"\n"):
                    return
                if number and not line.startswith(beginning):
                    continue
                row = _parse(path, line)
                if number == 0:
                    _check_version(path, row)
                yield row
    except OSError as error:
        raise DestinationError(sentence("report.cannot-read-the-report", path=path, why=error.strerror)) from error


def _parse(path: Path, line: bytes) -> Json:
    try:
        row: Any = json_object(line)
    except NONSENSE:
        row = None
    if not isinstance(row, dict):
        raise DestinationError(
            sentence("report.is-not-a-report", path=path, line=line[:80]), hint=sentence("report.name-a-report-jsonl")
        )
    return row


def _check_version(path: Path, row: Json) -> None:
    version = row.get("schema_version")
    if row.get("type") != "run" or not isinstance(version, int):
        raise DestinationError(
            sentence("report.is-not-a-report-of", path=path), hint=sentence("report.name-a-report-jsonl")
        )
    if version > REPORT_SCHEMA_VERSION:
        raise DestinationError(
            sentence(
                "report.has-schema-version-this",
                path=path,
                version=version,
                report_schema_version=REPORT_SCHEMA_VERSION,
            ),
            hint=sentence("report.use-the-newer-album"),
        )


def read_report(path: Path) -> RunReport:
    """A report read back. Its rows stream from the file each time they are walked; a killed run has no outcome."""
    info: ReportHeader | None = None
    outcome: ReportFooter | None = None
    for row in read_lines(path, beginning=_SUMMARY):
        with _believed(path):
            if info is None:
                info = info_from_json(row)
            if row["type"] == "summary":
                outcome = outcome_from_json(row)
    if info is None:
        raise DestinationError(
            sentence("report.is-empty-the-run", path=path), hint=sentence("report.run-album-sort-again")
        )
    return RunReport(info, StoredRows(path), outcome)


@contextlib.contextmanager
def _believed(path: Path) -> Iterator[None]:
    """Raises `DestinationError` where a row is none that we have written."""
    try:
        yield
    except NONSENSE as error:
        raise DestinationError(
            sentence("report.is-not-a-report-of-album", path=path, error=f"{error!s:.200}"),
            hint=sentence("report.name-a-report-jsonl"),
        ) from error


class StoredRows:
    """The photo and skipped rows of a report.jsonl, as often as wanted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[ReportRow]:
        """From the first row on, each time."""
        for row in read_lines(self._path):
            with _believed(self._path):
                kind = row["type"]
                read = (
                    photo_from_json(row) if kind == "photo" else skipped_from_json(row) if kind == "skipped" else None
                )
            if read is not None:
                yield read


def is_our_jsonl(head: bytes) -> bool:
    """Whether a file begins like a report of ours."""
    return head.startswith(b'{"type": "run", "schema_version": ')
