"""Trips: segments away from home that are worth a folder, with their members, titles and the reasons of their boundaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from album_sort.core.trips.homes import Home, HomeKind
from album_sort.core.trips.identity import new_trip_id, same_trips
from album_sort.core.trips.judge import Candidate, TripJudge
from album_sort.core.trips.members import assign_members
from album_sort.core.trips.segments import find_segments
from album_sort.core.trips.timeline import DAY, EPOCH, LocatedPhotos, TimelinePhoto
from album_sort.core.trips.titles import TripPlaces, trip_places, trip_title
from album_sort.core.trips.unlocated import UnlocatedPhotos
from album_sort.core.trips.whereabouts import Whereabouts, find_whereabouts
from album_sort.types import ContentId, KnownTrip, Place, Reason, Trip


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What was found in the library's time and places."""

    trips: tuple[Trip, ...]
    """In the order of their first days."""
    trip_of: Mapping[ContentId, Trip]
    away_from_home: Mapping[ContentId, bool]
    """For photos whose position proves it; missing where nothing is known."""


def find_trips(
    photos: Sequence[TimelinePhoto],
    homes: Sequence[Home],
    *,
    now_utc: datetime,
    previous: Sequence[KnownTrip] = (),
    lang: str = "en",
    located: LocatedPhotos | None = None,
) -> Timeline:
    """The trips of a library; the same for every order of its photos. `now_utc` is naive and only marks open trips.

    `located` are those of the photos, where they are known already.
    """
    table = LocatedPhotos.of(photos) if located is None else located
    whereabouts = find_whereabouts(table, homes)
    has_home = any(home.kind is HomeKind.HOME for home in homes)
    unlocated = UnlocatedPhotos.of(photos)
    judge = TripJudge(table, whereabouts, unlocated, has_home=has_home, now_s=(now_utc - EPOCH).total_seconds())
    judged = (judge.judge(segment) for segment in find_segments(table, whereabouts, _days_without_positions(photos)))
    candidates = [candidate for candidate in judged if candidate is not None]
    members = assign_members(photos, table, whereabouts, unlocated, candidates)
    trips = _with_names(
        [
            _draft(table, candidate, own, whereabouts.home_countries)
            for candidate, own in zip(candidates, members, strict=True)
        ],
        previous,
        lang,
    )
    trips.sort(key=lambda trip: (trip.start, trip.end, trip.trip_id))
    states = whereabouts.where.tolist()
    away = (
        {photo.content_id: states[row] != Whereabouts.HOME for row, photo in enumerate(table.photos)}
        if has_home
        else {}
    )
    return Timeline(tuple(trips), {member: trip for trip in trips for member in trip.members}, away)


def _days_without_positions(photos: Iterable[TimelinePhoto]) -> frozenset[int]:
    """Days on which own cameras took photos that only lack a position."""
    return frozenset(
        int(photo.wall_s // DAY) for photo in photos if photo.is_own and photo.is_timed and not photo.position
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A trip without a name."""

    earliest: ContentId
    trip: Trip
    places: TripPlaces


def _draft(
    table: LocatedPhotos, candidate: Candidate, members: frozenset[ContentId], home_countries: frozenset[str]
) -> _Draft:
    """A candidate with its days, places and reasons."""
    places_of_day: defaultdict[date, list[Place]] = defaultdict(list)
    located = [table.photos[row] for row in candidate.rows.tolist()]
    for photo in located:
        if photo.place is not None:
            places_of_day[_day(photo)].append(photo.place)
    places = trip_places(places_of_day, home_countries)
    why = list(candidate.why)
    by_time = len(members) - len(located)
    if by_time > 0:
        why.append(Reason.of("trip.members-by-time", photos=by_time))
    trip = Trip(
        trip_id="",
        title="",
        start=min(_day(photo) for photo in located),
        end=max(_day(photo) for photo in located),
        members=members,
        place=places.main,
        country_codes=places.country_codes,
        is_day_trip=candidate.is_day_trip,
        is_open=candidate.is_open,
        why=tuple(why),
    )
    return _Draft(located[0].content_id, trip, places)


def _day(photo: TimelinePhoto) -> date:
    return (EPOCH + timedelta(seconds=photo.wall_s)).date()


def _with_names(drafts: Sequence[_Draft], previous: Sequence[KnownTrip], lang: str) -> list[Trip]:
    """Identities and titles: those of earlier runs are kept, new titles differ from all others."""
    same = same_trips([draft.trip.members for draft in drafts], previous)
    taken = {old.title for old in same.values()}
    named: list[Trip] = []
    order = sorted(range(len(drafts)), key=lambda number: (drafts[number].trip.start, drafts[number].earliest))
    for number in order:
        draft = drafts[number]
        old = same.get(number)
        if old is not None:
            kept = Reason.of("trip.name-kept", title=old.title)
            named.append(replace(draft.trip, trip_id=old.trip_id, title=old.title, why=(*draft.trip.why, kept)))
            continue
        title = _free_title(draft, lang, taken)
        taken.add(title)
        named.append(replace(draft.trip, trip_id=new_trip_id(draft.earliest), title=title))
    return named


def _free_title(draft: _Draft, lang: str, taken: Iterable[str]) -> str:
    """A title no other trip has: two trips must not share a folder."""
    title = trip_title(draft.trip.start, draft.places, lang)
    if title in taken:
        title = trip_title(draft.trip.start, draft.places, lang, with_day=True)
    number = 2
    distinct = title
    while distinct in taken:
        distinct = f"{title} ({number})"
        number += 1
    return distinct
