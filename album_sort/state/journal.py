"""The journal of one run: intents before their effects, results after them, each batch in one durable step."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from album_sort.core.checked import LARGEST_SIZE
from album_sort.errors import DestinationError
from album_sort.state.ledger import Ledger
from album_sort.state.memory import reading, transaction
from album_sort.state.rows import (
    SELECT_OUTPUTS,
    ledger_from_columns,
    ledger_from_json,
    ledger_to_json,
    op_from_text,
    op_to_text,
    path_from_column,
    to_column,
)
from album_sort.types import Action, AlbumRelPath, ContentId, PlannedOp, RunId
from album_sort.types.ledger import JournalEntry, LedgerRow, Phase

_AT_ONCE = 256
"""Rows read together where all are walked through."""


class StateJournal:
    """Keeps `ops`, `folders` and the ledger in step; a method returns when the disk has what it wrote."""

    def __init__(self, connection: sqlite3.Connection, ledger: Ledger, run_id: RunId) -> None:
        self._connection = connection
        self._ledger = ledger
        self.run_id = run_id

    def intend(self, ops: Sequence[PlannedOp], folders: Sequence[AlbumRelPath]) -> None:
        """Write down what is going to happen: rows, and folders that will be made for them."""
        with transaction(self._connection):
            self._connection.executemany(
                "INSERT OR REPLACE INTO ops (run_id, op_id, phase, action, target, op, before) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        self.run_id,
                        op.op_id,
                        Phase.INTENT,
                        op.action,
                        to_column(op.target),
                        op_to_text(op),
                        ledger_to_json(self._before(op)),
                    )
                    for op in ops
                ],
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO folders VALUES (?, ?)", [(to_column(folder), self.run_id) for folder in folders]
            )

    def settle(self, entries: Sequence[tuple[JournalEntry, str]]) -> None:
        """Write down what became of rows (entry, error) and bring the ledger up to it."""
        with self._ledger.step():
            for entry, error in entries:
                self._connection.execute(
                    "UPDATE ops SET phase = ?, action = ?, after = ?, error = ? WHERE run_id = ? AND op_id = ?",
                    (
                        entry.phase,
                        entry.action,
                        ledger_to_json(entry.after),
                        to_column(error),
                        entry.run_id,
                        entry.op.op_id,
                    ),
                )
                self._update_ledger(entry)

    def _all(self, query: str, *values: str | bytes | int) -> list[Any]:
        with reading(self._connection):
            return self._connection.execute(query, values).fetchall()

    def _before(self, op: PlannedOp) -> LedgerRow | None:
        taken = {Action.MOVE: op.origin, Action.TRASH: op.origin, Action.RELINK: op.target}.get(op.action)
        return None if taken is None else self.ledger_row(taken)

    def _update_ledger(self, entry: JournalEntry) -> None:
        match entry.phase:
            case Phase.DONE:
                forget, remember = entry.before, entry.after
            case Phase.UNDONE:
                forget, remember = entry.after, entry.before
            case _:
                return
        if forget is not None:
            # A row that is settled late finds another one's file under the name that it has left.
            self._ledger.forget(forget.path, forget.content_id)
        if remember is not None:
            self._ledger.remember(remember)

    def entries(self, *phases: Phase) -> tuple[JournalEntry, ...]:
        """The rows of this run in these phases, in their order."""
        marks = ", ".join("?" * len(phases))
        query = (
            f"SELECT op, phase, action, before, after FROM ops WHERE run_id = ? AND phase IN ({marks}) ORDER BY op_id"  # noqa: S608
        )
        return tuple(self._entry(columns) for columns in self._all(query, self.run_id, *phases))

    def brought_back(self) -> set[ContentId]:
        """Contents that an undo of this run has brought back to where they lay before it."""
        query = "SELECT before FROM ops WHERE run_id = ? AND phase = ? AND before IS NOT NULL"
        rows = [ledger_from_json(before) for (before,) in self._all(query, self.run_id, Phase.UNDONE)]
        return {row.content_id for row in rows if row is not None}

    def each(self, phase: Phase, *, last_first: bool = False) -> Iterator[JournalEntry]:
        """The rows of this run in a phase one after the other, as they are when their turn comes."""
        beyond, order = ("<", "DESC") if last_first else (">", "ASC")
        query = (
            f"SELECT op, phase, action, before, after, op_id FROM ops WHERE run_id = ? AND phase = ? AND op_id {beyond} ? "  # noqa: S608
            f"ORDER BY op_id {order} LIMIT {_AT_ONCE}"
        )
        last = LARGEST_SIZE if last_first else -1
        while rows := self._all(query, self.run_id, phase, last):
            last = rows[-1][5]
            yield from (self._entry(columns[:5]) for columns in rows)

    def _entry(self, columns: Sequence[Any]) -> JournalEntry:
        """Raises one of `checked.NONSENSE` for a row that nobody has written."""
        op, phase, action, before, after = columns
        return JournalEntry(
            self.run_id,
            op_from_text(op),
            Phase(phase),
            Action(action),
            ledger_from_json(before),
            ledger_from_json(after),
        )

    def check(self) -> None:
        """Raises one of `checked.NONSENSE`, or an error of SQLite, where a row of this run makes no sense."""
        try:
            for phase in Phase:
                deque(self.each(phase), maxlen=0)
            self.folders_made()
        except DestinationError as error:
            # As the database says it: whether it is damaged or only does not answer is for the caller to tell.
            raise error.__cause__ or error from None

    def ledger_row(self, path: AlbumRelPath) -> LedgerRow | None:
        """What the ledger remembers of a file."""
        found = self._all(f"{SELECT_OUTPUTS} WHERE path = ?", to_column(path))
        return ledger_from_columns(found[0]) if found else None

    def present_row(self, made: LedgerRow) -> LedgerRow | None:
        """What is remembered now of a file that this run made, wherever the user or a later run has moved it."""
        if (row := self.ledger_row(made.path)) is not None:
            return row
        query = f"{SELECT_OUTPUTS} WHERE content_id = ? AND role = ? AND group_id = ?"
        rows = [ledger_from_columns(columns) for columns in self._all(query, made.content_id, made.role, made.group_id)]
        of_this_run = [row for row in rows if (row.run_id, row.folder) == (made.run_id, made.folder)]
        found = of_this_run or rows
        return found[0] if len(found) == 1 else None

    def folders_made(self) -> tuple[AlbumRelPath, ...]:
        """Folders that this run made, deepest first."""
        rows = self._all("SELECT path FROM folders WHERE run_id = ?", self.run_id)
        return tuple(sorted((path_from_column(path) for (path,) in rows), key=lambda path: (-path.count("/"), path)))

    def made_folder(self, path: AlbumRelPath) -> bool:
        """Whether any run made this folder."""
        return bool(self._all("SELECT 1 FROM folders WHERE path = ?", to_column(path)))

    def remember_folders(self, folders: Sequence[AlbumRelPath], run_id: RunId) -> None:
        """Folders that are made again for a file of another run: they count as that run's."""
        with transaction(self._connection):
            rows = [(to_column(folder), run_id) for folder in folders]
            self._connection.executemany("INSERT OR IGNORE INTO folders VALUES (?, ?)", rows)

    def forget_folders(self, folders: Sequence[AlbumRelPath]) -> None:
        """Folders that have been taken away again."""
        with transaction(self._connection):
            self._connection.executemany(
                "DELETE FROM folders WHERE path = ?", [(to_column(folder),) for folder in folders]
            )
