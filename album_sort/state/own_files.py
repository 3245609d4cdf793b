"""Files in a destination's state folder, opened as what they may be: somebody else's.

No link is followed, no pipe waited for, and every read has a bound. The disk may have come from elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any

from album_sort.core.checked import NONSENSE, json_object
from album_sort.errors import DestinationError
from album_sort.reading import check_regular, open_regular
from album_sort.sentences import sentence
from album_sort.types.inner_paths import PREVIEWS, STATE_FOLDER, OutsideError, RunId, run_id_of

RUNS = "runs"
_FOLDERS = (RUNS, "trash", PREVIEWS)

LONGEST_LINE = 16 << 20
"""Bytes; a hundred thousand members of a trip, or photos moved by hand, are half of it."""

NOTHING_THERE = (FileNotFoundError, NotADirectoryError, PermissionError)
"""Errors that say that there is nothing for us, whatever the disk is like."""

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def check_state_folder(destination: Path | str) -> bool:
    """Whether there is a state folder; raises `DestinationError` where something else has its name, or those of its folders.

    Nothing is written: a link in the place of a folder would lead every later step out of the destination.
    """
    folder = Path(destination) / STATE_FOLDER
    try:
        if not _is_real_folder(folder):
            return False
        for name in _FOLDERS:
            _is_real_folder(folder / name)
    except OSError as error:
        raise DestinationError(
            sentence("state.cannot-look-into", folder=str(folder), why=error.strerror),
            hint=sentence("state.check-its-permissions-and"),
        ) from error
    return True


def _is_real_folder(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISDIR(mode):
        what = (
            sentence("state.a-link")
            if stat.S_ISLNK(mode)
            else sentence("state.a-file")
            if stat.S_ISREG(mode)
            else sentence("state.a-special-file")
        )
        raise DestinationError(
            sentence("state.is-not-a-folder", path=str(path), what=what),
            hint=sentence("state.take-it-away-or"),
        )
    return True


def open_own(path: Path) -> BufferedReader:
    """A regular file for reading; raises OSError for everything else."""
    return os.fdopen(open_regular(path, follow=False), "rb")


def open_own_to_write(path: Path, *, append: bool = False) -> BufferedWriter:
    """A regular file, made if there is none, emptied unless lines are to be appended; raises OSError for everything else."""
    descriptor = os.open(path, _WRITE | (os.O_APPEND if append else 0), 0o666)
    try:
        check_regular(descriptor, path)
        if not append:
            # Only now: what is not a regular file must not be emptied.
            os.ftruncate(descriptor, 0)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "ab" if append else "wb")


def lines_of(path: Path) -> Iterator[bytes]:
    """Lines of a file, without their newlines; one that is too long ends them. Raises OSError."""
    with open_own(path) as stream:
        while line := stream.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                return
            yield line.removesuffix(b"\n")


def objects_of(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, whatever lies between them left out; none where it cannot be read."""
    with contextlib.suppress(OSError):
        for line in lines_of(path):
            try:
                row = json_object(line)
            except NONSENSE:
                # Mostly a line that a power cut has cut off.
                continue
            yield row


def run_folders(destination: Path) -> list[tuple[RunId, Path]]:
    """The folders that runs have left, in the order of their names; what is called or is otherwise is none of ours.

    Raises OSError for a disk that does not answer, which is not the same as none.
    """
    found = []
    with contextlib.suppress(*NOTHING_THERE), os.scandir(destination / STATE_FOLDER / RUNS) as entries:
        for entry in entries:
            with contextlib.suppress(OutsideError):
                if entry.is_dir(follow_symlinks=False):
                    found.append((run_id_of(entry.name), Path(entry.path)))
    return sorted(found)


def is_regular_file(path: Path) -> bool:
    """Whether a file of its own lies there: no link, no folder."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except NOTHING_THERE:
        return False
