"""After a kill: every row whose intent was written down is either finished or rolled back, and nothing half-made stays."""

from __future__ import annotations

import contextlib
import os
import stat

from album_sort.errors import DestinationError
from album_sort.fileops import aside
from album_sort.fileops.destination import Destination, RowRefused
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.journal import Journal
from album_sort.fileops.publish import ledger_row
from album_sort.fileops.tidy import remove_emptied, remove_if_empty
from album_sort.fileops.trouble import describe
from album_sort.fileops.undo import is_open, undo_entries
from album_sort.reading import read_head
from album_sort.sentences import sentence
from album_sort.types import Action, AlbumRelPath, PlannedOp
from album_sort.types.inner_paths import NO_RUN
from album_sort.types.ledger import PAGE_MARK, JournalEntry, LedgerRow, Phase


def recover(destination: str, fs: FileSystem, journal: Journal) -> None:
    """Settle all open rows of one killed run. Killed itself, it can be run again.

    Raises `DestinationError` where the disk does not let a row be finished: planned upon, a file half moved would look like one
    that its owner has moved. The others are settled then.
    """
    dest = Destination(fs, destination, journal.run_id)
    settled = [_settle(dest, journal, entry) for entry in journal.entries(Phase.INTENT)]
    # An undo that was killed is finished, last row first: later rows may stand where earlier ones go back to.
    settled += undo_entries(dest, journal, journal.entries(Phase.UNDOING)[::-1])
    journal.settle([(entry, error) for entry, error in settled if not is_open(entry)])
    left = (Action.MOVE, Action.TRASH)
    moved = [entry.op.origin for entry in journal.each(Phase.DONE) if entry.action in left]
    untidy = remove_emptied(dest, journal, moved)
    gone = [folder for folder in journal.folders_made() if remove_if_empty(dest, folder, untidy)]
    journal.forget_folders(gone)
    still_open = [error for entry, error in settled if is_open(entry)]
    if still_open:
        raise DestinationError(
            sentence("files.what-run-left-open", run_id=journal.run_id, still_open=still_open[0]),
            hint=sentence("files.look-after-the-disk"),
        )


def remove_temporaries(destination: str, fs: FileSystem, temporaries: tuple[AlbumRelPath, ...]) -> None:
    """Remove temporary files that no journal speaks of any more (the state was lost), and give back what lies aside. No run may go on."""
    dest = Destination(fs, destination, NO_RUN)
    for path in temporaries:
        with contextlib.suppress(OSError, RowRefused):
            # As the picture found it; half-written files of ours in the state folder are among them.
            absolute = os.path.join(dest.root, path)
            own = aside.own_name(absolute) if os.path.basename(absolute).startswith(aside.PREFIX) else None
            if own is not None:
                aside.settle(dest, own, is_our_page)
            elif not os.path.basename(absolute).startswith(aside.PREFIX):
                dest.fs.remove(absolute)


def is_our_page(path: str | os.PathLike[str]) -> bool:
    """Whether a file is the page that leads to the newest report, which is made anew whenever it is needed."""
    try:
        return not os.path.islink(path) and PAGE_MARK in read_head(path, 400)
    except OSError:
        return False


def _settle(dest: Destination, journal: Journal, entry: JournalEntry) -> tuple[JournalEntry, str]:
    """The entry as it is to be remembered, and a word on it."""
    try:
        _settle_aside(dest, entry)
        had_temporary = _remove_temporary(dest, entry.op)
        is_done = _is_done(dest, entry, had_temporary=had_temporary)
        if not is_done:
            return _with(entry, journal, Phase.FAILED), "rolled back after a kill"
        return _done(dest, entry), ""
    except RowRefused as refused:
        return _with(entry, journal, Phase.FAILED), str(refused)
    except OSError as error:
        return entry, describe(error)


def _settle_aside(dest: Destination, entry: JournalEntry) -> None:
    """What was renamed aside to be compared goes back; a link whose name another one has by now was about to be removed."""
    before = entry.before

    def is_own_link(path: str) -> bool:
        status = dest.fs.status(path)
        return before is not None and status is not None and dest.is_own_link(before, absolute, status, at=path)

    for path in {entry.op.origin, entry.op.target} - {""}:
        absolute = dest.absolute(AlbumRelPath(path))
        aside.settle(dest, absolute, is_own_link)


