"""One album from a few examples, against a library in which more of it may hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.odds import EXPECTED_SHARE, Odds, honest_odds, promise
from album_sort.core.learning.space import Space, order
from album_sort.core.learning.training import Rows, Trained, train
from album_sort.core.learning.values import CAP, Curve, Examples, LearnedAlbum, Refusal, RefusalCode, Worth, lowest

Kind = TypeVar("Kind", bound=np.generic)

DEFAULT_PRECISION_TARGET = 0.95
LEAST_LIBRARY = 50
"""Other photos to tell an album from: fewer say nothing of what is usual."""
LEAST_EXAMPLES = 8
"""From so many on an album may file when most of the left-out ones were found; below, nearly all of them must have been."""
MOST_TRAINED = 6000
"""Photos of the library that an album is learned against: more change nothing that could be measured, and take time."""
_DOUBLE = 0.999
"""Cosine from which two embeddings show the same picture: saved again, a little smaller."""
_NEAR_DOUBLE = 0.95
"""Cosine from which two examples are of one moment."""
_OUTLIER_SHARE = 0.05
"""An example is one when so many of the library's photos are more like the other examples than it is."""

_MOST_HIDDEN = 0.3
_ALIKE = 0.99
"""Quantile of the library's cosines from which a photo is like an example."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What learning from examples has come to, before it is brought into a form."""

    space: Space
    others: NDArray[np.floating]
    """(M, D) all of the library that nobody has shown."""
    at: NDArray[np.intp]
    """(M,) for each of them, its row where the library was given."""
    rows: Rows
    given: NDArray[np.intp]
    """(P,) for each positive of `rows`, its row where it was given."""
    given_negative: NDArray[np.intp]
    """(N,) the same of the negatives."""
    trained: Trained
    odds: Odds
    belongs: NDArray[np.float64]
    """Of the photos of `rows.library`, then of `rows.negative`, how likely each belongs."""
    outliers: tuple[int, ...]

    @property
    def weights(self) -> NDArray[np.float32]:
        """(D,) calibrated."""
        return (self.odds.slope * self.trained.weights[:-1]).astype(np.float32)

    @property
    def intercept(self) -> float:
        """Calibrated."""
        return float(self.odds.slope * self.trained.weights[-1] + self.odds.intercept)


def learn_one(
    examples: Examples,
    library: NDArray[np.floating],
    precision_target: float = DEFAULT_PRECISION_TARGET,
    *,
    expected_share: float = EXPECTED_SHARE,
) -> LearnedAlbum | Refusal:
    """An album from examples; refused where it could not be told from what it is not. `expected_share`: see `promise`."""
    lesson = study(examples, library)
    if isinstance(lesson, Refusal):
        return lesson
    odds, trained = lesson.odds, lesson.trained
    held = odds.of(held_out(trained))
    curve = promise(
        held, odds.of(trained.others), lesson.belongs, odds.share, len(trained.negative), expected_share=expected_share
    )
    against = lesson.space.times(lesson.others, lesson.weights, lesson.intercept)
    return LearnedAlbum(
        space=lesson.space,
        weights=lesson.weights,
        intercept=lesson.intercept,
        prior=float(np.log(odds.share / (1.0 - odds.share))),
        curve=curve,
        examples=_halves(examples.positive),
        alike_from=alike_from(lesson.rows, lesson.given),
        worth=worth_of(held, against, curve, precision_target, lesson.outliers, is_tested=trained.is_tested),
    )


def study(examples: Examples, library: NDArray[np.floating]) -> Study | Refusal:
    """Learns, and looks at what was learned."""
    if not len(examples.positive):
        return Refusal(RefusalCode.NO_EXAMPLES)
    at = others_at(library, examples)
    if len(at) < LEAST_LIBRARY:
        return Refusal(RefusalCode.NO_LIBRARY)
    others = library[at]
    sample = some_of(others)
    space = Space.of(sample)
    contradiction = find_contradiction(examples, space)
    if contradiction:
        return contradiction
    rows, given = rows_of(examples, sample, space)
    trained = train(rows)
    outliers = find_outliers(trained, given)
    if len(given) > 2 and 2 * len(outliers) > len(given):
        return Refusal(RefusalCode.SCATTERED, positive=outliers, share=1.0 - len(outliers) / len(given))
    odds, belongs = honest_odds(held_out(trained), trained.negative, trained.library, trained.hidden)
    negative = order(_halves(examples.negative))
    return Study(space, others, at, rows, given, negative, trained, odds, belongs, outliers)


