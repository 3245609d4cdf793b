"""What the report's thumbnails cost a run: the time of making them inside the decoding of each photo, and of storing them.

    python benchmarks/bench_thumbnails.py PHOTOS... [--rounds 9]

Processor time, the least of the rounds for each photo, so that other work disturbs little. The share is of decoding alone, without reading,
hashing, metadata and the network: of a run's time it is smaller still. Appends one line to benchmarks/results/thumbnails.csv.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from album_sort.classifier.resnet18 import RESNET18  # noqa: E402 (runs from a clone too)
from album_sort.images import decode, decode_picture  # noqa: E402
from album_sort.images.pixels import UndecodableError  # noqa: E402
from album_sort.images.thumbnail import encode_thumbnail  # noqa: E402
from album_sort.pipeline.engine import THUMBNAIL_PX  # noqa: E402
from album_sort.state.thumbnails import ThumbnailStore  # noqa: E402
from benchmarks.machine import RESULTS, machine_columns  # noqa: E402

TOGETHER = 16
"""Thumbnails that a run commits at once: those of a batch."""


def photos_in(paths: list[Path]) -> list[tuple[str, bytes]]:
    """Suffix and bytes of every file that is a photo."""
    found = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                data = file.read_bytes()
                try:
                    decode_picture(data, RESNET18.preprocessing, suffix=file.suffix.lower())
                except UndecodableError:
                    continue
                found.append((file.suffix.lower(), data))
    return found


class Watch:
    """Stands in for the maker of thumbnails and takes its time: to subtract two decodings would measure other work's noise."""

    def __init__(self) -> None:
        self.spent_ms = 0.0

    def __call__(self, rgb: NDArray[np.uint8], long_px: int) -> bytes:
        """Makes a thumbnail."""
        begun = time.process_time()
        thumbnail = encode_thumbnail(rgb, long_px)
        self.spent_ms = (time.process_time() - begun) * 1000
        return thumbnail


def decoding_ms(suffix: str, data: bytes) -> tuple[float, bytes]:
    """Processor milliseconds for a photo, its thumbnail included, and the thumbnail."""
    begun = time.process_time()
    decoded = decode_picture(data, RESNET18.preprocessing, suffix=suffix, thumbnail_px=THUMBNAIL_PX)
    return (time.process_time() - begun) * 1000, decoded.thumbnail


def storing_ms(thumbnails: list[bytes]) -> float:
    """Processor milliseconds for a thumbnail, in batches as a run stores them."""
    with tempfile.TemporaryDirectory() as folder:
        store = ThumbnailStore(Path(folder))
        begun = time.process_time()
        for number, thumbnail in enumerate(thumbnails):
            store.add(hashlib.sha256(str(number).encode()).hexdigest(), thumbnail)
            if number % TOGETHER == TOGETHER - 1:
                store.commit()
        store.close()
        return (time.process_time() - begun) * 1000 / len(thumbnails)


def main() -> None:
    """Measures once and appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    photos = photos_in(arguments.photos)
    decode.encode_thumbnail = watch = Watch()
    whole, made, thumbnails = [], [], []
    for suffix, data in photos:
        rounds = []
        for _ in range(arguments.rounds):
            milliseconds, thumbnail = decoding_ms(suffix, data)
            rounds.append((milliseconds, watch.spent_ms))
        thumbnails.append(thumbnail)
        # the least of the rounds: other work on the machine only ever adds
        whole.append(min(milliseconds for milliseconds, _ in rounds))
        made.append(min(milliseconds for _, milliseconds in rounds))
    making = statistics.mean(made)
    decoding = statistics.mean(whole) - making
    storing = min(storing_ms((thumbnails * 320)[:320]) for _ in range(arguments.rounds))
    figures = {
        "photos": str(len(photos)),
        "rounds": str(arguments.rounds),
        "long_side_px": str(THUMBNAIL_PX),
        "mean_bytes": f"{statistics.mean(map(len, thumbnails)):.0f}",
        "decoding_ms": f"{decoding:.2f}",
        "making_ms": f"{making:.2f}",
        "storing_ms": f"{storing:.2f}",
        "share": f"{(making + storing) / (decoding + making + storing):.3f}",
        **machine_columns(),
    }
    for name, value in figures.items():
        print(f"{name:16}{value}")
    path = RESULTS / "thumbnails.csv"
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(figures), lineterminator=os.linesep)
        if is_new:
            writer.writeheader()
        writer.writerow(figures)


if __name__ == "__main__":
    main()
