"""Takes away folders that we made and that have become empty."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable

from album_sort.fileops.destination import Destination
from album_sort.fileops.journal import Journal
from album_sort.fileops.trouble import describe
from album_sort.types import AlbumRelPath

_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY}


def remove_emptied(dest: Destination, journal: Journal, paths: Iterable[AlbumRelPath]) -> list[str]:
    """Remove the folders of these paths, and theirs, as far as any run of ours made them and nothing is in them.

    What is empty and could not be removed, each as a line with its reason.
    """
    untidy: list[str] = []
    folders = {os.path.dirname(path) for path in paths} - {""}
    for folder in sorted(folders, key=lambda folder: (-folder.count("/"), folder)):
        current = folder
        while current and journal.made_folder(AlbumRelPath(current)):
            if not remove_if_empty(dest, AlbumRelPath(current), untidy):
                break
            current = os.path.dirname(current)
    return untidy


def remove_if_empty(dest: Destination, folder: AlbumRelPath, untidy: list[str]) -> bool:
    """Whether the folder is gone; the system refuses to remove one that is not empty. Other reasons are added to `untidy`."""
    absolute = dest.absolute(folder)
    try:
        dest.fs.remove_folder(absolute)
    except OSError as error:
        if error.errno not in _NOT_EMPTY and _is_empty_folder(dest, absolute):
            untidy.append(describe(error))
        return error.errno == errno.ENOENT and not os.path.lexists(absolute)
    # Should the disk forget it, an empty folder is there again: nothing depends on it.
    with contextlib.suppress(OSError):
        dest.fs.sync_folder(os.path.dirname(absolute))
    return True


def _is_empty_folder(dest: Destination, absolute: str) -> bool:
    try:
        return dest.fs.is_empty_folder(absolute)
    except PermissionError:
        # Nobody can tell: left alone, as whoever closed it will want.
        return False
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
