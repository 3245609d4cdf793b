"""Makes labels/calibration/<weights>.toml from labelled photos.

    python -m benchmarks.fit_head ...                    # first: it keeps what heads say of sources they have not seen
    python -m benchmarks.calibrate ../shared/photos/labelled.csv --work WORK --features ../shared/features --weights WEIGHTS

Fits two numbers (slope, intercept) and nothing for single albums. Photos are scored as in a run, each by a head that has seen
no photo of its source, and weigh as they would in a usual collection: albums by their usual shares, a source by the square root of
its photos. What may be promised is the lower end over sources, drawn again and again: other people's photos are the ones that matter.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.calibration import Calibration, CurvePoint
from album_sort.core.albums.head import UNHEARD, Head
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.types import (
    AlbumId,
    ContentId,
    FileEntry,
    FileKind,
    Metadata,
    PhotoFacts,
    PhotoGroup,
    Prediction,
)
from benchmarks.fit_head import ALBUMS, Collection, left_out_file, read_collection, usual_weights
from benchmarks.labelled import LabelledPhoto, add_arguments, file_all, read_labelled, weights_of

Floats = NDArray[np.float64]

RIDGE = 2.0
"""Pulls towards slope 1 and intercept 0 as much as two photos' worth of information would."""
SURENESS_Z = 1.28
"""The promised precision holds nine times out of ten, for as many photos as there were."""


DRAWS = 400
"""Of sources, to see how far the precision depends on which there were."""
SURE_SHARE = 0.25
"""The promised precision is that of the worst quarter of the draws."""


BY_PIXELS = (*UNHEARD, AlbumId("sunsets"))
"""Albums that a look at the picture itself decides as much as the network."""


def main() -> None:
    """Fits, measures, writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--features", type=Path, required=True, help="folder of outside-NETWORK.npz")
    parser.add_argument("--out", type=Path, default=Path("labels/calibration"))
    args = parser.parse_args()
    weights = weights_of(args)
    photos, weight = left_out_photos(args)
    head = load_head(weights.sha256)
    calibration = calibrate(photos, weight, head, load_calibration(weights.sha256))
    path = args.out / f"{weights.sha256[:8]}.toml"
    path.write_text(as_toml(calibration, weights.backbone.title, len({photo.source for photo in photos})), "utf-8")
    print(f"{path}: slope {calibration.slope}, intercept {calibration.intercept}")
    print(f"expected calibration error {calibration.error_before:.3f} before, {calibration.error_after:.3f} after")
    print(f"--precision-target 0.95 files from a probability of {calibration.threshold(0.95):.3f}")


def left_out_photos(args: argparse.Namespace) -> tuple[list[LabelledPhoto], Floats]:
    """All photos for which an album of ours is right, with what a head reads that has not seen their source, and their weights.

    Without what pixels decide, of which the features hold nothing: documents, screenshots and sunsets of outside sources, and
    what is taken for one of these without anybody having looked for paper, or whether the sky is warm.
    """
    weights, labelled = read_labelled(args)
    _, collection = read_collection(args)
    readings = np.load(left_out_file(args.work, weights.sha256[:8]))["readings"]
    photos = photos_of(collection, labelled, readings)
    first = len(photos) - len(labelled)
    plain = replace(load_calibration(weights.sha256), slope=1.0, intercept=0.0, curve=())
    guesses = [str(answer.scores[0].album) for answer in file_all(photos, plain, 0.0, head=load_head(weights.sha256))]
    known = np.array(
        [
            row >= first or not {photo.expected, guess} & set(BY_PIXELS)
            for row, (photo, guess) in enumerate(zip(photos, guesses, strict=True))
        ]
    )
    chosen = known & collection.counts
    weight = usual_weights(collection, chosen)
    return [photo for photo, is_in in zip(photos, chosen, strict=True) if is_in], weight[chosen] / weight[chosen].mean()


def photos_of(
    collection: Collection, labelled: Sequence[LabelledPhoto], readings: NDArray[np.float16]
) -> list[LabelledPhoto]:
    """Outside photos, of which nothing but the network's answers is known, then the labelled ones."""
    read = [
        prediction.read_as(row.astype("<f2").tobytes())
        for prediction, row in zip(collection.predictions, readings, strict=True)
    ]
    first = len(read) - len(labelled)
    outside = [
        LabelledPhoto(
            bare_facts(prediction),
            prediction,
            str(collection.expected[row]),
            frozenset(album for album, right in zip(ALBUMS, collection.right[row].tolist(), strict=True) if right),
            frozenset(),
            str(collection.group[row]),
        )
        for row, prediction in enumerate(read[:first])
    ]
    return outside + [
        replace(
            photo,
            prediction=prediction,
            facts=replace(photo.facts, prediction=prediction),
            source=str(collection.group[row]),
        )
        for row, (photo, prediction) in enumerate(zip(labelled, read[first:], strict=True), start=first)
    ]


