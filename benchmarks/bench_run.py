"""End to end over a folder of photos, against two usual ways, interleaved.

    python benchmarks/bench_run.py PHOTOS WEIGHTS [--files 240] [--rounds 3] [--workers N] [--threads N]

PHOTOS is repeated to so many distinct files by bytes behind the picture's end. In each round every way runs once, in its own
process; ratios are taken within a round, so that other work on the machine counts against all alike. Our own time is that of
the whole command (`sort --dry-run --save-plan`: from the start of the interpreter to the plan on disk); that of the others
begins with the first photo. Writes results/speed.csv.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import write_rows

from album_sort.inspection.cores import available_cores, split_threads

ROOT = Path(__file__).resolve().parent.parent

# Photos for each way: the slow ones need no more for a steady rate.
SHARES = {
    "album_sort": 1.0,
    "album_sort again": 1.0,
    "decode_only": 0.5,
    "inference_only": 1.0,
    "textbook": 0.15,
    "data_loader": 0.2,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one way."""

    photos: int
    seconds: float
    cpu_ms_per_photo: float
    """Processor time of all its processes, starting included."""
    peak_mb: float
    """Most resident memory of its processes together; what they share is counted in each."""

    @property
    def rate(self) -> float:
        """Photos per second."""
        return self.photos / self.seconds


def make_files(photos: Path, folder: Path, count: int) -> None:
    """Distinct files: a comment behind the end of the picture changes the hash and nothing else."""
    originals = sorted(path for path in photos.iterdir() if path.is_file())
    folder.mkdir()
    for number in range(count):
        original = originals[number % len(originals)]
        (folder / f"{number:04}{original.suffix}").write_bytes(original.read_bytes() + b"\0%d" % number)


def arguments_of(way: str, options: argparse.Namespace, folder: Path, cache: Path, limit: int) -> list[str]:
    """The command itself, or one way of ways.py."""
    split = split_threads(available_cores(), options.workers, options.threads)
    if way.startswith("album_sort"):
        plan = ["--dry-run", "--save-plan", str(cache.with_suffix(".plan"))]
        numbers = ["--workers", str(split.workers), "--threads", str(split.threads)]
        given = ["--weights", str(options.weights), "--quiet", *numbers, *plan]
        return ["-m", "album_sort", "sort", str(folder), "--out", str(cache.with_suffix(".albums")), *given]
    numbers = [str(limit), str(split.workers), str(split.threads)]
    return [
        "-W",
        "ignore",
        str(ROOT / "benchmarks" / "ways.py"),
        way,
        str(folder),
        str(options.weights),
        str(cache),
        *numbers,
    ]


def run(way: str, options: argparse.Namespace, folder: Path, cache: Path, limit: int) -> Measured:
    """One way in its own process."""
    cache.parent.mkdir(exist_ok=True)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments_of(way, options, folder, cache, limit)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": str(cache.parent),
            "ALBUM_SORT_CACHE_DIR": str(cache),
        },
        text=True,
    )
    peak, ended = 0, 0
    while not ended:
        peak = max(peak, sum(resident_bytes(pid) for pid in family(process.pid)))
        time.sleep(0.05)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    seconds = time.perf_counter() - began
    output = process.stdout.read() if process.stdout else ""
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{way} ended with {process.returncode}: {output}")
    photos = limit
    if not way.startswith("album_sort"):
        timing = json.loads(output)
        photos, seconds = timing["photos"], timing["seconds"]
    cpu_s = usage.ru_utime + usage.ru_stime
    return Measured(photos, seconds, 1e3 * cpu_s / photos, peak / 1e6)


def family(pid: int) -> list[int]:
    """The process and all below it."""
    children: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(child) for child in path.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return [pid, *(member for child in children for member in family(child))]


def resident_bytes(pid: int) -> int:
    """Resident memory, 0 for a process that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def rounds(options: argparse.Namespace, folder: Path) -> list[dict[str, Measured]]:
    """Every way once per round."""
    caches = folder / "caches"
    # Converts the weights, and brings photos and libraries into memory.
    run("album_sort", options, folder / "photos", caches / "warm-up", options.files)
    measured = []
    for number in range(options.rounds):
        results = {}
        for way, share in SHARES.items():
            limit = round(options.files * share)
            cache = caches / (str(number) if way.startswith("album_sort") else "none")
            if way == "album_sort":  # weights and gazetteer are converted once in a lifetime, not in every run
                shutil.copytree(caches / "warm-up", cache, ignore=shutil.ignore_patterns("*.sqlite*", "runs"))
            results[way] = one = run(way, options, folder / "photos", cache, limit)
            print(
                f"round {number}: {way:18} {one.rate:8.1f} photos/s {one.cpu_ms_per_photo:7.1f} CPU ms {one.peak_mb:6.0f} MB",
                flush=True,
            )
        measured.append(results)
    return measured


def spread(values: Iterable[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[0], ordered[-1]


def possible(results: dict[str, Measured]) -> float:
    """Photos per second if decoding and inference used all cores in turn and nothing else took time."""
    return 1 / (1 / results["decode_only"].rate + 1 / results["inference_only"].rate)


def table(measured: list[dict[str, Measured]], options: argparse.Namespace) -> list[dict[str, object]]:
    """One row for each way and for each ratio."""
    split = split_threads(available_cores(), options.workers, options.threads)
    rows: list[dict[str, object]] = []

    def add(name: str, values: Iterable[float], unit: str, runs: Sequence[Measured] = ()) -> None:
        median, least, most = spread(values)
        rows.append(
            {
                "what": name,
                "median": f"{median:.2f}",
                "least": f"{least:.2f}",
                "most": f"{most:.2f}",
                "unit": unit,
                "cpu_ms_per_photo": f"{statistics.median(one.cpu_ms_per_photo for one in runs):.1f}" if runs else "",
                "peak_mb": f"{max(one.peak_mb for one in runs):.0f}" if runs else "",
                "files": options.files,
                "rounds": len(measured),
                "workers": split.workers,
                "threads": split.threads,
            }
        )

    for way in SHARES:
        runs = [results[way] for results in measured]
        add(way, (one.rate for one in runs), "photos/s", runs)
    add("possible", (possible(results) for results in measured), "photos/s")
    for other in ("textbook", "data_loader"):
        add(f"album_sort / {other}", (r["album_sort"].rate / r[other].rate for r in measured), "times")
    add("album_sort / possible", (r["album_sort"].rate / possible(r) for r in measured), "times")
    return rows


def main() -> None:
    """Makes the files, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--files", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="album-sort-bench-"))
    try:
        make_files(options.photos, folder / "photos", options.files)
        rows = table(rounds(options, folder), options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for row in rows:
        print(f"{row['what']:26} {row['median']:>9} ({row['least']} to {row['most']}) {row['unit']}")
    write_rows("speed", rows)


if __name__ == "__main__":
    main()
