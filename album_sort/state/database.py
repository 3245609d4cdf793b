"""The SQLite file of a destination, opened as what it may be: damaged, or made by somebody who means harm.

`Damaged` says that it cannot be believed; the caller sets it aside and makes it anew. Nothing in it is looked at before its tables
are exactly those that a migration makes: no trigger, view, further column or index of somebody else's ever runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from album_sort.core.checked import NONSENSE
from album_sort.errors import DestinationError
from album_sort.reading import is_hollow
from album_sort.sentences import sentence
from album_sort.state.migrations import MIGRATIONS, migrate

DATABASE = "state.sqlite"
_COMPANIONS = ("-wal", "-shm", "-journal")

LONGEST_VALUE = 4 << 20
"""Bytes of one text or blob, or of a whole row: a journalled row of the longest paths takes a hundredth."""

NEWEST_VERSION = 1000
"""No album-sort will ever get there: a higher number is a flipped bit."""

_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_NONSENSE_CODES = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_CONSTRAINT,
}

T = TypeVar("T")


class StateConnection(sqlite3.Connection):
    """A connection that knows its file, for sentences about it: one that does not answer cannot be asked."""

    file = ""


class Damaged(Exception):
    """The database holds what no album-sort has written; says what."""


def connect(path: Path) -> sqlite3.Connection:
    """A checked connection to a database of the present schema, made if there is none.

    Raises `Damaged`, or `DestinationError` when it cannot be used.
    """
    check_files(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=StateConnection)
        connection.file = str(path)
    except sqlite3.OperationalError as error:
        raise DestinationError(
            sentence("state.cannot-open", path=path, error=error), hint=sentence("state.check-that-the-folder")
        ) from error
    try:
        defend(connection)
        # Under the destination's lock nobody else writes. Without this, WAL maps a file into memory, and a disk that is full
        # or has gone kills a process that touches such memory, without a word.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check(connection)
        # Some network and FUSE file systems refuse WAL: then the old journal does.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        # A committed intent has to survive a power cut, or recovery would not know of a file.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection)
    except BaseException as error:
        _close(connection)
        raise _translated(
            error, f"cannot use {path}", "Check that the folder is writable and the disk not full."
        ) from error
    return connection


def open_untouched(path: Path, scratch: Path) -> sqlite3.Connection | None:
    """A checked connection that leaves the database's folder as it is; None where there is no database.

    Raises `Damaged`, or `DestinationError` when it cannot be read.
    """
    connection = None
    try:
        if not check_files(path):
            return None
        leftovers = [file for file in map(Path, (f"{path}-wal", f"{path}-journal")) if os.path.lexists(file)]
        if not leftovers:
            # `immutable`: even a reader would leave shared-memory files beside a database in WAL mode.
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            defend(connection)
            if _check(connection, path) == len(MIGRATIONS):
                return connection
            connection.close()
        # Of a killed run, one that goes on right now, or of an older version: SQLite would have to write to read them.
        for file in (path, *leftovers):
            shutil.copyfile(file, scratch / file.name, follow_symlinks=False)
        connection = sqlite3.connect(scratch / path.name, isolation_level=None)
        defend(connection)
        if not _check(connection):
            connection.close()
            return None
        migrate(connection)
    except BaseException as error:
        if connection is not None:
            _close(connection)
        raise _translated(error, f"cannot read {path}", "Check that the file is readable.") from error
    return connection


def in_memory() -> sqlite3.Connection:
    """An empty database of the present schema that nobody else sees."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether no run is remembered: every other memory comes from one, or has a mirror."""
    return connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is None


