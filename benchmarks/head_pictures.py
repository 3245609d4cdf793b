"""The pictures of docs/concepts/calibration.md: reliability before and after, recall by album, learning curve by sources.

    python -m benchmarks.head_pictures ../shared/photos/labelled.csv --work WORK --features ../shared/features [--weights WEIGHTS]

After fit_head.py, calibrate.py and left_out.py. Writes benchmarks/results/head_*.svg and head_sources.csv.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

from album_sort.pipeline.policy import load_calibration, load_head
from benchmarks.accuracy import merge_csv
from benchmarks.calibrate import left_out_photos
from benchmarks.fit_head import Collection, Features, fit, is_right, read_collection
from benchmarks.labelled import add_arguments, file_all, weights_of
from benchmarks.left_out import BEFORE, RESULTS

OUT = Path("benchmarks/results")
SOURCES = (0, 6, 12, 24, 36, 48, 60)
RIDGE = 3e-3
ORDERS = 5
"""Random orders in which sources are added; the mean is drawn."""

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "album-sort"
from matplotlib import pyplot as plt  # noqa: E402 - after the choice of what draws


def main() -> None:
    """Draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--features", type=Path, required=True, help="folder of outside-NETWORK.npz")
    args = parser.parse_args()
    weights = weights_of(args)
    short, title = weights.sha256[:8], weights.backbone.title
    draw_reliability(args, short, title)
    draw_albums(short, title)
    draw_sources(args, short, title, weights.backbone.name)


def draw_reliability(args: argparse.Namespace, short: str, title: str) -> None:
    """How often photos of a probability are right on left-out sources, by the map with its calibration of before, and now."""
    photos, weight = left_out_photos(args)
    now = load_calibration(photos and weights_of(args).sha256)
    slope, intercept, _ = BEFORE[short]
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, calibration, head in (
        ("class map alone, calibrated on the development photos", replace(now, slope=slope, intercept=intercept), None),
        ("with what was learned, calibrated on left-out sources", now, load_head(now.weights_sha256)),
    ):
        filed = file_all(photos, replace(calibration, curve=()), 0.0, head=head)
        right = np.array([photo.is_right(a.scores[0].album) for photo, a in zip(photos, filed, strict=True)])
        values = np.array([calibration.probability(a.scores[0].probability) for a in filed])
        groups = np.array_split(np.argsort(values, kind="stable"), 10)
        axes.plot(
            [np.average(values[g], weights=weight[g]) for g in groups],
            [np.average(right[g], weights=weight[g]) for g in groups],
            marker="o",
            label=name,
        )
    axes.set(
        xlabel="probability of the best album", ylabel="share that is right", title=title, xlim=(0, 1), ylim=(0, 1.02)
    )
    axes.legend(loc="lower right", fontsize=8)
    save(figure, f"head_reliability_{short}.svg")


def draw_albums(short: str, title: str) -> None:
    """Share of each album's photos whose best guess is right, all sources left out."""
    with RESULTS.open(newline="", encoding="utf-8") as handle:
        rows = [
            row
            for row in csv.DictReader(handle)
            if row["weights"] == short and row["by"] == "album" and row["target"] == "0.95" and row["best"]
        ]
    names = sorted({row["name"] for row in rows})
    figure, axes = plt.subplots(figsize=(7, 5))
    for number, (method, label) in enumerate((("map", "class map alone"), ("head", "with what was learned"))):
        best = {row["name"]: float(row["best"]) for row in rows if row["method"] == method}
        axes.barh([i + 0.4 * number for i in range(len(names))], [best[name] for name in names], 0.4, label=label)
    axes.set_yticks([i + 0.2 for i in range(len(names))], names)
    axes.set(xlabel="best guess right, sources left out", title=title, xlim=(0, 1))
    axes.invert_yaxis()
    axes.legend(loc="lower left", fontsize=8)
    save(figure, f"head_albums_{short}.svg")


def draw_sources(args: argparse.Namespace, short: str, title: str, network: str) -> None:
    """Best guesses right on everyday photos of left-out sources, by the number of outside sources learned from."""
    _, collection = read_collection(args)
    features = Features.of(collection, with_embedding=True)
    outside = sorted({name for name in collection.source.tolist() if name.startswith("outside")})
    rows = []
    for count in SOURCES:
        shares = []
        for order in range(1 if count in (0, len(outside)) else ORDERS):
            chosen = np.random.default_rng(order).permutation(outside)[:count]
            shares.append(share_right(collection, features, chosen))
        rows.append(
            {"network": network, "weights": short, "precision": str(args.precision), "sources": count}
            | {"everyday": round(float(np.mean([s[0] for s in shares])), 4)}
            | {"private": round(float(np.mean([s[1] for s in shares])), 4)}
        )
    merge_csv(OUT / "head_sources.csv", rows)
    figure, axes = plt.subplots(figsize=(5, 4))
    for kind in ("everyday", "private"):
        axes.plot([row["sources"] for row in rows], [row[kind] for row in rows], marker="o", label=f"{kind} photos")
    axes.set(xlabel="outside sources learned from", ylabel="best guess right", title=title, ylim=(0.65, 1))
    axes.legend(loc="lower right")
    save(figure, f"head_sources_{short}.svg")


def share_right(collection: Collection, features: Features, outside: np.ndarray) -> tuple[float, float]:
    """Of everyday and private photos, each source left out in turn."""
    known = np.isin(collection.source, outside) | (collection.kind == "everyday")
    said = np.zeros_like(collection.offset)
    judged = np.isin(collection.kind, ("everyday", "private"))
    for group in sorted(set(collection.group[judged].tolist())):
        out = collection.group == group
        matrix, bias = fit(collection, features, known & ~out, RIDGE)
        said[out] = features.table[out] @ matrix + bias
    right = is_right(collection, said)
    everyday, private = ((collection.kind == kind) & collection.counts for kind in ("everyday", "private"))
    return float(right[everyday].mean()), float(right[private].mean())


def save(figure: plt.Figure, name: str) -> None:
    """Without a date, so that the same figures give the same bytes."""
    figure.tight_layout()
    figure.savefig(OUT / name, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
