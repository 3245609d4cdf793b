"""Fitting one album against the library, and scores of every row by a fit that has not seen it.

The trouble with a library is that photos of the album hide in it: taken as negatives they teach the opposite of what was shown.
What scores above the lowest tenth of the left-out examples is therefore left out of the negatives, twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.solver import fit_all

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
    task = _Task.of(rows, ridge)
    folds = folds_of(rows.groups)
    is_tested = bool(folds.max(initial=0) > 0)
    hidden = np.zeros(len(rows.library), np.bool_)
    weights = task.fit_all(task.kept(hidden), None)[0]
    for _ in range(_ROUNDS if is_tested else 0):
        held, _, seen = _left_out(task, folds, hidden, weights)
        # Both by fits that have not seen them: a photo that was taken as a negative scores lower for it.
        hidden = seen >= np.quantile(held, _HIDDEN_FROM)
        weights = task.fit_all(task.kept(hidden), weights)[0]
    held, negative, library = _left_out(task, folds, hidden, weights)
    return Trained(weights, held, negative, library, hidden, is_tested=is_tested)


def folds_of(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """(P,) a fold for each positive, at most ten, a group never parted; all 0 where there is one group only."""
    kinds, place = np.unique(groups, return_inverse=True)
    return np.asarray(place % min(len(kinds), _MOST_FOLDS), np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """All rows that an album is learned from, one under the other: positives, negatives, library."""

    rows: Rows
    all_rows: NDArray[np.float32]
    ridge: float

    @classmethod
    def of(cls, rows: Rows, ridge: float) -> _Task:
        """With a ridge against the mean loss."""
        together = np.concatenate([rows.positive, rows.negative, rows.library])
        return cls(rows, together, ridge)

    def kept(self, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(1, all) rows to fit: all but what is hidden in the library."""
        shown = len(self.rows.positive) + len(self.rows.negative)
        return np.append(np.ones(shown, np.bool_), ~hidden)[None]

    def parts(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """(all,) values of positives, negatives and library."""
        first, second = len(self.rows.positive), len(self.rows.positive) + len(self.rows.negative)
        return values[:first], values[first:second], values[second:]

    def fit_all(self, kept: NDArray[np.bool_], start: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """(F, D + 1) by some of the rows each (F, all); each class counts the same."""
        shares = kept.astype(np.float64)
        for each in shares:
            positive, negative, library = self.parts(each)
            count = positive.sum()
            negative *= SHOWN_NEGATIVE / count
            positive /= count
            library /= max(library.sum(), 1.0)
        shares /= shares.sum(axis=1, keepdims=True)
        belongs = np.arange(len(self.all_rows)) < len(self.rows.positive)
        return fit_all(self.all_rows, belongs, shares, self.ridge, start)


def _left_out(
    task: _Task, folds: NDArray[np.intp], hidden: NDArray[np.bool_], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Scores of positives (P,), negatives (N,) and library (M,), each by a fit without its fold."""
    count = int(folds.max(initial=0)) + 1
    parts = max(count, 5)
    # With one group there is nothing to fit without it: the positives' own scores, which nobody is to take for more.
    mine = folds if count > 1 else np.full(len(folds), parts)
    others = [np.arange(len(each)) % parts for each in (task.rows.negative, task.rows.library)]
    part = np.concatenate([mine, *others])
    # From nothing, not from the fit that has seen them all: steps end early, and what it knows of them would stay.
    weights = task.fit_all(task.kept(hidden) & (part != np.arange(parts)[:, None]), None)
    weights = np.concatenate([weights, start[None]])
    said = task.all_rows @ weights[:, :-1].astype(np.float32).T + weights[:, -1]
    return task.parts(said[np.arange(len(said)), part])
