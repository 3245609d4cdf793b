"""`DestinationState`: what is remembered of a destination. Opening for reading writes nothing and makes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from album_sort.errors import DestinationError
from album_sort.state.journal import StateJournal
from album_sort.state.memory import Memory
from album_sort.state.migrations import migrate
from album_sort.state.rebuild import CORRECTIONS, insert_run, rebuild
from album_sort.state.rows import (
    SELECT_OUTPUTS,
    UPSERT_OUTPUT,
    from_column,
    ledger_from_columns,
    ledger_to_columns,
    to_column,
)
from album_sort.state.run_files import RunEnd, has_runs, write_run_end, write_run_plan
from album_sort.state.schema import SCHEMA_VERSION
from album_sort.types import AlbumRelPath, Plan
from album_sort.types.ledger import (
    STATE_FOLDER,
    DestinationPicture,
    DestinationRecords,
    LedgerRow,
    Phase,
    RunRecord,
    RunStatus,
)

DATABASE = "state.sqlite"


class DestinationState(Memory):
    """The open state of one destination; a context manager. All writing takes place under the destination's lock."""

    def __init__(self, connection: sqlite3.Connection, destination: Path, *, notice: str = "") -> None:
        super().__init__(connection, destination / STATE_FOLDER / CORRECTIONS)
        self.destination = destination
        self.notice = notice
        """What the user should know about the opening: `damaged, made anew ...`; empty when all is well."""
        self._found_again: dict[AlbumRelPath, AlbumRelPath] = {}
        """What the user has moved, until the next run's files tell it too."""

    @classmethod
    def open(cls, destination: Path) -> Self:
        """Open for writing; made if there is none, made anew if it is damaged. Raises `DestinationError`."""
        folder = destination / STATE_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / DATABASE
        notice = ""
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError as error:
            aside = _move_aside(path)
            notice = f"the state was damaged ({error}); it was kept as {aside.name} and made anew"
            connection = _connect(path)
        # Not only where it has just been made: a process may have been killed between making it and filling it.
        if _is_empty(connection):
            rebuild(connection, destination)
        return cls(connection, destination, notice=notice)

    @classmethod
    @contextlib.contextmanager
    def open_read_only(cls, destination: Path) -> Iterator[Self]:
        """Open without writing anything; a destination without state, or with a damaged one, reads as it would be made anew."""
        folder = destination / STATE_FOLDER
        with tempfile.TemporaryDirectory(prefix="album-sort-") as scratch:
            connection = _open_untouched(folder / DATABASE, Path(scratch))
            notice = ""
            if connection is not None and _is_empty(connection) and has_runs(destination):
                connection.close()
                connection = None
            if connection is None:
                if (folder / DATABASE).exists():
                    notice = "the state is damaged; a run will make it anew"
                connection = sqlite3.connect(":memory:", isolation_level=None)
                migrate(connection)
                rebuild(connection, destination)
            with contextlib.closing(connection):
                yield cls(connection, destination, notice=notice)

    def __enter__(self) -> Self:
        """The open state."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close; the database is one file again."""
        self._connection.close()

    def records(self) -> DestinationRecords:
        """All that the planner asks for."""
        rows = map(ledger_from_columns, self._connection.execute(SELECT_OUTPUTS))
        unfinished = self._connection.execute(
            "SELECT run_id FROM runs WHERE status = ? OR run_id IN"
            " (SELECT run_id FROM ops WHERE phase IN ('intent', 'undoing')) ORDER BY started_utc",
            (RunStatus.RUNNING.value,),
        )
        return DestinationRecords(
            ledger={row.path: row for row in rows},
            folder_aliases=self._aliases(),
            unfinished_runs=tuple(run_id for (run_id,) in unfinished),
        )

    def remember_moves(self, picture: DestinationPicture) -> None:
        """Take over what the user moved and renamed by hand, as the picture found it."""
        self.replace_outputs([path for path, _ in picture.found_again], [row for _, row in picture.found_again])
        self._found_again |= {path: row.path for path, row in picture.found_again}
        self.set_aliases(picture.new_aliases)

    def replace_outputs(self, removed: Iterable[AlbumRelPath], rows: Iterable[LedgerRow]) -> None:
        """Forget some rows of the ledger and remember others, in one step."""
        with self._transaction():
            self._connection.executemany("DELETE FROM outputs WHERE path = ?", ((to_column(path),) for path in removed))
            self._connection.executemany(UPSERT_OUTPUT, map(ledger_to_columns, rows))

    def set_aliases(self, aliases: Mapping[AlbumRelPath, AlbumRelPath]) -> None:
        """Remember renamed folders; one that has its old name again is forgotten."""
        with self._transaction():
            for folder, actual in aliases.items():
                self._connection.execute("DELETE FROM folder_aliases WHERE folder = ?", (to_column(folder),))
                if folder != actual:
                    columns = (to_column(folder), to_column(actual))
                    self._connection.execute("INSERT INTO folder_aliases VALUES (?, ?)", columns)

    def journal(self, run_id: str) -> StateJournal:
        """The journal of one run."""
        return StateJournal(self._connection, run_id)

    def begin_run(self, run: RunRecord, plan: Plan) -> StateJournal:
        """Enter a run into the history, and its plan into the run's folder; its journal. Raises `DestinationError`."""
        try:
            write_run_plan(self.destination, run, plan, self._found_again)
        except OSError as error:
            raise DestinationError(
                f"cannot write the plan into {self.destination}: {error.strerror}",
                hint="Check that the disk is neither full nor read-only; nothing was filed.",
            ) from error
        self._found_again.clear()
        with self._transaction():
            insert_run(self._connection, run)
        return self.journal(run.run_id)

    def finish_run(self, run_id: str, status: RunStatus, finished_utc: datetime) -> None:
        """Enter how a run ended; its figures are counted from the journal."""
        count = "SELECT count(*) FROM ops WHERE run_id = ? AND phase IN (?, ?)"
        (done,) = self._connection.execute(count, (run_id, Phase.DONE, Phase.UNDONE)).fetchone()
        (failed,) = self._connection.execute(count, (run_id, Phase.FAILED, Phase.FAILED)).fetchone()
        begun = next(run for run in self.runs() if run.run_id == run_id)
        # Its double first: were we killed in between, the run would count as killed, and end once more.
        self._leave_end(replace(begun, status=status, finished_utc=finished_utc, done=done, failed=failed))
        with self._transaction():
            self._connection.execute(
                "UPDATE runs SET status = ?, finished_utc = ?, done = ?, failed = ? WHERE run_id = ?",
                (status, finished_utc.isoformat(), done, failed, run_id),
            )

    def _leave_end(self, record: RunRecord) -> None:
        """Write beside the database what it could not be made anew without."""
        run_id = record.run_id
        query = "SELECT op_id FROM ops WHERE run_id = ? AND phase = ? ORDER BY op_id"
        mark = f" of {run_id}"
        settings = self._connection.execute("SELECT key, value FROM settings")
        end = RunEnd(
            record=record,
            done=tuple(op_id for (op_id,) in self._connection.execute(query, (run_id, Phase.DONE))),
            settings={key.removesuffix(mark): value for key, value in settings if key.endswith(mark)},
            aliases=self._aliases(),
        )
        # The database has it all; a disk too full for its double must not make a failure of the run.
        with contextlib.suppress(OSError):
            write_run_end(self.destination, end, self.trips())

    def _aliases(self) -> dict[AlbumRelPath, AlbumRelPath]:
        rows = self._connection.execute("SELECT folder, actual FROM folder_aliases")
        return {AlbumRelPath(from_column(old)): AlbumRelPath(from_column(new)) for old, new in rows}

    def runs(self) -> tuple[RunRecord, ...]:
        """The history, oldest first."""
        rows = self._connection.execute(
            "SELECT run_id, command, started_utc, finished_utc, status, mode, settings_digest, done, failed, version"
            " FROM runs ORDER BY started_utc, run_id"
        )
        return tuple(
            RunRecord(
                run_id=run_id,
                command=command,
                started_utc=datetime.fromisoformat(started),
                finished_utc=datetime.fromisoformat(finished) if finished else None,
                status=RunStatus(status),
                mode=mode,
                settings_digest=digest,
                done=done,
                failed=failed,
                version=version,
            )
            for run_id, command, started, finished, status, mode, digest, done, failed, version in rows
        )


