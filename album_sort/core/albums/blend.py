"""Album probabilities by the class map and a learned head together, for the rules that hold: the user's own laid over ours.

A head knows the shipped albums only. What it says of them goes to the albums that they became (merged, renamed, split); a class
that the user mapped by hand speaks as the user said, and the head shares out what remains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.head import UNHEARD, Head, raise_by_readings, stack_readings
from album_sort.core.albums.scoring import PRIOR_FLOOR, score_predictions
from album_sort.types import AlbumId, Evidence, Prediction

_SAME = 1e-5
"""Shares of a class that differ by less are the same, written otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Successors:
    """What became of the shipped albums under the rules that hold."""

    heard: tuple[int, ...]
    """Columns of the class map, of the albums that the head speaks for."""
    is_unchanged: bool
    """Whether the rules have the shipped albums and the shipped map."""
    moves: tuple[tuple[int, int], ...]
    """Columns of the class map with the columns of the rules that they became; removed ones have none."""
    parts: tuple[tuple[int, int], ...]
    """Columns of parts that the user made, with the column of the whole."""
    by_hand: NDArray[np.float32]
    """(1000, A): the shares of classes that the user mapped by hand, 0 for all others."""
    is_by_hand: NDArray[np.float32]
    """(1000, 1)."""

    @staticmethod
    @lru_cache(maxsize=8)
    def of(rules: AlbumRules, head: Head) -> Successors:
        """For these rules and this head."""
        columns = {album: column for column, album in enumerate(rules.albums)}
        became = [rules.resolve(album) for album in rules.map_albums]
        moves = tuple(
            (column, columns[album]) for column, album in enumerate(became) if album is not None and album in columns
        )
        expected = np.zeros_like(rules.weights)
        for column, target in moves:
            expected[:, rules.families[target]] += rules.map_weights[:, column]
        said = np.zeros_like(rules.weights)
        for column, family in enumerate(rules.families):
            said[:, family] += rules.weights[:, column]
        is_by_hand = (np.abs(said - expected) > _SAME).any(axis=1, keepdims=True)
        targets = {target for _, target in moves}
        return Successors(
            heard=tuple(rules.map_albums.index(album) for album in head.albums[:-1]),
            is_unchanged=rules.albums == rules.map_albums and np.array_equal(rules.weights, rules.map_weights),
            moves=moves,
            parts=tuple((i, own) for i, own in enumerate(rules.families) if own != i and i not in targets),
            by_hand=np.where(is_by_hand, rules.weights, np.float32(0.0)),
            is_by_hand=is_by_hand.astype(np.float32),
        )


def score_with_head(
    predictions: Sequence[Prediction | None], rules: AlbumRules, head: Head, temperature: float
) -> NDArray[np.float64]:
    """(N, A) album probabilities by map and head; by the map alone where a prediction has no readings.

    A photo's row never depends on which other photos are scored with it.
    """
    scores = score_predictions(predictions, rules.weights, temperature)
    readings, rows = stack_readings(predictions, len(head.albums))
    if not rows:
        return scores
    after = Successors.of(rules, head)
    read = [predictions[row] for row in rows]
    shipped = scores[rows] if after.is_unchanged else score_predictions(read, rules.map_weights, temperature)
    raised = raise_by_readings(shipped, readings, after.heard, PRIOR_FLOOR)
    scores[rows] = raised if after.is_unchanged else _succeeded(raised, read, scores[rows], after, temperature)
    return scores


def _succeeded(
    raised: NDArray[np.float64],
    predictions: Sequence[Prediction | None],
    mapped: NDArray[np.float64],
    after: Successors,
    temperature: float,
) -> NDArray[np.float64]:
    """(N, A) for the rules' columns, of (N, A0) for the shipped ones; `mapped` is what the rules' map says."""
    by_hand = score_predictions(predictions, after.by_hand, temperature)
    left = 1.0 - np.minimum(score_predictions(predictions, after.is_by_hand, temperature), 1.0)
    found = np.zeros_like(mapped)
    for column, target in after.moves:
        found[:, target] += raised[:, column]
    # A part has the share of its whole that its classes have, so that splitting an album makes nothing unsure.
    classes = np.maximum(mapped - by_hand, 0.0)
    family = classes.copy()
    for part, whole in after.parts:
        family[:, whole] += classes[:, part]
    for part, whole in after.parts:
        share = classes[:, part] / np.maximum(family[:, whole], 1e-9)
        found[:, part] = share * found[:, whole]
    for part, whole in after.parts:
        found[:, whole] -= found[:, part]
    return np.maximum(found, 0.0) * left + by_hand


def paper_columns(rules: AlbumRules) -> frozenset[int]:
    """Columns of the albums for which no head speaks, whatever they have become."""
    became = {rules.resolve(album) for album in UNHEARD}
    return frozenset(column for column, album in enumerate(rules.albums) if album in became)


def speaking_for(evidence: Sequence[Sequence[Evidence]], albums: frozenset[AlbumId]) -> list[int]:
    """Numbers of the photos with evidence for one of these albums."""
    return [
        number
        for number, pieces in enumerate(evidence)
        if any(piece.weight > 0.0 and piece.album in albums for piece in pieces)
    ]