def bare_facts(prediction: Prediction) -> PhotoFacts:
    """Of a photo that nobody has but its network."""
    file = FileEntry("photo.jpg", "", 1, 0, 0, 0, FileKind.PHOTO)
    return PhotoFacts(
        group=PhotoGroup(file, ContentId("0" * 64)),
        metadata=Metadata(),
        capture_time=None,
        position=None,
        place=None,
        season=None,
        away_from_home=None,
        trip=None,
        statistics=None,
        prediction=prediction,
    )


def calibrate(photos: Sequence[LabelledPhoto], weight: Floats, head: Head | None, before: Calibration) -> Calibration:
    """The calibration that these photos support, at the temperature with which the head was learned."""
    scores, right = best_albums(photos, before.temperature, head)
    sources = np.array([photo.source for photo in photos])
    slope, intercept = fit(scores, right, weight)
    left_out = np.zeros(len(scores))
    for source in set(sources.tolist()):
        out = sources == source
        left_out[out] = apply(scores[out], *fit(scores[~out], right[~out], weight[~out]))
    return Calibration(
        weights_sha256=before.weights_sha256,
        temperature=before.temperature,
        slope=round(slope, 3),
        intercept=round(intercept, 3),
        # A threshold on the scores themselves: two numbers fitted to thousands of photos hardly move it, whereas
        # probabilities of many different fits cannot share one threshold.
        curve=precision_curve(apply(scores, slope, intercept), right, weight, sources),
        photos=len(photos),
        error_before=round(calibration_error(scores, right, weight), 4),
        error_after=round(calibration_error(left_out, right, weight), 4),
    )


def best_albums(
    photos: Sequence[LabelledPhoto], temperature: float, head: Head | None
) -> tuple[Floats, NDArray[np.bool_]]:
    """Score of each photo's best album, and whether that album is right."""
    plain = Calibration("", temperature, 1.0, 0.0)
    filed = file_all(photos, plain, 0.0, head=head)
    scores = np.array([assignment.scores[0].probability for assignment in filed])
    return scores, np.array(
        [photo.is_right(filing.scores[0].album) for photo, filing in zip(photos, filed, strict=True)]
    )


def log_odds(scores: Floats) -> Floats:
    """Of probabilities, kept finite."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))


def apply(scores: Floats, slope: float, intercept: float) -> Floats:
    """Calibrated probabilities."""
    return 1 / (1 + np.exp(-(intercept + slope * log_odds(scores))))


def fit(scores: Floats, right: NDArray[np.bool_], weight: Floats | float = 1.0) -> tuple[float, float]:
    """Slope and intercept of a logistic curve, by Newton's method; a ridge keeps few photos from saying too much."""
    counted = np.broadcast_to(np.asarray(weight, dtype=np.float64), scores.shape)
    design = np.stack([log_odds(scores), np.ones(len(scores))], axis=1)
    prior = np.array([1.0, 0.0])
    answer = prior.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ answer))
        gradient = design.T @ (counted * (right - p)) - RIDGE * (answer - prior)
        hessian = (design * (counted * p * (1 - p))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        answer += step
        if np.abs(step).max() < 1e-9:
            break
    return float(answer[0]), float(answer[1])


def precision_curve(
    probabilities: Floats,
    right: NDArray[np.bool_],
    weight: Floats | float = 1.0,
    sources: NDArray[np.str_] | None = None,
) -> tuple[CurvePoint, ...]:
    """What may be promised when everything from a probability on is filed; only points that promise more than those before.

    Without sources each photo is its own.
    """
    counted = np.broadcast_to(np.asarray(weight, dtype=np.float64), probabilities.shape)
    _, source = np.unique(np.arange(len(right)) if sources is None else sources, return_inverse=True)
    count = int(source.max()) + 1
    generator = np.random.default_rng(1809)
    draws = np.stack([np.bincount(generator.integers(0, count, count), minlength=count) for _ in range(DRAWS)])
    points: list[CurvePoint] = []
    for least in np.arange(0.20, 0.995, 0.01):
        filed = probabilities >= least
        hits = draws @ np.bincount(source[filed], counted[filed] * right[filed], count)
        all_filed = draws @ np.bincount(source[filed], counted[filed], count)
        shares = hits[all_filed > 0] / all_filed[all_filed > 0]
        promised = round(float(np.quantile(shares, SURE_SHARE)), 4) if len(shares) else 0.0
        if not points or promised > points[-1].precision:
            points.append(
                CurvePoint(round(float(least), 2), promised, round(float(counted[filed].sum() / counted.sum()), 4))
            )
    return tuple(points)


def calibration_error(
    probabilities: Floats, right: NDArray[np.bool_], weight: Floats | float = 1.0, bins: int = 10
) -> float:
    """Expected calibration error over bins with as many photos each."""
    counted = np.broadcast_to(np.asarray(weight, dtype=np.float64), probabilities.shape)
    order = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    gaps = [abs(float((counted[part] * (probabilities[part] - right[part])).sum())) for part in order if len(part)]
    return float(sum(gaps) / counted.sum())


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
