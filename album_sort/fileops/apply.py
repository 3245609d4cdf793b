"""Carries out a plan, batch by batch: intents, effects, one wait for the disk, results."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from album_sort.core.planning.naming import is_safe
from album_sort.errors import AlbumSortError, DestinationError
from album_sort.fileops.destination import Destination, RowRefused
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.journal import Journal
from album_sort.fileops.publish import Effect, Publisher
from album_sort.fileops.tidy import remove_emptied
from album_sort.fileops.trouble import STOPS_THE_RUN, describe, remedy
from album_sort.sentences import sentence
from album_sort.types import Action, AlbumRelPath, OpResult, OpStatus, Plan, PlannedOp
from album_sort.types.ledger import JournalEntry, LedgerRow, Phase

BATCH_ROWS = 64
BATCH_BYTES = 256 << 20
"""A batch costs two waits for the journal; larger ones bring nothing more (benchmarks/bench_copy.py) and redo more after a kill."""

COPY_THREADS = 2
"""Two cores hash twice as fast as one; what more would bring, the disk takes away."""

WAITING_THREADS = 4
"""They wait until the disk has what was copied, which takes no core, while the next files are read and hashed."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan: one result for each of its rows, in their order."""

    results: tuple[OpResult, ...]
    stopped_by: str = ""
    """Why the run ended early (`interrupted`, a full disk); empty when every row was tried."""
    is_destination_gone: bool = False
    """Its disk has been taken away: nothing more may be written to its path, not even a report."""
    untidy: tuple[str, ...] = ()
    """Folders that have become empty and could not be taken away, each with the reason: the next run tries again."""


@dataclass(slots=True)
class _Attempt:
    """One row on its way."""

    op: PlannedOp
    before: LedgerRow | None = None
    prepared: Effect | None = None
    effect: Effect | None = None
    status: OpStatus = OpStatus.DONE
    error: str = ""
    stays_open: bool = False
    """Failed with its effect, or a part of it, on the disk: the journal keeps its intent, and the next run finishes it first."""


def apply_plan(
    plan: Plan,
    fs: FileSystem,
    journal: Journal,
    *,
    on_result: Callable[[PlannedOp, OpResult], None] = lambda _op, _result: None,
    stop: Callable[[], bool] = lambda: False,
    threads: int = COPY_THREADS,
) -> Applied:
    """Carry out every row that can be. `stop` is asked before each file: the one in hand is finished.

    A row that fails does not end the run; a full or vanished disk does. The lock of the destination must be held. Raises
    `DestinationError` when the disk vanishes at a moment at which no row can be blamed.
    """
    return _Run(plan, fs, journal, on_result=on_result, stop=stop, threads=threads).apply()


_Item = TypeVar("_Item")


