"""Albums that look alike, told apart: linear discriminants with half the examples' and half the library's covariance.

Whether a photo is any of them is learned as one album of all their examples; which one, by the discriminants. Few examples say little of
how photos of one thing differ, and the library says how photos differ at all: half of each did best (docs/decisions/0013-learning.md).

They may be told apart by the embeddings that everything is learned on, or by those of a closer look, which is taken at photos that are
likely enough any of them. Then the caller goes step by step: `study_siblings`, a look at the examples, `find_alike`, `likely_any`, a look
at these, `tell_apart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.alike import worst_pair
from album_sort.core.learning.odds import promise
from album_sort.core.learning.single import (
    DEFAULT_PRECISION_TARGET,
    Study,
    alike_from,
    held_out,
    learn_one,
    some_of,
    study,
    worth_of,
)
from album_sort.core.learning.training import folds_of
from album_sort.core.learning.values import (
    CAP,
    Examples,
    LearnedAlbum,
    LearnedAlbums,
    Refusal,
    RefusalCode,
    each_of,
    gathered,
    lowest,
)

_SHRINKAGE = 1.0
"""Share of the mean variance added to each direction, before the inverse is taken."""
_SHRINKAGE_CLOSER = 0.3
"""The same for closer looks: they differ by what the siblings differ by, and by less else."""
_WORTH_A_LOOK = 0.5
"""Share of the photos looked at closer that is expected to be any of the siblings, at least."""
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
    lesson = study_siblings(classes, library)
    if isinstance(lesson, Refusal):
        return lesson
    seen = Seen.as_learned(lesson)
    return find_alike(lesson, classes, seen) or tell_apart(lesson, classes, seen, precision_target)


def study_siblings(classes: Sequence[Examples], library: NDArray[np.floating]) -> Study | Refusal:
    """What is learned of all of them together: whether a photo is any of them."""
    for place, each in enumerate(classes):
        if not len(each.positive):
            return Refusal(RefusalCode.NO_EXAMPLES, siblings=(place,))
    return study(_all_of(classes), library)


@dataclass(frozen=True, slots=True, eq=False)
class Closer:
    """What closer looks have told of the photos that siblings are learned from; (V, D) of each photo, NaN where nobody has looked."""

    positive: NDArray[np.floating]
    """(P, V, D) of all positives, one sibling's after the other's."""
    negative: NDArray[np.floating]
    """(N, V, D)"""
    rows: NDArray[np.intp]
    """(K,) rows of the library that were looked at."""
    library: NDArray[np.floating]
    """(K, V, D) of these."""
    least: float
    """Log-odds of being any of them from which a photo is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What siblings are told apart by, in the study's space: the embeddings that it learned from, or what was gathered of closer looks."""

    positive: NDArray[np.float32]
    """(P, D) in the order of the study's."""
    negative: NDArray[np.float32]
    """(N, D) likewise."""
    places: NDArray[np.intp] | None = None
    """(K,) of the study's others those that were looked at closer; None: all is told by the embeddings of all."""
    looked_at: NDArray[np.float32] | None = None
    """(K, D) of these."""
    least: float | None = None

    @classmethod
    def as_learned(cls, lesson: Study) -> Seen:
        """By the embeddings that they were learned on."""
        return cls(lesson.rows.positive, lesson.rows.negative)

    @classmethod
    def closer(cls, lesson: Study, looks: Closer) -> Seen:
        """By closer looks."""

        def gather(parts: NDArray[np.floating]) -> NDArray[np.float32]:
            return gathered(parts, lesson.space, lesson.weights, lesson.intercept)

        place = {row: number for number, row in enumerate(lesson.at.tolist())}
        return cls(
            gather(looks.positive[lesson.given]),
            gather(looks.negative[lesson.given_negative]),
            np.array([place[row] for row in looks.rows.tolist()], np.intp),
            gather(looks.library),
            looks.least,
        )

    def told(self, lesson: Study, apart: _Apart) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(S + N, C) what is said of the library's sample and the negatives, and (M, C) of all others; NaN where nobody has looked."""
        weights, intercepts = apart.weights, apart.intercepts
        negative = self.negative @ weights.T + intercepts
        if self.places is None or self.looked_at is None:
            pairs = zip(weights, intercepts.tolist(), strict=True)
            others = np.stack([lesson.space.times(lesson.others, each, least) for each, least in pairs], axis=1)
            return np.concatenate([lesson.rows.library @ weights.T + intercepts, negative]), others
        others = np.full((len(lesson.others), len(weights)), np.nan)
        others[self.places] = self.looked_at @ weights.T + intercepts
        return np.concatenate([some_of(others), negative]), others


