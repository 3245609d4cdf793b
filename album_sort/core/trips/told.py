"""Trips as a person says: called otherwise, or one where several were found. The word is on photos, and goes with them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from album_sort.core.trips.find import Timeline
from album_sort.core.trips.identity import SHARED
from album_sort.types import ContentId, Reason, Trip
from album_sort.types.told import ToldTrip


def as_told(timeline: Timeline, told: Mapping[ContentId, ToldTrip]) -> Timeline:
    """The same timeline with what a person says of its trips."""
    if not told:
        return timeline
    spoken_of = Counter(word.trip_id for word in told.values())
    words = {trip.trip_id: _word_on(trip, told, spoken_of) for trip in timeline.trips}
    together: defaultdict[str, list[Trip]] = defaultdict(list)
    for trip in timeline.trips:
        word = words[trip.trip_id]
        together[f"one {word.trip_id}" if word is not None and word.is_one else f"found {trip.trip_id}"].append(trip)
    trips = [_made_one(some, words[some[0].trip_id]) for some in together.values()]
    trips = _called(trips, [words[some[0].trip_id] for some in together.values()])
    trips.sort(key=lambda trip: (trip.start, trip.end, trip.trip_id))
    return replace(timeline, trips=tuple(trips), trip_of={member: trip for trip in trips for member in trip.members})


def _word_on(trip: Trip, told: Mapping[ContentId, ToldTrip], spoken_of: Mapping[str, int]) -> ToldTrip | None:
    """What was said of most of its photos that anything was said of; None where these are too few for the trip to be meant."""
    words = Counter(told[member] for member in trip.members if member in told)
    if not words:
        return None
    word, count = min(words.items(), key=lambda item: (-item[1], item[0].trip_id, item[0].title))
    return word if count >= SHARED * min(len(trip.members), spoken_of[word.trip_id]) else None


def _made_one(trips: Sequence[Trip], word: ToldTrip | None) -> Trip:
    """Several trips as one: it begins with the first, whose name and place it has."""
    first = trips[0]
    if word is None or len(trips) == 1:
        return first
    codes = dict.fromkeys(code for trip in trips for code in trip.country_codes)
    why = (Reason.of("trip.told-one", trips=len(trips)), *_distinct(reason for trip in trips for reason in trip.why))
    return replace(
        first,
        end=max(trip.end for trip in trips),
        members=frozenset().union(*(trip.members for trip in trips)),
        country_codes=tuple(codes),
        is_day_trip=False,
        is_open=any(trip.is_open for trip in trips),
        why=why,
    )


def _distinct(reasons: Iterable[Reason]) -> Iterable[Reason]:
    return dict.fromkeys(reasons)


def _called(trips: Sequence[Trip], words: Sequence[ToldTrip | None]) -> list[Trip]:
    """With the titles that were given; no two trips share one, for they would share a folder."""
    taken = {trip.title for trip, word in zip(trips, words, strict=True) if word is None or not word.title}
    named = []
    for trip, word in zip(trips, words, strict=True):
        if word is None or not word.title:
            named.append(trip)
            continue
        title, number = word.title, 2
        while title in taken:
            title = f"{word.title} ({number})"
            number += 1
        taken.add(title)
        named.append(replace(trip, title=title, why=(Reason.of("trip.told-title", title=title), *trip.why)))
    return named
