"""Fitting one album against the library, and scores of every row by a fit that has not seen it.

The trouble with a library is that photos of the album hide in it: taken as negatives they teach the opposite of what was shown.
What scores above the lowest tenth of the left-out examples is therefore left out of the negatives, twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.solver import Curvature, fit

RIDGE = 1e-4
"""Against the mean loss of balanced classes, whatever the size of the library (docs/decisions/0013-learning.md)."""
SHOWN_NEGATIVE = 0.5
"""What a counter-example weighs, in examples: it was shown because it is near."""
_ROUNDS = 2
_MOST_FOLDS = 10
_HIDDEN_FROM = 0.1
"""Quantile of the left-out examples' scores from which a photo of the library is taken as one that may belong."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """All that one album is learned from, placed in the space of the library, in an order that depends on nothing but itself."""

    positive: NDArray[np.float32]
    """(P, D)"""
    groups: NDArray[np.intp]
    """(P,) those of one number are left out together."""
    negative: NDArray[np.float32]
    """(N, D) shown as not belonging."""
    library: NDArray[np.float32]
    """(M, D) nobody has said anything of."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Weights, and what they are worth."""

    weights: NDArray[np.float64]
    """(D + 1,), the intercept last."""
    positive: NDArray[np.float64]
    """(P,) scores, each by a fit without it and its group."""
    negative: NDArray[np.float64]
    """(N,) scores of what was shown as not belonging, each by a fit without it."""
    library: NDArray[np.float64]
    """(M,) scores, each by a fit without it."""
    hidden: NDArray[np.bool_]
    """(M,) what was left out of the negatives."""
    is_tested: bool
    """Whether anything could be left out: not where all examples are of one moment."""

    @property
    def others(self) -> NDArray[np.float64]:
        """(M + N,) scores of the library, then of the negatives."""
        return np.concatenate([self.library, self.negative])


def train(rows: Rows, ridge: float = RIDGE) -> Trained:
    """Two rounds of leaving out what may be hidden positives."""
    curvature = Curvature.of(rows.library, ridge)
    folds = folds_of(rows.groups)
    hidden = np.zeros(len(rows.library), np.bool_)
    shown = np.ones(len(rows.positive), np.bool_), np.ones(len(rows.negative), np.bool_)
    weights = _fit(rows, curvature, (*shown, ~hidden), None)
    for _ in range(_ROUNDS if folds.max(initial=0) > 0 else 0):
        held, _, seen = _left_out(rows, curvature, folds, hidden, weights)
        # Both by fits that have not seen them: a photo that was taken as a negative scores lower for it.
        hidden = seen >= np.quantile(held, _HIDDEN_FROM)
        weights = _fit(rows, curvature, (*shown, ~hidden), weights)
    held, negative, library = _left_out(rows, curvature, folds, hidden, weights)
    return Trained(weights, held, negative, library, hidden, is_tested=bool(folds.max(initial=0) > 0))


def folds_of(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """(P,) a fold for each positive, at most ten, a group never parted; all 0 where there is one group only."""
    kinds, place = np.unique(groups, return_inverse=True)
    return np.asarray(place % min(len(kinds), _MOST_FOLDS), np.intp)


def _left_out(
    rows: Rows,
    curvature: Curvature,
    folds: NDArray[np.intp],
    hidden: NDArray[np.bool_],
    start: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scores of positives (P,), negatives (N,) and library (M,), each by a fit without its fold."""
    held, against, seen = (np.empty(len(each)) for each in (rows.positive, rows.negative, rows.library))
    count = int(folds.max(initial=0)) + 1
    # With one group there is nothing to fit without it: the positives' own scores, which nobody is to take for more.
    parts, kept_out = (np.arange(len(each)) % max(count, 5) for each in (rows.library, rows.negative))
    for part in range(max(count, 5)):
        mine = folds == part if count > 1 else np.zeros(len(folds), np.bool_)
        weights = _fit(rows, curvature, (~mine, kept_out != part, ~hidden & (parts != part)), start)
        single = weights[:-1].astype(np.float32)
        held[mine] = rows.positive[mine] @ single + weights[-1]
        against[kept_out == part] = rows.negative[kept_out == part] @ single + weights[-1]
        seen[parts == part] = rows.library[parts == part] @ single + weights[-1]
    if count == 1:
        held[:] = rows.positive @ start[:-1].astype(np.float32) + start[-1]
    return held, against, seen


def _fit(
    rows: Rows,
    curvature: Curvature,
    taken: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]],
    start: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """By some of the positives, against some of the negatives and of the library (`taken`, in this order); each class counts the same."""
    positive, negative, library = (
        each[kept] for each, kept in zip((rows.positive, rows.negative, rows.library), taken, strict=True)
    )
    counted = (
        np.full(len(positive), 1.0 / len(positive)),
        np.full(len(negative), SHOWN_NEGATIVE / len(positive)),
        np.full(len(library), 1.0 / max(len(library), 1)),
    )
    shares = np.concatenate(counted)
    belongs = np.arange(len(shares)) < len(positive)
    return fit(np.concatenate([positive, negative, library]), belongs, shares / shares.sum(), curvature, start)
