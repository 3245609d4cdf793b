"""What the user told us and what has to stay the same from run to run: corrections, trips, settings."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.state.rows import from_column, to_column
from album_sort.types import AlbumId, ContentId, Trip
from album_sort.types.ledger import Correction, KnownTrip


class Memory:
    """The part of the state that is not about files."""

    def __init__(self, connection: sqlite3.Connection, corrections_file: Path) -> None:
        self._connection = connection
        self._corrections_file = corrections_file

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._connection):
            yield

    def corrections(self) -> Mapping[ContentId, Correction]:
        """All corrections, by content."""
        rows = self._connection.execute("SELECT content_id, album, created_utc, note FROM corrections")
        return {
            ContentId(content): Correction(
                ContentId(content), AlbumId(album), datetime.fromisoformat(created), from_column(note)
            )
            for content, album, created, note in rows
        }

    def add_corrections(self, corrections: Iterable[Correction]) -> None:
        """Remember corrections; a later one of the same photo replaces the earlier."""
        corrections = tuple(corrections)
        # The mirror first: were we killed in between, it would only hold one line more.
        append_lines(self._corrections_file, (_to_line(correction) for correction in corrections))
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?)", map(_to_columns, corrections)
            )

    def trips(self) -> tuple[KnownTrip, ...]:
        """Trips of earlier runs, oldest first."""
        members: defaultdict[str, set[ContentId]] = defaultdict(set)
        for trip_id, content_id in self._connection.execute("SELECT trip_id, content_id FROM trip_members"):
            members[trip_id].add(ContentId(content_id))
        rows = self._connection.execute(
            "SELECT trip_id, title, first_day, last_day FROM trips ORDER BY first_day, trip_id"
        )
        return tuple(
            KnownTrip(trip_id, title, date.fromisoformat(start), date.fromisoformat(end), frozenset(members[trip_id]))
            for trip_id, title, start, end in rows
        )

    def store_trips(self, trips: Iterable[Trip | KnownTrip]) -> None:
        """Remember these trips and forget all others; nothing is written when they are the known ones."""
        wanted = {
            trip.trip_id: KnownTrip(trip.trip_id, trip.title, trip.start, trip.end, trip.members) for trip in trips
        }
        known = {trip.trip_id: trip for trip in self.trips()}
        changed = [trip for trip in wanted.values() if known.get(trip.trip_id) != trip]
        gone = [(trip_id,) for trip_id in known if trip_id not in wanted]
        if not changed and not gone:
            return
        with self._transaction():
            stale = [*gone, *((trip.trip_id,) for trip in changed)]
            self._connection.executemany("DELETE FROM trip_members WHERE trip_id = ?", stale)
            self._connection.executemany("DELETE FROM trips WHERE trip_id = ?", stale)
            for trip in changed:
                insert_trip(self._connection, trip)

    def setting(self, key: str) -> str | None:
        """A remembered setting of this destination (`language`, `layout`)."""
        row = self._connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def settings(self) -> dict[str, str]:
        """All remembered settings by key; `layout of <run>` is what was remembered after one run."""
        return {str(key): str(value) for key, value in self._connection.execute("SELECT key, value FROM settings")}

    def set_setting(self, key: str, value: str) -> None:
        """Remember a setting; nothing is written when it is the known one."""
        if self.setting(key) != value:
            with self._transaction():
                self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))


def insert_trip(connection: sqlite3.Connection, trip: KnownTrip) -> None:
    """Enter a trip and its members."""
    columns = (trip.trip_id, trip.title, trip.start.isoformat(), trip.end.isoformat())
    connection.execute("INSERT INTO trips VALUES (?, ?, ?, ?)", columns)
    members = ((trip.trip_id, content_id) for content_id in sorted(trip.members))
    connection.executemany("INSERT INTO trip_members VALUES (?, ?)", members)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Raises `DestinationError` when the disk does not take it."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk may have ended the transaction already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise DestinationError(
            f"the state of the destination cannot be written: {error} ({_file_of(connection)})",
            hint="Check that the disk is neither full nor read-only; the next run repairs what was left open.",
        ) from error


def _file_of(connection: sqlite3.Connection) -> str:
    try:
        return str(connection.execute("PRAGMA database_list").fetchone()[2])
    except sqlite3.Error:
        # The name is only for people: its lack must not hide what was wrong.
        return "state.sqlite"


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines and wait until the disk has them."""
    with path.open("a+b") as stream:
        # A line cut off by a power cut must not swallow the next one.
        if stream.tell() and not _ends_with_newline(path):
            stream.write(b"\n")
        stream.writelines(line.encode("ascii") + b"\n" for line in lines)
        stream.flush()
        os.fsync(stream.fileno())


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _to_line(correction: Correction) -> str:
    return json.dumps(
        {
            "sha256": correction.content_id,
            "album": correction.album,
            "created_utc": correction.created_utc.isoformat(),
            "note": correction.note,
        }
    )


def _to_columns(correction: Correction) -> tuple[str, str, str, str | bytes]:
    return (correction.content_id, correction.album, correction.created_utc.isoformat(), to_column(correction.note))


def read_corrections(path: Path) -> list[Correction]:
    """The corrections of the mirror, oldest first; lines that cannot be read are left out."""
    corrections = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(KeyError, TypeError, ValueError):
                row = json.loads(line)
                created = datetime.fromisoformat(row["created_utc"])
                corrections.append(
                    Correction(ContentId(row["sha256"]), AlbumId(row["album"]), created, str(row["note"]))
                )
    return corrections
