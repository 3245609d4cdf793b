"""How well found homes and trips agree with the truth of a made library."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from album_sort.core.geo import distance_km
from album_sort.core.trips.find import Timeline
from album_sort.core.trips.homes import Home, HomeKind
from album_sort.core.trips.positions import choose_positions
from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.places.gazetteer import Gazetteer
from album_sort.types import ContentId
from tests.library import KnownHome, Library


@dataclass(frozen=True, slots=True)
class Score:
    """Shares over the photos of a library."""

    trip_photos_right: float
    """Share of the journeys' photos in the trip that holds most of their journey, and of which it holds most."""
    everyday_in_trips: float
    """Share of everyday photos in any trip."""
    home_km: float
    """Largest distance of a true home from the one found for its middle; infinite where none was found."""


def shot_of(photo: TimelinePhoto) -> TimelinePhoto:
    """A photo as the choice of positions takes it."""
    candidates = (photo.position,) if photo.position is not None else ()
    return replace(photo, position=None, place=None, candidates=candidates)


def with_chosen_positions(photos: Sequence[TimelinePhoto], gazetteer: Gazetteer) -> list[TimelinePhoto]:
    """The photos as the timeline gets them in a run: positions refused or inferred, with their places."""
    chosen = choose_positions([shot_of(photo) for photo in photos])
    positions = [chosen[photo.content_id].position for photo in photos]
    known = [position for position in positions if position is not None]
    places = iter(gazetteer.nearest(np.array([p.lat_deg for p in known]), np.array([p.lon_deg for p in known])))
    return [
        replace(photo, position=position, place=None if position is None else next(places))
        for photo, position in zip(photos, positions, strict=True)
    ]


def score_of(library: Library, homes: Sequence[Home], timeline: Timeline) -> Score:
    """Compare; a trip stands for the journey most of its photos are of, a journey for the one trip with most of its photos."""
    found: dict[ContentId, str] = {member: trip.trip_id for trip in timeline.trips for member in trip.members}
    overlap: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for content_id, journey in library.trip_of.items():
        if journey is not None and content_id in found:
            overlap[journey][found[content_id]] += 1
    of_trip: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for journey, trips in overlap.items():
        for trip_id, count in trips.items():
            of_trip[trip_id][journey] += count
    right = 0
    for journey, trips in overlap.items():
        trip_id, count = trips.most_common(1)[0]
        if of_trip[trip_id].most_common(1)[0][0] == journey:
            right += count
    on_trips = sum(journey is not None for journey in library.trip_of.values())
    everyday = [content_id for content_id, journey in library.trip_of.items() if journey is None]
    wrong = sum(content_id in found for content_id in everyday)
    return Score(
        right / on_trips if on_trips else 1.0,
        wrong / max(1, len(everyday)),
        max((_home_error(home, homes) for home in library.homes), default=0.0),
    )


def _home_error(known: KnownHome, homes: Sequence[Home]) -> float:
    middle = (known.start + (known.end - known.start) / 2).date()
    there = [home for home in homes if home.kind is HomeKind.HOME and home.start <= middle <= home.end]
    return min(
        (distance_km(known.lat_deg, known.lon_deg, home.lat_deg, home.lon_deg) for home in there), default=float("inf")
    )
