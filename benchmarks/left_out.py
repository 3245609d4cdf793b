"""How well photos are filed whose source no head and no calibration has seen: by kind of source, by source, by album.

    python -m benchmarks.left_out ../shared/photos/labelled.csv --work WORK --features ../shared/features [--weights WEIGHTS]

After fit_head.py and calibrate.py. Writes benchmarks/results/left_out.csv (rows of the same weights are replaced): today's rows are
`head`, head, slope, intercept and threshold each made without the group of sources that is judged; `map` is what the class map
alone did with its own calibration of before (slope, intercept and threshold below). `as outside`: the development photos but
those of sports, looked at as outside photos are: no pixels, one album each.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.calibration import Calibration
from album_sort.core.albums.head import Head
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.types import REVIEW, Assignment
from benchmarks.accuracy import merge_csv
from benchmarks.calibrate import bare_facts, calibrations_without, left_out_photos, photos_of
from benchmarks.fit_head import KIN, expected_album, left_out_file, read_collection
from benchmarks.labelled import LabelledPhoto, add_arguments, file_all, read_labelled

RESULTS = Path("benchmarks/results/left_out.csv")
TARGETS = (0.95, 0.97)
BEFORE = {"cad40bef": (1.393, 2.005, {0.95: 0.708, 0.97: 0.84}), "57934424": (1.628, 2.41, {0.95: 0.726, 0.97: 0.838})}
"""Slope, intercept and thresholds of the class map alone, as they were released before there was a head."""
CONVENTION = "labelled/sports"
"""Source of which each photo has two albums by convention (sports and people), which says nothing about other people's labels."""

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
    without = calibrations_without(*left_out_photos(args), head, calibration)
    key: Row = {"network": weights.backbone.name, "weights": weights.sha256[:8], "precision": str(args.precision)}
    rows: list[Row] = []
    for target in TARGETS:
        by_map = file_all(photos, _asking(before, thresholds[target]), target)
        for method, judged, filed in (
            ("map", photos, by_map),
            ("head", photos, _file_left_out(photos, without, calibration, target, head)),
            ("as outside", bare := _as_outside(photos), _file_left_out(bare, without, calibration, target, head)),
        ):
            rows += [
                key | {"method": method, "target": target} | row
                for what, name, mine in _groups(collection.kind, collection.source, collection.expected)
                if method != "as outside" or (what, name) == ("kind", "everyday")
                if (row := measure(what, name, judged, filed, mine))
            ]
    merge_csv(RESULTS, rows)
    for row in rows:
        if row["by"] == "kind":
            print(", ".join(f"{name} {value}" for name, value in row.items() if name not in key))


def _file_left_out(
    photos: Sequence[LabelledPhoto],
    without: dict[str, Calibration],
    other: Calibration,
    target: float,
    head: Head | None,
) -> list[Assignment]:
    """Each photo by the calibration that has not seen its source."""
    filed: dict[int, Assignment] = {}
    for source in sorted({photo.source for photo in photos}):
        mine = [number for number, photo in enumerate(photos) if photo.source == source]
        calibration = without.get(source, other)
        filed |= dict(zip(mine, file_all([photos[i] for i in mine], calibration, target, head=head), strict=True))
    return [filed[number] for number in range(len(photos))]


def _as_outside(photos: Sequence[LabelledPhoto]) -> list[LabelledPhoto]:
    """Development photos without pixels and with one right album; those with two by convention count as none of ours."""
    return [
        photo
        if photo.facts.statistics is None
        else replace(
            photo,
            facts=bare_facts(photo.prediction),
            right=_one_album(photo.expected) if photo.counts and photo.source != CONVENTION else frozenset(),
        )
        for photo in photos
    ]


def _one_album(word: str) -> frozenset[str]:
    """What is right for a photo of which one album is known, and what that album is counted among."""
    album = expected_album(word)
    return frozenset((album, *KIN.get(album, ())))


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
