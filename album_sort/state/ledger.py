"""The ledger of an open state: read once, then kept in step with all that is written to it.

To read a hundred thousand rows takes more than a second, and a run that writes asks for them when it opens the state, when it settles
what killed runs have left, when it plans, and at its end. Under the destination's lock nobody else writes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping

from album_sort.state.memory import transaction
from album_sort.state.rows import (
    SELECT_OUTPUTS,
    UPSERT_OUTPUT,
    ledger_from_columns,
    ledger_to_columns,
    to_column,
)
from album_sort.types import AlbumRelPath, ContentId
from album_sort.types.ledger import LedgerRow


class Ledger:
    """The table `outputs` on one connection: nothing else writes to it once it has been read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[AlbumRelPath, LedgerRow] | None = None
        self._is_in_order = True

    def rows(self) -> Mapping[AlbumRelPath, LedgerRow]:
        """All rows by path, in the table's order, as they are now: what is written later does not change them.

        Raises one of `checked.NONSENSE` where a row is none of ours.
        """
        if self._rows is None:
            found = map(ledger_from_columns, self._connection.execute(SELECT_OUTPUTS))
            self._rows, self._is_in_order = {row.path: row for row in found}, True
        if not self._is_in_order:
            self._rows, self._is_in_order = dict(sorted(self._rows.items(), key=_order)), True
        return dict(self._rows)

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """A transaction in which rows are written; what did not get to its end is read again."""
        try:
            with transaction(self._connection):
                yield
        except BaseException:
            self._rows = None
            raise

    def forget(self, path: AlbumRelPath, content_id: ContentId | None = None) -> None:
        """Takes out the row of a path, where it has that content."""
        if content_id is None:
            self._connection.execute("DELETE FROM outputs WHERE path = ?", (to_column(path),))
        else:
            query = "DELETE FROM outputs WHERE path = ? AND content_id = ?"
            self._connection.execute(query, (to_column(path), content_id))
        known = None if self._rows is None else self._rows.get(path)
        if self._rows is not None and known is not None and content_id in (None, known.content_id):
            del self._rows[path]

    def remember(self, row: LedgerRow) -> None:
        """Enters a row, in the place of one of the same path."""
        self._connection.execute(UPSERT_OUTPUT, ledger_to_columns(row))
        if self._rows is not None:
            self._is_in_order = self._is_in_order and row.path in self._rows
            self._rows[row.path] = row


def _order(row: tuple[AlbumRelPath, LedgerRow]) -> tuple[bool, bytes]:
    """As SQLite sorts: text by its bytes, before what is not text."""
    path = row[0]
    return isinstance(to_column(path), bytes), os.fsencode(path)
