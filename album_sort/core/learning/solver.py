"""Logistic regression by a quasi-Newton method (L-BFGS), several fits of the same rows in the same passes.

Rows are of length 1, so that one first guess of the curvature serves all. Steps end early: what they would still gain is a better fit
to a few examples, not to the photos to come (docs/decisions/0013-learning.md).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MEMORY = 8
_MOST_STEPS = 60
_FIRST_GUESS, _FIRST_GUESS_OF_INTERCEPT = 300.0, 10.0
"""Of the inverse curvature, before a step was taken."""
_TOLERANCE = 1e-3
"""The fall of the loss that a step promises, as a share of it, below which it is not made."""


def fit(
    rows: NDArray[np.float32],
    belongs: NDArray[np.bool_],
    shares: NDArray[np.float64],
    ridge: float,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """(D + 1,) weights and, last, the intercept that make the mean loss of (N, D) rows least.

    `shares` (N,) sum to 1: how much each row counts. `start` is a solution of nearly the same problem.
    """
    found: NDArray[np.float64] = fit_all(rows, belongs, shares[None], ridge, start)[0]
    return found


def fit_all(
    rows: NDArray[np.float32],
    belongs: NDArray[np.bool_],
    shares: NDArray[np.float64],
    ridge: float,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """(F, D + 1) the same for each of (F, N) shares, by which rows are left out; each fit ends where it would end alone."""
    problem = _Problem(rows, np.where(belongs, 1.0, -1.0).astype(np.float32), shares.astype(np.float32), ridge)
    found = np.zeros((len(shares), rows.shape[1] + 1))
    found[:] = 0.0 if start is None else start
    running = np.arange(len(shares))
    at = found.copy()
    value, slope = problem.loss(at, running)
    steps: deque[_Step] = deque(maxlen=_MEMORY)
    for _ in range(_MOST_STEPS):
        direction = _downhill(slope, steps)
        fall = _times(slope, direction)
        ahead, reached, new_slope, goes_on = _search(problem, running, (at, value, slope), direction, fall)
        found[running] = at
        if not goes_on.any():
            return found
        step = _Step.of(ahead - at, new_slope - slope)
        steps = deque((each.of_some(goes_on) for each in (*steps, step)), _MEMORY)
        running, at, value, slope = running[goes_on], ahead[goes_on], reached[goes_on], new_slope[goes_on]
    found[running] = at
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Fits that differ by how much each row counts."""

    rows: NDArray[np.float32]
    signs: NDArray[np.float32]
    """(N,)"""
    shares: NDArray[np.float32]
    """(F, N)"""
    ridge: float

    def loss(self, at: NDArray[np.float64], which: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(K,) mean losses with their ridges, and (K, D + 1) gradients, of K of the fits at (K, D + 1)."""
        ridge, shares = self.ridge, self.shares[which]
        margins = self.signs * (at[:, :-1].astype(np.float32) @ self.rows.T + at[:, -1:].astype(np.float32))
        small = np.exp(-np.abs(margins))
        wrong = shares * self.signs * np.where(margins > 0, small, np.float32(1.0)) / (np.float32(1.0) + small)
        losses = np.log(np.float32(1.0) + small) - np.minimum(margins, np.float32(0.0))
        value = _times(shares, losses) + 0.5 * ridge * _times(at[:, :-1], at[:, :-1])
        inner = ridge * at[:, :-1] - wrong @ self.rows
        return value, np.concatenate([inner, -wrong.sum(axis=1, keepdims=True)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What each fit has gone, and how its slope has changed by it."""

    gone: NDArray[np.float64]
    """(K, D + 1)"""
    change: NDArray[np.float64]
    inverse: NDArray[np.float64]
    """(K,) of their product; 0 where that is not above 0, and nothing is learned from the step."""

    @classmethod
    def of(cls, gone: NDArray[np.float64], change: NDArray[np.float64]) -> _Step:
        """With the product."""
        product = _times(gone, change)
        return cls(gone, change, np.where(product > 0, 1.0 / np.where(product > 0, product, 1.0), 0.0))

    def of_some(self, kept: NDArray[np.bool_]) -> _Step:
        """Of some of the fits."""
        return self if kept.all() else _Step(self.gone[kept], self.change[kept], self.inverse[kept])


def _search(
    problem: _Problem,
    running: NDArray[np.intp],
    now: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    direction: NDArray[np.float64],
    fall: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Where each fit goes along its direction (K, D + 1), with loss and slope there, and (K,) whether it has gone on at all."""
    at, value, slope = now
    ahead, reached, new_slope = at.copy(), value.copy(), slope.copy()
    goes_on = np.zeros(len(running), np.bool_)
    open_ones = np.flatnonzero(-fall >= _TOLERANCE * value)
    size = 1.0
    while len(open_ones) and size > 1e-6:
        ahead[open_ones] = at[open_ones] + size * direction[open_ones]
        reached[open_ones], new_slope[open_ones] = problem.loss(ahead[open_ones], running[open_ones])
        is_lower = reached[open_ones] <= value[open_ones] + 1e-4 * size * fall[open_ones]
        goes_on[open_ones[is_lower]] = True
        open_ones = open_ones[~is_lower]
        size /= 2
    return ahead, reached, new_slope, goes_on


def _downhill(slope: NDArray[np.float64], steps: deque[_Step]) -> NDArray[np.float64]:
    """(K, D + 1) by the two-loop recursion, from the first guess of the curvature."""
    left = slope.copy()
    taken = []
    for step in reversed(steps):
        share = _times(step.gone, left) * step.inverse
        left -= share[:, None] * step.change
        taken.append(share)
    guess = np.concatenate([_FIRST_GUESS * left[:, :-1], _FIRST_GUESS_OF_INTERCEPT * left[:, -1:]], axis=1)
    for step, share in zip(steps, reversed(taken), strict=True):
        guess += (share - _times(step.change, guess) * step.inverse)[:, None] * step.gone
    return -guess


def _times(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """(K,) products of the rows of two (K, D)."""
    product: NDArray[np.float64] = np.einsum("kd,kd->k", one, other)
    return product
