"""The albums a photo can get and the rules that file it: shipped ones with the user's laid over them, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.types import REVIEW, TRAVEL, AlbumId, LabelSet


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a photo: everything that is given.

    Patterns know `*`, `?` and `[abc]` and take no notice of upper and lower case; of a list, one entry must hold.
    """

    given: tuple[tuple[str, Any], ...] = ()
    """Keys of `conditions.CONDITIONS`, each with the value that it was read as."""


@dataclass(frozen=True, slots=True)
class FilingRule:
    """One rule; it does exactly one of three things where its condition holds.

    With `leans` it is a piece of evidence. With `instead_of` it renames a decision: what would go to that album goes to
    `album`. With `album` alone it files the photo, whatever the network says.
    """

    rule_id: str
    when: Condition
    album: AlbumId | None = None
    instead_of: AlbumId | None = None
    leans: tuple[tuple[AlbumId, float], ...] = ()
    """Log-odds for albums."""


@dataclass(frozen=True, slots=True, eq=False)
class AlbumRules:
    """Everything by which photos are filed; `digest` tells whether two are the same."""

    albums: tuple[AlbumId, ...]
    """Columns of `weights`."""
    weights: NDArray[np.float32]
    """(1000, A): the share of a class's probability that speaks for an album."""
    families: tuple[int, ...]
    """Column of the album that an album is part of; its own column for all others. A photo is first filed in the
    family (`food`), then in the part that holds most of it (`pasta`), so that splitting an album makes nothing unsure."""
    parts: frozenset[AlbumId] = frozenset()
    """Albums that are part of another."""
    titles: tuple[tuple[AlbumId, tuple[tuple[str, str], ...]], ...] = ()
    """Album, then language and title, where they differ from the shipped ones."""
    merged: tuple[tuple[AlbumId, AlbumId | None], ...] = ()
    """Shipped albums that are no more: what they were merged into, None where they were removed."""
    rules: tuple[FilingRule, ...] = ()
    """The first that holds wins: the user's before the shipped ones."""
    usual_shares: tuple[tuple[AlbumId, float], ...] = ()
    """What part of a usual collection is in each album, 0..1: networks learned from 1000 classes with as many pictures
    each, 200 of them wild animals, and see those too often."""
    prior_log_odds: tuple[float, ...] = ()
    """For each column, what its usual share adds to its log-odds."""
    thresholds: tuple[tuple[AlbumId, float], ...] = ()
    """Least calibrated probability, where the user gave one."""
    precision_targets: tuple[tuple[AlbumId, float], ...] = ()
    """Precision to aim at, where the user gave one."""
    digest: str = ""
    """SHA-256 of the texts it was read from."""
    map_albums: tuple[AlbumId, ...] = ()
    """The shipped albums, whatever became of them: columns of `map_weights`. A learned head knows these."""
    map_weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1000, 0), dtype=np.float32))
    """(1000, A0): the shipped class map."""

    def resolve(self, album: AlbumId) -> AlbumId | None:
        """The album that takes what was meant for this one; None where the user removed it."""
        for _ in range(len(self.merged)):
            follower = next((new for old, new in self.merged if old == album), album)
            if follower is None or follower == album:
                return follower
            album = follower
        return album

    def family_of(self, album: AlbumId) -> AlbumId:
        """The album that this one is part of, or itself."""
        return self.albums[self.families[self.albums.index(album)]] if album in self.albums else album

    def title(self, album: AlbumId, lang: str) -> str | None:
        """The user's title, any language rather than none; None where the shipped one holds."""
        titles = dict(dict(self.titles).get(album, ()))
        return titles.get(lang) or next(iter(titles.values()), None)


def rules_of(labels: LabelSet) -> AlbumRules:
    """The class map alone: every shipped album that a class or evidence can speak for, without any rule."""
    columns = [i for i, album in enumerate(labels.album_ids) if album not in (TRAVEL, REVIEW)]
    albums = tuple(labels.album_ids[i] for i in columns)
    weights = np.ascontiguousarray(labels.weights()[:, columns])
    return AlbumRules(
        albums=albums,
        weights=weights,
        map_albums=albums,
        map_weights=weights,
        families=tuple(range(len(columns))),
        prior_log_odds=(0.0,) * len(columns),
    )
