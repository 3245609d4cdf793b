"""Time and accuracy of the evidence beyond the network.

    python benchmarks/bench_evidence.py                      times on pictures that packages ship
    python benchmarks/bench_evidence.py LABELLED.csv         also which photos each kind of evidence speaks for

LABELLED.csv has the columns path (relative to it), expected_album, also_ok, source. Times are CPU times of one thread, so that
other work on the machine matters little; set OPENBLAS_NUM_THREADS=1. Accuracy is that of the pixels alone: no names, no
formats, no EXIF. "speaks" counts photos whose evidence for the album adds up to at least 1 in log-odds.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics as summary
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from album_sort.core.evidence.gather import gather_evidence
from album_sort.images.people import find_faces
from album_sort.images.statistics import MEASURE_SIDE_PX, measure_statistics
from album_sort.types import AlbumId, ContentId, FileEntry, FileKind, Metadata, PhotoFacts, PhotoGroup

Picture = NDArray[np.uint8]

# Album, and the names that labels give it.
KINDS = {
    "screenshots": {"screenshots"},
    "documents": {"documents_receipts", "documents"},
    "people": {"people"},
    "sunsets": {"sunset_sky", "sunsets"},
    "night-sky": {"night_sky", "night-sky"},
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One labelled photo and the log-odds that pixels give to each kind of album."""

    path: str
    labels: frozenset[str]
    source: str
    log_odds: dict[str, float]


def small(picture: Image.Image) -> Picture:
    """As the decoder hands it on: upright RGB with a short side of 256 px."""
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    scale = min(1.0, MEASURE_SIDE_PX / min(upright.size))
    size = (round(upright.width * scale), round(upright.height * scale))
    return np.asarray(upright.resize(size, Image.Resampling.BILINEAR, reducing_gap=2))


def milliseconds(work: Callable[[], object], repeats: int = 40) -> str:
    """Median and 95th percentile of one thread's CPU time."""
    work()
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        times.append(1000 * (time.thread_time() - start))
    return f"{summary.median(times):6.2f} ms   p95 {np.percentile(times, 95):6.2f} ms"


def facts_of(statistics_of: Picture, width_px: int, height_px: int) -> PhotoFacts:
    """A photo of which only the pixels are known."""
    file = FileEntry("/photos/photo.jpg", "/photos", 1, 1, 1, 1, FileKind.PHOTO)
    pixels = measure_statistics(statistics_of, width_px, height_px)
    group = PhotoGroup(file, ContentId("0" * 64))
    return PhotoFacts(group, Metadata(), None, None, None, None, None, None, pixels, None, "jpeg")


def labelled_photos(table: Path) -> Iterator[Measured]:
    """Each photo of the table, measured."""
    with table.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            with Image.open(table.parent / row["path"]) as picture:
                facts = facts_of(small(picture), picture.width, picture.height)
            log_odds = dict.fromkeys(KINDS, 0.0)
            for piece in gather_evidence(facts, {}):
                if piece.album in log_odds:
                    log_odds[piece.album] += piece.weight
            labels = frozenset((row["expected_album"], *filter(None, row["also_ok"].split(";"))))
            yield Measured(row["path"], labels, row["source"].split(":")[0], log_odds)


def print_accuracy(photos: list[Measured]) -> None:
    """Recall and false positives of each kind, overall and for each source that has any."""
    print("\nalbum        speaks for   of     speaks for others   of   measured log likelihood ratio")
    for album, names in KINDS.items():
        right = [photo for photo in photos if photo.labels & names]
        others = [photo for photo in photos if not photo.labels & names]
        hits = sum(photo.log_odds[album] >= 1 for photo in right)
        false = [photo for photo in others if photo.log_odds[album] >= 1]
        ratio = math.log((hits + 0.5) / (len(right) + 1)) - math.log((len(false) + 0.5) / (len(others) + 1))
        print(f"{album:12} {hits:9} {len(right):6} {len(false):16} {len(others):9}   {ratio:6.1f}")
        for source in sorted({photo.source for photo in right}):
            here = [photo for photo in right if photo.source == source]
            wrong = sum(photo.source != source for photo in false)
            found = sum(photo.log_odds[album] >= 1 for photo in here)
            print(f"  {source[:44]:44} {found}/{len(here)}, {wrong} false positives in all other sources")
        for photo in false:
            print(f"    speaks for {album} by {photo.log_odds[album]:.1f}: {photo.path}")


def main() -> None:
    """Times, then accuracy where a table of labels is given."""
    parser = argparse.ArgumentParser(description="Time and accuracy of the evidence beyond the network.")
    parser.add_argument("labelled", nargs="?", type=Path)
    args = parser.parse_args()
    for name in ("astronaut", "coffee", "rocket"):
        picture = small(Image.fromarray(getattr(data, name)()))
        height, width = picture.shape[:2]
        facts = facts_of(picture, width, height)
        print(f"{name} {width}x{height}")
        print("  statistics  ", milliseconds(lambda p=picture: measure_statistics(p, 1, 1, faces=False)))
        print("  faces       ", milliseconds(lambda p=picture: find_faces(p)))
        print("  evidence    ", milliseconds(lambda f=facts: gather_evidence(f, {AlbumId("food"): 0.5})))
    if args.labelled:
        print_accuracy(list(labelled_photos(args.labelled)))


if __name__ == "__main__":
    main()
