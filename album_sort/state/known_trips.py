"""Trips of earlier runs, as database rows, as lines of a run's files, and back."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict

from album_sort.core import checked
from album_sort.core.known_trips import trip_of, trip_to_json
from album_sort.types import ContentId, KnownTrip


def read_trips(connection: sqlite3.Connection) -> tuple[KnownTrip, ...]:
    """All of them, oldest first; raises one of `checked.NONSENSE`."""
    members: defaultdict[str, set[ContentId]] = defaultdict(set)
    for trip_id, content_id in connection.execute("SELECT trip_id, content_id FROM trip_members"):
        members[trip_id].add(checked.content(content_id))
    rows = connection.execute("SELECT trip_id, title, first_day, last_day FROM trips ORDER BY first_day, trip_id")
    return tuple(trip_of(trip_id, title, start, end, members[trip_id]) for trip_id, title, start, end in rows)


def trip_to_line(trip: KnownTrip) -> str:
    """A trip as JSON; ASCII."""
    return json.dumps(trip_to_json(trip))


def known_trip(connection: sqlite3.Connection, trip_id: str) -> KnownTrip | None:
    """One trip."""
    query = "SELECT title, first_day, last_day FROM trips WHERE trip_id = ?"
    row = connection.execute(query, (trip_id,)).fetchone()
    if row is None:
        return None
    members = connection.execute("SELECT content_id FROM trip_members WHERE trip_id = ?", (trip_id,))
    title, start, end = row
    return trip_of(trip_id, title, start, end, [content for (content,) in members])


def insert_trip(connection: sqlite3.Connection, trip: KnownTrip) -> None:
    """Enter a trip and its members."""
    columns = (trip.trip_id, trip.title, trip.start.isoformat(), trip.end.isoformat())
    connection.execute("INSERT INTO trips VALUES (?, ?, ?, ?)", columns)
    members = ((trip.trip_id, content_id) for content_id in sorted(trip.members))
    connection.executemany("INSERT INTO trip_members VALUES (?, ?)", members)
