"""Paths of one destination: absolute places, temporary names, link texts, and the guard that nothing leads outside."""

from __future__ import annotations

import errno
import os
import stat

from album_sort.core.planning.naming import is_safe
from album_sort.errors import AlbumSortError
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.handles import Root
from album_sort.reading import NotAFile
from album_sort.sentences import sentence
from album_sort.types import AlbumRelPath, ContentId, PlannedOp, RunId
from album_sort.types.ledger import STATE_FOLDER, LedgerRow

TEMPORARY_PREFIX = ".album-sort-tmp-"
"""Temporary files of ours, in the folder of their target; whoever sees one may remove it when no run goes on."""


def nearest_existing(path: str) -> str:
    """The path, or the nearest folder above it that exists: what it will be made on."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


class RowRefused(AlbumSortError):
    """One row cannot be carried out; the others can."""


class Destination:
    """One destination on a file system."""

    def __init__(self, fs: FileSystem, destination: str, run_id: RunId) -> None:
        self.root = os.path.abspath(destination)
        self._handle = Root(self.root)
        self.fs = fs.below(self._handle)
        self.run_id = run_id
        self._real_folders: dict[str, str] = {}

    def absolute(self, path: AlbumRelPath) -> str:
        """The place on the disk; raises `RowRefused` for a path that leaves the destination."""
        if not is_safe(path):
            raise RowRefused(sentence("files.does-not-stay-inside", path=path))
        return os.path.join(self.root, path)

    def guarded(self, path: AlbumRelPath) -> str:
        """The same for a place to write to: its folder must really lie inside the destination, links followed.

        Raises OSError (ENODEV) when the destination is no longer the folder that it was.
        """
        absolute = self.absolute(path)
        self.check_there()
        real = self.real_folder(os.path.dirname(absolute))
        root = self.real_folder(self.root)
        if real != root and not real.startswith(root.rstrip("/") + "/"):
            raise RowRefused(sentence("files.is-a-link-that", dirname=os.path.dirname(path), real=real))
        return absolute

    def has_gone(self) -> bool:
        """Whether the destination has vanished."""
        return self._handle.has_gone()

    def check_there(self) -> None:
        """Raises OSError (ENODEV) when the destination has vanished."""
        self._handle.check_there()

    def real_folder(self, folder: str) -> str:
        """A folder with all links followed."""
        if folder in self._real_folders:
            return self._real_folders[folder]
        real = os.path.realpath(folder)
        if os.path.isdir(real):
            # One that does not exist yet may still become something else.
            self._real_folders[folder] = real
        return real

    def temporary(self, op: PlannedOp) -> str:
        """The temporary name of a row: the same after a crash, so that recovery finds it."""
        return os.path.join(os.path.dirname(self.absolute(op.target)), f"{TEMPORARY_PREFIX}{self.run_id}-{op.op_id}")

    def trash(self, op: PlannedOp) -> str:
        """Where a row's file goes when it is taken out."""
        return os.path.join(self.root, STATE_FOLDER, "trash", self.run_id, op.origin)

    def text_to_source(self, source: str, target: str) -> str:
        """Relative link text from a target to a source file, true however the folders in between are linked."""
        real = os.path.join(os.path.realpath(os.path.dirname(source)), os.path.basename(source))
        return os.path.relpath(real, self.real_folder(os.path.dirname(target)))

    def text_for(self, op: PlannedOp, target: str) -> str:
        """Link text of a row at an absolute target: to its source, or to its photo in the primary album."""
        if op.is_link_to_album:
            return os.path.relpath(self.absolute(op.origin), os.path.dirname(target))
        return self.text_to_source(op.source, target)

    def text_of_row(self, row: LedgerRow, absolute: str) -> str:
        """The text that a remembered link has when it lies at an absolute path."""
        if row.origin:
            return os.path.relpath(self.absolute(row.origin), os.path.dirname(absolute))
        return self.text_to_source(row.source, absolute)

    def is_own_link(self, row: LedgerRow, absolute: str, status: os.stat_result, *, at: str = "") -> bool:
        """Whether a link is the one that is remembered: by what it says or, where the user has moved it, by its time.

        `at` is where it lies now, where that is beside the place that it is meant for.
        """
        if not stat.S_ISLNK(status.st_mode):
            return False
        return status.st_mtime_ns == row.mtime_ns or self.fs.link_text(at or absolute) == self.text_of_row(
            row, absolute
        )

    def missing_folders(self, path: str) -> list[str]:
        """Folders on the way to an absolute path that do not exist, outermost first."""
        missing: list[str] = []
        folder = os.path.dirname(path)
        while len(folder) > len(self.root) and self.fs.status(folder) is None:
            missing.append(folder)
            folder = os.path.dirname(folder)
        return missing[::-1]

    def make_folders(self, folders: list[str]) -> None:
        """Make folders, outermost first, each known to the disk before anything is put into it."""
        for folder in folders:
            self.fs.make_folder(folder)
            self.fs.sync_folder(os.path.dirname(folder))

    def relative(self, absolute: str) -> AlbumRelPath:
        """Path inside the destination."""
        return AlbumRelPath(os.path.relpath(absolute, self.root))

    def holds(self, absolute: str, content_id: ContentId, size_bytes: int) -> bool:
        """Whether a file has this content, of this size; False for what is not a regular file.

        The size is looked at first: what has taken a small file's place may be as large as the disk.
        Raises OSError where it cannot be read: it may well have it, and must not be taken for somebody else's.
        """
        try:
            return self.fs.digest(absolute, size_bytes) == content_id
        except (NotAFile, FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EFBIG):
                return False
            raise
