"""Trips of earlier runs as JSON objects, and back: in the files of runs, and in saved plans. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from album_sort.core import checked
from album_sort.types import KnownTrip


def trip_of(trip_id: object, title: object, start: object, end: object, members: Iterable[object]) -> KnownTrip:
    """The trip of values that somebody may have made up; raises one of `checked.NONSENSE`."""
    contents = frozenset(map(checked.content, members))
    return KnownTrip(checked.text(trip_id), checked.text(title), checked.day(start), checked.day(end), contents)


def trip_to_json(trip: KnownTrip) -> dict[str, Any]:
    """A trip as a JSON object; equal trips give equal ones."""
    return {
        "trip_id": trip.trip_id,
        "title": trip.title,
        "start": trip.start.isoformat(),
        "end": trip.end.isoformat(),
        "members": sorted(trip.members),
    }


def trip_from_json(row: Mapping[str, Any]) -> KnownTrip:
    """From such an object; raises one of `checked.NONSENSE`."""
    return trip_of(row["trip_id"], row["title"], row["start"], row["end"], checked.listed(row["members"]))
