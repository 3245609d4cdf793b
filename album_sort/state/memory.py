"""What the user told us and what has to stay the same from run to run: corrections, trips, settings."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from album_sort.core import checked
from album_sort.errors import DestinationError
from album_sort.sentences import sentence
from album_sort.state.facts import fact_of_row, forgotten_line, read_facts
from album_sort.state.known_trips import insert_trip, read_trips
from album_sort.state.own_files import lines_of, open_own, open_own_to_write
from album_sort.state.rows import LONGEST_ALBUM, text_from_column, to_column
from album_sort.types import AlbumId, ContentId, KnownTrip
from album_sort.types.corrections import Correction, CorrectionKind
from album_sort.types.inner_paths import inner_path_or_none
from album_sort.types.told import About, FactKey, ToldFact

T = TypeVar("T")


class Memory:
    """The part of the state that is not about files."""

    def __init__(self, connection: sqlite3.Connection, corrections_file: Path) -> None:
        self._connection = connection
        self._corrections_file = corrections_file

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._connection):
            yield

    def _read(self, reading: Callable[[], T]) -> T:
        """What a reading gives; whoever knows how to make the state anew does so here."""
        return reading()

    def corrections(self) -> Mapping[ContentId, Correction]:
        """All corrections, by content."""
        return self._read(self._corrections)

    def _corrections(self) -> Mapping[ContentId, Correction]:
        found = map(correction_from_columns, self._connection.execute(SELECT_CORRECTIONS))
        return {correction.content_id: correction for correction in found}

    def facts(self) -> Mapping[FactKey, ToldFact]:
        """What a person told of when, where and on which trip photos were taken."""
        return self._read(lambda: read_facts(self._connection))

    def add_corrections(self, corrections: Iterable[Correction]) -> None:
        """Remember corrections; a later one of the same photo replaces the earlier."""
        corrections = tuple(corrections)
        with self._mirrored(correction_to_line(correction) for correction in corrections), self._transaction():
            self._connection.executemany(INSERT_CORRECTION, map(correction_to_columns, corrections))

    @contextlib.contextmanager
    def _mirrored(self, lines: Iterable[str]) -> Iterator[None]:
        """The mirror has these lines if, and only if, the block ends without an error.

        It is written first: were we killed in between, it would only hold what was meant to be said.
        """
        path = self._corrections_file
        try:
            before = os.lstat(path).st_size if os.path.lexists(path) else None
            append_lines(path, lines)
        except OSError as error:
            raise DestinationError(
                sentence("state.cannot-write-nothing-was", path=str(path), why=error.strerror),
                hint=sentence("state.check-that-it-is"),
            ) from error
        try:
            yield
        except DestinationError:
            with contextlib.suppress(OSError):
                cut_back(path, before)
            raise

    def forget_facts(self, keys: Iterable[FactKey]) -> None:
        """Take facts back."""
        keys = tuple(keys)
        with self._mirrored(forgotten_line(*key) for key in keys), self._transaction():
            self._connection.executemany("DELETE FROM told WHERE content_id = ? AND about = ?", keys)

    def forget_corrections(self, contents: Iterable[ContentId]) -> None:
        """Take corrections back."""
        contents = tuple(contents)
        lines = (json.dumps({"sha256": content, "forgotten": True}) for content in contents)
        with self._mirrored(lines), self._transaction():
            self._connection.executemany(
                "DELETE FROM corrections WHERE content_id = ?", ((content,) for content in contents)
            )

    def trips(self) -> tuple[KnownTrip, ...]:
        """Trips of earlier runs, oldest first."""
        return self._read(lambda: read_trips(self._connection))

    def store_trips(self, trips: Iterable[KnownTrip]) -> None:
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

    def settings(self) -> Mapping[str, str]:
        """All remembered settings by key; `layout of <run>` is what was remembered after one run."""
        return self._read(self._settings)

    def _settings(self) -> Mapping[str, str]:
        rows = self._connection.execute("SELECT key, value FROM settings")
        return {checked.text(key): _setting_of(value) for key, value in rows}

    def settings_with(self, prefix: str) -> Mapping[str, str]:
        """The remembered settings whose keys begin so."""
        query = "SELECT key, value FROM settings WHERE substr(key, 1, ?) = ?"

        def found() -> Mapping[str, str]:
            rows = self._connection.execute(query, (len(prefix), prefix))
            return {checked.text(key): _setting_of(value) for key, value in rows}

        return self._read(found)

    def setting(self, key: str) -> str | None:
        """A remembered setting of this destination (`language`, `layout`)."""
        return self._read(lambda: self._setting(key))

    def _setting(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else _setting_of(row[0])

    def set_setting(self, key: str, value: str) -> None:
        """Remember a setting; nothing is written when it is the known one."""
        self.set_settings({key: value})

    def set_settings(self, values: Mapping[str, str]) -> None:
        """Remember settings: all of them or, if the program is killed, none; nothing is written for those that are known."""
        new = [(key, to_column(value)) for key, value in values.items() if self.setting(key) != value]
        if new:
            with self._transaction():
                self._connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", new)


def _setting_of(value: object) -> str:
    """A setting may be the name of a file: of rules, of weights."""
    return checked.name(text_from_column(value), checked.LONGEST_SETTING)


def correction_of(
    content_id: object,
    album: object,
    created_utc: object,
    note: object,
    *,
    kind: object = CorrectionKind.FIX,
    place: object = "",
) -> Correction:
    """The correction of values that somebody may have made up; raises one of `checked.NONSENSE`."""
    return Correction(
        checked.content(content_id),
        AlbumId(checked.text(album, LONGEST_ALBUM)),
        checked.moment(created_utc),
        checked.outer_path(note),
        CorrectionKind(checked.text(kind)),
        inner_path_or_none(place),
    )


def correction_from_columns(columns: Sequence[Any]) -> Correction:
    """In the order of `SELECT_CORRECTIONS`; raises one of `checked.NONSENSE`."""
    content, album, created, note, kind, place = columns
    return correction_of(content, album, created, text_from_column(note), kind=kind, place=text_from_column(place))


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
    except sqlite3.Error as error:
        raise DestinationError(
            sentence("state.the-state-of-the", error=error, file_of=_file_of(connection)),
            hint=sentence("state.check-that-the-disk"),
        ) from error


@contextlib.contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """A look at what is remembered. Raises `DestinationError` when the disk does not answer."""
    try:
        yield
    except sqlite3.Error as error:
        raise DestinationError(
            sentence("state.the-state-of-the-destination", error=error, file_of=_file_of(connection)),
            hint=sentence("state.check-the-disk-then"),
        ) from error


def _file_of(connection: sqlite3.Connection) -> str:
    return str(getattr(connection, "file", "")) or "state.sqlite"


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines and wait until the disk has them. Raises OSError, also for what is not a file of ours; the file is as before then."""
    before = os.lstat(path).st_size if os.path.lexists(path) else None
    data = b"".join(line.encode("ascii") + b"\n" for line in lines)
    stream = open_own_to_write(path, append=True)
    try:
        with stream:
            # A line cut off by a power cut must not swallow the next one.
            if before and not _ends_with_newline(path):
                data = b"\n" + data
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            cut_back(path, before)
        raise