def set_aside(path: Path) -> Path:
    """Gives the database and all that belongs to it another name; the new one. Raises `DestinationError`."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    try:
        for suffix in (*_COMPANIONS, ""):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{suffix}", f"{aside}{suffix}")
    except OSError as error:
        raise DestinationError(
            sentence("state.the-damaged-cannot-be", path=path, why=error.strerror),
            hint=sentence("state.check-that-the-folder"),
        ) from error
    return aside


def sound(reading: Callable[[], T], path: Path) -> T:
    """What the reading gives; raises `Damaged` where it comes upon what nobody has written, `DestinationError` on a bad disk."""
    try:
        return reading()
    except (sqlite3.Error, *NONSENSE) as error:
        raise _translated(
            error, f"cannot read {path}", "Check the disk, then run again: what is filed stays."
        ) from error


def _translated(error: BaseException, what: str, hint: str) -> BaseException:
    """The error as its reader needs it: damage, a disk that does not answer, or as it is."""
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", None)
        # Errors of Python's own module (a text that is not UTF-8) have no code.
        if code is not None and code & 0xFF not in _NONSENSE_CODES:
            return DestinationError(f"{what}: {error}", hint=hint)
        return Damaged(str(error))
    if isinstance(error, (sqlite3.Error, sqlite3.Warning, *NONSENSE)):
        return Damaged(str(error))
    if isinstance(error, OSError):
        return DestinationError(f"{what}: {error.strerror}", hint=hint)
    return error


def _close(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.close()


def check_files(path: Path) -> bool:
    """Whether there is a database; raises `Damaged` where SQLite would follow a link, or a journal, to somewhere else."""
    for suffix in _COMPANIONS:
        companion = Path(f"{path}{suffix}")
        if os.path.lexists(companion) and not stat.S_ISREG(companion.lstat().st_mode):
            raise Damaged(f"{companion.name} is not a file")
    # A journal that names a second file makes SQLite remove that file when it plays the journal back, wherever it lies. Ours never
    # do: we write to one database only.
    journal = Path(f"{path}-journal")
    if os.path.lexists(journal) and _ends_with(journal, _JOURNAL_MAGIC):
        raise Damaged(f"{journal.name} names another file")
    if not os.path.lexists(path):
        return False
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Damaged(f"{path.name} is not a file")
    if any(os.path.lexists(file) and is_hollow(file, file.lstat()) for file in (path, Path(f"{path}-wal"), journal)):
        # To be read beside a journal it would have to be copied, hole and all.
        raise Damaged(f"{path.name} is hardly more than a hole")
    return True


def _ends_with(path: Path, mark: bytes) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(descriptor).st_size
        return size >= len(mark) and os.pread(descriptor, len(mark), size - len(mark)) == mark
    finally:
        os.close(descriptor)


def defend(connection: sqlite3.Connection) -> None:
    """Bounds what a hostile file can make SQLite do, before the first byte of it is read."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
    if hasattr(connection, "setconfig"):  # Python 3.12
        connection.setconfig(1010)  # SQLITE_DBCONFIG_DEFENSIVE, on
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "recursive_triggers = OFF"):
        connection.execute(f"PRAGMA {pragma}")


_checked: set[tuple[str, int, int, int, int]] = set()
"""Databases that this process has read from end to end, by how their files looked: of a million photos it takes seconds each time."""


def _check(connection: sqlite3.Connection, untouched: Path | None = None) -> int:
    """The version of a sound database, 0 for an empty one; raises `Damaged`, or `DestinationError` for a newer version.

    `untouched`: its file, where nobody writes to it; it is read from end to end once.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if len(MIGRATIONS) < version <= NEWEST_VERSION:
        migrate(connection)  # says so
    # First of all: to look for damage SQLite would run what is written in the schema.
    if not 0 <= version <= len(MIGRATIONS) or schema_of(connection) != _schema_of_version(version):
        raise Damaged("its tables are not those of album-sort")
    looks = None if untouched is None else _looks_of(untouched)
    if looks is None or looks not in _checked:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise Damaged(str(verdict))
        if looks is not None:
            _checked.add(looks)
    return int(version)


def _looks_of(path: Path) -> tuple[str, int, int, int, int]:
    found = path.stat()
    return str(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@cache
def _schema_of_version(version: int) -> list[tuple[str, str, str, str]]:
    """Found out by making one: once in a process, which may open a state many times."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, steps=MIGRATIONS[:version])
        return schema_of(connection)
    finally:
        connection.close()


def schema_of(connection: sqlite3.Connection) -> list[tuple[str, str, str, str]]:
    """What there is, each with its definition; comments and line breaks aside, which may differ from release to release."""
    query = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name LIMIT 1000"
    return [
        (kind, name, table, " ".join(re.sub(r"--[^\n]*", " ", sql).split()).replace("( ", "(").replace(" )", ")"))
        for kind, name, table, sql in connection.execute(query)
    ]
