"""What can the destination's file system do? Found out by trying, inside the state folder, and only when a run will write."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from album_sort.fileops.system_calls import clone, rename_without_replacing
from album_sort.types.ledger import STATE_FOLDER

_PREFIX = "probe-"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a file system can do."""

    symlinks: bool
    hardlinks: bool
    reflinks: bool
    """Between files of this file system."""
    safe_rename: bool
    """A rename that never replaces, in one step."""
    extended_attributes: bool
    folds_case: bool
    """`a.jpg` and `A.JPG` are the same file."""
    time_step_ns: int
    """How exactly modification times are kept."""


def probe(destination: str) -> Capabilities:
    """Try it out in a folder of its own, which is removed again. The lock of the destination must be held."""
    state = os.path.join(destination, STATE_FOLDER)
    os.makedirs(state, exist_ok=True)
    for name in os.listdir(state):
        if name.startswith(_PREFIX):
            # Of a run that was killed in here.
            shutil.rmtree(os.path.join(state, name), ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=state)
    try:
        file = os.path.join(folder, "a.jpg")
        with open(file, "wb") as stream:
            stream.write(b"probe" * 1000)
        return Capabilities(
            symlinks=_works(lambda: os.symlink("a.jpg", os.path.join(folder, "s"))),
            hardlinks=_works(lambda: os.link(file, os.path.join(folder, "h"))),
            reflinks=_reflinks(file, os.path.join(folder, "r")),
            safe_rename=_renames(folder),
            extended_attributes=_works(lambda: os.setxattr(file, "user.album-sort", b"probe")),
            folds_case=os.path.exists(os.path.join(folder, "A.JPG")),
            time_step_ns=_time_step_ns(file),
        )
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def _works(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (OSError, AttributeError):
        return False
    return True


def _reflinks(source: str, target: str) -> bool:
    with open(source, "rb") as reading, open(target, "wb") as writing:
        return clone(reading.fileno(), writing.fileno())


def _renames(folder: str) -> bool:
    first, second = os.path.join(folder, "first"), os.path.join(folder, "second")
    with open(first, "wb"):
        return rename_without_replacing(first, second)


def _time_step_ns(file: str) -> int:
    exact = 1_700_000_001_123_456_789
    os.utime(file, ns=(exact, exact))
    kept = os.stat(file).st_mtime_ns
    for step in (1, 100, 1_000, 1_000_000, 10_000_000, 1_000_000_000):
        if kept == exact - exact % step:
            return step
    return 2_000_000_000