def others_at(library: NDArray[np.floating], *shown: Examples) -> NDArray[np.intp]:
    """(K,) which of (M, D) rows nobody has shown and have finite numbers, in an order of their own."""
    known = {row.tobytes() for each in shown for rows in (each.positive, each.negative) for row in _halves(rows)}
    halves = _halves(library)
    usable = np.isfinite(halves).all(axis=1) & np.fromiter(
        (row.tobytes() not in known for row in halves), np.bool_, len(halves)
    )
    ordered = order(halves)
    return ordered[usable[ordered]]


def some_of(others: NDArray[Kind]) -> NDArray[Kind]:
    """At most MOST_TRAINED of them, evenly."""
    return others[:: max(-(-len(others) // MOST_TRAINED), 1)]


def _halves(rows: NDArray[np.floating]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(rows, np.float16)


def find_contradiction(examples: Examples, space: Space) -> Refusal | None:
    """Pairs of positives and negatives that are one picture."""
    if not len(examples.negative):
        return None
    cosines = space.place(examples.positive) @ space.place(examples.negative).T
    positive, negative = np.nonzero(cosines >= _DOUBLE)
    if not len(positive):
        return None
    return Refusal(RefusalCode.CONTRADICTION, tuple(positive.tolist()), tuple(negative.tolist()))


def rows_of(examples: Examples, sample: NDArray[np.floating], space: Space) -> tuple[Rows, NDArray[np.intp]]:
    """What to learn from, and for each positive of it the row where it was given."""
    given = order(_halves(examples.positive))
    positive = space.place(examples.positive[given])
    negative = space.place(examples.negative[order(_halves(examples.negative))]) if len(examples.negative) else None
    if negative is None:
        negative = np.zeros((0, positive.shape[1]), np.float32)
    groups = None if examples.groups is None else examples.groups[given]
    return Rows(positive, _groups(positive, groups), negative, space.place(sample)), given


def _groups(positive: NDArray[np.float32], told: NDArray[np.integer] | None) -> NDArray[np.intp]:
    """(P,) a number for each moment: those told to be one, and near doubles."""
    joined = positive @ positive.T >= _NEAR_DOUBLE
    if told is not None:
        joined |= told[:, None] == told[None, :]
    group = np.arange(len(positive))
    for _ in range(len(positive)):
        least = np.where(joined, group[None, :], len(positive)).min(axis=1)
        if (least == group).all():
            break
        group = least
    return np.unique(group, return_inverse=True)[1].astype(np.intp)


def held_out(trained: Trained) -> NDArray[np.float64]:
    """(P,) scores of left-out positives; of a single moment, which nothing can be left out of, what is likely of another one.

    It then scores where the uppermost half percent of the library begins, which is where things of a kind are found.
    """
    if trained.is_tested:
        return trained.positive
    return np.minimum(trained.positive, np.quantile(trained.library, 0.995))


def find_outliers(trained: Trained, given: NDArray[np.intp]) -> tuple[int, ...]:
    """Rows as given of the examples that are less like the others than much of the library is, worst first."""
    if not trained.is_tested:
        return ()
    # What hides in the library is like the examples, too; but hardly a third of it is.
    library = trained.library[~trained.hidden] if trained.hidden.mean() < _MOST_HIDDEN else trained.library
    above = (library[None, :] >= trained.positive[:, None]).mean(axis=1)
    worst = np.argsort(-above, kind="stable")
    return tuple(given[worst[above[worst] >= _OUTLIER_SHARE]].tolist())


def worth_of(
    held: NDArray[np.float64],
    others: NDArray[np.float64],
    curve: Curve,
    precision_target: float,
    outliers: tuple[int, ...],
    *,
    is_tested: bool,
) -> Worth:
    """Of (P,) log-odds of left-out examples and (M,) of the other photos."""
    threshold = lowest(curve, precision_target)
    found = int(np.count_nonzero(held >= threshold)) if is_tested else 0
    along = others[others >= threshold]
    enough = 0.5 if len(held) >= LEAST_EXAMPLES else 0.8
    return Worth(
        examples=len(held),
        found=found,
        threshold=threshold,
        along_per_1000=1000.0 * len(along) / len(others),
        false_per_1000=1000.0 * float(np.exp(-np.logaddexp(0.0, along)).sum()) / len(others),
        supports_filing=threshold < CAP and len(held) > 2 and found >= enough * len(held),
        outliers=outliers,
    )


def alike_from(rows: Rows, given: NDArray[np.intp]) -> NDArray[np.float32]:
    """(P,) for the examples as given."""
    limits = np.empty(len(given), np.float32)
    for row, example in zip(given.tolist(), rows.positive, strict=True):
        limits[row] = np.quantile(rows.library @ example, _ALIKE)
    return limits
