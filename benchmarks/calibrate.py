"""Makes labels/calibration/<weights>.toml from labelled photos.

    python -m benchmarks.calibrate ../shared/photos/labelled.csv --work /tmp/calibrate --weights WEIGHTS

Fits three numbers (temperature, slope, intercept) and nothing for single albums. Every figure is measured on sources that
were left out of the fit: photos of one source are alike, and other people's photos are the ones that matter.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.calibration import Calibration, CurvePoint
from album_sort.core.rules import Assignment
from benchmarks.labelled import LabelledPhoto, add_arguments, file_all, read_labelled

Floats = NDArray[np.float64]

TEMPERATURES = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
RIDGE = 2.0
"""Pulls towards slope 1 and intercept 0 as much as two photos' worth of information would."""
SURENESS_Z = 1.28
"""The promised precision holds nine times out of ten, for as many photos as there were."""


def main() -> None:
    """Fits, measures, writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--out", type=Path, default=Path("labels/calibration"))
    args = parser.parse_args()
    weights, photos = read_labelled(args)
    counted = [photo for photo in photos if photo.counts]
    calibration = calibrate(counted, weights.sha256)
    path = args.out / f"{weights.sha256[:8]}.toml"
    path.write_text(as_toml(calibration, weights.backbone.title, len({photo.source for photo in counted})), "utf-8")
    print(
        f"{path}: temperature {calibration.temperature}, slope {calibration.slope}, intercept {calibration.intercept}"
    )
    print(f"expected calibration error {calibration.error_before:.3f} before, {calibration.error_after:.3f} after")
    print(f"--precision-target 0.95 files from a probability of {calibration.threshold(0.95):.3f}")


def calibrate(photos: Sequence[LabelledPhoto], weights_sha256: str) -> Calibration:
    """The calibration that these photos support."""
    runs = {temperature: best_albums(photos, temperature) for temperature in TEMPERATURES}
    temperature = min(runs, key=lambda t: (round(area_of_risk(*runs[t]), 4), abs(t - 1.0)))
    scores, right = runs[temperature]
    sources = np.array([photo.source for photo in photos])
    slope, intercept = fit(scores, right)
    left_out = np.zeros(len(scores))
    for source in set(sources.tolist()):
        out = sources == source
        left_out[out] = apply(scores[out], *fit(scores[~out], right[~out]))
    return Calibration(
        weights_sha256=weights_sha256,
        temperature=temperature,
        slope=round(slope, 3),
        intercept=round(intercept, 3),
        # A threshold on the scores themselves: that two numbers were fitted to 492 photos hardly moves it, whereas
        # probabilities of nine different fits cannot share one threshold.
        curve=precision_curve(apply(scores, slope, intercept), right),
        photos=len(photos),
        error_before=round(calibration_error(scores, right), 4),
        error_after=round(calibration_error(left_out, right), 4),
    )


def best_albums(photos: Sequence[LabelledPhoto], temperature: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Score of each photo's best album, and whether that album is right."""
    plain = Calibration("", temperature, 1.0, 0.0)
    filed: list[Assignment] = file_all(photos, plain, 0.0)
    scores = np.array([assignment.scores[0].probability for assignment in filed])
    return scores, np.array(
        [photo.is_right(filing.scores[0].album) for photo, filing in zip(photos, filed, strict=True)]
    )


def area_of_risk(scores: Floats, right: NDArray[np.bool_]) -> float:
    """Mean share of wrong ones over all coverages: how well the scores put the right ones first."""
    ordered = right[np.argsort(-scores, kind="stable")]
    return float((1 - np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())


def log_odds(scores: Floats) -> Floats:
    """Of probabilities, kept finite."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))


def apply(scores: Floats, slope: float, intercept: float) -> Floats:
    """Calibrated probabilities."""
    return 1 / (1 + np.exp(-(intercept + slope * log_odds(scores))))


def fit(scores: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of a logistic curve, by Newton's method; a ridge keeps few photos from saying too much."""
    design = np.stack([log_odds(scores), np.ones(len(scores))], axis=1)
    prior = np.array([1.0, 0.0])
    answer = prior.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ answer))
        gradient = design.T @ (right - p) - RIDGE * (answer - prior)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        answer += step
        if np.abs(step).max() < 1e-9:
            break
    return float(answer[0]), float(answer[1])


def precision_curve(probabilities: Floats, right: NDArray[np.bool_]) -> tuple[CurvePoint, ...]:
    """What may be promised when everything from a probability on is filed; only points that promise more than those before."""
    points: list[CurvePoint] = []
    for least in np.arange(0.20, 0.995, 0.01):
        filed = probabilities >= least
        promised = round(lower_end(int(right[filed].sum()), int(filed.sum())), 4)
        if not points or promised > points[-1].precision:
            points.append(CurvePoint(round(float(least), 2), promised, round(float(filed.mean()), 4)))
    return tuple(points)


def lower_end(successes: int, trials: int) -> float:
    """Lower end of Wilson's interval for a share."""
    if trials == 0:
        return 0.0
    share, z2 = successes / trials, SURENESS_Z**2
    spread = SURENESS_Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return (share + z2 / (2 * trials) - spread) / (1 + z2 / trials)


def calibration_error(probabilities: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins with as many photos each."""
    order = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    gaps = [abs(probabilities[part].mean() - right[part].mean()) * len(part) for part in order if len(part)]
    return float(sum(gaps) / len(probabilities))


def as_toml(calibration: Calibration, network: str, sources: int) -> str:
    """The file's text."""
    rows = "\n".join(f"    [{point.probability}, {point.precision}, {point.coverage}]," for point in calibration.curve)
    return f"""\
# {network}. Made by benchmarks/calibrate.py; do not edit. Explained in docs/concepts/calibration.md.
weights_sha256 = "{calibration.weights_sha256}"
photos = {calibration.photos} # labelled, from {sources} sources
temperature = {calibration.temperature}
slope = {calibration.slope}
intercept = {calibration.intercept}
error_before = {calibration.error_before} # expected calibration error of the scores
error_after = {calibration.error_after} # and of the probabilities, on sources that were left out
# Least probability filed, precision that may be promised, share of photos filed.
curve = [
{rows}
]
"""


if __name__ == "__main__":
    main()
