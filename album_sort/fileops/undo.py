"""Takes a run back: the journal played backwards. Only what the run made and what is still as it left it is touched."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from album_sort.errors import AlbumSortError
from album_sort.fileops import aside
from album_sort.fileops.destination import TEMPORARY_PREFIX, Destination, RowRefused
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.journal import Journal
from album_sort.fileops.tidy import remove_emptied, remove_if_empty
from album_sort.fileops.trouble import describe
from album_sort.sentences import sentence
from album_sort.types import Action, AlbumRelPath, OpResult, OpStatus, PlannedOp, RunId
from album_sort.types.ledger import JournalEntry, LedgerRow, Phase

BATCH_ROWS = 256


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of an undo."""

    results: tuple[OpResult, ...]
    """One for each row that was left as it is, last first: of a large run nobody wants to hold the others."""
    taken: int = 0
    """Rows that were taken back."""
    stopped: bool = False
    untidy: tuple[str, ...] = ()
    """Empty folders that could not be taken away, each with the reason."""
    is_half_done: bool = False
    """The disk let something be done only by half: whoever holds the destination next finishes it first."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the run is left."""
        return not self.stopped and not self.is_half_done and not self.results


def undo_run(
    destination: str,
    fs: FileSystem,
    journal: Journal,
    *,
    on_result: Callable[[PlannedOp, OpResult], None] = lambda _op, _result: None,
    stop: Callable[[], bool] = lambda: False,
) -> Undone:
    """Undo everything that the journal's run has done. Repeating it is harmless; the lock must be held."""
    dest = Destination(fs, destination, journal.run_id)
    entries = journal.each(Phase.DONE, last_first=True)
    left: list[OpResult] = []
    taken, any_open = 0, False
    # Read before it is asked whether to stop: what is left to do decides whether anything was stopped.
    while batch := list(islice(entries, BATCH_ROWS)):
        if stop():
            return Undone(tuple(left), taken, stopped=True, is_half_done=any_open)
        journal.settle([(replace(entry, phase=Phase.UNDOING), "") for entry in batch])
        settled = undo_entries(dest, journal, batch)
        journal.settle([(entry, error) for entry, error in settled if not is_open(entry)])
        any_open = any_open or any(is_open(entry) for entry, _ in settled)
        for entry, error in settled:
            result = _result(entry, error)
            if result.status is OpStatus.DONE:
                taken += 1
            else:
                left.append(result)
            on_result(entry.op, result)
    untidy: list[str] = []
    journal.forget_folders([folder for folder in journal.folders_made() if remove_if_empty(dest, folder, untidy)])
    return Undone(tuple(left), taken, untidy=tuple(untidy), is_half_done=any_open)


def is_open(entry: JournalEntry) -> bool:
    """Whether a row still has to be brought to an end, after an error of the disk."""
    return entry.phase in (Phase.INTENT, Phase.UNDOING)


def _result(entry: JournalEntry, error: str) -> OpResult:
    status = OpStatus.DONE if entry.phase is Phase.UNDONE else OpStatus.FAILED
    return OpResult(entry.op.op_id, status, entry.action, entry.op.content_id, entry.op.size_bytes, error)


def undo_entries(
    dest: Destination, journal: Journal, entries: Sequence[JournalEntry]
) -> list[tuple[JournalEntry, str]]:
    """Undo rows, last first as given; each as it is to be remembered, and why it was left where it was.

    One that an error of the disk has caught in the middle stays `UNDOING`.
    """
    returning = {entry.before.path: entry.before for entry in entries if entry.before is not None}
    return [_undo_entry(dest, journal, entry, returning) for entry in entries]


