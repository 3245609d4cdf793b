"""How fast photos are copied, hashed and made safe, beside `cp -a` of the same files in the same run.

    python benchmarks/bench_copy.py --gigabytes 1 --folder /var/tmp

`cp -a` ends when the kernel has taken the bytes; ours ends when the disk has them. Both figures of `cp` are given: alone, and
with the `sync` that would make it comparable. Sources are in the page cache for all of them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from album_sort.core.planning import plan_filings
from album_sort.fileops.apply import apply_plan
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, AlbumRelPath, ContentId, FileEntry, FileKind, Filing, Mode, OpStatus, Role
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus

MEAN_BYTES = 2_400_000
"""A photo of 9 megapixels."""


def make_photos(folder: Path, total_bytes: int) -> list[Filing]:
    """Random files, so that nothing can be compressed or shared."""
    folder.mkdir()
    filings = []
    number = 0
    while total_bytes > 0:
        size = int(MEAN_BYTES * (0.3 + 1.4 * (number % 11) / 10))
        data = os.urandom(size)
        path = folder / f"IMG_{number:05}.JPG"
        path.write_bytes(data)
        status = path.stat()
        content = ContentId(hashlib.sha256(data).hexdigest())
        file = FileEntry(str(path), str(folder), size, status.st_mtime_ns, status.st_ino, status.st_dev, FileKind.PHOTO)
        target = AlbumRelPath(f"Album {number % 7}/2024-{number % 5:02}")
        filings.append(Filing(file, content, content, target, AlbumId("pets"), Role.PRIMARY))
        total_bytes -= size
        number += 1
    return filings


def ours(filings: list[Filing], destination: Path, threads: int) -> None:
    """Plan and apply, journal included."""
    now = datetime.now(UTC)
    plan = plan_filings(
        filings, DestinationPicture(), mode=Mode.COPY, destination=str(destination), created_utc=now, plan_id="bench"
    )
    with DestinationState.open(destination) as state:
        journal = state.begin_run(RunRecord("bench", "sort", now, None, RunStatus.RUNNING, "copy", ""), plan)
        applied = apply_plan(plan, RealFileSystem(), journal, threads=threads)
        state.finish_run("bench", RunStatus.DONE, datetime.now(UTC))
    failed = [result for result in applied.results if result.status is not OpStatus.DONE]
    if failed:
        sys.exit(f"{len(failed)} rows failed, the first: {failed[0]}")


def timed(action: Callable[[Path], None], work: Path, size_bytes: int) -> float:
    """MB/s of an action that fills a fresh folder; the disk is idle before and the folder is gone after."""
    os.sync()
    target = work / "target"
    start = time.perf_counter()
    action(target)
    seconds = time.perf_counter() - start
    shutil.rmtree(target)
    return size_bytes / 1e6 / seconds


def main() -> None:
    """Print the figures, and append them to a CSV file where asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-copy-", dir=options.folder) as name:
        work = Path(name)
        filings = make_photos(work / "photos", int(options.gigabytes * 1e9))
        size_bytes = sum(filing.file.size_bytes for filing in filings)
        ways: dict[str, Callable[[Path], None]] = {
            "cp -a": lambda target: _cp(work / "photos", target, sync=False),
            "cp -a, synced": lambda target: _cp(work / "photos", target, sync=True),
            "album-sort, 1 thread": lambda target: ours(filings, target, 1),
            "album-sort, 2 threads": lambda target: ours(filings, target, 2),
        }
        speeds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(options.repeat):
            for way, action in ways.items():
                speeds[way].append(timed(action, work, size_bytes))
    reference = statistics.median(speeds["cp -a"])
    rows = [
        (way, f"{statistics.median(found):.0f}", f"{min(found):.0f}", f"{max(found):.0f}")
        for way, found in speeds.items()
    ]
    print(f"{len(filings)} files, {size_bytes / 1e9:.2f} GB, median of {options.repeat} (MB/s)")
    for way, median, low, high in rows:
        print(f"{way:24} {median:>6}  ({low} to {high})  {float(median) / reference:.2f} of cp -a")
    if options.csv:
        with options.csv.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerows((datetime.now(UTC).date(), len(filings), size_bytes, *row) for row in rows)


def _cp(source: Path, target: Path, *, sync: bool) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    if sync:
        subprocess.run(["sync", "-f", str(target)], check=True)


if __name__ == "__main__":
    main()
