"""Bytes that somebody has sent, as files that a reading process can open: in a folder of our own, until they are dropped."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import threading
from typing import BinaryIO

from album_sort.core.formats import kind_of_suffix
from album_sort.inspection.held_folders import HeldFolder
from album_sort.types import FileEntry, FileKind

PREFIX = "album-sort-upload-"
"""Of the name of the folder."""

_NAME = "upload"
"""Of what comes without a usable name."""

_MOST_NAME_BYTES = 200


class Upload:
    """One file on its way, part by part: from a socket to the disk, without a copy in memory."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, usable_name(name))
        self._file: BinaryIO | None = open(self._path, "xb")  # noqa: SIM115 - closed by `done` or `drop`
        self.size_bytes = 0

    def write(self, part: bytes) -> None:
        """Takes the next bytes; raises OSError where there is no room."""
        if self._file is not None:
            self._file.write(part)
            self.size_bytes += len(part)

    def done(self) -> FileEntry:
        """All has come: the file, to be read. Raises OSError where there is no room."""
        self._close()
        found = os.stat(self._path)
        kind = kind_of_suffix(os.path.splitext(self._path)[1]) or FileKind.PHOTO
        return FileEntry(self._path, self._folder, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, kind)

    def drop(self) -> None:
        """Takes it away, wherever it is on its way."""
        with contextlib.suppress(OSError):
            self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class Uploads:
    """The folder and what is in it. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: HeldFolder | None = None
        self._numbers = itertools.count()

    def begin(self, name: str) -> Upload:
        """A file of this name, still empty; raises OSError where there is no room."""
        with self._lock:
            if self._folder is None:
                self._folder = HeldFolder(PREFIX)
            folder = os.path.join(self._folder.path, str(next(self._numbers)))
            os.mkdir(folder, 0o700)
        return Upload(folder, name)

    def keep(self, data: bytes, name: str) -> Upload:
        """A file of this name with these bytes; raises OSError where there is no room."""
        upload = self.begin(name)
        try:
            upload.write(data)
        except OSError:
            upload.drop()
            raise
        return upload

    def close(self) -> None:
        """Takes all away."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()


def usable_name(name: str) -> str:
    """The last part of a name that somebody has sent, where a file can be called so."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    is_usable = last not in ("", ".", "..") and len(os.fsencode(last)) <= _MOST_NAME_BYTES
    return last if is_usable else _NAME
