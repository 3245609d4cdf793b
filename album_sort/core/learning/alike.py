"""Siblings that are not told apart: whether the worst of many pairs is evidence, or what chance makes of a few examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.values import Refusal, RefusalCode

_SURER_THAN_CHANCE = 0.6
"""In standard deviations of a coin's answers, doubled: what a pair must be told apart by."""
_TOO_UNLIKELY = 0.1
"""Chance, over all pairs, that one told apart as well as the others looks as bad as the worst does."""
_AT_BEST = 0.95
"""Share that others are taken to be told apart by, at most: of a few examples all right is not all right for ever."""


def worst_pair(
    said: NDArray[np.float64], owner: NDArray[np.intp], sizes: Sequence[int], given: NDArray[np.intp]
) -> Refusal | None:
    """The pair that is told apart worst, if that is no better than by chance, with the photos that went to the other.

    Of many pairs of few examples some look so by chance alone. Such a pair counts only if it is told apart evidently worse than the
    others are, or if all of them together are told apart no better than by chance; else its photos are doubtful, and stay where they are.
    `said` (P, C) is what is said of each left-out positive, `owner` (P,) its sibling, `sizes` (C,) how many each has, `given` (P,) the
    rows where they were given.
    """
    found = [_Pair.of(said, owner, first, second) for second in range(len(sizes)) for first in range(second)]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return None
    worst = min(pairs, key=lambda pair: (pair.right, pair.first, pair.second))
    others = [pair.right for pair in pairs if pair is not worst]
    is_all_chance = float(np.mean([pair.right for pair in pairs])) <= _by_chance(len(owner))
    usual = min(float(np.mean(others)), _AT_BEST) if others else _AT_BEST
    is_evident = _chance_of_so_few(worst.count * worst.right, worst.count, usual) <= _TOO_UNLIKELY / len(pairs)
    if worst.right > _by_chance(worst.count) or not (is_all_chance or is_evident):
        return None
    first_rows = np.cumsum([0, *sizes])
    rows = [
        tuple(sorted((given[wrong] - first_rows[place]).tolist()))
        for wrong, place in ((worst.wrong_first, worst.first), (worst.wrong_second, worst.second))
    ]
    return Refusal(RefusalCode.ALIKE, rows[0], rows[1], (worst.first, worst.second), worst.right)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """How two siblings are told apart where each photo is left out in turn."""

    first: int
    second: int
    count: int
    """Photos of both."""
    right: float
    """Share of them that stayed with their own, each sibling counting the same."""
    wrong_first: NDArray[np.bool_]
    """(P,) photos of the first that went to the second,"""
    wrong_second: NDArray[np.bool_]
    """(P,) and the other way round."""

    @classmethod
    def of(cls, said: NDArray[np.float64], owner: NDArray[np.intp], first: int, second: int) -> _Pair | None:
        """None where one of them has a single photo, which cannot be left out."""
        ours, theirs = owner == first, owner == second
        if min(ours.sum(), theirs.sum()) < 2:
            return None
        lost, won = ours & (said[:, second] >= said[:, first]), theirs & (said[:, first] >= said[:, second])
        wrong = float(lost.sum()) / float(ours.sum()) + float(won.sum()) / float(theirs.sum())
        return cls(first, second, int(ours.sum() + theirs.sum()), 1.0 - 0.5 * wrong, lost, won)


def _by_chance(count: int) -> float:
    """Share of so many photos that a coin may well give to the right one of two."""
    return 0.5 + _SURER_THAN_CHANCE / math.sqrt(count)


def _chance_of_so_few(right: float, count: int, rate: float) -> float:
    """How likely at most so many of `count` photos are right where each is with a chance of `rate`, 0..1 but neither."""
    found = np.arange(math.floor(right + 0.5) + 1)
    ways = [math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) for k in found.tolist()]
    logs = np.array(ways) + found * math.log(rate) + (count - found) * math.log1p(-rate)
    return float(np.exp(logs).sum())
