"""Which split of the cores between decoding processes and threads of the network is fastest.

    python benchmarks/bench_threads.py PHOTOS WEIGHTS [--files 120] [--rounds 3] [--cores 1 2]

Every split runs once in each round, on as many cores as are given (by affinity); the relative speed is taken within a round,
against the split that the program chooses. Only the inspection is timed. Writes results/threads.csv.
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
from pathlib import Path

from bench_run import ROOT, make_files
from machine import write_rows

from album_sort.inspection.cores import ThreadSplit, split_threads


def seconds(split: ThreadSplit, cores: int, options: argparse.Namespace, folder: Path) -> float:
    """Of one inspection on the first `cores` cores."""
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    numbers = [str(options.files), str(split.workers), str(split.threads)]
    way = ["inspection", str(folder / "photos"), str(options.weights), str(cache), *numbers]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "benchmarks" / "ways.py"), *way],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    return float(json.loads(done.stdout)["seconds"])


def splits(cores: int) -> list[ThreadSplit]:
    """The program's own choice first, then its neighbours."""
    workers = sorted({max(1, cores - 1), cores, cores + 1, 2 * cores})
    threads = sorted({1, cores})
    own = split_threads(cores)
    return [own, *(ThreadSplit(w, t) for w in workers for t in threads if (w, t) != (own.workers, own.threads))]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--files", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, nargs="+", default=[len(os.sched_getaffinity(0))])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="album-sort-threads-"))
    rows: list[dict[str, object]] = []
    try:
        make_files(options.photos, folder / "photos", options.files)
        for cores in options.cores:
            seconds(split_threads(cores), cores, options, folder)
            times = [[seconds(split, cores, options, folder) for split in splits(cores)] for _ in range(options.rounds)]
            for column, split in enumerate(splits(cores)):
                relative = statistics.median(row[0] / row[column] for row in times)
                median = statistics.median(row[column] for row in times)
                rows.append(
                    {
                        "cores_used": cores,
                        "workers": split.workers,
                        "threads": split.threads,
                        "is_chosen": split == split_threads(cores),
                        "photos_per_s": f"{options.files / median:.1f}",
                        "relative_speed": f"{relative:.3f}",
                        "files": options.files,
                        "rounds": options.rounds,
                    }
                )
                print({key: str(value) for key, value in rows[-1].items()}, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_rows("threads", rows)


if __name__ == "__main__":
    main()
