"""What each part of the native code gains of a photo's time.

    OPENBLAS_NUM_THREADS=1 python benchmarks/bench_native.py PHOTO... [--rounds 5] [--write]

Each photo is read as a reading process reads it, by all native code and then with one part of it left out after the other, in
turns, so that other work on the machine meets all of them alike. CPU time of one thread; medians of each photo's quickest rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from machine import write_rows

from album_sort.classifier.resnet18 import RESNET18
from album_sort.images import decode_picture
from album_sort.metadata.files import read_metadata

PARTS = ("jpeg_eighth", "resample", "convolution", "measures")
ALL = "all native code"


def module_of(part: str) -> ModuleType | None:
    """The Python side of a part; None where the part is gone."""
    try:
        return importlib.import_module(f"album_sort.images.{part}")
    except ModuleNotFoundError:
        return None


@contextmanager
def left_out(module: ModuleType | None) -> Iterator[None]:
    """Without the native code behind that module."""
    if module is None:
        yield
        return
    found = module.native_library
    module.native_library = lambda: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.native_library = found  # type: ignore[attr-defined]


def read(path: Path) -> float:
    """Milliseconds that one photo takes."""
    start = time.thread_time()
    data = path.read_bytes()
    hashlib.sha256(data).hexdigest()
    picture = decode_picture(data, RESNET18.preprocessing, thumbnail_px=256)
    read_metadata(data, picture.media_format)
    return 1000 * (time.thread_time() - start)


def main() -> None:
    """Prints the table, and writes it on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    modules = {part: module for part in PARTS if (module := module_of(part))}
    quickest: dict[str, list[float]] = {way: [] for way in (ALL, *modules)}
    for path in options.photos:
        times: dict[str, list[float]] = {way: [] for way in quickest}
        for _ in range(options.rounds):
            for way in quickest:
                with left_out(modules.get(way)):
                    times[way].append(read(path))
        for way, taken in times.items():
            quickest[way].append(min(taken))
    whole = statistics.fmean(quickest[ALL])
    rows = []
    for way, taken in quickest.items():
        mean = statistics.fmean(taken)
        gain = 100 * (mean - whole) / mean
        name = ALL if way == ALL else f"without {way}"
        sys.stdout.write(f"{name:24} {mean:7.2f} ms a photo   gained {gain:5.1f} %\n")
        rows.append({"way": name, "photos": len(taken), "ms": f"{mean:.2f}", "gained_percent": f"{gain:.1f}"})
    if options.write:
        write_rows("native", rows)


if __name__ == "__main__":
    main()
