"""Values of the ledger and the journal as database rows and back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from album_sort.core import checked
from album_sort.core.planning.planfile import op_from_json, op_to_json
from album_sort.state.kernel_numbers import number_from_column, number_to_column
from album_sort.types import (
    Action,
    AlbumId,
    AlbumRelPath,
    FiledContent,
    PlannedOp,
    Role,
    RunId,
    inner_path,
    inner_path_or_none,
    run_id_of,
)
from album_sort.types.ledger import LedgerRow, RunRecord, RunStatus

OUTPUT_COLUMNS = (
    "path",
    "content_id",
    "size_bytes",
    "mtime_ns",
    "inode",
    "action",
    "group_id",
    "album",
    "folder",
    "role",
    "source",
    "origin",
    "run_id",
)
RUN_COLUMNS = tuple(field.name for field in fields(RunRecord))

LONGEST_ROW = 1 << 20
"""Characters of a row as JSON in the journal."""

LONGEST_ALBUM = 255

SELECT_RUNS = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs"  # noqa: S608 - names of our own fields
SELECT_OUTPUTS = f"SELECT {', '.join(OUTPUT_COLUMNS)} FROM outputs"  # noqa: S608 - names of our own fields
UPSERT_OUTPUT = (
    f"INSERT OR REPLACE INTO outputs ({', '.join(OUTPUT_COLUMNS)}) "  # noqa: S608 - names of our own fields
    f"VALUES ({', '.join('?' * len(OUTPUT_COLUMNS))})"
)


def to_column(path: str) -> str | bytes:
    """A path as SQLite takes it: TEXT, or its bytes where it is not UTF-8."""
    return path if path.isascii() or _is_utf8(path) else os.fsencode(path)


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


def path_from_column(value: object) -> AlbumRelPath:
    """The path below the destination of a column; raises ValueError where it is none."""
    return inner_path(text_from_column(value))


def text_from_column(value: object) -> object:
    """What a column of text holds, which may be bytes that are not UTF-8."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


@lru_cache(maxsize=1 << 12, typed=True)
def _folder(value: object) -> AlbumRelPath:
    """Folders, and the lack of an origin, are the same for many rows."""
    return inner_path_or_none(text_from_column(value))


@lru_cache(maxsize=1 << 10, typed=True)
def _run_id(value: object) -> RunId:
    return run_id_of(value)


@lru_cache(maxsize=1 << 10, typed=True)
def _album(value: object) -> AlbumId:
    return AlbumId(checked.text(value, LONGEST_ALBUM))


def ledger_from_columns(values: Sequence[Any]) -> LedgerRow:
    """The row of columns in the order of `OUTPUT_COLUMNS`; raises one of `checked.NONSENSE` where it is none of ours."""
    path, content_id, size_bytes, mtime_ns, inode, action, group_id, album, folder, role, source, origin, run_id = (
        values
    )
    content = checked.content(content_id)
    return LedgerRow(
        path=path_from_column(path),
        filed=FiledContent(
            content_id=content,
            # Of most files it is the same, and kept once.
            group_id=content if group_id == content_id else checked.content(group_id),
            album=_album(album),
            folder=_folder(folder),
            role=_ROLES[role],
            source=checked.outer_path(text_from_column(source)),
        ),
        size_bytes=checked.whole(size_bytes),
        mtime_ns=checked.whole(number_from_column(mtime_ns), -checked.LARGEST_TIME_NS, checked.LARGEST_TIME_NS),
        inode=checked.whole(number_from_column(inode), -checked.LARGEST_INODE, checked.LARGEST_INODE),
        action=_ACTIONS[action],
        origin=_folder(origin),
        run_id=_run_id(run_id),
    )


def run_from_columns(values: Sequence[Any]) -> RunRecord:
    """The run of columns in the order of `RUN_COLUMNS`; raises one of `checked.NONSENSE` where it is none of ours."""
    run_id, command, started, finished, status, mode, digest, done, failed, version, continues = values
    return RunRecord(
        run_id=run_id_of(run_id),
        command=checked.text(command),
        started_utc=checked.moment(started),
        finished_utc=None if finished is None else checked.moment(finished),
        status=RunStatus(status),
        mode=checked.text(mode),
        settings_digest=checked.text(digest),
        done=checked.whole(done),
        failed=checked.whole(failed),
        version=checked.text(version),
        continues=run_id_of(continues) if continues else "",
    )


def ledger_to_json(row: LedgerRow | None) -> str | None:
    """For the journal's `before` and `after`; ASCII, so that any path survives."""
    if row is None:
        return None
    return json.dumps([getattr(row, name) for name in OUTPUT_COLUMNS])


def ledger_from_json(text: object) -> LedgerRow | None:
    """The row of a journal column; raises one of `checked.NONSENSE` where it is none of ours."""
    if text is None:
        return None
    return ledger_from_columns(checked.json_list(checked.text(text, LONGEST_ROW)))


def op_to_text(op: PlannedOp) -> str:
    """A planned row for the journal."""
    return json.dumps(op_to_json(op))


def op_from_text(text: object) -> PlannedOp:
    """The planned row of a journal column; raises one of `checked.NONSENSE` where it is none."""
    return op_from_json(checked.json_object(checked.text(text, LONGEST_ROW)))
