"""Bytes that somebody has sent, as files that a reading process can open: in a folder of our own, for as long as they are read."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading

from album_sort.core.formats import kind_of_suffix
from album_sort.types import FileEntry, FileKind

_NAME = "upload"
"""Of what comes without a usable name."""

_MOST_NAME_BYTES = 200


class Uploads:
    """The folder and what is in it. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: str | None = None
        self._numbers = itertools.count()

    def keep(self, data: bytes, name: str) -> FileEntry:
        """The bytes as a file of this name; raises OSError where there is no room."""
        with self._lock:
            if self._folder is None:
                # For this user's eyes only, as `mkdtemp` makes it.
                self._folder = tempfile.mkdtemp(prefix="album-sort-")
            folder = os.path.join(self._folder, str(next(self._numbers)))
            os.mkdir(folder, 0o700)
        path = os.path.join(folder, usable_name(name))
        try:
            with open(path, "xb") as target:
                target.write(data)
            found = os.stat(path)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        kind = kind_of_suffix(os.path.splitext(path)[1]) or FileKind.PHOTO
        return FileEntry(path, folder, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, kind)

    def forget(self, file: FileEntry) -> None:
        """Takes a file away."""
        shutil.rmtree(file.root, ignore_errors=True)

    def close(self) -> None:
        """Takes all away."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def usable_name(name: str) -> str:
    """The last part of a name that somebody has sent, where a file can be called so."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    is_usable = last not in ("", ".", "..") and len(os.fsencode(last)) <= _MOST_NAME_BYTES
    return last if is_usable else _NAME
