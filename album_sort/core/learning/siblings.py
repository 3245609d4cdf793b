"""Albums that look alike, told apart: linear discriminants with half the examples' and half the library's covariance.

Whether a photo is any of them is learned as one album of all their examples; which one, by the discriminants. Few examples say little of
how photos of one thing differ, and the library says how photos differ at all: half of each did best (docs/decisions/0013-learning.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.odds import promise
from album_sort.core.learning.single import (
    DEFAULT_PRECISION_TARGET,
    Study,
    alike_from,
    held_out,
    learn_one,
    study,
    worth_of,
)
from album_sort.core.learning.training import folds_of
from album_sort.core.learning.values import (
    Examples,
    LearnedAlbum,
    LearnedAlbums,
    Refusal,
    RefusalCode,
    each_of,
)

_SHRINKAGE = 1.0
"""Share of the mean variance added to each direction, before the inverse is taken."""
_SURER_THAN_CHANCE = 0.6
"""In standard deviations of a coin's answers, doubled: what a pair must be told apart by."""
_TEMPERATURES = 2.0 ** np.arange(-3.0, 5.0, 0.25)


def learn_siblings(
    classes: Sequence[Examples], library: NDArray[np.floating], precision_target: float = DEFAULT_PRECISION_TARGET
) -> LearnedAlbums | Refusal:
    """Two or more albums at once; refused where two of them are not told apart better than by chance.

    The positives of one are counter-examples of the others. A refusal that is not about a pair names in `siblings` the one it is about,
    or none: its rows then count through all positives in turn.
    """
    if len(classes) == 1:
        alone = learn_one(classes[0], library, precision_target)
        if isinstance(alone, Refusal):
            return alone
        return LearnedAlbums((alone,), np.zeros((1, len(alone.weights)), np.float32), np.zeros(1))
    for place, each in enumerate(classes):
        if not len(each.positive):
            return Refusal(RefusalCode.NO_EXAMPLES, siblings=(place,))
    lesson = study(_all_of(classes), library)
    if isinstance(lesson, Refusal):
        return lesson
    owner = np.repeat(np.arange(len(classes)), [len(each.positive) for each in classes])[lesson.given]
    said = _left_out(lesson, owner, len(classes))
    alike = _alike(said, owner, classes, lesson.given)
    if alike:
        return alike
    temperature = _temperature(said, owner)
    weights, intercepts = _discriminants(lesson, owner, np.ones(len(owner), np.bool_), len(classes))
    apart = _Apart(said / temperature, np.asarray(weights / temperature, np.float32), intercepts / temperature)
    return LearnedAlbums(_albums(classes, lesson, owner, apart, precision_target), apart.weights, apart.intercepts)


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """Calibrated discriminants."""

    held: NDArray[np.float64]
    """(P, C) what they say of left-out positives."""
    weights: NDArray[np.float32]
    intercepts: NDArray[np.float64]


def _all_of(classes: Sequence[Examples]) -> Examples:
    negatives = [each.negative for each in classes if len(each.negative)]
    first, groups = 0, []
    for each in classes:
        mine = np.arange(len(each.positive)) if each.groups is None else np.unique(each.groups, return_inverse=True)[1]
        groups.append(mine + first)
        first += len(each.positive)
    negative = np.concatenate(negatives) if negatives else np.zeros((0, 0), np.float16)
    return Examples(np.concatenate([each.positive for each in classes]), negative, np.concatenate(groups))


