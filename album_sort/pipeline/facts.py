"""From records to facts: positions, places, homes, trips, seasons: all that is known when a photo's album is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.dates.seasons import season_of
from album_sort.core.trips.find import Timeline, find_trips
from album_sort.core.trips.homes import Home, HomeKind, find_homes
from album_sort.core.trips.positions import PositionChoice, choose_positions
from album_sort.core.trips.themes import Theme, trip_theme
from album_sort.core.trips.timeline import LocatedPhotos, TimelinePhoto
from album_sort.core.trips.told import as_told
from album_sort.pipeline.records import PhotoRecord, redate
from album_sort.pipeline.zones import in_likely_zones
from album_sort.places.gazetteer import Gazetteer
from album_sort.types import AlbumId, ContentId, GeoPosition, KnownTrip, PhotoFacts, Place, Trip
from album_sort.types.told import ToldTrip


@dataclass(frozen=True, slots=True)
class LibraryContext:
    """What is the same for all photos of a library."""

    now_utc: datetime
    """Naive."""
    lang: str
    home: tuple[float, float] | None = None
    previous_trips: tuple[KnownTrip, ...] = ()
    gazetteer: Callable[[str], Gazetteer] | None = None
    """For a language: one that somebody holds who asks again and again; else it is loaded when a photo has a position."""
    told_trips: Mapping[ContentId, ToldTrip] = field(default_factory=dict)
    """What a person says of them."""


@dataclass(frozen=True, slots=True, eq=False)
class AlbumTable:
    """Album probabilities of all photos: a tenth of the memory that a dictionary for each would take."""

    albums: tuple[AlbumId, ...]
    probabilities: NDArray[np.float64]
    """(N, A)."""

    def row(self, number: int) -> dict[AlbumId, float]:
        """Those of one photo."""
        return dict(zip(self.albums, self.probabilities[number].tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """All photos with everything known of them, in the order of the records."""

    photos: tuple[PhotoFacts, ...]
    trips: tuple[Trip, ...]
    themes: dict[str, Theme]
    """By trip id."""
    homes: tuple[Home, ...]
    found_trips: tuple[Trip, ...] = ()
    """As they were found, without what a person says of them: a destination remembers both, each for itself."""
    is_apart: bool = False
    """Whether each photo was looked at alone: then the trips are not known, and nothing may move because of that."""


def gather_facts(
    records: Sequence[PhotoRecord], context: LibraryContext, policy: FilingPolicy
) -> tuple[Library, AlbumTable]:
    """Everything about all photos, decided together: neighbours fill gaps, and a trip is more than its photos.

    With it the album probabilities by the network alone, which nobody asks for any more when the albums are decided.
    """
    to_locate = [_to_locate(record) for record in records]
    chosen = choose_positions(to_locate)
    choices = [chosen[record.group.content_id] for record in records]
    dated = in_likely_zones(
        [redate(record, choice.position) for record, choice in zip(records, choices, strict=True)], choices
    )
    places = _places([choice.position for choice in choices], context)
    photos = [
        _located(known, record, choice, place)
        for known, record, choice, place in zip(to_locate, dated, choices, places, strict=True)
    ]
    del to_locate, chosen, places  # a kilobyte of each photo
    located = LocatedPhotos.of(photos)
    homes = find_homes(photos, context.home, located=located)
    found = find_trips(
        photos,
        homes,
        now_utc=context.now_utc,
        previous=context.previous_trips,
        lang=context.lang,
        located=located,
    )
    timeline = as_told(found, context.told_trips)
    scores = AlbumTable(policy.rules.albums, policy.score([record.inspection.prediction for record in dated]))
    trips, themes = _with_themes(timeline, photos, scores)
    home_lat_deg = next((home.lat_deg for home in homes if home.kind is HomeKind.HOME), None)
    facts = tuple(
        _facts(record, photo, choice, timeline, trips, home_lat_deg=home_lat_deg)
        for record, photo, choice in zip(dated, photos, choices, strict=True)
    )
    return Library(facts, tuple(trips.values()), themes, homes, found_trips=found.trips), scores


def gather_apart(
    records: Sequence[PhotoRecord], context: LibraryContext, policy: FilingPolicy
) -> tuple[Library, AlbumTable]:
    """Each photo for itself, without neighbours, homes and trips: when they cannot be looked at together."""
    alone = replace(context, previous_trips=())
    parts = [gather_facts([record], alone, policy) for record in records]
    photos = tuple(replace(facts, trip=None, away_from_home=None) for library, _ in parts for facts in library.photos)
    scores = AlbumTable(
        policy.rules.albums,
        np.concatenate([np.zeros((0, len(policy.rules.albums))), *(own.probabilities for _, own in parts)]),
    )
    return Library(photos, (), {}, (), is_apart=True), scores


def _to_locate(record: PhotoRecord) -> TimelinePhoto:
    camera = record.metadata.camera
    return TimelinePhoto(
        record.group.content_id,
        record.capture_time,
        camera=camera,
        # As far as anybody knows: screenshots and what messengers deliver name none.
        is_own=bool(camera) or record.is_told_where,
        candidates=record.metadata.positions,
    )


def _located(known: TimelinePhoto, record: PhotoRecord, choice: PositionChoice, place: Place | None) -> TimelinePhoto:
    return TimelinePhoto(
        known.content_id, record.capture_time, choice.position, place, known.camera, is_own=known.is_own
    )


def _places(positions: Sequence[GeoPosition | None], context: LibraryContext) -> list[Place | None]:
    """The place of each position; the gazetteer is only loaded when there is one."""
    known = [(row, position) for row, position in enumerate(positions) if position is not None]
    places: list[Place | None] = [None] * len(positions)
    if known:
        held = context.gazetteer
        gazetteer = held(context.lang) if held else Gazetteer.load(context.lang)
        found = gazetteer.nearest(
            np.array([position.lat_deg for _, position in known]), np.array([position.lon_deg for _, position in known])
        )
        for (row, position), place in zip(known, found, strict=True):
            places[row] = place if place.source is position.source else replace(place, source=position.source)
    return places


def _with_themes(
    timeline: Timeline, photos: Sequence[TimelinePhoto], scores: AlbumTable
) -> tuple[dict[str, Trip], dict[str, Theme]]:
    """The trips by id, each with the theme of its photos."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for number, photo in enumerate(photos):
        trip = timeline.trip_of.get(photo.content_id)
        if trip is not None:
            members[trip.trip_id].append(number)
    trips, themes = {}, {}
    for trip in timeline.trips:
        theme = trip_theme([scores.row(number) for number in members[trip.trip_id]])
        if theme is not None:
            themes[trip.trip_id] = theme
            trip = replace(trip, theme=theme.album, why=(*trip.why, theme.why))  # noqa: PLW2901 - the same trip, complete
        trips[trip.trip_id] = trip
    return trips, themes


def _facts(
    record: PhotoRecord,
    photo: TimelinePhoto,
    choice: PositionChoice,
    timeline: Timeline,
    trips: dict[str, Trip],
    *,
    home_lat_deg: float | None,
) -> PhotoFacts:
    trip = timeline.trip_of.get(photo.content_id)
    day = record.capture_time.local.date() if record.capture_time and record.capture_time.is_reliable else None
    inspection, position = record.inspection, photo.position
    return PhotoFacts(
        record.group,
        record.metadata,
        record.capture_time,
        position,
        photo.place,
        season_of(day, position.lat_deg if position else None, home_lat_deg),
        timeline.away_from_home.get(photo.content_id),
        trips[trip.trip_id] if trip is not None else None,
        inspection.statistics,
        inspection.prediction,
        inspection.media_format,
        record.time_reasons,
        choice.why,
    )
