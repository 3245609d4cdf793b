"""Logistic regression by a quasi-Newton method, in a few passes over the rows.

The curvature of the loss is nearly that of the library's covariance, whatever the examples: with its inverse as the first guess, L-BFGS
needs about ten passes where it needs fifty without, and one inverse serves all fits of an album.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MEMORY = 8
_MOST_STEPS = 60
_TOLERANCE = 3e-5
"""The fall of the loss that a step promises, as a share of it, below which it is not made."""


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """The first guess of the inverse curvature, shared by all fits of an album."""

    inverse: NDArray[np.float64]
    """(D, D)"""
    ridge: float

    @classmethod
    def of(cls, rows: NDArray[np.float32], ridge: float) -> Curvature:
        """Of (M, D) rows of the library."""
        covariance = (rows.T @ rows).astype(np.float64) / max(len(rows), 1)
        inverse: NDArray[np.float64] = np.linalg.inv(0.1 * covariance + ridge * np.eye(rows.shape[1])).astype(
            np.float64
        )
        return cls(inverse, ridge)


def fit(
    rows: NDArray[np.float32],
    belongs: NDArray[np.bool_],
    shares: NDArray[np.float64],
    curvature: Curvature,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """(D + 1,) weights and, last, the intercept that make the mean loss of (N, D) rows least.

    `shares` (N,) sum to 1: how much each row counts. `start` is a solution of nearly the same problem.
    """
    signs = np.where(belongs, 1.0, -1.0)
    at = np.zeros(rows.shape[1] + 1) if start is None else start.copy()
    value, slope = _loss(at, (rows, signs, shares), curvature.ridge)
    steps: deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = deque(maxlen=_MEMORY)
    for _ in range(_MOST_STEPS):
        direction = _downhill(slope, steps, curvature)
        fall = float(slope @ direction)
        if -fall < _TOLERANCE * value:
            break
        size = 1.0
        while size > 1e-6:
            ahead = at + size * direction
            reached, new_slope = _loss(ahead, (rows, signs, shares), curvature.ridge)
            if reached <= value + 1e-4 * size * fall:
                break
            size /= 2
        else:
            break
        if (new_slope - slope) @ (ahead - at) > 0:
            steps.append((ahead - at, new_slope - slope))
        at, value, slope = ahead, reached, new_slope
    return at


def _loss(
    at: NDArray[np.float64],
    problem: tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]],
    ridge: float,
) -> tuple[float, NDArray[np.float64]]:
    """The mean loss with its ridge, and its gradient."""
    rows, signs, shares = problem
    margins = signs * ((rows @ at[:-1].astype(np.float32)) + at[-1])
    wrong = shares * signs * np.exp(-np.logaddexp(0.0, margins))
    value = float(shares @ np.logaddexp(0.0, -margins)) + 0.5 * ridge * float(at[:-1] @ at[:-1])
    slope = np.append(ridge * at[:-1] - wrong.astype(np.float32) @ rows, -wrong.sum())
    return value, slope


def _downhill(
    slope: NDArray[np.float64],
    steps: deque[tuple[NDArray[np.float64], NDArray[np.float64]]],
    curvature: Curvature,
) -> NDArray[np.float64]:
    """The two-loop recursion, from the curvature's guess."""
    left = slope.copy()
    taken = []
    for step, change in reversed(steps):
        share = float(step @ left) / float(step @ change)
        left -= share * change
        taken.append(share)
    guess = np.append(curvature.inverse @ left[:-1], 10.0 * left[-1])
    for (step, change), share in zip(steps, reversed(taken), strict=True):
        guess += (share - float(change @ guess) / float(step @ change)) * step
    return -guess
