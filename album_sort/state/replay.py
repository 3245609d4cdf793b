"""The runs of a destination played again on paper: what the ledger and the journal must have been, held against the tree.

Where a run was killed, the tree alone tells which of its rows have happened.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from album_sort.core.checked import NONSENSE
from album_sort.state.own_files import open_own
from album_sort.state.rows import ledger_from_json
from album_sort.state.run_files import RunFiles, is_in
from album_sort.types import Action, AlbumRelPath, KnownTrip, PlannedOp, RunId, inner_path
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import STATE_FOLDER, LedgerRow, RunStatus
from album_sort.types.told import Word, WordKind

COARSEST_TIME_NS = 2_000_000_000
"""FAT keeps times in steps of two seconds."""


@dataclass(frozen=True, slots=True)
class Played:
    """One row of a run that has happened."""

    run_id: RunId
    op: PlannedOp
    before: LedgerRow | None
    after: LedgerRow | None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """All that the runs tell, and the tree confirms."""

    runs: tuple[RunFiles, ...]
    ledger: dict[AlbumRelPath, LedgerRow]
    played: tuple[Played, ...]

    @property
    def trips(self) -> tuple[KnownTrip, ...]:
        """Those of the last run that knew others than the run before it."""
        return next((run.trips for run in reversed(self.runs) if run.trips is not None), ())

    @property
    def settings(self) -> dict[str, str]:
        """Of each run that still stands, and of the destination: those of the last of them."""
        found: dict[str, str] = {}
        for run in self.runs:
            if run.end is not None and run.record.status is not RunStatus.UNDONE:
                found |= {f"{key} of {run.record.run_id}": value for key, value in run.end.settings.items()}
                found |= run.end.settings
        return found

    @property
    def aliases(self) -> dict[AlbumRelPath, AlbumRelPath]:
        """Folders that the user had renamed when the last run ended."""
        ends = [run.end for run in self.runs if run.end is not None]
        return dict(ends[-1].aliases) if ends else {}


def replay(destination: Path, runs: Iterable[RunFiles]) -> Rebuilt:
    """Play runs again, oldest first, and look in the tree for what must have come of them."""
    runs = tuple(runs)
    ledger: dict[AlbumRelPath, LedgerRow] = {}
    played: list[Played] = []
    for run in runs:
        played += _play(destination, run, ledger)
    present = {id(row): _as_found(destination, row) for row in ledger.values()}
    return Rebuilt(
        runs=runs,
        ledger={path: present[id(row)] for path, row in ledger.items()},
        played=tuple(replace(row, after=present.get(id(row.after), row.after)) for row in played),
    )


def _play(destination: Path, run: RunFiles, ledger: dict[AlbumRelPath, LedgerRow]) -> list[Played]:
    """The rows of one run that have happened; `ledger` is brought up to them."""
    run_id = run.record.run_id
    ops = [
        op for op in run.ops if (is_in(op.op_id, run.end.done) if run.end else _has_happened(destination, op, run_id))
    ]
    moved = [(new, row) for old, new in run.found_again.items() if (row := ledger.pop(old, None)) is not None]
    ledger.update((new, replace(row, path=new)) for new, row in moved)
    if run.record.status is not RunStatus.UNDONE:
        _hear(run.words, ledger)
    # All that leaves goes first: files of one run may take each other's names.
    takes = {Action.MOVE, Action.TRASH, Action.RELINK}
    taken = {op.op_id: _take(ledger, op) for op in ops if op.action in takes}
    played = []
    for op in ops:
        before = taken.get(op.op_id)
        after = None if op.action is Action.TRASH else _row(op, run_id, before)
        if after is not None:
            ledger[after.path] = after
        if before is not None or op.action not in takes:
            played.append(Played(run_id, op, before, after))
    return played


def _hear(words: Iterable[Word], ledger: dict[AlbumRelPath, LedgerRow]) -> None:
    """What counts as filed otherwise since a person took their word back."""
    for word in words:
        if word.kind is WordKind.FILED and (path := inner_path(word.subject)) in ledger:
            with contextlib.suppress(*NONSENSE):
                after = ledger_from_json(word.after)
                if after is None:
                    del ledger[path]
                else:
                    ledger[path] = replace(ledger[path], filed=after.filed)


def _take(ledger: dict[AlbumRelPath, LedgerRow], op: PlannedOp) -> LedgerRow | None:
    """The row that an op takes away, out of the ledger; found by its content where the user had moved the file before."""
    path = op.target if op.action is Action.RELINK else op.origin
    if path not in ledger:
        of_op = (op.content_id, op.group_id, op.role)
        found = [row.path for row in ledger.values() if (row.content_id, row.group_id, row.role) == of_op]
        if len(found) != 1:
            return None
        ledger[path] = replace(ledger.pop(found[0]), path=path)
    return ledger.pop(path)


def _has_happened(destination: Path, op: PlannedOp, run_id: RunId) -> bool:
    """Whether the tree shows the effect of a killed run's row."""
    if op.action is Action.TRASH:
        return os.path.lexists(destination / STATE_FOLDER / "trash" / run_id / op.origin)
    path = destination / op.target
    return path.is_symlink() or _is_proven(path, op.size_bytes, op.mtime_ns, op.content_id)


def _as_found(destination: Path, row: LedgerRow) -> LedgerRow:
    """A row with what the tree shows; as it is, where the user has moved or changed the file: the next run looks for it."""
    path = destination / row.path
    if path.is_symlink():
        action = Action.SYMLINK
    elif _is_proven(path, row.size_bytes, row.mtime_ns, row.content_id):
        # A link may have become a copy where it could not be made.
        action = Action.COPY if row.action is Action.SYMLINK else row.action
    else:
        return row
    status = path.lstat()
    return replace(row, action=action, mtime_ns=status.st_mtime_ns, inode=status.st_ino)


def _is_proven(path: Path, size_bytes: int, mtime_ns: int, content_id: str) -> bool:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != size_bytes:
            return False
        if abs(status.st_mtime_ns - mtime_ns) < COARSEST_TIME_NS:
            return True
        with open_own(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == content_id
    except OSError:
        return False


def _row(op: PlannedOp, run_id: RunId, before: LedgerRow | None) -> LedgerRow:
    action = op.action
    if action in (Action.MOVE, Action.RELINK):
        action = before.action if before is not None else Action.COPY
    return LedgerRow(
        path=op.target,
        filed=op.filed,
        size_bytes=op.size_bytes,
        mtime_ns=op.mtime_ns,
        inode=0,
        action=action,
        origin=op.origin if op.is_link_to_album else NOWHERE,
        run_id=run_id,
    )
