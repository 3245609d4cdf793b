"""Temporary folders of our own, each held by the process that has made it: what a killed one has left, the next takes away."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
import time

_SECONDS_TO_BE_HELD = 5.0
"""One that was made a moment ago is not held yet."""


class HeldFolder:
    """A folder for this user's eyes only (as `mkdtemp` makes it), for as long as we live; raises OSError where none can be made."""

    def __init__(self, prefix: str) -> None:
        take_away_left(prefix)
        self.path = tempfile.mkdtemp(prefix=prefix)
        self._held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):  # a file system without locks: then nobody can tell that it was left
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Takes it away with all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._held)


def take_away_left(prefix: str) -> None:
    """Takes away the folders of this user that begin so and are held by nobody any more."""
    for left in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), f"{prefix}*")):
        with contextlib.suppress(OSError):
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                found = os.fstat(held)
                if time.time() - found.st_mtime > _SECONDS_TO_BE_HELD and found.st_uid == os.getuid():
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(held)