def _discriminants(
    lesson: Study, owner: NDArray[np.intp], shown: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (C, D) and intercepts (C,) by the positives that are shown; a sibling of which none is gets the middle."""
    rows = lesson.rows.positive.astype(np.float64)
    library = lesson.rows.library
    means = np.stack(
        [
            rows[shown & (owner == each)].mean(axis=0) if (shown & (owner == each)).any() else rows[shown].mean(axis=0)
            for each in range(count)
        ]
    )
    within = rows[shown] - means[owner[shown]]
    # Of as many degrees of freedom as are left after the means.
    free = max(int(shown.sum()) - count, 1)
    covariance = 0.5 * (within.T @ within) / free + 0.5 * (library.T @ library).astype(np.float64) / len(library)
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T).T
    return weights, -0.5 * (weights * means).sum(axis=1)


def _left_out(lesson: Study, owner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """(P, C) what is said of each positive without it and its group."""
    said = np.empty((len(owner), count))
    folds = np.minimum(folds_of(lesson.rows.groups), 4) if len(owner) > 40 else folds_of(lesson.rows.groups)
    for fold in np.unique(folds):
        mine = folds == fold
        shown = ~mine if not mine.all() else mine
        weights, intercepts = _discriminants(lesson, owner, shown, count)
        said[mine] = lesson.rows.positive[mine].astype(np.float64) @ weights.T + intercepts
    return said


def _temperature(said: NDArray[np.float64], owner: NDArray[np.intp]) -> float:
    """At which the shares of left-out positives are likeliest, one more of each sibling being anybody's."""
    mine = said[np.arange(len(owner)), owner]
    count = said.shape[1]
    losses = []
    for temperature in _TEMPERATURES.tolist():
        log_share = mine / temperature - np.logaddexp.reduce(said / temperature, axis=1)
        # Laplace: of n left-out examples that are all right, n + 1 in n + C is what may be said.
        doubt = np.log(np.exp(log_share) * (1.0 - count / (len(owner) + count)) + 1.0 / (len(owner) + count))
        losses.append(-float(doubt.mean()))
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _alike(
    said: NDArray[np.float64], owner: NDArray[np.intp], classes: Sequence[Examples], given: NDArray[np.intp]
) -> Refusal | None:
    """The pair that is told apart worst, if that is no better than by chance, with the photos that went to the other."""
    first_rows = np.cumsum([0, *[len(each.positive) for each in classes]])
    worst: tuple[float, Refusal] | None = None
    for first in range(len(classes)):
        for second in range(first + 1, len(classes)):
            ours, theirs = owner == first, owner == second
            if min(ours.sum(), theirs.sum()) < 2:
                continue
            wrong_ours, wrong_theirs = said[:, second] >= said[:, first], said[:, first] >= said[:, second]
            right = 1.0 - 0.5 * (float(wrong_ours[ours].mean()) + float(wrong_theirs[theirs].mean()))
            needed = 0.5 + _SURER_THAN_CHANCE / float(np.sqrt(ours.sum() + theirs.sum()))
            if right <= needed and (worst is None or right < worst[0]):
                rows = [
                    tuple(sorted((given[mine & wrong] - start).tolist()))
                    for mine, wrong, start in (
                        (ours, wrong_ours, first_rows[first]),
                        (theirs, wrong_theirs, first_rows[second]),
                    )
                ]
                worst = right, Refusal(RefusalCode.ALIKE, rows[0], rows[1], (first, second), right)
    return worst[1] if worst else None


def _albums(
    classes: Sequence[Examples], lesson: Study, owner: NDArray[np.intp], apart: _Apart, precision_target: float
) -> tuple[LearnedAlbum, ...]:
    odds, space = lesson.odds, lesson.space
    told = np.concatenate([lesson.rows.library, lesson.rows.negative]) @ apart.weights.T + apart.intercepts
    examples = each_of(odds.of(held_out(lesson.trained)), apart.held)
    sample = each_of(odds.of(lesson.trained.others), told)
    likely = lesson.belongs[:, None] * np.exp(told - np.logaddexp.reduce(told, axis=1, keepdims=True))
    others = each_of(
        space.times(lesson.others, lesson.weights, lesson.intercept),
        np.stack(
            [
                space.times(lesson.others, weights, intercept)
                for weights, intercept in zip(apart.weights, apart.intercepts.tolist(), strict=True)
            ],
            axis=1,
        ),
    )
    limits, albums, start = alike_from(lesson.rows, lesson.given), [], 0
    for place, each in enumerate(classes):
        mine, end = owner == place, start + len(each.positive)
        share = odds.share * float(mine.mean())
        # A sibling's photos are no mistake of all together, but of this one.
        rivals = np.concatenate([sample[:, place], examples[~mine, place]])
        belongs = np.concatenate([likely[:, place], np.zeros(int((~mine).sum()))])
        curve = promise(examples[mine, place], rivals, belongs, share, len(lesson.rows.negative))
        outliers = tuple(row - start for row in lesson.outliers if start <= row < end)
        tested = lesson.trained.is_tested
        albums.append(
            LearnedAlbum(
                space=space,
                weights=lesson.weights,
                intercept=lesson.intercept,
                prior=float(np.log(share / (1.0 - share))),
                curve=curve,
                examples=np.asarray(each.positive, np.float16),
                alike_from=limits[start:end],
                worth=worth_of(
                    examples[mine, place], others[:, place], curve, precision_target, outliers, is_tested=tested
                ),
            )
        )
        start = end
    return tuple(albums)
