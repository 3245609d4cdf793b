"""How one row of a plan is carried out: prepared under a temporary name, then published without replacing anything.

Each kind of row has one function here; `apply.py` decides when they are called, `recover.py` what a killed one has left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass

from album_sort.fileops import aside
from album_sort.fileops.destination import Destination, RowRefused
from album_sort.sentences import sentence
from album_sort.types import Action, PlannedOp
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import LedgerRow

_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EACCES}

_TAKES = {Action.MOVE, Action.TRASH, Action.RELINK}
"""What lies there is renamed aside, or away, by these."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a row has really done."""

    action: Action
    note: str = ""
    """What was done in another way than planned, and why."""
    after: LedgerRow | None = None
    """What is to be remembered; None for a file that was taken out."""
    touched: tuple[str, ...] = ()
    """Folders whose names have changed."""


class Publisher:
    """Carries out rows in one destination."""

    def __init__(self, dest: Destination) -> None:
        self._dest = dest
        self._fs = dest.fs
        self._can_clone = True

    def prepare(self, op: PlannedOp) -> Effect:
        """The long part of a copy, without any visible effect; may run beside others. Other rows need none."""
        return self._copy_to_temporary(op, op.source)

    def make_last(self, op: PlannedOp) -> None:
        """Wait until the disk has what `prepare` made: a file must not get its name before its bytes are safe."""
        try:
            self._fs.sync_file(self._dest.temporary(op))
        except OSError:
            self.discard(op)
            raise

    def publish(self, op: PlannedOp, prepared: Effect | None, before: LedgerRow | None) -> Effect:
        """The short part: the row's effect appears. `before` is what is remembered of the file that it takes."""
        effects = {
            Action.SYMLINK: self._symlink,
            Action.HARDLINK: self._hardlink,
            Action.ADOPT: self._adopt,
        }
        changes = {Action.MOVE: self._move, Action.TRASH: self._trash, Action.RELINK: self._relink}
        if op.action in changes:
            if before is None:
                raise RowRefused(sentence("files.was-not-made-by", origin=op.origin))
            if op.action is not Action.RELINK and before.content_id != op.content_id:
                # A plan from before another photo came to this place.
                raise RowRefused(sentence("files.something-else-is-there"))
            return changes[op.action](op, before)
        if op.action in effects:
            return effects[op.action](op)
        return self._publish_copy(op, prepared or Effect(op.action))

    def may_have_an_effect(self, op: PlannedOp, error: Exception) -> bool:
        """Whether a row that has failed may have left more than a temporary file: then only a recovery can tell what became of it."""
        result = self._dest.trash(op) if op.action is Action.TRASH else self._dest.absolute(op.target)
        taken = {path for path in (op.origin, op.target) if path and op.action in _TAKES}
        try:
            if any(self._fs.status(aside.aside_of(self._dest.absolute(path))) is not None for path in taken):
                return True
            if op.action is Action.RELINK:
                return isinstance(error, OSError) and self._fs.link_text(result) == self._dest.text_for(op, result)
            # Of a name that was taken already, the row has made nothing.
            return not isinstance(error, FileExistsError) and self._fs.status(result) is not None
        except OSError:
            return True

    def discard(self, op: PlannedOp) -> None:
        """Remove what `prepare` has left."""
        with contextlib.suppress(OSError, RowRefused):
            self._fs.remove(self._dest.temporary(op))

    def _copy_to_temporary(self, op: PlannedOp, source: str) -> Effect:
        temporary = self._dest.temporary(op)
        try:
            if os.stat(source).st_size != op.size_bytes:
                # Not copied first: it may be as large as the disk by now.
                raise _changed(source)
            copied = self._fs.copy(source, temporary, try_clone=self._can_clone)
            if copied.content_id != op.content_id:
                raise _changed(source)
        except (OSError, RowRefused):
            self.discard(op)
            raise
        # One refusal is enough: asking again for every file would cost a system call each.
        self._can_clone = copied.is_clone
        if op.action is Action.REFLINK and not copied.is_clone:
            return Effect(Action.COPY, sentence("files.copied-this-file-system"))
        return Effect(op.action)

    def _publish_copy(self, op: PlannedOp, prepared: Effect) -> Effect:
        target = self._dest.guarded(op.target)
        try:
            self._fs.publish(self._dest.temporary(op), target)
        except OSError:
            self.discard(op)
            raise
        return self._made(op, prepared.action, prepared.note)

    def _symlink(self, op: PlannedOp) -> Effect:
        target = self._dest.guarded(op.target)
        if not op.is_link_to_album:
            self._check_source(op)
        try:
            self._fs.symlink(self._dest.text_for(op, target), target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            return self._instead_of_symlink(op, error)
        return self._made(op, Action.SYMLINK)

    def _instead_of_symlink(self, op: PlannedOp, error: OSError) -> Effect:
        note = sentence("files.symbolic-links-cannot-be", why=os.strerror(error.errno or 0))
        if op.is_link_to_album:
            with contextlib.suppress(OSError):
                self._fs.hardlink(self._dest.absolute(op.origin), self._dest.guarded(op.target))
                return self._made(op, Action.HARDLINK, sentence("files.linked-hard", note=note))
        return self._copied_instead(op, note)

    def _hardlink(self, op: PlannedOp) -> Effect:
        target = self._dest.guarded(op.target)
        self._check_source(op)
        try:
            self._fs.hardlink(op.source, target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            return self._copied_instead(op, sentence("files.hard-links-to-the", why=os.strerror(error.errno or 0)))
        return self._made(op, Action.HARDLINK)

    def _copied_instead(self, op: PlannedOp, note: str) -> Effect:
        source = self._dest.absolute(op.origin) if op.is_link_to_album else op.source
        self._copy_to_temporary(op, source)
        self.make_last(op)
        return self._publish_copy(op, Effect(Action.COPY, f"copied: {note}"))

    def _check_source(self, op: PlannedOp) -> None:
        """A link shows whatever its source is: it must still be what was looked at."""
        status = os.stat(op.source)
        if (status.st_size, status.st_mtime_ns) != (op.size_bytes, op.mtime_ns) and not self._dest.holds(
            op.source, op.content_id, op.size_bytes
        ):
            raise _changed(op.source)

    def _check_unchanged(self, row: LedgerRow, absolute: str) -> os.stat_result:
        """Raise `RowRefused` unless a file of ours is as we left it; its status."""
        status = self._fs.status(absolute)
        if status is None:
            raise RowRefused(sentence("files.is-no-more-there", path=row.path))
        if row.action is Action.SYMLINK:
            if not self._dest.is_own_link(row, absolute, status):
                raise RowRefused(sentence("files.is-no-longer-the", path=row.path))
        elif not stat.S_ISREG(status.st_mode) or not self._is_as_left(row, status, absolute):
            raise RowRefused(sentence("files.has-been-changed-since", path=row.path))
        return status

    def _is_as_left(self, row: LedgerRow, status: os.stat_result, absolute: str) -> bool:
        same = (status.st_size, status.st_mtime_ns, status.st_ino) == (row.size_bytes, row.mtime_ns, row.inode)
        return same or self._dest.holds(absolute, row.content_id, row.size_bytes)

    def _move(self, op: PlannedOp, before: LedgerRow) -> Effect:
        origin, target = self._dest.absolute(op.origin), self._dest.guarded(op.target)
        seen = self._check_unchanged(before, origin)
        if before.action is Action.SYMLINK:
            # The text of a relative link depends on where it lies.
            self._fs.symlink(self._dest.text_for(op, target), target)
            try:
                self._fs.sync_folder(os.path.dirname(target))
                aside.remove(self._dest, origin, seen, lambda path: self._is_link_of(before, origin, path))
            except (OSError, RowRefused):
                # Two links and a failed row would be one link that nobody knows of.
                self._fs.remove(target)
                raise
        else:
            self._fs.publish(origin, target)
            aside.check_arrived(self._dest, before, seen, target, origin)
        return self._made(op, Action.MOVE, kept_action=before.action, touched=(os.path.dirname(origin),))

    def _trash(self, op: PlannedOp, before: LedgerRow) -> Effect:
        origin, trash = self._dest.guarded(op.origin), self._dest.trash(op)
        seen = self._check_unchanged(before, origin)
        self._dest.make_folders(self._dest.missing_folders(trash))
        self._fs.publish(origin, trash)
        if before.action is not Action.SYMLINK or not self._is_link_of(before, origin, trash):
            aside.check_arrived(self._dest, before, seen, trash, origin)
        return Effect(Action.TRASH, touched=(os.path.dirname(origin), os.path.dirname(trash)))

    def _relink(self, op: PlannedOp, before: LedgerRow) -> Effect:
        target = self._dest.guarded(op.target)
        if before.action is Action.SYMLINK:
            seen = self._check_unchanged(before, target)
            temporary = self._dest.temporary(op)
            self._fs.symlink(self._dest.text_for(op, target), temporary)
            try:
                aside.replace(self._dest, temporary, target, seen, lambda path: self._is_link_of(before, target, path))
            except (OSError, RowRefused):
                self.discard(op)
                raise
        return self._made(op, Action.RELINK, kept_action=before.action)

    def _is_link_of(self, row: LedgerRow, absolute: str, path: str) -> bool:
        """Whether a path holds the link that a row remembers at `absolute`; it may lie aside."""
        status = self._fs.status(path)
        return status is not None and self._dest.is_own_link(row, absolute, status, at=path)

    def _adopt(self, op: PlannedOp) -> Effect:
        if not self._dest.holds(self._dest.absolute(op.target), op.content_id, op.size_bytes):
            raise RowRefused(sentence("files.has-changed-since-it-was", target=op.target))
        return self._made(op, Action.ADOPT)

    def _made(
        self,
        op: PlannedOp,
        action: Action,
        note: str = "",
        *,
        kept_action: Action | None = None,
        touched: tuple[str, ...] = (),
    ) -> Effect:
        row = ledger_row(self._dest, op, kept_action or action)
        return Effect(action, note, row, (os.path.dirname(self._dest.absolute(op.target)), *touched))


def _changed(source: str) -> RowRefused:
    return RowRefused(sentence("files.has-changed-since-it", source=source), hint=sentence("files.run-again-it-will"))


def ledger_row(dest: Destination, op: PlannedOp, action: Action) -> LedgerRow:
    """What is to be remembered of the file that lies at a row's target now."""
    status = dest.fs.status(dest.absolute(op.target))
    if status is None:
        raise RowRefused(sentence("files.has-vanished", target=op.target))
    return LedgerRow(
        path=op.target,
        filed=op.filed,
        size_bytes=op.size_bytes if action is Action.SYMLINK else status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        action=action,
        origin=op.origin if op.is_link_to_album else NOWHERE,
        run_id=dest.run_id,
    )