def likely_any(lesson: Study) -> tuple[NDArray[np.intp], float]:
    """Rows of the library worth a closer look, the likeliest first, and from which log-odds of being any of the siblings on.

    Of what is looked at, half is expected to be any of them.
    """
    trained, odds = lesson.trained, lesson.odds
    held, others = odds.of(held_out(trained)), odds.of(trained.others)
    curve = promise(held, others, lesson.belongs, odds.share, len(lesson.rows.negative))
    least = lowest(curve, _WORTH_A_LOOK)
    said = lesson.space.times(lesson.others, lesson.weights, lesson.intercept)
    order = np.argsort(-said, kind="stable")
    return lesson.at[order[said[order] >= least]], least


def find_alike(lesson: Study, classes: Sequence[Examples], seen: Seen) -> Refusal | None:
    """Two siblings that are not told apart better than by chance."""
    owner = _owner(lesson, classes)
    said = _left_out(lesson, seen, owner, len(classes))
    return worst_pair(said, owner, [len(each.positive) for each in classes], lesson.given)


def tell_apart(
    lesson: Study, classes: Sequence[Examples], seen: Seen, precision_target: float = DEFAULT_PRECISION_TARGET
) -> LearnedAlbums:
    """The siblings, each with what it is worth beside the others."""
    owner = _owner(lesson, classes)
    said = _left_out(lesson, seen, owner, len(classes))
    temperature = _temperature(said, owner)
    weights, intercepts = _discriminants(lesson, seen, owner, np.ones(len(owner), np.bool_))
    apart = _Apart(said / temperature, np.asarray(weights / temperature, np.float32), intercepts / temperature)
    albums = _albums(classes, lesson, (seen, owner, apart), precision_target)
    return LearnedAlbums(albums, apart.weights, apart.intercepts, seen.least)


def _owner(lesson: Study, classes: Sequence[Examples]) -> NDArray[np.intp]:
    """(P,) the sibling of each positive of the study."""
    return np.repeat(np.arange(len(classes)), [len(each.positive) for each in classes])[lesson.given]


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
    lesson: Study, seen: Seen, owner: NDArray[np.intp], shown: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (C, D) and intercepts (C,) by the positives that are shown; a sibling of which none is gets the middle."""
    # How photos differ at all, the library's whole pictures say of closer looks, too: nobody has to look at these for it.
    rows, library, count = seen.positive.astype(np.float64), lesson.rows.library, int(owner.max()) + 1
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
    shrinkage = _SHRINKAGE if seen.least is None else _SHRINKAGE_CLOSER
    covariance += shrinkage * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T).T
    return weights, -0.5 * (weights * means).sum(axis=1)


def _left_out(lesson: Study, seen: Seen, owner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """(P, C) what is said of each positive without it and its group."""
    said = np.empty((len(owner), count))
    folds = np.minimum(folds_of(lesson.rows.groups), 4) if len(owner) > 40 else folds_of(lesson.rows.groups)
    for fold in np.unique(folds):
        mine = folds == fold
        shown = ~mine if not mine.all() else mine
        weights, intercepts = _discriminants(lesson, seen, owner, shown)
        said[mine] = seen.positive[mine].astype(np.float64) @ weights.T + intercepts
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


def _albums(
    classes: Sequence[Examples],
    lesson: Study,
    told_apart: tuple[Seen, NDArray[np.intp], _Apart],
    precision_target: float,
) -> tuple[LearnedAlbum, ...]:
    (seen, owner, apart), odds, space = told_apart, lesson.odds, lesson.space
    of_sample, of_others = seen.told(lesson, apart)
    any_of_sample = odds.of(lesson.trained.others)
    any_of_others = space.times(lesson.others, lesson.weights, lesson.intercept)
    told = _imputed(of_sample, any_of_sample, seen.least)
    examples = _each_of(odds.of(held_out(lesson.trained)), apart.held, seen.least)
    sample = _each_of(any_of_sample, told, seen.least)
    likely = lesson.belongs[:, None] * np.exp(told - np.logaddexp.reduce(told, axis=1, keepdims=True))
    others = _each_of(any_of_others, _imputed(of_others, any_of_others, seen.least), seen.least)
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


def _imputed(told: NDArray[np.float64], any_of_them: NDArray[np.float64], least: float | None) -> NDArray[np.float64]:
    """(N, C) what is said, also of photos that nobody has looked at closer: nothing of unlikely ones, of the likely what others got."""
    if least is None:
        return told
    is_told = np.asarray(np.isfinite(told).all(axis=1), np.bool_)
    is_likely = any_of_them >= least
    known = told[is_told & is_likely]
    missing = np.flatnonzero(is_likely & ~is_told)
    full = np.where(is_told[:, None], told, 0.0)
    if len(known):
        full[missing] = known[np.arange(len(missing)) % len(known)]
    return full


def _each_of(any_of_them: NDArray[np.float64], told: NDArray[np.float64], least: float | None) -> NDArray[np.float64]:
    """As `each_of`; what is too unlikely any of them to be looked at closer is none of them."""
    said = each_of(any_of_them, told)
    return said if least is None else np.where((any_of_them >= least)[:, None], said, -CAP)
