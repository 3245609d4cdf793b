"""How long does learning take on a large library, and how much memory: on embeddings of photos of many made kinds.

python -m benchmarks.bench_learn_speed [--photos 100000]
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.questions import next_questions
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import Examples, LearnedAlbum
from album_sort.core.looks import LOOK_SIZE

RESULTS = Path(__file__).parent / "results" / "learn_speed.csv"
_TOGETHER = 5000


def made_library(photos: int, examples: int) -> tuple[NDArray[np.float16], Examples]:
    """As the cache gives them; in pieces, so that making them takes no more memory than they do."""
    random = np.random.default_rng(0)
    kinds = random.standard_normal((300, LOOK_SIZE), np.float32)
    library = np.empty((photos, LOOK_SIZE), np.float16)
    for start in range(0, photos, _TOGETHER):
        piece = library[start : start + _TOGETHER]
        noise = random.standard_normal(piece.shape, np.float32)
        piece[:] = np.abs(kinds[random.integers(0, len(kinds), len(piece))] + 0.9 * noise)
    between = 0.5 * kinds[0] + 0.5 * kinds[1] + 0.9 * random.standard_normal((examples, LOOK_SIZE), np.float32)
    return library, Examples(np.abs(between).astype(np.float16))


def main() -> None:
    """Learns, asks, scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    args = parser.parse_args()
    library, examples = made_library(args.photos, 12)
    rows: list[dict[str, object]] = []
    start = time.process_time()
    album = learn_one(examples, library)
    if not isinstance(album, LearnedAlbum):
        raise SystemExit(f"nothing was learned: {album.code}")
    for step in ("learn", "questions", "score"):
        if step == "questions":
            next_questions(album, examples, library, 20)
        elif step == "score":
            album.score(library)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        taken = round(time.process_time() - start, 2)
        rows.append({"photos": args.photos, "step": step, "cpu_s": taken, "peak_mb": round(peak)})
        print(rows[-1], flush=True)
        start = time.process_time()
    with RESULTS.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