def _connect(path: Path) -> sqlite3.Connection:
    """A checked connection to a database of the present schema.

    Raises `sqlite3.DatabaseError` when the file is damaged, `DestinationError` when it cannot be used.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise DestinationError(f"cannot open {path}: {error}", hint="Check that the folder is writable.") from error
    try:
        # Under the destination's lock nobody else writes. Without this, WAL maps a file into memory, and a disk that is full
        # or has gone kills a process that touches such memory, without a word.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Some network and FUSE file systems refuse WAL: then the old journal does.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        # A committed intent has to survive a power cut, or recovery would not know of a file.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _check(connection)
        migrate(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        raise DestinationError(
            f"cannot use {path}: {error}", hint="Check that the folder is writable and the disk not full."
        ) from error
    except (sqlite3.DatabaseError, DestinationError):
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Whether no run is remembered: every other memory comes from one, or has a mirror."""
    return connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is None


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _move_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("-wal", "-shm", "-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{aside}{suffix}")
    return aside


def _open_untouched(path: Path, scratch: Path) -> sqlite3.Connection | None:
    """A connection that leaves the database's folder as it is; None when there is no usable database."""
    if not path.exists():
        return None
    leftovers = [Path(f"{path}{suffix}") for suffix in ("-wal", "-journal") if Path(f"{path}{suffix}").exists()]
    try:
        if not leftovers:
            # `immutable`: even a reader would leave shared-memory files beside a database in WAL mode.
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            if _checked_version(connection) == SCHEMA_VERSION:
                return connection
            connection.close()
        # Of a killed run, one that goes on right now, or of an older version: SQLite would have to write to read them.
        for file in (path, *leftovers):
            shutil.copyfile(file, scratch / file.name)
        connection = sqlite3.connect(scratch / path.name, isolation_level=None)
        if not _checked_version(connection):
            connection.close()
            return None
    except sqlite3.OperationalError as error:
        raise DestinationError(f"cannot read {path}: {error}", hint="Check that the file is readable.") from error
    migrate(connection)
    return connection


def _checked_version(connection: sqlite3.Connection) -> int:
    """The version of a sound database; 0 for an empty or damaged one."""
    try:
        _check(connection)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return 0
    return int(version)
