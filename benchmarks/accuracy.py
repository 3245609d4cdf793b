"""How often a photo is in the right album: coverage, accuracy, precision, per album, against two baselines.

    python -m benchmarks.accuracy ../shared/photos/labelled.csv --work /tmp/accuracy --weights WEIGHTS

Adds its rows to benchmarks/results/accuracy*.csv (those of the same weights and precision are replaced) and draws the
calibration curve. Coverage is the share filed, accuracy the share right of all, precision the share right of those filed.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from album_sort.classifier.labels import load_labels
from album_sort.core.albums.calibration import DEFAULT, DEFAULT_PRECISION_TARGET, Calibration
from album_sort.core.albums.head import Head
from album_sort.pipeline.policy import load_calibration, load_head, load_rules
from album_sort.types import REVIEW
from benchmarks.baselines import thresholded_labels, top_label
from benchmarks.labelled import RIGHT_ALBUMS, LabelledPhoto, add_arguments, file_all, read_labelled

Row = dict[str, str | int | float]

RESULTS = Path("benchmarks/results")
KEYS = ("network", "weights", "precision")


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--precision-target", type=float, default=DEFAULT_PRECISION_TARGET)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--wrong", action="store_true", help="list the photos filed wrongly")
    args = parser.parse_args()
    weights, photos = read_labelled(args)
    key: Row = {"network": weights.backbone.name, "weights": weights.sha256[:8], "precision": str(args.precision)}
    calibration = load_calibration(weights.sha256)
    head = load_head(weights.sha256)
    methods = albums_by_method(photos, calibration, args.precision_target, head)
    rows = [key | {"method": method} | measure(photos, albums) for method, albums in methods.items()]
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items() if name not in KEYS))
    final = methods["album-sort"]
    for photo, album in zip(photos, final, strict=True):
        if args.wrong and photo.counts and album != REVIEW and not photo.is_right(album):
            print(f"{photo.facts.group.primary.path}: {photo.expected}, filed under {album}")
    merge_csv(args.out / "accuracy.csv", rows)
    merge_csv(args.out / "accuracy_albums.csv", [key | row for row in per_album(photos, final)])
    merge_csv(args.out / "accuracy_confusion.csv", [key | row for row in confusion(photos, final)])


def albums_by_method(
    photos: Sequence[LabelledPhoto], calibration: Calibration, precision_target: float, head: Head | None
) -> dict[str, list[str]]:
    """Where each way of deciding files the photos: the baselines, then ours, one idea after the other."""
    labels = load_labels()
    everything = replace(calibration, slope=1.0, intercept=0.0, curve=())
    rules = load_rules()
    without_shares = replace(rules, prior_log_odds=(0.0,) * len(rules.albums))
    return {
        "most likely label": [top_label(labels, photo.prediction) for photo in photos],
        "labels above thresholds": [thresholded_labels(labels, photo.prediction) for photo in photos],
        "sums": [a.album for a in file_all(photos, everything, 0.0, without_shares, with_evidence=False)],
        "sums, usual shares": [a.album for a in file_all(photos, everything, 0.0, with_evidence=False)],
        "sums, evidence": [a.album for a in file_all(photos, everything, 0.0, without_shares)],
        "sums, usual shares, evidence": [a.album for a in file_all(photos, everything, 0.0)],
        "learned, usual shares, evidence": [a.album for a in file_all(photos, everything, 0.0, head=head)],
        "album-sort, uncalibrated": [a.album for a in file_all(photos, DEFAULT, precision_target, head=head)],
        "album-sort": [a.album for a in file_all(photos, calibration, precision_target, head=head)],
    }


def measure(photos: Sequence[LabelledPhoto], albums: Sequence[str]) -> Row:
    """The figures of one way of deciding."""
    pairs = [(photo, album) for photo, album in zip(photos, albums, strict=True) if photo.counts]
    filed = [(photo, album) for photo, album in pairs if album != REVIEW]
    right = sum(photo.is_right(album) for photo, album in filed)
    mistakes = sum(album in photo.forbidden for photo, album in zip(photos, albums, strict=True))
    return {
        "photos": len(pairs),
        "filed": len(filed),
        "right": right,
        "coverage": round(len(filed) / len(pairs), 4),
        "accuracy": round(right / len(pairs), 4),
        "precision_of_filed": round(right / len(filed), 4) if filed else 0.0,
        "plain_mistakes": mistakes,
    }


def per_album(photos: Sequence[LabelledPhoto], albums: Sequence[str]) -> list[Row]:
    """Recall by what was expected, precision by where photos were filed."""
    rows: list[Row] = []
    for word, names in RIGHT_ALBUMS.items():
        expected = [(photo, album) for photo, album in zip(photos, albums, strict=True) if photo.expected == word]
        filed = [photo for photo, album in zip(photos, albums, strict=True) if album in names and photo.counts]
        hits = sum(bool(photo.right & names) for photo in filed)
        found = sum(photo.is_right(album) for photo, album in expected)
        if expected or filed:
            rows.append(
                {
                    "album": word,
                    "expected": len(expected),
                    "right": found,
                    "review": sum(album == REVIEW for _, album in expected),
                    "recall": round(found / len(expected), 4) if expected else "",
                    "filed_here": len(filed),
                    "precision_here": round(hits / len(filed), 4) if filed else "",
                }
            )
    return rows


def confusion(photos: Sequence[LabelledPhoto], albums: Sequence[str]) -> list[Row]:
    """How many photos of each expected album went where."""
    counted = Counter((photo.expected, str(album)) for photo, album in zip(photos, albums, strict=True))
    return [{"expected": expected, "filed": album, "photos": n} for (expected, album), n in sorted(counted.items())]


def merge_csv(path: Path, rows: Sequence[Mapping[str, str | int | float]]) -> None:
    """Replaces the rows of these weights, keeps the others."""
    kept: list[Mapping[str, str | int | float]] = []
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as handle:
            kept = [row for row in csv.DictReader(handle) if any(row[key] != str(rows[0][key]) for key in KEYS)]
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *rows])


if __name__ == "__main__":
    main()
