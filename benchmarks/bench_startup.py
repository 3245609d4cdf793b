"""What a run costs that has nothing to do: `--help`, imports, and a library of unchanged photos.

    python benchmarks/bench_startup.py [--photos 10000] [--rounds 5]

The library is made of copies of one picture that differ by bytes behind its end; the cache is filled as a run would fill it, so that
the measured runs find every photo known. Writes results/startup.csv.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import RESULTS, write_rows
from ways import calibration_views

from album_sort.classifier.weights import WeightsQuery, find_weights
from album_sort.inspection.inspect import model_key_of
from album_sort.inspection.messages import Read, ReaderSettings
from album_sort.inspection.reader import inspect
from album_sort.scan import scan
from album_sort.state.cache import CACHE_FILE, CacheReader, InferenceCache
from album_sort.types import ContentId, Precision

ROOT = RESULTS.parent.parent
COMMAND = [sys.executable, "-m", "album_sort"]


def timed(arguments: list[str], cache: Path) -> float:
    """Seconds of one command."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ALBUM_SORT_CACHE_DIR": str(cache)}
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


def make_library(folder: Path, count: int) -> None:
    """Small distinct files: what is measured does not look into them."""
    picture = (ROOT / "labels" / "calibration" / "pictures" / "coffee-whole.jpg").read_bytes()
    for number in range(count):
        path = folder / f"{2000 + number // 1000}" / f"IMG_{number:05}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture + b"\0%d" % number)


def fill_cache(folder: Path, cache_folder: Path) -> float:
    """What one full run would remember of each file; returns bytes of cache per photo."""
    weights = find_weights(WeightsQuery("efficientnet-lite0"))
    key = model_key_of(weights.backbone, weights.sha256, Precision.AUTO)
    files = list(scan([str(folder)]).files)
    reader = ReaderSettings(weights.backbone.preprocessing, 256, cache_folder, key, 1 << 30)
    read = inspect(files[0], reader, CacheReader(cache_folder, key))
    if not isinstance(read, Read) or read.views is None:
        raise SystemExit(f"{files[0].path} could not be read")
    from album_sort.classifier.runner import Classifier  # noqa: PLC0415 - imports torch

    classifier = Classifier(
        weights, Precision.AUTO, model_key=key, threads=1, converted=cache_folder, calibration=calibration_views
    )
    (answer,) = classifier.classify([read.views])
    with InferenceCache.open(cache_folder, key) as cache:
        for number, file in enumerate(files):
            content_id = ContentId(hashlib.sha256(Path(file.path).read_bytes()).hexdigest())
            known = replace(read.inspection, file=file, content_id=content_id, prediction=answer.prediction)
            # Equal embeddings would be as large; noise keeps them from being alike.
            noise = np.random.default_rng(number).normal(1, 0.1, answer.embedding.shape).astype(np.float16)
            cache.add(known, answer.embedding * noise, b"")
    return (cache_folder / CACHE_FILE).stat().st_size / len(files)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="album-sort-startup-"))
    cache = folder / "cache"
    startup = "from album_sort.classifier.torch_startup import {0}; {0}()"
    sort = [
        *COMMAND,
        "sort",
        str(folder / "photos"),
        "--out",
        str(folder / "albums"),
        "--dry-run",
        "--quiet",
        "--offline",
    ]
    measured: dict[str, Callable[[], float]] = {
        "--help": lambda: timed([*COMMAND, "--help"], cache),
        "import torch": lambda: timed([sys.executable, "-c", startup.format("import_torch")], cache),
        "import torch and torchvision": lambda: timed(
            [sys.executable, "-c", startup.format("import_torchvision")], cache
        ),
        f"dry run over {options.photos} known photos": lambda: timed([*sort, "--model", "efficientnet-lite0"], cache),
    }
    try:
        make_library(folder / "photos", options.photos)
        size = fill_cache(folder / "photos", cache)
        times: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(options.rounds):
            for name, measure in measured.items():
                times[name].append(measure())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = [
        {"what": name, "median": f"{statistics.median(found):.3f}", "least": f"{min(found):.3f}", "unit": "s"}
        for name, found in times.items()
    ]
    rows.append({"what": "cache per photo", "median": f"{size:.0f}", "least": f"{size:.0f}", "unit": "bytes"})
    for row in rows:
        print(f"{row['what']:40} {row['median']:>9} {row['unit']}")
    write_rows("startup", rows)


if __name__ == "__main__":
    main()