def _undo_entry(
    dest: Destination, journal: Journal, entry: JournalEntry, returning: Mapping[AlbumRelPath, LedgerRow]
) -> tuple[JournalEntry, str]:
    try:
        if entry.after is None:
            # What has left nothing in the albums was taken to the trash.
            _bring_back(dest, journal, entry)
        else:
            made = journal.present_row(entry.after) or entry.after
            entry = replace(entry, after=made)
            there = returning.get(made.path)
            if there is not None and entry.before is None and _is_file_of(dest, there, dest.absolute(there.path)):
                # Removed before a kill: the file that has come back to this name since is another one.
                return replace(entry, phase=Phase.UNDONE), ""
            _undo_made(dest, journal, entry, made)
    except (OSError, AlbumSortError) as error:
        if entry.before is not None:
            # Those that were made again for it.
            remove_emptied(dest, journal, [entry.before.path])
        is_half = isinstance(error, OSError) and not _is_as_made(dest, entry)
        return replace(entry, phase=Phase.UNDOING if is_half else Phase.DONE), describe(error)
    return replace(entry, phase=Phase.UNDONE), ""


def _is_as_made(dest: Destination, entry: JournalEntry) -> bool:
    """Whether a row that could not be undone is still whole; False, too, where that cannot be told."""
    try:
        made = entry.after
        if made is None:
            return dest.fs.status(dest.trash(entry.op)) is not None
        absolute = dest.absolute(made.path)
        if dest.fs.status(aside.aside_of(absolute)) is not None or dest.fs.status(absolute) is None:
            return False
        if entry.action is Action.MOVE and entry.before is not None:
            return not _is_file_of(dest, entry.before, dest.absolute(entry.before.path))
        return entry.action is not Action.RELINK or _is_file_of(dest, made, absolute)
    except (OSError, RowRefused):
        return False


def _undo_made(dest: Destination, journal: Journal, entry: JournalEntry, made: LedgerRow) -> None:
    match entry.action:
        case Action.ADOPT:
            return
        case Action.MOVE if entry.before is not None:
            _move_back(dest, journal, made, entry.before)
        case Action.RELINK if entry.before is not None:
            _relink_back(dest, entry, made, entry.before)
        case _:
            _remove(dest, made)


def _remove(dest: Destination, made: LedgerRow) -> None:
    absolute = dest.guarded(made.path)
    aside.settle(dest, absolute, lambda path: _is_file_of(dest, made, absolute, at=path))
    seen = dest.fs.status(absolute)
    if seen is None:
        # Already gone counts as done: that is how an undo can be repeated.
        return
    _check_is_ours(dest, made, absolute)
    _check_is_no_last_copy(dest, made, absolute)
    aside.remove(dest, absolute, seen, lambda path: _is_file_of(dest, made, absolute, at=path))
    dest.fs.sync_folder(os.path.dirname(absolute))


def _check_is_ours(dest: Destination, made: LedgerRow, absolute: str) -> None:
    """Always by content: what is removed has no second chance."""
    _check_is_last(dest, made)
    if not _is_file_of(dest, made, absolute):
        raise RowRefused(sentence("files.has-been-changed-since-it", path=made.path))


def _check_is_no_last_copy(dest: Destination, made: LedgerRow, absolute: str) -> None:
    """Who deletes the photos after sorting them, or sorts the albums themselves, has nothing else than this file."""
    if made.action is not Action.SYMLINK and not _is_in_source(dest, made, absolute):
        raise RowRefused(sentence("files.is-left-its-source", path=made.path, source=made.source))


def _is_in_source(dest: Destination, made: LedgerRow, absolute: str) -> bool:
    if os.path.realpath(made.source) == os.path.realpath(absolute):
        return False
    source, own = dest.fs.status(made.source), dest.fs.status(absolute)
    if source is not None and own is not None and os.path.samestat(source, own):
        return True
    # Size and time prove nothing here: bits that rotted in the source leave both as they were.
    return dest.holds(made.source, made.content_id, made.size_bytes)


def _check_is_last(dest: Destination, made: LedgerRow) -> None:
    if made.run_id != dest.run_id:
        raise RowRefused(
            sentence("files.was-taken-over-by", path=made.path, run_id=made.run_id),
            hint=sentence("files.undo-that-run-first"),
        )