def _remove_temporary(dest: Destination, op: PlannedOp) -> bool:
    temporary = dest.temporary(op)
    if dest.fs.status(temporary) is None:
        return False
    with contextlib.suppress(OSError):
        # Else it is seen as what it is when the destination is looked at, and removed then.
        dest.fs.remove(temporary)
    return True


def _is_done(dest: Destination, entry: JournalEntry, *, had_temporary: bool) -> bool:
    op = entry.op
    match op.action:
        case Action.MOVE:
            return _finish_move(dest, entry, dest.absolute(op.target))
        case Action.TRASH:
            return _finish_move(dest, entry, dest.trash(op))
        case _:
            target = dest.absolute(op.target)
            if _is_ours(dest, op, target):
                return True
            status = dest.fs.status(target)
            if (
                had_temporary
                and status is not None
                and stat.S_ISREG(status.st_mode)
                and status.st_size == 0 < op.size_bytes
            ):
                # The name was claimed with an empty file, and the kill came before it was filled.
                dest.fs.remove(target)
            return False


def _is_ours(dest: Destination, op: PlannedOp, path: str) -> bool:
    """Whether a path holds what the row was to put there."""
    status = dest.fs.status(path)
    if status is None:
        return False
    if stat.S_ISLNK(status.st_mode):
        return dest.fs.link_text(path) == dest.text_for(op, path)
    return dest.holds(path, op.content_id, op.size_bytes)


def _finish_move(dest: Destination, entry: JournalEntry, target: str) -> bool:
    origin = dest.absolute(entry.op.origin)
    at_origin, at_target = dest.fs.status(origin), dest.fs.status(target)
    if at_target is None or entry.before is None:
        return False
    is_link = stat.S_ISLNK(at_target.st_mode)
    if entry.op.action is Action.MOVE and not _is_ours(dest, entry.op, target):
        return False
    if at_origin is not None:
        if _is_half_moved(dest, entry.before, origin, at_origin, at_target):
            dest.fs.remove(origin)
        elif not is_link and dest.holds(origin, entry.before.content_id, entry.before.size_bytes):
            # Our file has never left; what is at the target is somebody else's.
            return False
        # Else another row has taken the name that became free.
    dest.fs.sync_folder(os.path.dirname(target))
    return True


def _is_half_moved(
    dest: Destination, before: LedgerRow, origin: str, at_origin: os.stat_result, at_target: os.stat_result
) -> bool:
    """Whether a move was cut between making the new name and removing the old one."""
    if before.action is Action.SYMLINK:
        return dest.is_own_link(before, origin, at_origin)
    return (at_origin.st_ino, at_origin.st_dev) == (at_target.st_ino, at_target.st_dev)


def _done(dest: Destination, entry: JournalEntry) -> JournalEntry:
    op = entry.op
    if op.action is Action.TRASH:
        return JournalEntry(entry.run_id, op, Phase.DONE, Action.TRASH, entry.before, None)
    target = dest.absolute(op.target)
    dest.fs.sync_folder(os.path.dirname(target))
    made = _action_found(dest, op, target)
    kept = entry.before.action if op.action in (Action.MOVE, Action.RELINK) and entry.before else made
    return JournalEntry(entry.run_id, op, Phase.DONE, made, entry.before, ledger_row(dest, op, kept))


def _action_found(dest: Destination, op: PlannedOp, target: str) -> Action:
    """What was really done: a link may have become a copy."""
    status = dest.fs.status(target)
    if not op.action.makes_a_file or status is None:
        return op.action
    if stat.S_ISLNK(status.st_mode):
        return Action.SYMLINK
    linked = dest.fs.status(dest.absolute(op.origin) if op.is_link_to_album else op.source)
    if linked is not None and (linked.st_ino, linked.st_dev) == (status.st_ino, status.st_dev):
        return Action.HARDLINK
    return op.action if op.action in (Action.COPY, Action.REFLINK) else Action.COPY


def _with(entry: JournalEntry, journal: Journal, phase: Phase) -> JournalEntry:
    return JournalEntry(journal.run_id, entry.op, phase, entry.action, entry.before, None)
