"""What it gains, and costs, that sure photos of the same minute lift an unsure one into an album: on composed runs of photos.

    python -m benchmarks.neighbours ../shared/photos/labelled.csv --work WORK --features ../shared/features [--weights WEIGHTS]

After fit_head.py. No labelled photo has its neighbours beside it, so they are composed: to each unsure photo come 3 or 6 others, each
with the chance `same` one of its own source and album (of the most alike: a mistake is often common to a whole burst), else one of
another album, the same for all of them: somebody photographs dinner and then the dog. Every head has left out the photo's source.
Writes benchmarks/results/neighbours.csv (rows of the same weights are replaced).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from album_sort.core.albums.assignment import FilingPolicy, assign
from album_sort.core.albums.neighbours import asks, is_lifted, voice_of, word_of_neighbours
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.types import Assignment, ContentId
from benchmarks.accuracy import merge_csv
from benchmarks.calibrate import BY_PIXELS, photos_of
from benchmarks.fit_head import RULES, Collection, left_out_file, read_collection
from benchmarks.labelled import LabelledPhoto, add_arguments, evidence_of, file_all, read_labelled

RESULTS = Path("benchmarks/results/neighbours.csv")
TARGET = 0.95
SAME = (0.0, 0.25, 0.5, 0.75, 1.0)
AROUND = (3, 6)
DRAWS = 3

Row = dict[str, str | int | float]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--features", type=Path, required=True, help="folder of outside-NETWORK.npz")
    args = parser.parse_args()
    weights, labelled = read_labelled(args)
    _, collection = read_collection(args)
    photos = photos_of(collection, labelled, np.load(left_out_file(args.work, weights.sha256[:8]))["readings"])
    policy = FilingPolicy(RULES, load_calibration(weights.sha256), TARGET, load_head(weights.sha256))
    runs = Runs(collection, photos, policy)
    key: Row = {"network": weights.backbone.name, "weights": weights.sha256[:8], "precision": str(args.precision)}
    rows = [key | row for around in AROUND for same in SAME for row in runs.measure(around, same)]
    merge_csv(RESULTS, rows)
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items() if name not in key))


class Runs:
    """Composes runs of photos around those that are unsure, and sees what becomes of these."""

    def __init__(self, collection: Collection, photos: Sequence[LabelledPhoto], policy: FilingPolicy) -> None:
        """Decides about each photo alone."""
        self._collection, self._photos, self._policy = collection, photos, policy
        self._base = policy.score([photo.prediction for photo in photos])
        filed = file_all(photos, policy.calibration, TARGET, head=policy.head)
        self._alone = [_named(one, number) for number, one in enumerate(filed)]
        embeddings = np.stack(collection.embeddings)
        self._directions = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        # Sunsets and paper are decided by pixels, which outside photos do not have (see calibrate.py).
        self._asking = [
            number
            for number, one in enumerate(self._alone)
            if asks(one, policy.rules)
            and (
                collection.kind[number] == "everyday"
                or not {one.scores[0].album, photos[number].expected} & {*BY_PIXELS}
            )
        ]

    def measure(self, around: int, same: float) -> list[Row]:
        """Shares of all photos of a kind that are lifted, and of these that are right; `other`: of those that belong nowhere."""
        generator = np.random.default_rng(1809)
        found: defaultdict[str, list[bool]] = defaultdict(list)
        for number in [*self._asking] * DRAWS:
            others = [
                voice_of(self._alone[other], self._policy) for other in self._composed(number, around, same, generator)
            ]
            word = word_of_neighbours(self._alone[number], others, self._policy.rules)
            if word is None:
                continue
            photo = self._photos[number]
            base = self._base[number].tolist()
            again = assign(photo.facts, base, self._policy, (*evidence_of(photo, base, self._policy.rules), word))
            if is_lifted(again):
                found[self._kind(number)].append(photo.is_right(again.album))
        kinds = [self._kind(number) for number in range(len(self._photos))]
        return [
            {
                "kind": kind,
                "around": around,
                "same": same,
                "photos": kinds.count(kind),
                "lifted": round(len(found[kind]) / DRAWS / kinds.count(kind), 4),
                "right_of_lifted": round(float(np.mean(found[kind])), 3) if found[kind] else "",
            }
            for kind in sorted(set(kinds))
        ]

    def _kind(self, number: int) -> str:
        return str(self._collection.kind[number]) if self._collection.counts[number] else "other"

    def _composed(self, number: int, around: int, same: float, generator: np.random.Generator) -> set[int]:
        mine, kinds, counts = self._collection.expected, self._collection.kind, self._collection.counts
        alike = np.flatnonzero(
            (self._collection.source == self._collection.source[number]) & (mine == mine[number]) & counts
        )
        alike = alike[alike != number]
        alike = alike[np.argsort(-(self._directions[alike] @ self._directions[number]), kind="stable")][: 2 * around]
        there = (kinds == kinds[number]) & counts & (mine != mine[number])
        shares = {album: share for album, share in RULES.usual_shares if album in set(mine[there].tolist())}
        chances = np.array(list(shares.values())) / sum(shares.values())
        another = np.flatnonzero(there & (mine == generator.choice(list(shares), p=chances)))
        return {
            int(generator.choice(alike if len(alike) and generator.random() < same else another)) for _ in range(around)
        }


def _named(assignment: Assignment, number: int) -> Assignment:
    """With a content of its own: photos of which nothing but the features is known have none."""
    return replace(assignment, content_id=ContentId(f"{number:064x}"))


if __name__ == "__main__":
    main()
