"""Folders of a destination by handle: what is made or removed through one lies below the destination, whatever becomes of the names.

A path is looked up anew for every call that takes one; between two calls somebody may have put a link in a folder's place. A handle
stays what it was. Every step opens its folder from the destination downwards, name by name, and follows no link on the way.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from album_sort.sentences import sentence
from album_sort.types.ledger import STATE_FOLDER

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_IS_A_LINK = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}


class PlaceHandle:
    """One place of a destination while a step is taken there; errors of the step name the whole path, of which the system knows the end."""

    __slots__ = ("_absolute", "_root", "folder", "name")

    def __init__(self, root: Root, absolute: str) -> None:
        self._root = root
        self._absolute = absolute
        self.folder = -1
        self.name = ""

    def __enter__(self) -> Self:
        """Opens the folder."""
        folder, _, self.name = self._absolute.rpartition("/")
        self._root.names_below(self._absolute)
        self.folder = self._root.open_folder(folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        os.close(self.folder)
        if isinstance(error, OSError) and error.filename in (None, self.name):
            error.filename = self._absolute


class Root:
    """The folder of a destination, known again by its identity."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._identity = self._present_identity()

    def has_gone(self) -> bool:
        """Whether the destination has vanished: where its disk was, an empty folder of another disk may have come to light."""
        return self._is_another(self._present_identity(), os.path.join(self.path, STATE_FOLDER))

    def check_there(self) -> None:
        """Raises OSError (ENODEV) when the destination has vanished."""
        if self.has_gone():
            raise self._gone()

    def names_below(self, absolute: str) -> list[str]:
        """The names on the way to a path; raises OSError (EXDEV) for one that does not lie below."""
        start = self.path.rstrip("/") + "/"
        names = absolute.removeprefix(start).split("/")
        if not absolute.startswith(start) or not all(name and name not in (".", "..") for name in names):
            raise OSError(errno.EXDEV, sentence("files.it-does-not-stay"), absolute)
        return names

    def open_folder(self, absolute: str) -> int:
        """A handle on a folder of the destination or on the destination itself, to be closed by the caller.

        A link inside that leads to another folder inside is followed; one that leads out raises OSError (EXDEV).
        """
        names = [] if absolute == self.path else self.names_below(absolute)
        try:
            return self._walk(names)
        except OSError as error:
            if error.errno not in _IS_A_LINK:
                raise OSError(error.errno, error.strerror, absolute) from error
            return self._walk(self._real_names(absolute, error))

    def place_of(self, absolute: str) -> PlaceHandle:
        """The folder of a path below the destination, by handle, and the path's last name."""
        return PlaceHandle(self, absolute)

    def _walk(self, names: Sequence[str]) -> int:
        handle = os.open(self.path, _FOLDER)
        try:
            status = os.fstat(handle)
            if self._is_another((status.st_dev, status.st_ino), STATE_FOLDER, handle):
                raise self._gone()
            for name in names:
                below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _real_names(self, absolute: str, error: OSError) -> list[str]:
        """The way without links, where the user has put one in a folder's place that stays inside."""
        real, root = os.path.realpath(absolute), os.path.realpath(self.path)
        if real == root:
            return []
        if not real.startswith(root.rstrip("/") + "/"):
            raise OSError(errno.EXDEV, sentence("files.it-is-a-link", real=real), absolute) from error
        if real == os.path.join(root, os.path.relpath(absolute, self.path)):
            raise OSError(error.errno, error.strerror, absolute) from error
        return real[len(root.rstrip("/")) + 1 :].split("/")

    def _is_another(self, present: tuple[int, int] | None, state_folder: str, handle: int | None = None) -> bool:
        if self._identity is None:
            # Made since then, perhaps by ourselves.
            self._identity = present
        if present == self._identity:
            return False
        # Some shares number their files anew now and then: what tells such a folder is what it holds.
        if present is None or self._identity is None or present[0] != self._identity[0]:
            return True
        try:
            os.stat(state_folder, dir_fd=handle)
        except OSError:
            return True
        return False

    def _present_identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _gone(self) -> OSError:
        return OSError(errno.ENODEV, sentence("files.the-destination-is-no"), self.path)
