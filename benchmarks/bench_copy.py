"""How fast photos are copied, hashed and made safe, beside `cp -a` of the same files in the same run.

    python benchmarks/bench_copy.py [--gigabytes 5] [--megabytes 3] [--rounds 3] [--folder /var/tmp]

`cp -a` ends when the kernel has taken the bytes; ours ends when the disk has them and their hash is known. So `cp -a` is timed alone
and with the `sync` that makes it comparable. The ways follow one another within a round, in another order in each, and ratios are
taken within a round; between two ways the disk is left to finish. `cold`: the sources are not in the page cache. Writes results/copy.csv.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from machine import write_rows

from album_sort.core.planning.plan import plan_filings
from album_sort.fileops.apply import COPY_THREADS, apply_plan
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.state.store import DestinationState
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    ContentId,
    FiledContent,
    FileEntry,
    FileKind,
    Filing,
    Mode,
    OpStatus,
    Role,
)
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus

PLAIN, SYNCED, OURS = "cp -a", "cp -a, then sync", "album-sort"
WAYS = (PLAIN, SYNCED, OURS)


@dataclass(frozen=True, slots=True)
class Took:
    """What one copying of all files has cost."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds of one state of the page cache."""

    cache: str
    took: dict[str, list[Took]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def speeds(self, way: str, size_bytes: int) -> list[float]:
        """MB/s, round by round."""
        return [size_bytes / 1e6 / one.seconds for one in self.took[way]]

    def ratios(self, reference: str) -> list[float]:
        """Our speed by another's, round by round."""
        return [other.seconds / ours.seconds for ours, other in zip(self.took[OURS], self.took[reference], strict=True)]


def make_photos(folder: Path, total_bytes: int, mean_bytes: int) -> list[Filing]:
    """Random files of uneven sizes, so that nothing can be compressed or shared."""
    folder.mkdir()
    filings = []
    number = 0
    while total_bytes > 0:
        size = int(mean_bytes * (0.3 + 1.4 * (number % 11) / 10))
        data = os.urandom(size)
        path = folder / f"IMG_{number:05}.JPG"
        path.write_bytes(data)
        status = path.stat()
        content = ContentId(hashlib.sha256(data).hexdigest())
        file = FileEntry(str(path), str(folder), size, status.st_mtime_ns, status.st_ino, status.st_dev, FileKind.PHOTO)
        target = AlbumRelPath(f"Album {number % 7}/2024-{number % 5:02}")
        filed = FiledContent(content, content, AlbumId("pets"), target, Role.PRIMARY, file.path)
        filings.append(Filing(file, filed))
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


def copy_with_cp(source: Path, target: Path, *, sync: bool) -> None:
    """`cp -a`, and the wait for the disk where asked for."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    if sync:
        subprocess.run(["sync", "-f", str(target)], check=True)


def measure(action: Callable[[Path], None], target: Path) -> Took:
    """Cost of an action that fills a fresh folder; the disk is idle before, and the folder is gone after."""
    os.sync()
    cpu, start = cpu_seconds(), time.perf_counter()
    action(target)
    took = Took(time.perf_counter() - start, cpu_seconds() - cpu)
    shutil.rmtree(target)
    return took


def cpu_seconds() -> float:
    """Of this process and of those that it has called."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def set_page_cache(cache: str, filings: list[Filing]) -> None:
    """Put the sources into the page cache, or take them out of it."""
    for filing in filings:
        with open(filing.file.path, "rb", buffering=0) as stream:
            if cache == "cold":
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            else:
                while stream.read(1 << 20):
                    pass


def run_series(cache: str, rounds: int, filings: list[Filing], work: Path, threads: int) -> Series:
    """All ways, round by round, each round beginning with another one."""
    actions: dict[str, Callable[[Path], None]] = {
        PLAIN: lambda target: copy_with_cp(work / "photos", target, sync=False),
        SYNCED: lambda target: copy_with_cp(work / "photos", target, sync=True),
        OURS: lambda target: ours(filings, target, threads),
    }
    series = Series(cache)
    for number in range(rounds):
        first = number % len(WAYS)
        for way in (*WAYS[first:], *WAYS[:first]):
            os.sync()
            set_page_cache(cache, filings)
            series.took[way].append(measure(actions[way], work / "target"))
            print(f"{cache:5} {way:18} {series.took[way][-1].seconds:7.2f} s", file=sys.stderr, flush=True)
    return series


def rows_of(series: Series, size_bytes: int, files: int) -> list[dict[str, object]]:
    """The table: a row for each way, and one for each ratio."""
    found: list[tuple[str, list[float], str, list[float]]] = []
    for way in WAYS:
        per_gb = [one.cpu_seconds / size_bytes * 1e9 for one in series.took[way]]
        found.append((way, series.speeds(way, size_bytes), "MB/s", per_gb))
    found += [(f"{OURS} by {way}", series.ratios(way), "times", []) for way in (PLAIN, SYNCED)]
    return [
        {
            "what": what,
            "cache": series.cache,
            "median": f"{statistics.median(values):.3g}",
            "least": f"{min(values):.3g}",
            "most": f"{max(values):.3g}",
            "unit": unit,
            "cpu_s_per_gb": f"{statistics.median(per_gb):.2f}" if per_gb else "",
            "files": files,
            "gigabytes": f"{size_bytes / 1e9:.2f}",
            "rounds": len(values),
        }
        for what, values, unit, per_gb in found
    ]


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--megabytes", type=float, default=3.0, help="mean size of a file")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=COPY_THREADS)
    parser.add_argument("--caches", nargs="+", default=["warm", "cold"], choices=["warm", "cold"])
    parser.add_argument("--no-table", action="store_true", help="print only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-copy-", dir=options.folder) as name:
        work = Path(name)
        filings = make_photos(work / "photos", int(options.gigabytes * 1e9), int(options.megabytes * 1e6))
        size_bytes = sum(filing.file.size_bytes for filing in filings)
        for cache in options.caches:
            rows = rows_of(run_series(cache, options.rounds, filings, work, options.threads), size_bytes, len(filings))
            for row in rows:
                print("{cache:5} {what:32} {median:>6} {unit:5} ({least} to {most})  {cpu_s_per_gb}".format(**row))
            if not options.no_table:
                write_rows("copy", rows, append=cache != options.caches[0])


if __name__ == "__main__":
    main()