def cut_back(path: Path, size: int | None) -> None:
    """Take away what was appended to a file of ours; None where it was made for that. Raises OSError."""
    if size is None:
        path.unlink()
    else:
        with open_own_to_write(path, append=True) as stream:
            stream.truncate(size)


def _ends_with_newline(path: Path) -> bool:
    with open_own(path) as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def correction_to_line(correction: Correction) -> str:
    """For the mirror, and for what a run took back; ASCII."""
    return json.dumps(
        {
            "sha256": correction.content_id,
            "album": correction.album,
            "created_utc": correction.created_utc.isoformat(),
            "note": correction.note,
            "kind": correction.kind,
            "place": correction.place,
        }
    )


SELECT_CORRECTIONS = "SELECT content_id, album, created_utc, note, kind, place FROM corrections"
INSERT_CORRECTION = (
    "INSERT OR REPLACE INTO corrections (content_id, album, created_utc, note, kind, place) VALUES (?, ?, ?, ?, ?, ?)"
)


def correction_to_columns(correction: Correction) -> tuple[str, str, str, str | bytes, str, str | bytes]:
    """In the order of `INSERT_CORRECTION`."""
    return (
        correction.content_id,
        correction.album,
        correction.created_utc.isoformat(),
        to_column(correction.note),
        correction.kind,
        to_column(correction.place),
    )


def read_corrections(path: Path) -> tuple[list[Correction], list[ToldFact]]:
    """The corrections and facts of the mirror that still hold; lines that cannot be read are left out."""
    corrections: dict[ContentId, Correction] = {}
    facts: dict[FactKey, ToldFact] = {}
    with contextlib.suppress(OSError):
        for line in lines_of(path):
            with contextlib.suppress(*checked.NONSENSE):
                row = checked.json_object(line)
                if row.get("taken_back"):
                    facts.pop((checked.content(row["sha256"]), About(row["about"])), None)
                elif "about" in row:
                    fact = fact_of_row(row)
                    facts[fact.content_id, fact.about] = fact
                elif row.get("forgotten"):
                    corrections.pop(checked.content(row["sha256"]), None)
                else:
                    one = correction_of_row(row)
                    corrections[one.content_id] = one
    return list(corrections.values()), list(facts.values())


def correction_of_row(row: Mapping[str, Any]) -> Correction:
    """Raises one of `checked.NONSENSE`; lines of before there were kinds are `fix`."""
    kind, place = row.get("kind", CorrectionKind.FIX), row.get("place", "")
    return correction_of(row["sha256"], row["album"], row["created_utc"], row["note"], kind=kind, place=place)
