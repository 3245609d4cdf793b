"""How well photos are filed whose source no head and no calibration has seen: by kind of source, by source, by album.

    python -m benchmarks.left_out ../shared/photos/labelled.csv --work WORK --features ../shared/features [--weights WEIGHTS]

After fit_head.py and calibrate.py. Writes benchmarks/results/left_out.csv (rows of the same weights are replaced): today's rows are
`head`, `map` is what the class map alone did with its own calibration of before (slope, intercept and threshold below).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.calibration import Calibration
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.types import REVIEW, Assignment
from benchmarks.accuracy import merge_csv
from benchmarks.calibrate import photos_of
from benchmarks.fit_head import left_out_file, read_collection
from benchmarks.labelled import LabelledPhoto, add_arguments, file_all, read_labelled

RESULTS = Path("benchmarks/results/left_out.csv")
TARGETS = (0.95, 0.97)
BEFORE = {"cad40bef": (1.393, 2.005, {0.95: 0.708, 0.97: 0.84}), "57934424": (1.628, 2.41, {0.95: 0.726, 0.97: 0.838})}
"""Slope, intercept and thresholds of the class map alone, as they were released before there was a head."""

Row = dict[str, str | int | float]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--features", type=Path, required=True, help="folder of outside-NETWORK.npz")
    args = parser.parse_args()
    weights, labelled = read_labelled(args)
    _, collection = read_collection(args)
    readings = np.load(left_out_file(args.work, weights.sha256[:8]))["readings"]
    photos = photos_of(collection, labelled, readings)
    calibration = load_calibration(weights.sha256)
    slope, intercept, thresholds = BEFORE[weights.sha256[:8]]
    before = replace(calibration, slope=slope, intercept=intercept, curve=())
    head = load_head(weights.sha256)
    key: Row = {"network": weights.backbone.name, "weights": weights.sha256[:8], "precision": str(args.precision)}
    rows: list[Row] = []
    for method, used, own in (("map", before, None), ("head", calibration, head)):
        for target in TARGETS:
            curve = calibration.threshold(target) if own is not None else thresholds[target]
            filed = file_all(photos, _asking(used, curve), 0.95, head=own)
            groups = list(_groups(collection.kind, collection.source, collection.expected))
            rows += [
                key | {"method": method, "target": target} | row
                for what, name, mine in groups
                if (row := measure(what, name, photos, filed, mine))
            ]
    merge_csv(RESULTS, rows)
    for row in rows:
        if row["by"] == "kind":
            print(", ".join(f"{name} {value}" for name, value in row.items() if name not in key))


def _asking(calibration: Calibration, threshold: float) -> Calibration:
    """The same with one threshold, whatever the target."""
    from album_sort.core.albums.calibration import CurvePoint  # noqa: PLC0415 - only here

    return replace(calibration, curve=(CurvePoint(threshold, 1.0, 1.0),))


def _groups(
    kind: NDArray[np.str_], source: NDArray[np.str_], expected: NDArray[np.str_]
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    for what, values in (("kind", kind), ("source", source), ("album", expected)):
        for name in sorted(set(values.tolist())):
            mine = values == name
            if what != "source" or mine.sum() >= 30:
                yield what, name, mine
    for name in sorted(set(expected.tolist())):
        yield "everyday album", name, (expected == name) & (kind == "everyday")


def measure(
    what: str, name: str, photos: Sequence[LabelledPhoto], filed: Sequence[Assignment], mine: NDArray[np.bool_]
) -> Row | None:
    """The figures of some of the photos; None where none of them is in an album of ours."""
    pairs = [(photo, answer) for photo, answer, is_in in zip(photos, filed, mine, strict=True) if is_in]
    ours = [(photo, answer) for photo, answer in pairs if photo.counts]
    other = [answer for photo, answer in pairs if not photo.counts]
    kept = [(photo, answer) for photo, answer in ours if answer.album != REVIEW]
    right = sum(photo.is_right(answer.album) for photo, answer in kept)
    best = sum(photo.is_right(answer.scores[0].album) for photo, answer in ours)
    if not ours and not other:
        return None
    return {
        "by": what,
        "name": name,
        "photos": len(ours),
        "best": round(best / len(ours), 4) if ours else "",
        "coverage": round(len(kept) / len(ours), 4) if ours else "",
        "precision_of_filed": round(right / len(kept), 4) if kept else "",
        "accuracy": round(right / len(ours), 4) if ours else "",
        "others": len(other),
        "others_to_review": round(sum(a.album == REVIEW for a in other) / len(other), 4) if other else "",
        "plain_mistakes": sum(answer.album in photo.forbidden for photo, answer in pairs),
    }


if __name__ == "__main__":
    main()
