"""A lost state made anew: from the plans that each run left in `runs/<id>/`, the corrections' mirror, and the tree itself.

What cannot be proven by the tree is not taken over; files that no plan speaks of are found by their content when the next
run plans (`adopt`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from album_sort.core.naming import is_safe
from album_sort.core.planfile import op_from_json, op_to_json
from album_sort.state.memory import read_corrections, transaction
from album_sort.state.rows import UPSERT_OUTPUT, ledger_to_columns, ledger_to_json, to_column
from album_sort.types import Action, Plan, PlannedOp
from album_sort.types.ledger import STATE_FOLDER, LedgerRow, Phase, RunRecord, RunStatus

RUNS = "runs"
PLAN = "plan.jsonl"
CORRECTIONS = "corrections.jsonl"

COARSEST_TIME_NS = 2_000_000_000
"""FAT keeps times in steps of two seconds."""


def write_run_plan(destination: Path, run: RunRecord, plan: Plan) -> None:
    """Leave in `runs/<id>/plan.jsonl` what a run is about to do, for the day on which the database is lost."""
    directory = destination / STATE_FOLDER / RUNS / run.run_id
    directory.mkdir(parents=True, exist_ok=True)
    head = {
        "type": "run",
        "run_id": run.run_id,
        "command": run.command,
        "started_utc": run.started_utc.isoformat(),
        "mode": run.mode,
        "settings_digest": run.settings_digest,
        "new_folders": sorted(_missing_folders(destination, plan)),
    }
    with (directory / PLAN).open("w", encoding="ascii") as stream:
        stream.write(json.dumps(head) + "\n")
        stream.writelines(json.dumps(op_to_json(op)) + "\n" for op in plan.effects)
        stream.flush()
        os.fsync(stream.fileno())


def _missing_folders(destination: Path, plan: Plan) -> set[str]:
    folders = {str(folder) for op in plan.effects for folder in PurePosixPath(op.target).parents if folder.name}
    return {folder for folder in folders if not (destination / folder).exists()}


def rebuild(connection: sqlite3.Connection, destination: Path) -> None:
    """Fill an empty database; does nothing where there is nothing to read."""
    folder = destination / STATE_FOLDER
    corrections = read_corrections(folder / CORRECTIONS)
    with transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?)",
            [(row.content_id, row.album, row.created_utc.isoformat(), to_column(row.note)) for row in corrections],
        )
        found: set[tuple[str, str, str]] = set()
        lost: dict[tuple[str, str, str], LedgerRow] = {}
        for head, ops in _runs(folder / RUNS):
            _insert_run(connection, head)
            for op in ops:
                row = _ledger_row(destination, op, str(head["run_id"]))
                key = (op.group_id, op.content_id, op.role.value)
                if row is None:
                    lost[key] = _unproven(op, str(head["run_id"]))
                    continue
                found.add(key)
                connection.execute(UPSERT_OUTPUT, ledger_to_columns(row))
                _insert_op(connection, op, row)
        # What is nowhere any more may have been moved by the user: the next run looks for it by content.
        rows = [row for key, row in lost.items() if key not in found]
        connection.executemany(UPSERT_OUTPUT, map(ledger_to_columns, rows))


def _runs(folder: Path) -> Iterator[tuple[dict[str, Any], list[PlannedOp]]]:
    """(head, rows) of each run's plan, oldest first; what cannot be read ends a plan."""
    plans = []
    for path in sorted(folder.glob(f"*/{PLAN}")):
        head: dict[str, Any] | None = None
        ops: list[PlannedOp] = []
        with contextlib.suppress(KeyError, TypeError, ValueError, OSError), path.open(encoding="ascii") as stream:
            for line in stream:
                values = json.loads(line)
                if head is None:
                    datetime.fromisoformat(values["started_utc"])
                    head = {"run_id": path.parent.name, **values}
                else:
                    op = op_from_json(values)
                    if op.action is not Action.TRASH and is_safe(op.target):
                        ops.append(op)
        if head is not None:
            plans.append((head, ops))
    yield from sorted(plans, key=lambda plan: (plan[0]["started_utc"], plan[0]["run_id"]))


def _ledger_row(destination: Path, op: PlannedOp, run_id: str) -> LedgerRow | None:
    """What a planned row has made, if the tree proves it."""
    path = destination / op.target
    try:
        status = path.lstat()
        is_link = path.is_symlink()
        if not is_link and not _is_proven(path, status, op):
            return None
    except OSError:
        return None
    action = op.action
    if action in (Action.MOVE, Action.RELINK):
        action = Action.SYMLINK if is_link else Action.COPY
    if is_link != (action is Action.SYMLINK):
        action = Action.SYMLINK if is_link else Action.COPY
    return _row(op, run_id, action, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


def _is_proven(path: Path, status: os.stat_result, op: PlannedOp) -> bool:
    if not path.is_file() or status.st_size != op.size_bytes:
        return False
    if abs(status.st_mtime_ns - op.mtime_ns) < COARSEST_TIME_NS:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == op.content_id


def _unproven(op: PlannedOp, run_id: str) -> LedgerRow:
    return _row(op, run_id, op.action if op.action.makes_a_file else Action.COPY, mtime_ns=op.mtime_ns, inode=0)


def _row(op: PlannedOp, run_id: str, action: Action, *, mtime_ns: int, inode: int) -> LedgerRow:
    return LedgerRow(
        path=op.target,
        content_id=op.content_id,
        size_bytes=op.size_bytes,
        mtime_ns=mtime_ns,
        inode=inode,
        action=action,
        group_id=op.group_id,
        album=op.album,
        folder=op.folder,
        role=op.role,
        source=op.source,
        origin=op.origin if op.is_link_to_album else type(op.origin)(""),
        run_id=run_id,
    )


def _insert_run(connection: sqlite3.Connection, head: dict[str, Any]) -> None:
    columns = (
        head["run_id"],
        head.get("command", ""),
        head["started_utc"],
        datetime.now(UTC).isoformat(),
        RunStatus.DONE,
    )
    connection.execute(
        "INSERT OR REPLACE INTO runs (run_id, command, started_utc, finished_utc, status, mode, settings_digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*columns, str(head.get("mode", "")), str(head.get("settings_digest", ""))),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO folders VALUES (?, ?)",
        [(to_column(str(path)), head["run_id"]) for path in head.get("new_folders", []) if is_safe(str(path))],
    )


def _insert_op(connection: sqlite3.Connection, op: PlannedOp, row: LedgerRow) -> None:
    """So that `undo` knows the run; moves are left out, since what was before them is no more known."""
    if op.action.makes_a_file:
        connection.execute(
            "INSERT OR REPLACE INTO ops (run_id, op_id, phase, action, target, op, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                row.run_id,
                op.op_id,
                Phase.DONE,
                row.action,
                to_column(op.target),
                json.dumps(op_to_json(op)),
                ledger_to_json(row),
            ),
        )
