"""Class probabilities to album probabilities: sums over classes, temperature, evidence in log-odds.

An album's probability is the sum over its classes, so that three breeds at 0.2 are a dog; thresholds never apply to
single classes. Knows numbers and columns only: no rules, no thresholds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from album_sort.types import AlbumId, Evidence, Prediction

NUM_CLASSES = 1000

PRIOR_FLOOR = 0.004
"""Least probability of an album before evidence counts. A network that gives an album nothing may simply have no class
for it (people, screenshots): evidence must be able to lift it, and 6 in log-odds then make it as likely as not."""

PRIOR_STRENGTH = 0.5
"""How much of the difference between ImageNet's mix of pictures and a usual collection's is taken back. Theory says 1 for a
calibrated network; half was best on sources of photos that were left out (benchmarks/results/accuracy.csv)."""

LEAST_SHARE = 0.002
"""What ImageNet shows of an album at least: some have no class at all."""

_CHUNK = 2048
"""Photos scored at once: 2,048 x 64 x 20 numbers are 20 MB, however many photos there are."""


def at_temperature(
    probabilities: NDArray[np.float64], temperature: float, num_classes: int = NUM_CLASSES
) -> NDArray[np.float64]:
    """(N, K) probabilities at another softmax temperature (temperature scaling): above 1 less sure, below 1 surer.

    Only the K kept classes are known. What they lack of 1 is taken as spread evenly over the others, which is
    nearly true of a tail: its share grows with the temperature, as it does over all classes.
    """
    kept = np.asarray(probabilities, dtype=np.float64)
    kept = np.where(np.isfinite(kept), kept, 0.0)  # a network gone wild or a damaged cache says nothing
    # Padding has probability 0 and counts as a class of the tail: a shorter prediction scores as it would alone.
    powered = np.where(kept > 0.0, np.power(np.maximum(kept, 1e-12), 1.0 / temperature), 0.0)
    tail_classes = np.maximum(num_classes - np.count_nonzero(kept, axis=1, keepdims=True), 1)
    tail = np.clip(1.0 - _row_sums(kept), 0.0, 1.0)
    total = _row_sums(powered) + tail_classes * np.power(tail / tail_classes, 1.0 / temperature)
    scaled: NDArray[np.float64] = powered / np.maximum(total, 1e-12)
    return scaled


def _row_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 1) sums, added from left to right: numpy's pairwise sums of a longer row would round differently."""
    return np.cumsum(values, axis=1)[:, -1:]


def album_probabilities(
    class_indices: NDArray[np.uint16],
    probabilities: NDArray[np.float32],
    weights: NDArray[np.float32],
    temperature: float = 1.0,
) -> NDArray[np.float64]:
    """(N, A) album probabilities from (N, K) classes with their probabilities and (1000, A) weights.

    A photo's row never depends on which other photos are scored with it.
    """
    scaled = at_temperature(probabilities.astype(np.float64), temperature, len(weights))
    # One class after the other: each sum has the same order however many photos there are,
    # which a matrix product does not promise.
    totals = np.zeros((len(scaled), weights.shape[1]))
    for k in range(scaled.shape[1]):
        totals += scaled[:, k, None] * weights[class_indices[:, k]]
    return totals


def score_predictions(
    predictions: Sequence[Prediction | None], weights: NDArray[np.float32], temperature: float = 1.0
) -> NDArray[np.float64]:
    """(N, A) album probabilities; a row of zeros where there is no prediction (videos, pixels that could not be read)."""
    scores = np.zeros((len(predictions), weights.shape[1]))
    for start in range(0, len(predictions), _CHUNK):
        indices, probabilities = Prediction.stack(predictions[start : start + _CHUNK])
        if indices.size:
            scores[start : start + _CHUNK] = album_probabilities(indices, probabilities, weights, temperature)
    return scores


def prior_log_odds(
    weights: NDArray[np.float32], families: Sequence[int], usual_shares: Sequence[float | None]
) -> tuple[float, ...]:
    """For each album, what its usual share of a collection adds to its log-odds; 0 where none is known.

    The network's own expectation is the share of its classes that speak for the album: they were equally frequent in
    training. A part of an album moves with the whole.
    """
    expected = np.zeros(weights.shape[1])
    np.add.at(expected, list(families), weights.sum(axis=0) / len(weights))
    moved = [
        0.0 if share is None else PRIOR_STRENGTH * math.log(share / max(float(expected[column]), LEAST_SHARE))
        for column, share in enumerate(usual_shares)
    ]
    return tuple(moved[family] for family in families)


def odds_factor(log_odds: float) -> float:
    """What a weight of evidence multiplies an album's odds by."""
    # exp() of more than 30 would only add digits that nobody reads, and overflow at 710.
    return math.exp(log_odds if -30.0 < log_odds < 30.0 else math.copysign(30.0, log_odds))


def odds_factors(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """What weights of evidence multiply the odds by, element by element, each as `odds_factor` says."""
    # Few weights occur, and numpy's own exp() rounds differently from one processor to the next.
    distinct, back = np.unique(log_odds, return_inverse=True)
    factors = np.array([odds_factor(each) for each in distinct.tolist()], dtype=np.float64)
    return factors[back].reshape(log_odds.shape)


def raise_odds(base: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, A) probabilities by their factors: in the order of the probabilities after evidence, though not of sum 1."""
    return np.maximum(base, PRIOR_FLOOR) * factors


def with_evidence(base: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, A) album probabilities after evidence: each factor multiplies the odds of its album against all others.

    A row of `base` need not sum to 1: the rest means "none of the albums", and evidence for one album takes from all others
    and from that rest alike.
    """
    none_of_them = np.maximum(1.0 - _row_sums(np.maximum(base, PRIOR_FLOOR)), PRIOR_FLOOR)
    raised = raise_odds(base, factors)
    weighed: NDArray[np.float64] = raised / (_row_sums(raised) + none_of_them)
    return weighed


def sum_log_odds(columns: Mapping[AlbumId, int], evidence: Sequence[Sequence[Evidence]]) -> NDArray[np.float64]:
    """(N, A) summed weights of each photo's evidence, in its order; evidence for other albums is ignored."""
    # One more column, for what speaks of other albums.
    count, width = len(evidence), len(columns) + 1
    column = np.array([columns.get(piece.album, width - 1) for pieces in evidence for piece in pieces], dtype=np.intp)
    weight = np.array([piece.weight for pieces in evidence for piece in pieces], dtype=np.float64)
    row = np.repeat(np.arange(count), [len(pieces) for pieces in evidence])
    sums: NDArray[np.float64] = np.bincount(row * width + column, weight, count * width).astype(np.float64, copy=False)
    return sums.reshape(count, width)[:, :-1]
