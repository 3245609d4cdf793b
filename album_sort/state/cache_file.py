"""A SQLite file that may be lost: opened or made, made anew when damaged or of another schema, never worth an error."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from album_sort.state.database import Damaged, check_files, defend, schema_of

BUSY_TIMEOUT_S = 2.0
"""Longest wait for the write of another run, which takes milliseconds."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_LONGEST_VALUE = 64 << 20
"""Bytes of one value."""

Statement = tuple[str, tuple[object, ...]]
"""SQL and its values."""


class OutdatedError(sqlite3.DatabaseError):
    """A cache file of another schema."""


class CacheFile:
    """One database. What cannot be read is absent; what cannot be written is lost: both only cost time later."""

    def __init__(self, path: Path, schema: str, version: int, made_later: str = "") -> None:
        """Opens or makes the file; in memory where that fails, be it read-only, full or held by another run.

        `made_later` are tables that may be there as well.
        """
        self._path: Path | None = path
        self._schema = schema
        self._version = version
        self._made_later = made_later
        self.is_made_anew = False
        """Whether the file was damaged, or none of ours, and had to be begun again."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._open_or_remake(path)
        except (OSError, sqlite3.Error):
            self._path = None
            self._connection = _open(":memory:", schema, version)

    def _open_or_remake(self, path: Path) -> sqlite3.Connection:
        """A file that is only locked, full or read-only is left alone: it may serve another run."""
        try:
            return _open(path, self._schema, self._version, self._made_later)
        except (OutdatedError, Damaged) as error:
            self.is_made_anew = isinstance(error, Damaged)
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                raise
            self.is_made_anew = True
        _remove(path)
        return _open(path, self._schema, self._version, self._made_later)

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; none when they cannot be read."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._remake_if_damaged(error)
            return []

    def write(self, statements: Iterable[Statement]) -> bool:
        """All statements in one transaction; False when none of them was carried out."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                # A value that no column holds costs its own row, not what all the others have told.
                with contextlib.suppress(OverflowError, UnicodeError):
                    self._connection.execute(statement, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            self._remake_if_damaged(error)
            return False
        except BaseException:  # Ctrl-C: all of it or nothing
            self._roll_back()
            raise
        return True

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _remake_if_damaged(self, error: sqlite3.Error) -> None:
        """A damaged page is found only when it is read: checking the whole file at every start would take seconds."""
        if self._path is None or not _is_damaged(error):
            return
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self.is_made_anew = True
        try:
            _remove(self._path)
            self._connection = _open(self._path, self._schema, self._version)
        except (OSError, sqlite3.Error):
            self._path = None
            self._connection = _open(":memory:", self._schema, self._version)


def open_read_only(path: Path) -> sqlite3.Connection:
    """The database as it is; raises sqlite3.Error where there is none, or something else."""
    try:
        if not check_files(path):
            raise sqlite3.OperationalError("there is none")
    except (Damaged, OSError) as error:
        raise sqlite3.OperationalError(str(error)) from error
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)


def _is_damaged(error: sqlite3.Error) -> bool:
    # The low byte is the class of an extended error code; errors of the module itself have none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _open(path: Path | str, schema: str, version: int, made_later: str = "") -> sqlite3.Connection:
    if isinstance(path, Path):
        check_files(path)
    # Autocommit: transactions are begun in words, around each write. The connection may be closed by another thread.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        defend(connection)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        # Rows of a kilobyte leave half of the usual pages of 4 KB empty. Counts for a new file only.
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA journal_mode = WAL")
        # With WAL a power cut may cost the last writes but never damages the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, version):
            raise OutdatedError(f"cache of schema {found}, not {version}")
        if found == 0:
            # `IF NOT EXISTS` in the schema: two runs may come here at once.
            connection.executescript(f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {version}; COMMIT;")
        # A trigger or a view of somebody else's would be run by our own statements.
        found_tables, made = schema_of(connection), _schema_as_made(schema)
        if found_tables != made and found_tables != _schema_as_made(schema + made_later):
            raise Damaged("its tables are not those of album-sort")
    except BaseException:
        connection.close()
        raise
    return connection


def _schema_as_made(schema: str) -> list[tuple[str, str, str, str]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema)
        return schema_of(connection)
    finally:
        connection.close()
