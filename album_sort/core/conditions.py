"""Whether a rule's condition holds of a photo: one predicate for each key of a rule's `when`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from album_sort.core.album_rules import Condition
from album_sort.types import AlbumId, PhotoFacts, TimePrecision

_WITH_HOUR = (TimePrecision.SECOND, TimePrecision.MINUTE)
_WITHOUT_MONTH = (TimePrecision.YEAR,)


def holds(condition: Condition, facts: PhotoFacts, scores: Mapping[AlbumId, float]) -> bool:
    """Whether all that is given holds; `scores` are the album probabilities, evidence included."""
    return all(predicate(condition, facts) for predicate in PREDICATES) and all(
        scores.get(album, 0.0) >= least for album, least in condition.scores
    )


def _any_matches(patterns: Iterable[str], texts: Iterable[str]) -> bool:
    folded = [text.casefold() for text in texts if text]
    return any(fnmatchcase(text, pattern.casefold()) for pattern in patterns for text in folded)


def _classes(condition: Condition, facts: PhotoFacts) -> bool:
    if not condition.classes:
        return True
    if facts.prediction is None:
        return False
    wanted = set(condition.classes)
    seen = zip(facts.prediction.class_indices.tolist(), facts.prediction.probabilities.tolist(), strict=True)
    return float(sum(probability for index, probability in seen if index in wanted)) >= condition.classes_at_least


def _season(condition: Condition, facts: PhotoFacts) -> bool:
    return not condition.seasons or facts.season in condition.seasons


def _month(condition: Condition, facts: PhotoFacts) -> bool:
    if not condition.months:
        return True
    time = facts.capture_time
    return time is not None and time.precision not in _WITHOUT_MONTH and time.local.month in condition.months


def _hour(condition: Condition, facts: PhotoFacts) -> bool:
    if not condition.hours:
        return True
    time = facts.capture_time
    return time is not None and time.precision in _WITH_HOUR and time.local.hour in condition.hours


def _place(condition: Condition, facts: PhotoFacts) -> bool:
    if not condition.places:
        return True
    return facts.place is not None and _any_matches(condition.places, (facts.place.name, facts.place.admin1))


def _country(condition: Condition, facts: PhotoFacts) -> bool:
    if not condition.countries:
        return True
    return facts.place is not None and _any_matches(
        condition.countries, (facts.place.country_code, facts.place.country)
    )


def _trip(condition: Condition, facts: PhotoFacts) -> bool:
    if condition.in_trip is not None and condition.in_trip != (facts.trip is not None):
        return False
    return not condition.trips or (facts.trip is not None and _any_matches(condition.trips, (facts.trip.title,)))


def _away(condition: Condition, facts: PhotoFacts) -> bool:
    return condition.away is None or facts.away_from_home is condition.away


def _camera(condition: Condition, facts: PhotoFacts) -> bool:
    return not condition.cameras or _any_matches(condition.cameras, (facts.metadata.camera,))


def _folder(condition: Condition, facts: PhotoFacts) -> bool:
    """Whole folder names only: `shoes` is no match for `horseshoes`."""
    if not condition.folders:
        return True
    path = f"/{facts.group.primary.folder.strip('/')}/"
    return _any_matches((f"*/{pattern.strip('/')}/*" for pattern in condition.folders), (path,))


def _name(condition: Condition, facts: PhotoFacts) -> bool:
    return not condition.names or _any_matches(condition.names, (facts.group.primary.name,))


PREDICATES: tuple[Callable[[Condition, PhotoFacts], bool], ...] = (
    _season,
    _month,
    _hour,
    _away,
    _trip,
    _place,
    _country,
    _camera,
    _folder,
    _name,
    _classes,
)
"""Cheap ones first."""
