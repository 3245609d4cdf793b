"""What the probabilities of many photos' albums say, computed for all of them at once: which lead, and by which class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.compiled_rules import CompiledRules
from album_sort.types import REVIEW, AlbumId, AlbumScore, ClassIndex

ALSO_FROM = 0.3
"""A photo may also be found in an album that is at least this likely: two albums can be right at once."""

NAMED_FROM = 0.02
"""A class that gives the album less is not worth naming as the reason."""


class RankedAlbums(NamedTuple):
    """The numbers of one photo."""

    scores: list[float]
    """(A,) by column of the rules, evidence included."""
    best: AlbumScore
    """The most likely whole album; of equal ones the first in the order of the rules."""
    runner_up: AlbumScore
    """The next one; `review` with 0 where there is no other album."""
    likely: int
    """How many whole albums are at least ALSO_FROM."""
    is_first_alone: bool
    """Whether the network alone would have put `best` first as well."""
    alone: float
    """The score of `best` by the network alone."""
    named_class: ClassIndex | None
    """The class that says most for `best`; None where none says enough to be named, or where what the classes
    speak for by the map is another album: then no class has decided."""


def rank_albums(
    compiled: CompiledRules,
    base: NDArray[np.float64],
    scores: NDArray[np.float64],
    seen: tuple[NDArray[np.uint16], NDArray[np.float32]],
    by_map: NDArray[np.float64] | None = None,
) -> list[RankedAlbums]:
    """The numbers of N photos: `base` (N, A) by the network alone, `scores` (N, A) with all evidence, `seen` as `Prediction.stack`.

    `by_map` (N, A): by the class map alone, where a head has spoken as well.
    """
    whole, rows = scores[:, compiled.whole_columns], np.arange(len(scores))
    best = whole.argmax(axis=1)
    likely = np.count_nonzero(whole >= ALSO_FROM, axis=1).tolist()
    best_columns = compiled.whole_columns[best]
    alone = compiled.prior_order(base)
    is_first = (alone.max(axis=1) == alone[rows, best_columns]).tolist()
    by_network = base[rows, best_columns].tolist()
    leaders = _album_scores(compiled.whole, best, whole[rows, best])
    whole[rows, best] = -1.0
    second = whole.argmax(axis=1)
    followers = (
        _album_scores(compiled.whole, second, whole[rows, second])
        if len(compiled.whole) > 1
        else [AlbumScore(REVIEW, 0.0)] * len(scores)
    )
    named = _named_classes(compiled.family_weights, best_columns, *seen)
    if by_map is not None and by_map is not base:
        mapped = compiled.prior_order(by_map)
        decided = (mapped.max(axis=1) == mapped[rows, best_columns]).tolist()
        named = [index if by_class else None for index, by_class in zip(named, decided, strict=True)]
    return list(map(RankedAlbums, scores.tolist(), leaders, followers, likely, is_first, by_network, named))


def _album_scores(
    albums: Sequence[AlbumId], which: NDArray[np.intp], probabilities: NDArray[np.float64]
) -> list[AlbumScore]:
    return [AlbumScore(albums[i], p) for i, p in zip(which.tolist(), probabilities.tolist(), strict=True)]


def _named_classes(
    family_weights: NDArray[np.float32],
    columns: NDArray[np.intp],
    classes: NDArray[np.uint16],
    probabilities: NDArray[np.float32],
) -> list[ClassIndex | None]:
    """For each photo the class that says most for the album of its column."""
    if not classes.size:
        return [None] * len(classes)
    said = family_weights[columns[:, None], classes] * probabilities
    most, rows = said.argmax(axis=1), np.arange(len(said))
    is_enough = (said[rows, most] >= NAMED_FROM).tolist()
    return [ClassIndex(i) if named else None for i, named in zip(classes[rows, most].tolist(), is_enough, strict=True)]
