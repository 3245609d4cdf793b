"""`DestinationState`: what is remembered of a destination. Opening for reading writes nothing and makes nothing."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

from album_sort.core.checked import NONSENSE
from album_sort.errors import DestinationError
from album_sort.sentences import sentence
from album_sort.state.database import (
    DATABASE,
    Damaged,
    connect,
    in_memory,
    is_empty,
    open_untouched,
    set_aside,
    sound,
)
from album_sort.state.journal import StateJournal
from album_sort.state.ledger import Ledger
from album_sort.state.memory import Memory, reading
from album_sort.state.own_files import check_state_folder
from album_sort.state.rebuild import CORRECTIONS, insert_run, rebuild
from album_sort.state.rows import (
    SELECT_RUNS,
    path_from_column,
    run_from_columns,
    to_column,
)
from album_sort.state.run_files import RunEnd, has_runs, pairs_of, read_run, stretches, write_run_end, write_run_plan
from album_sort.state.words import (
    INSERT_WORD,
    enter,
    mirror_lines,
    read_words,
    value_to_restore,
    word_to_columns,
)
from album_sort.types import AlbumRelPath, Plan, PlannedOp, RunId, run_id_of
from album_sort.types.ledger import (
    STATE_FOLDER,
    DestinationPicture,
    DestinationRecords,
    LedgerRow,
    Phase,
    RunRecord,
    RunStatus,
)
from album_sort.types.told import Word

T = TypeVar("T")

_UNTOLD_MOVES = "moves of no run yet"
"""Key of the settings: in the database, since `fix` and an undo find moves and leave no files of a run."""


class DestinationState(Memory):
    """The open state of one destination; a context manager. All writing takes place under the destination's lock."""

    def __init__(self, connection: sqlite3.Connection, destination: Path, *, is_written: bool = False) -> None:
        super().__init__(connection, destination / STATE_FOLDER / CORRECTIONS)
        self._ledger = Ledger(connection)
        self.destination = destination
        self._is_written = is_written
        self.notice = ""
        """What the user should know: `damaged, made anew ...`; empty when all is well. Reading on may find more to say."""
        self.is_made_anew = False  # there was no database, or a damaged one: all was read from the files of the runs
        self.finished_undo: RunId | None = None
        """The run whose undo had been killed, and has been finished since this was opened, or just before that kill."""

    @classmethod
    def open(cls, destination: Path) -> Self:
        """Open for writing; made if there is none, made anew if it is damaged. Raises `DestinationError`."""
        check_state_folder(destination)
        folder = destination / STATE_FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DestinationError(
                sentence("state.cannot-make", folder=str(folder), why=error.strerror),
                hint=sentence("state.check-that-the-disk-is"),
            ) from error
        try:
            state = cls(connect(folder / DATABASE), destination, is_written=True)
        except Damaged as damage:
            state = cls(_set_aside_and_connect(folder / DATABASE), destination, is_written=True)
            state._tell(damage)
        # Not only where it has just been made: a process may have been killed between making it and filling it.
        try:
            with reading(state._connection):
                if is_empty(state._connection):
                    rebuild(state._connection, destination)
                    state.is_made_anew = True
        except BaseException:
            # Closed, the database is one file again; nobody else could do it.
            state.close()
            raise
        return state

    @classmethod
    @contextlib.contextmanager
    def open_read_only(cls, destination: Path) -> Iterator[Self]:
        """Open without writing anything; a destination without state, or with a damaged one, reads as it would be made anew."""
        check_state_folder(destination)
        with tempfile.TemporaryDirectory(prefix="album-sort-") as scratch, contextlib.ExitStack() as stack:
            try:
                path = destination / STATE_FOLDER / DATABASE
                connection = opened = open_untouched(path, Path(scratch))
                if opened is not None and sound(lambda: is_empty(opened), path) and has_runs(destination):
                    opened.close()
                    connection = None
                damage = None
            except Damaged as found:
                connection, damage = None, found
            state = cls(connection or in_memory(), destination)
            stack.callback(state.close)
            if connection is None:
                rebuild(state._connection, destination)
            if damage is not None:
                state._tell(damage)
            yield state

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

    def _read(self, reading: Callable[[], T]) -> T:
        """What a reading gives; where it comes upon nonsense, the state is made anew and read once more."""
        path = self.destination / STATE_FOLDER / DATABASE
        try:
            return sound(reading, path)
        except Damaged as damage:
            self._make_anew(damage)
            return sound(reading, path)

    def _make_anew(self, damage: Damaged) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        path = self.destination / STATE_FOLDER / DATABASE
        self._connection = _set_aside_and_connect(path) if self._is_written else in_memory()
        self._ledger = Ledger(self._connection)
        self._tell(damage)
        rebuild(self._connection, self.destination)

    def _tell(self, damage: Damaged) -> None:
        if not self._is_written:
            self.notice = sentence("state.the-state-is-damaged")
            return
        aside = max((self.destination / STATE_FOLDER).glob(f"{DATABASE}.damaged-*"), default=Path(DATABASE))
        self.notice = sentence("state.the-state-was-damaged", damage=damage, name=aside.name)

    def check(self, run_id: RunId | None = None) -> None:
        """Reads all that is remembered, and the journal of one run; what makes no sense is made anew, and `notice` says so."""
        for read in (self.records, self.runs, self.trips, self.corrections, self.facts, self.settings):
            read()
        self._read(lambda: self._check_journals(run_id))

    def _check_journals(self, run_id: RunId | None) -> None:
        for one in {*self._open_runs(), *([] if run_id is None else [run_id])}:
            self.journal(one).check()

    def records(self) -> DestinationRecords:
        """All that the planner asks for."""
        return self._read(self._records)

    def _records(self) -> DestinationRecords:
        return DestinationRecords(
            ledger=self._ledger.rows(),
            folder_aliases=self._aliases(),
            unfinished_runs=self._open_runs(),
        )

    def _open_runs(self) -> tuple[RunId, ...]:
        unfinished = self._connection.execute(
            "SELECT run_id FROM runs WHERE status IN (?, ?) OR run_id IN"
            " (SELECT run_id FROM ops WHERE phase IN ('intent', 'undoing')) ORDER BY started_utc",
            (RunStatus.RUNNING, RunStatus.UNDOING),
        )
        return tuple(run_id_of(run_id) for (run_id,) in unfinished)

    def remember_moves(self, picture: DestinationPicture) -> None:
        """Take over what the user moved and renamed by hand, as the picture found it."""
        moved: dict[AlbumRelPath, AlbumRelPath] = {path: row.path for path, row in picture.found_again}
        if moved:
            told = {old: moved.pop(new, new) for old, new in self._untold_moves().items()} | moved
            self.set_setting(_UNTOLD_MOVES, json.dumps(told))
        self.replace_outputs([path for path, _ in picture.found_again], [row for _, row in picture.found_again])
        self.set_aliases(picture.new_aliases)

    def _untold_moves(self) -> dict[AlbumRelPath, AlbumRelPath]:
        """What the user has moved, by its old place, until the next run's files tell it too."""
        try:
            return pairs_of(json.loads(self.setting(_UNTOLD_MOVES) or "{}"))
        except NONSENSE:
            return {}

    def replace_outputs(self, removed: Iterable[AlbumRelPath], rows: Iterable[LedgerRow]) -> None:
        """Forget some rows of the ledger and remember others, in one step."""
        with self._ledger.step():
            for path in removed:
                self._ledger.forget(path)
            for row in rows:
                self._ledger.remember(row)

    def set_aliases(self, aliases: Mapping[AlbumRelPath, AlbumRelPath]) -> None:
        """Remember renamed folders; one that has its old name again is forgotten."""
        with self._transaction():
            for folder, actual in aliases.items():
                self._connection.execute("DELETE FROM folder_aliases WHERE folder = ?", (to_column(folder),))
                if folder != actual:
                    columns = (to_column(folder), to_column(actual))
                    self._connection.execute("INSERT INTO folder_aliases VALUES (?, ?)", columns)

    def journal(self, run_id: RunId) -> StateJournal:
        """The journal of one run."""
        return StateJournal(self._connection, self._ledger, run_id)

    def begin_run(
        self, run: RunRecord, plan: Plan, *, words: Sequence[Word] = (), keeps: Mapping[str, str] = MappingProxyType({})
    ) -> StateJournal:
        """Enter a run into the history, and its plan into the run's folder; its journal. Raises `DestinationError`.

        `words` are what it remembers of a person's word, `keeps` the settings since this run, by key: with the run, or not at all.
        """
        try:
            write_run_plan(self.destination, run, plan, self._untold_moves(), words)
        except OSError as error:
            raise DestinationError(
                sentence("state.cannot-write-the-plan", destination=self.destination, why=error.strerror),
                hint=sentence("state.check-that-the-disk-is-neither"),
            ) from error
        spoken = [(word, word.after) for word in words]
        kept = {**keeps, **{f"{key} of {run.run_id}": value for key, value in keeps.items()}}
        with self._speaking(spoken):
            self._connection.execute("DELETE FROM settings WHERE key = ?", (_UNTOLD_MOVES,))
            insert_run(self._connection, run)
            rows = [(key, to_column(value)) for key, value in kept.items()]
            self._connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", rows)
            self._connection.executemany(INSERT_WORD, [word_to_columns(run.run_id, word) for word in words])
        return self.journal(run.run_id)

    @contextlib.contextmanager
    def _speaking(self, spoken: Sequence[tuple[Word, str | None]]) -> Iterator[None]:
        """A step in which words get these values, together with what the block does; the mirror has all of it or nothing."""
        lines = list(mirror_lines(spoken))
        with self._mirrored(lines) if lines else contextlib.nullcontext(), self._ledger.step():
            yield
            for word, value in spoken:
                enter(self._connection, self._ledger, word, value)

    def take_back_words(self, run_id: RunId) -> None:
        """For an undo: what a person had said before this run holds again, but where they have said something else since.

        Repeating it is harmless.
        """

        def found() -> list[tuple[Word, str | None]]:
            words = read_words(self._connection, run_id)
            restored = [value_to_restore(self._connection, word) for word in words]
            return [(word, word.before) for word in restored if word is not None and word.before != word.after]

        spoken = self._read(found)
        if spoken:
            with self._speaking(spoken):
                pass

    def finish_run(self, run_id: RunId, status: RunStatus, finished_utc: datetime) -> None:
        """Enter how a run ended; its figures are counted from the journal."""
        count = "SELECT count(*) FROM ops WHERE run_id = ? AND phase IN (?, ?)"
        begun = next(run for run in self.runs() if run.run_id == run_id)
        with reading(self._connection):
            (done,) = self._connection.execute(count, (run_id, Phase.DONE, Phase.UNDONE)).fetchone()
            (failed,) = self._connection.execute(count, (run_id, Phase.FAILED, Phase.FAILED)).fetchone()
            # Its double first: were we killed in between, the run would count as killed, and end once more.
            self._leave_end(replace(begun, status=status, finished_utc=finished_utc, done=done, failed=failed))
        with self._transaction():
            self._connection.execute(
                "UPDATE runs SET status = ?, finished_utc = ?, done = ?, failed = ? WHERE run_id = ?",
                (status, finished_utc.isoformat(), done, failed, run_id),
            )

    def begin_undo(self, run_ids: Sequence[RunId]) -> None:
        """Enter that runs are being taken back, before the first file of any is: all at once."""
        with self._transaction():
            rows = [(RunStatus.UNDOING, run_id) for run_id in run_ids]
            self._connection.executemany("UPDATE runs SET status = ? WHERE run_id = ?", rows)

    def left_undone(self, run_id: RunId) -> tuple[PlannedOp, ...]:
        """The rows of a run's plan that it has not carried out; none where its plan cannot be read."""
        planned = read_run(self.destination, run_id)
        query = "SELECT op_id FROM ops WHERE run_id = ? AND phase = ?"
        done = self._read(lambda: {row[0] for row in self._connection.execute(query, (run_id, Phase.DONE))})
        return tuple(op for op in planned.ops if op.op_id not in done) if planned is not None else ()

    def _leave_end(self, record: RunRecord) -> None:
        """Write beside the database what it could not be made anew without."""
        run_id = record.run_id
        query = "SELECT op_id FROM ops WHERE run_id = ? AND phase = ? ORDER BY op_id"
        mark = f" of {run_id}"
        end = RunEnd(
            record=record,
            done=stretches(op_id for (op_id,) in self._connection.execute(query, (run_id, Phase.DONE))),
            settings={key.removesuffix(mark): value for key, value in self.settings().items() if key.endswith(mark)},
            aliases=self._aliases(),
        )
        # The database has it all; a disk too full for its double must not make a failure of the run.
        with contextlib.suppress(OSError):
            write_run_end(self.destination, end, self.trips())

    def _aliases(self) -> dict[AlbumRelPath, AlbumRelPath]:
        rows = self._connection.execute("SELECT folder, actual FROM folder_aliases")
        return {path_from_column(old): path_from_column(new) for old, new in rows}

    def runs(self) -> tuple[RunRecord, ...]:
        """The history, oldest first."""
        return self._read(self._runs)

    def _runs(self) -> tuple[RunRecord, ...]:
        rows = self._connection.execute(f"{SELECT_RUNS} ORDER BY started_utc, run_id")
        return tuple(map(run_from_columns, rows))


def _set_aside_and_connect(path: Path) -> sqlite3.Connection:
    set_aside(path)
    try:
        return connect(path)
    except Damaged as damage:
        raise DestinationError(
            sentence("state.cannot-be-made-anew", path=path, damage=damage), hint=sentence("state.check-the-disk")
        ) from damage
