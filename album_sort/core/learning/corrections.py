"""What a person's corrections of an album teach, added to what is said of a photo anyway; with the proof that it helps.

The library stands for what is right already: each of its photos holds on to its album as firmly as it was put there, so that the
corrections move what looks like them and is near a decision, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.single import LEAST_LIBRARY, find_contradiction, rows_of, some_of
from album_sort.core.learning.solver import Curvature, fit
from album_sort.core.learning.space import Space, order
from album_sort.core.learning.training import folds_of
from album_sort.core.learning.values import CAP, Examples, Refusal, RefusalCode

_RIDGE = 1e-3
_LEAST = 8
"""Corrections from which anything is proved."""
_FIRM = 2.0
"""Log-odds from the threshold beyond which a photo should not change its album."""
_MOST_FIRM_MOVES = 0.01
"""Share of the firm photos of the library that may change all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """What a person has put right about one album."""

    examples: Examples
    """Moved into it (or confirmed there), and moved out of it."""
    positive: NDArray[np.float64]
    """(P,) log-odds that the album has had for each positive, less its threshold: above 0 it was filed there."""
    negative: NDArray[np.float64]
    """(N,) likewise."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What leaving each correction out in turn has shown."""

    helps: bool
    wrong: int
    """Corrections that were mistakes before."""
    mended: int
    """Of these, how many the other corrections put right."""
    broken: int
    """Right ones among the corrections that the others would make wrong."""
    moved_per_1000: float
    """Of 1,000 photos of the library, how many would go into the album or out of it."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnedCorrections:
    """What to add to an album's log-odds."""

    space: Space
    weights: NDArray[np.float32]
    intercept: float
    proof: Proof

    def shift(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) log-odds in -CAP..CAP to add for (N, D) photos; 0 for one without finite numbers."""
        said = self.space.times(embeddings, self.weights, self.intercept)
        return np.clip(np.where(np.isfinite(said), said, 0.0), -CAP, CAP)


def learn_corrections(
    corrections: Corrections, library: NDArray[np.floating], said: NDArray[np.float64]
) -> LearnedCorrections | Refusal:
    """From corrections and the library (M, D), with what is said (M,) of each of its photos, less the threshold."""
    examples = corrections.examples
    if not len(examples.positive) and not len(examples.negative):
        return Refusal(RefusalCode.NO_EXAMPLES)
    if len(library) < LEAST_LIBRARY:
        return Refusal(RefusalCode.NO_LIBRARY)
    usable = order(library)
    usable = usable[np.isfinite(library[usable]).all(axis=1) & np.isfinite(said[usable])]
    usable = some_of(usable)
    space = Space.of(library[usable])
    contradiction = find_contradiction(examples, space) if len(examples.positive) else None
    if contradiction:
        return contradiction
    problem = _Problem.of(corrections, space, space.place(library[usable]), said[usable])
    weights = problem.fit(np.ones(len(problem.truth), np.bool_))
    single, intercept = weights[:-1].astype(np.float32), float(weights[-1])
    return LearnedCorrections(space, single, intercept, problem.prove(weights))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    rows: NDArray[np.float32]
    """Of the corrections (C, D), in an order of their own."""
    truth: NDArray[np.bool_]
    before: NDArray[np.float64]
    groups: NDArray[np.intp]
    library: NDArray[np.float32]
    said: NDArray[np.float64]
    curvature: Curvature

    @classmethod
    def of(
        cls, corrections: Corrections, space: Space, library: NDArray[np.float32], said: NDArray[np.float64]
    ) -> _Problem:
        """Both kinds as examples that belong together by moments only."""
        examples = corrections.examples
        shown = [rows for rows in (examples.positive, examples.negative) if len(rows)]
        rows, given = rows_of(Examples(np.concatenate(shown)), library[:0], space)
        truth = (np.arange(len(given)) < len(examples.positive))[given]
        before = np.concatenate([corrections.positive, corrections.negative])[given]
        return cls(rows.positive, truth, before, rows.groups, library, said, Curvature.of(library, _RIDGE))

    def fit(self, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(D + 1,) from these corrections and the library, which weighs as much as they do."""
        firmness = np.abs(np.tanh(self.said / 2.0))
        shares = np.concatenate(
            [
                np.full(int(shown.sum()), 0.5 / max(int(shown.sum()), 1)),
                0.5 * firmness / max(float(firmness.sum()), 1e-9),
            ]
        )
        return fit(
            np.concatenate([self.rows[shown], self.library]),
            np.concatenate([self.truth[shown], self.said > 0]),
            shares,
            self.curvature,
            said=np.concatenate([self.before[shown], self.said]),
        )

    def prove(self, weights: NDArray[np.float64]) -> Proof:
        """Each correction is left out with its moment."""
        folds = folds_of(self.groups)
        after = self.before.copy()
        for fold in np.unique(folds) if folds.max(initial=0) > 0 else ():
            mine = folds == fold
            others = self.fit(~mine)
            after[mine] += np.clip(self.rows[mine] @ others[:-1].astype(np.float32) + others[-1], -CAP, CAP)
        was_right, is_right = (self.before > 0) == self.truth, (after > 0) == self.truth
        now = self.said + np.clip(self.library @ weights[:-1].astype(np.float32) + weights[-1], -CAP, CAP)
        moved, firm = (now > 0) != (self.said > 0), np.abs(self.said) >= _FIRM
        wrong, mended = int((~was_right).sum()), int((~was_right & is_right).sum())
        broken = int((was_right & ~is_right).sum())
        keeps = float((moved & firm).sum()) <= _MOST_FIRM_MOVES * max(float(firm.sum()), 1.0)
        helps = len(folds) >= _LEAST and 2 * mended >= wrong > 0 and mended > 2 * broken and keeps
        return Proof(helps, wrong, mended, broken, 1000.0 * float(moved.mean()))
