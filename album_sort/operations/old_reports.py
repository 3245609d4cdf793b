"""What is kept of old reports: they grow with every night, and each tells of the whole library."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from album_sort.core.checked import NONSENSE, json_object
from album_sort.state.own_files import is_regular_file, open_own, open_own_to_write, run_folders

REPORT = "report.jsonl"
TABLE = "report.csv"

SUMMARY = "report-summary.jsonl"
"""The first and the last line of a report that was thinned: what was asked for, and how it ended."""

MOST_BYTES = 2_000_000_000
"""That the reports of all runs may take together: sixty of ten thousand photos, one and a half of a million."""

KEPT_REPORTS = 3
"""Of so many runs that came to their end they stay in any case: an undo shows the one before, and the next run looks into it."""

_FIRST_LOOK = 1 << 16
_LONGEST_LINE = 16 << 20


def thin_oldest_reports(destination: str, *, most_bytes: int = MOST_BYTES) -> None:
    """Where all reports take more, the oldest keep their first and last line. What an undo needs is not in them.

    One that cannot be thinned now is thinned after the next run.
    """
    total, whole = 0, 0
    for _, folder in reversed(run_folders(Path(destination))):
        if not is_regular_file(folder / REPORT):
            continue
        total += sum(path.lstat().st_size for path in (folder / REPORT, folder / TABLE) if is_regular_file(path))
        with contextlib.suppress(OSError):
            last = _last_line(folder / REPORT)
            if whole >= KEPT_REPORTS and total > most_bytes:
                _thin(folder, last)
            # Of an interrupted run it speaks of a part of the library, and those before it are asked for the rest.
            whole += _is_of_all(last)


def _thin(folder: Path, last: bytes) -> None:
    with open_own(folder / REPORT) as stream:
        first = stream.readline(_LONGEST_LINE)
    temporary = folder / f"{SUMMARY}.new"
    temporary.unlink(missing_ok=True)
    with open_own_to_write(temporary) as sink:
        sink.write(first + last)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.replace(folder / SUMMARY)
    (folder / TABLE).unlink(missing_ok=True)
    (folder / REPORT).unlink()


def _last_line(path: Path) -> bytes:
    """The last whole line, read from the end; empty where it is none of ours."""
    with open_own(path) as stream:
        size, look = stream.seek(0, os.SEEK_END), _FIRST_LOOK
        while True:
            stream.seek(max(0, size - look))
            lines = stream.read(look).split(b"\n")
            if len(lines) > 2 or look >= min(size, _LONGEST_LINE):
                return lines[-2] + b"\n" if len(lines) > 1 else b""
            look *= 4


def _is_of_all(last: bytes) -> bool:
    try:
        row = json_object(last)
        return row["type"] == "summary" and row["interrupted"] is False
    except NONSENSE:
        return False