class _Run:
    def __init__(
        self,
        plan: Plan,
        fs: FileSystem,
        journal: Journal,
        *,
        on_result: Callable[[PlannedOp, OpResult], None],
        stop: Callable[[], bool],
        threads: int,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._on_result = on_result
        self._stop = stop
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._waiters = ThreadPoolExecutor(WAITING_THREADS) if threads > 1 else None
        self._dest = Destination(fs, plan.destination, journal.run_id)
        self._fs = self._dest.fs
        self._publisher = Publisher(self._dest)
        self._results: dict[int, OpResult] = {}
        self._stopped_by = ""

    def apply(self) -> Applied:
        try:
            for batch in _batches(self._plan.effects):
                if self._stopped_by:
                    break
                self._apply_batch(batch)
        except OSError as error:
            # In between files: what was begun stays open in the journal, and is finished where it lies.
            if self._dest.has_gone():
                raise DestinationError(
                    sentence("files.has-gone", root=self._dest.root, why=describe(error)),
                    hint=sentence("files.connect-its-disk-and"),
                ) from error
            raise
        finally:
            for pool in (self._pool, self._waiters):
                if pool is not None:
                    pool.shutdown()
        untidy: list[str] = []
        if not self._dest.has_gone():
            untidy = remove_emptied(self._dest, self._journal, self._left_folders())
        for op in self._plan.ops:
            if op.op_id not in self._results:
                self._report(
                    _Attempt(op, status=_status_of_rest(op), error="" if not op.action.has_effect else self._stopped_by)
                )
        results = tuple(self._results[op.op_id] for op in self._plan.ops)
        return Applied(results, self._stopped_by, is_destination_gone=self._dest.has_gone(), untidy=tuple(untidy))

    def _left_folders(self) -> Iterator[AlbumRelPath]:
        """Places of which nothing may have been left in their folders: photos went from there, or never came."""
        for op in self._plan.effects:
            if op.action in (Action.MOVE, Action.TRASH):
                yield op.origin
            result = self._results.get(op.op_id)
            if result is not None and result.status is not OpStatus.DONE and is_safe(op.target):
                yield op.target

    def _apply_batch(self, ops: Sequence[PlannedOp]) -> None:
        attempts = [_Attempt(op) for op in ops]
        todo = [attempt for attempt in attempts if self._is_open(attempt)]
        if todo:
            folders = self._missing_folders(todo)
            self._journal.intend([attempt.op for attempt in todo], [self._dest.relative(folder) for folder in folders])
            self._make_folders(folders, todo)
            self._prepare_all(todo)
            for attempt in todo:
                self._publish(attempt)
            self._make_names_last(todo)
            self._journal.settle([(self._entry(attempt), attempt.error) for attempt in todo if not attempt.stays_open])
        for attempt in attempts:
            self._report(attempt)

    def _is_open(self, attempt: _Attempt) -> bool:
        """Whether a row has still to be done; a plan applied twice finds its own files."""
        op = attempt.op
        try:
            # Before a folder is made or a byte written: a folder that is a link must not lead us outside.
            target = self._dest.guarded(op.target)
            if op.action in (Action.MOVE, Action.TRASH, Action.RELINK):
                attempt.before = self._journal.ledger_row(op.target if op.action is Action.RELINK else op.origin)
            if not op.action.makes_a_file and op.action is not Action.MOVE:
                return True
            row = self._journal.ledger_row(op.target)
            is_there = self._fs.status(target) is not None
            if is_there and row is not None and row.content_id == op.content_id:
                attempt.effect = Effect(Action.KEEP, "done before")
                return False
            # A move may wait for another one of its batch to make room: publishing tells.
            if is_there and op.action is not Action.MOVE:
                raise FileExistsError(errno.EEXIST, sentence("files.something-else-is-there"), target)
        except (OSError, RowRefused) as error:
            self._fail(attempt, error)
            return False
        return True

    def _missing_folders(self, attempts: Iterable[_Attempt]) -> list[str]:
        missing: dict[str, None] = {}
        for attempt in sorted(attempts, key=lambda attempt: attempt.op.target):
            try:
                missing |= dict.fromkeys(self._dest.missing_folders(self._dest.absolute(attempt.op.target)))
            except OSError as error:
                self._fail(attempt, error)
        return sorted(missing, key=lambda folder: (folder.count("/"), folder))

    def _make_folders(self, folders: Sequence[str], attempts: Iterable[_Attempt]) -> None:
        """A folder that cannot be made fails the rows below it; the others go on."""
        errors: dict[str, OSError] = {}
        for folder in folders:
            parent = os.path.dirname(folder)
            if parent in errors:
                errors[folder] = errors[parent]
                continue
            try:
                self._dest.check_there()
                self._dest.make_folders([folder])
            except OSError as error:
                errors[folder] = error
        for attempt in attempts:
            hindrance = errors.get(os.path.dirname(self._dest.absolute(attempt.op.target)))
            if hindrance is not None:
                self._fail(attempt, hindrance)

    def _prepare_all(self, attempts: Sequence[_Attempt]) -> None:
        """Copy a batch and wait for the disk: it writes the first files while the last are read."""
        copies = [attempt for attempt in attempts if attempt.op.action in (Action.COPY, Action.REFLINK)]
        if self._pool is None or self._waiters is None:
            self._each(self._prepare, copies)
            self._each(self._make_last, copies)
            return
        waits = [self._waiters.submit(self._make_last, attempt) for attempt in self._pool.map(self._prepare, copies)]
        for wait in waits:
            wait.result()

    def _each(self, action: Callable[[_Item], object], items: Sequence[_Item]) -> None:
        """Do something to each of some items: side by side where there are threads."""
        list((map if self._pool is None else self._pool.map)(action, items))

    def _prepare(self, attempt: _Attempt) -> _Attempt:
        if attempt.status is not OpStatus.DONE or self._is_stopped(attempt):
            return attempt
        try:
            self._dest.guarded(attempt.op.target)
            attempt.prepared = self._publisher.prepare(attempt.op)
        except (OSError, AlbumSortError) as error:
            self._fail(attempt, error)
        return attempt

    def _make_last(self, attempt: _Attempt) -> None:
        if attempt.prepared is not None:
            try:
                self._publisher.make_last(attempt.op)
            except OSError as error:
                self._fail(attempt, error)

    def _publish(self, attempt: _Attempt) -> None:
        if attempt.status is not OpStatus.DONE:
            return
        if attempt.prepared is None and self._is_stopped(attempt):
            return
        try:
            attempt.effect = self._publisher.publish(attempt.op, attempt.prepared, attempt.before)
        except (OSError, AlbumSortError) as error:
            self._fail(attempt, error)
            attempt.stays_open = self._publisher.may_have_an_effect(attempt.op, error)

    def _make_names_last(self, attempts: Sequence[_Attempt]) -> None:
        """Wait until the disk has the new names; a row whose folder it does not take is not done."""
        folders = sorted({folder for attempt in attempts if attempt.effect for folder in attempt.effect.touched})
        errors: dict[str, OSError] = {}

        def sync(folder: str) -> None:
            try:
                self._fs.sync_folder(folder)
            except OSError as error:
                errors[folder] = error

        self._each(sync, folders)
        for attempt in attempts:
            lost = [errors[folder] for folder in attempt.effect.touched if folder in errors] if attempt.effect else []
            if lost:
                self._fail(attempt, lost[0])
                attempt.stays_open = True

    def _is_stopped(self, attempt: _Attempt) -> bool:
        if not self._stopped_by and self._stop():
            self._stopped_by = "interrupted"
        if self._stopped_by:
            attempt.status, attempt.error = OpStatus.SKIPPED, self._stopped_by
        return bool(self._stopped_by)

    def _fail(self, attempt: _Attempt, error: OSError | AlbumSortError) -> None:
        attempt.status, attempt.error = OpStatus.FAILED, describe(error)
        if isinstance(error, OSError) and not self._stopped_by:
            if error.errno in STOPS_THE_RUN:
                self._stopped_by = sentence(
                    "files.takes-no-more", root=self._dest.root, remedy=remedy(error), why=describe(error)
                )
            elif self._dest.has_gone():
                self._stopped_by = sentence("files.has-gone-connect-its", root=self._dest.root)

    def _entry(self, attempt: _Attempt) -> JournalEntry:
        op, effect = attempt.op, attempt.effect
        if effect is None:
            return JournalEntry(self._journal.run_id, op, Phase.FAILED, op.action, attempt.before, None)
        return JournalEntry(self._journal.run_id, op, Phase.DONE, effect.action, attempt.before, effect.after)

    def _report(self, attempt: _Attempt) -> None:
        op, effect = attempt.op, attempt.effect
        is_done = attempt.status is OpStatus.DONE
        result = OpResult(
            op_id=op.op_id,
            status=attempt.status,
            action=effect.action if effect else op.action,
            digest=op.content_id if is_done else None,
            size_bytes=op.size_bytes if is_done else 0,
            error=attempt.error or (effect.note if effect else ""),
        )
        self._results[op.op_id] = result
        self._on_result(op, result)


def _status_of_rest(op: PlannedOp) -> OpStatus:
    return OpStatus.SKIPPED if op.action.has_effect else OpStatus.DONE


def _batches(ops: Sequence[PlannedOp]) -> Iterator[list[PlannedOp]]:
    """Rows that are journalled together: never across kinds of work that build on each other (links to what is copied)."""
    batch: list[PlannedOp] = []
    size_bytes = 0
    for op in ops:
        full = len(batch) >= BATCH_ROWS or size_bytes + op.size_bytes > BATCH_BYTES
        if batch and (full or _kind(batch[-1]) != _kind(op)):
            yield batch
            batch, size_bytes = [], 0
        batch.append(op)
        size_bytes += op.size_bytes
    if batch:
        yield batch


def _kind(op: PlannedOp) -> tuple[bool, bool]:
    return op.is_link_to_album, op.action in (Action.MOVE, Action.TRASH)
