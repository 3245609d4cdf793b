"""Sorts made-up library after made-up library and holds the promises against each; run as a process by the fuzz test.

    python -m tests.fuzz.sort_many FIRST COUNT FOLDER

Writes the number of each library before it is tried, and a line of JSON with the counts at the end of a good run.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from album_sort.cli.app import app
from album_sort.errors import AlbumSortError
from tests.builders import fingerprint
from tests.fuzz.odd_libraries import make_odd_library

SECONDS = 240
"""For one library of fifty files, the first of which wait for the network, however busy the machine is."""

CODES = (0, 3)
"""Done, or done but for files that are listed."""


def main(first: int, count: int, folder: Path) -> None:
    """Sorts libraries first .. first + count - 1; raises with the number of the first that breaks a promise."""
    filed = skipped = 0
    slowest = 0.0
    for number in range(first, first + count):
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        root = folder / str(number)
        signal.alarm(SECONDS)
        started = time.monotonic()
        make_odd_library(number, root / "in" / "photos")
        rows = _sorted_as_promised(root)
        filed += sum(row["type"] == "photo" for row in rows)
        skipped += sum(row["type"] == "skipped" for row in rows)
        slowest = max(slowest, time.monotonic() - started)
        shutil.rmtree(root)
    signal.alarm(0)
    sys.stdout.write(json.dumps({"filed": filed, "skipped": skipped, "slowest_s": round(slowest, 2)}) + "\n")


def _sorted_as_promised(root: Path) -> list[dict[str, Any]]:
    """The rows of the report of a run that kept every promise."""
    photos, albums = root / "in" / "photos", root / "albums"  # a link to `..` must not lead to what the runs write
    before = fingerprint(photos)
    # One reading process: starting it anew for each run is most of the time.
    few = ("--workers", "1", "--threads", "1", "--model", "efficientnet-lite0")
    call = ("sort", str(photos), "--out", str(albums), "--offline", "--no-progress", *few)
    planned = _run(*call, "--dry-run", "--report", str(root / "preview"))
    assert not albums.exists(), "a preview wrote into the destination"
    done = _run(*call)
    rows = _rows(albums / ".album-sort" / "runs")
    assert _told(_rows(root / "preview")) == _told(rows), "the run did something else than its preview"
    assert planned == done, f"the preview ended with {planned}, the run with {done}"
    tree = fingerprint(albums)
    # The same exit code, or 0 where what cannot be read has been told before.
    assert _run(*call) in {done, 0}
    assert fingerprint(albums) == tree, "a second run wrote something"
    assert fingerprint(photos) == before, "a source was changed"
    _nothing_is_lost(photos, albums, rows)
    return rows


def _run(*arguments: str) -> int:
    """The exit code of the program in this process; what it says is kept for the traceback."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = app(list(arguments), standalone_mode=False)
        except AlbumSortError as error:
            raise AssertionError(f"{' '.join(arguments)} ended with {error}") from error
    assert code in CODES, f"{' '.join(arguments)} ended with {code}: {said.getvalue()[-2000:]}"
    return int(code)


def _rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the newest report below a folder."""
    newest = max(folder.rglob("report.jsonl"))
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]


def _told(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What a report says became of each file; how a file was made in the end (a copy, a reflink) is told by the run alone."""
    photos = [(row["source"], row["album"], row["path"], *row["why"]) for row in rows if row["type"] == "photo"]
    return sorted([*photos, *((row["source"], row["reason"]) for row in rows if row["type"] == "skipped")])


def _nothing_is_lost(photos: Path, albums: Path, rows: list[dict[str, Any]]) -> None:
    """Every file is in the albums by its content, or listed."""
    stored = {_digest(path) for path in _files(albums)}
    listed = {row["source"] for row in rows if row["type"] == "skipped"}
    for path in _files(photos):
        is_told = str(path) in listed or any(str(folder) in listed for folder in path.parents)
        assert is_told or _digest(path) in stored, f"{str(path)!r} is neither filed nor listed"


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
