"""Whether a rule's condition holds of a photo: one predicate for each key of a rule's `when`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import Condition
from album_sort.core.albums.scoring import NUM_CLASSES
from album_sort.types import AlbumId, ClassIndex, PhotoFacts, TimePrecision

_WITH_HOUR = (TimePrecision.SECOND, TimePrecision.MINUTE)
_WITHOUT_MONTH = (TimePrecision.YEAR,)

Predicate = Callable[[Condition, PhotoFacts], bool]
"""Asked only where the condition gives its key."""


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """A condition made ready to be asked about many photos: only what it gives is looked at."""

    condition: Condition
    predicates: tuple[Predicate, ...]
    least: tuple[tuple[int | None, float], ...]
    """Columns of albums, each with the least probability that is asked for; None for an album that is no more."""

    @classmethod
    def of(cls, condition: Condition, columns: Mapping[AlbumId, int]) -> ConditionCheck:
        """The check of a condition, for scores with these columns."""
        nothing = Condition()
        given = {
            each.name for each in fields(condition) if getattr(condition, each.name) != getattr(nothing, each.name)
        }
        return cls(
            condition,
            tuple(predicate for keys, predicate in PREDICATES if not given.isdisjoint(keys)),
            tuple((columns.get(album), least) for album, least in condition.scores),
        )

    def rows_with_classes(self, indices: NDArray[np.uint16], probabilities: NDArray[np.float32]) -> Sequence[int]:
        """Rows of `Prediction.stack` that have the classes asked for: the only ones of which the condition can hold."""
        if not self.condition.classes or self.condition.classes_at_least <= 0.0:
            return range(len(indices))
        is_wanted = np.zeros(NUM_CLASSES, dtype=np.bool_)
        is_wanted[list(self.condition.classes)] = True
        found: list[int] = np.flatnonzero((is_wanted[indices] & (probabilities > 0.0)).any(axis=1)).tolist()
        return found

    def holds(self, facts: PhotoFacts, scores: Sequence[float]) -> bool:
        """Whether all that is given holds; `scores` are the album probabilities by column, evidence included."""
        for predicate in self.predicates:
            if not predicate(self.condition, facts):
                return False
        return not self.least or all(
            (0.0 if column is None else scores[column]) >= least for column, least in self.least
        )


@lru_cache(maxsize=16_384)
def _any_matches(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    folded = [text.casefold() for text in texts if text]
    return any(fnmatchcase(text, pattern.casefold()) for pattern in patterns for text in folded)


def _classes(condition: Condition, facts: PhotoFacts) -> bool:
    if facts.prediction is None:
        return False
    wanted, indices = _set_of(condition.classes), facts.prediction.class_indices.tolist()
    if wanted.isdisjoint(indices):
        return condition.classes_at_least <= 0.0
    seen = zip(indices, facts.prediction.probabilities.tolist(), strict=True)
    return float(sum(probability for index, probability in seen if index in wanted)) >= condition.classes_at_least


_set_of = lru_cache(maxsize=256)(frozenset[ClassIndex])


def _season(condition: Condition, facts: PhotoFacts) -> bool:
    return facts.season in condition.seasons


def _month(condition: Condition, facts: PhotoFacts) -> bool:
    time = facts.capture_time
    return time is not None and time.precision not in _WITHOUT_MONTH and time.local.month in condition.months


def _hour(condition: Condition, facts: PhotoFacts) -> bool:
    time = facts.capture_time
    return time is not None and time.precision in _WITH_HOUR and time.local.hour in condition.hours


def _place(condition: Condition, facts: PhotoFacts) -> bool:
    return facts.place is not None and _any_matches(condition.places, (facts.place.name, facts.place.admin1))


def _country(condition: Condition, facts: PhotoFacts) -> bool:
    return facts.place is not None and _any_matches(
        condition.countries, (facts.place.country_code, facts.place.country)
    )


def _trip(condition: Condition, facts: PhotoFacts) -> bool:
    if condition.in_trip is not None and condition.in_trip != (facts.trip is not None):
        return False
    return not condition.trips or (facts.trip is not None and _any_matches(condition.trips, (facts.trip.title,)))


def _away(condition: Condition, facts: PhotoFacts) -> bool:
    return facts.away_from_home is condition.away


def _camera(condition: Condition, facts: PhotoFacts) -> bool:
    return _any_matches(condition.cameras, (facts.metadata.camera,))


def _folder(condition: Condition, facts: PhotoFacts) -> bool:
    return _is_below(condition.folders, facts.group.primary.folder)


@lru_cache(maxsize=16_384)
def _is_below(patterns: tuple[str, ...], folder: str) -> bool:
    """Whole folder names only: `shoes` is no match for `horseshoes`."""
    return _any_matches(tuple(f"*/{pattern.strip('/')}/*" for pattern in patterns), (f"/{folder.strip('/')}/",))


def _name(condition: Condition, facts: PhotoFacts) -> bool:
    return _any_matches(condition.names, (facts.group.primary.name,))


PREDICATES: tuple[tuple[tuple[str, ...], Predicate], ...] = (
    (("seasons",), _season),
    (("months",), _month),
    (("hours",), _hour),
    (("away",), _away),
    (("trips", "in_trip"), _trip),
    (("places",), _place),
    (("countries",), _country),
    (("cameras",), _camera),
    (("folders",), _folder),
    (("names",), _name),
    (("classes",), _classes),
)
"""The keys of a condition with what asks for them; cheap ones first."""