def _move_back(dest: Destination, journal: Journal, made: LedgerRow, before: LedgerRow) -> None:
    absolute, origin = dest.guarded(made.path), dest.guarded(before.path)
    aside.settle(dest, absolute, lambda path: _is_file_of(dest, made, absolute, at=path))
    seen = dest.fs.status(absolute)
    if seen is None or not _is_file_of(dest, made, absolute):
        if _is_file_of(dest, before, origin):
            # Moved back before a kill; another file may have taken the place since.
            return
        raise RowRefused(sentence("files.has-been-changed-or", path=made.path))
    _check_is_last(dest, made)
    _make_folders_again(dest, journal, origin, before.run_id)
    if made.action is Action.SYMLINK:
        _link_back(dest, before, origin)
        aside.remove(dest, absolute, seen, lambda path: _is_file_of(dest, made, absolute, at=path))
    else:
        dest.fs.publish(absolute, origin)
        aside.check_arrived(dest, made, seen, origin, absolute)
        dest.fs.sync_folder(os.path.dirname(origin))
    dest.fs.sync_folder(os.path.dirname(absolute))


def _is_file_of(dest: Destination, row: LedgerRow, absolute: str, *, at: str = "") -> bool:
    """Whether a path holds the very file that is remembered; `at` is where it lies now, if not there."""
    status = dest.fs.status(at or absolute)
    if status is None:
        return False
    if row.action is Action.SYMLINK:
        return dest.is_own_link(row, absolute, status, at=at)
    return stat.S_ISREG(status.st_mode) and dest.holds(at or absolute, row.content_id, row.size_bytes)


def _link_back(dest: Destination, before: LedgerRow, origin: str) -> None:
    text = dest.text_of_row(before, origin)
    there = dest.fs.status(origin)
    if there is None:
        dest.fs.symlink(text, origin)
        dest.fs.sync_folder(os.path.dirname(origin))
    elif not stat.S_ISLNK(there.st_mode) or dest.fs.link_text(origin) != text:
        # Only our own link, made before a kill, may be there already.
        raise FileExistsError(errno.EEXIST, sentence("files.something-else-is-there"), origin)


def _relink_back(dest: Destination, entry: JournalEntry, made: LedgerRow, before: LedgerRow) -> None:
    absolute = dest.guarded(before.path)
    _check_is_last(dest, made)
    if before.action is not Action.SYMLINK:
        return
    aside.settle(dest, absolute, lambda path: _is_file_of(dest, made, absolute, at=path))
    seen = dest.fs.status(absolute)
    if seen is None or not _is_file_of(dest, made, absolute):
        if _is_file_of(dest, before, absolute):
            # Pointed back before a kill.
            return
        raise RowRefused(sentence("files.has-been-changed-since-it", path=made.path))
    temporary = os.path.join(os.path.dirname(absolute), f"{TEMPORARY_PREFIX}{dest.run_id}-{entry.op.op_id}")
    if dest.fs.status(temporary) is not None:
        dest.fs.remove(temporary)
    dest.fs.symlink(dest.text_of_row(before, absolute), temporary)
    aside.replace(dest, temporary, absolute, seen, lambda path: _is_file_of(dest, made, absolute, at=path))


def _bring_back(dest: Destination, journal: Journal, entry: JournalEntry) -> None:
    origin, trash = dest.guarded(entry.op.origin), dest.trash(entry.op)
    if dest.fs.status(trash) is None:
        if dest.fs.status(origin) is None:
            raise RowRefused(sentence("files.is-no-more-in", origin=entry.op.origin))
        return
    _make_folders_again(dest, journal, origin, entry.before.run_id if entry.before else dest.run_id)
    dest.fs.publish(trash, origin)
    dest.fs.sync_folder(os.path.dirname(origin))


def _make_folders_again(dest: Destination, journal: Journal, path: str, run_id: RunId) -> None:
    missing = dest.missing_folders(path)
    if missing:
        journal.remember_folders([dest.relative(folder) for folder in missing], run_id)
        dest.make_folders(missing)
