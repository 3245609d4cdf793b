"""Takes away folders that we made and that have become empty."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from album_sort.fileops.journal import Journal
from album_sort.fileops.place import Place
from album_sort.types import AlbumRelPath

_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOTDIR}


def remove_emptied(place: Place, journal: Journal, paths: Iterable[AlbumRelPath]) -> None:
    """Remove the folders of these paths, and theirs, as far as any run of ours made them and nothing is in them."""
    folders = {os.path.dirname(path) for path in paths} - {""}
    for folder in sorted(folders, key=lambda folder: (-folder.count("/"), folder)):
        current = folder
        while current and journal.made_folder(AlbumRelPath(current)) and remove_if_empty(place, AlbumRelPath(current)):
            current = os.path.dirname(current)


def remove_if_empty(place: Place, folder: AlbumRelPath) -> bool:
    """Whether the folder is gone; the system refuses to remove one that is not empty."""
    absolute = place.absolute(folder)
    try:
        place.fs.remove_folder(absolute)
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise
        return error.errno == errno.ENOENT
    place.fs.sync_folder(os.path.dirname(absolute))
    return True
