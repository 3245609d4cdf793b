"""Values of the ledger and the journal as database rows and back."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from typing import Any

from album_sort.core.planfile import op_from_json, op_to_json
from album_sort.state.kernel_numbers import number_from_column, number_to_column
from album_sort.types import Action, AlbumId, AlbumRelPath, ContentId, PlannedOp, Role
from album_sort.types.ledger import LedgerRow

OUTPUT_COLUMNS = tuple(field.name for field in fields(LedgerRow))

SELECT_OUTPUTS = f"SELECT {', '.join(OUTPUT_COLUMNS)} FROM outputs"  # noqa: S608 - names of our own fields
UPSERT_OUTPUT = (
    f"INSERT OR REPLACE INTO outputs ({', '.join(OUTPUT_COLUMNS)}) "  # noqa: S608 - names of our own fields
    f"VALUES ({', '.join('?' * len(OUTPUT_COLUMNS))})"
)


def to_column(path: str) -> str | bytes:
    """A path as SQLite takes it: TEXT, or its bytes where it is no UTF-8."""
    return path if path.isascii() or _is_utf8(path) else os.fsencode(path)


def from_column(value: str | bytes) -> str:
    """The path of a column."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def ledger_to_columns(row: LedgerRow) -> tuple[Any, ...]:
    """In the order of `OUTPUT_COLUMNS`."""
    return (
        to_column(row.path),
        row.content_id,
        row.size_bytes,
        number_to_column(row.mtime_ns),
        number_to_column(row.inode),
        row.action.value,
        row.group_id,
        row.album,
        to_column(row.folder),
        row.role.value,
        to_column(row.source),
        to_column(row.origin),
        row.run_id,
    )


_ACTIONS = {action.value: action for action in Action}
_ROLES = {role.value: role for role in Role}


def ledger_from_columns(values: tuple[Any, ...]) -> LedgerRow:
    """The row of columns in the order of `OUTPUT_COLUMNS`."""
    path, content_id, size_bytes, mtime_ns, inode, action, group_id, album, folder, role, source, origin, run_id = (
        values
    )
    return LedgerRow(
        path=AlbumRelPath(from_column(path)),
        content_id=ContentId(content_id),
        size_bytes=size_bytes,
        mtime_ns=number_from_column(mtime_ns),
        inode=number_from_column(inode),
        action=_ACTIONS[action],
        group_id=ContentId(group_id),
        album=AlbumId(album),
        folder=AlbumRelPath(from_column(folder)),
        role=_ROLES[role],
        source=from_column(source),
        origin=AlbumRelPath(from_column(origin)),
        run_id=run_id,
    )


def ledger_to_json(row: LedgerRow | None) -> str | None:
    """For the journal's `before` and `after`; ASCII, so that any path survives."""
    if row is None:
        return None
    return json.dumps([getattr(row, name) for name in OUTPUT_COLUMNS])


def ledger_from_json(text: str | None) -> LedgerRow | None:
    """The row of a journal column."""
    return None if text is None else ledger_from_columns(tuple(json.loads(text)))


def op_to_text(op: PlannedOp) -> str:
    """A planned row for the journal."""
    return json.dumps(op_to_json(op))


def op_from_text(text: str) -> PlannedOp:
    """The planned row of a journal column."""
    return op_from_json(json.loads(text))
