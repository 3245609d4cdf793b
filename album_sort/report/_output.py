"""Writing our own files: complete under their final name or not there at all, and never over a file that is not ours."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from album_sort.errors import DestinationError
from album_sort.reading import read_head
from album_sort.sentences import sentence

IsOurs = Callable[[bytes], bool]
"""Tells from the first bytes of a file whether album-sort wrote it."""

_HEAD_BYTES = 4096


def refuse_foreign(path: Path, is_ours: IsOurs) -> None:
    """Raises `DestinationError` where `path` is something that album-sort did not write."""
    try:
        head = read_head(path, _HEAD_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DestinationError(
            sentence("report.cannot-write-the-report", path=path, why=error.strerror),
            hint=sentence("report.choose-another-folder"),
        ) from error
    if head and not is_ours(head):
        raise _is_foreign(path)


def _is_foreign(path: Path) -> DestinationError:
    return DestinationError(
        sentence("report.is-there-already-and", path=path),
        hint=sentence("report.choose-another-folder-for"),
    )


def temporary_beside(path: Path) -> Path:
    """A name in the same folder, so that renaming stays within the file system; hidden, and never used twice."""
    # cut, so that the longest name that a folder takes has one, too
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")


@contextmanager
def replacing(
    path: Path, is_ours: IsOurs, *, encoding: str = "utf-8", newline: str = "\n", errors: str = "strict"
) -> Iterator[IO[str]]:
    """A text stream that takes the place of `path`, or of an older file of ours there, when the block ends well.

    Raises `OSError`, FileExistsError for a file that is not ours, and leaves what was there.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("x", encoding=encoding, newline=newline, errors=errors) as stream:
            yield stream
            stream.flush()
            # without it a power cut could leave the final name on an empty file
            os.fsync(stream.fileno())
        _take_the_place(temporary, path, is_ours)
    finally:
        temporary.unlink(missing_ok=True)


def _take_the_place(temporary: Path, path: Path, is_ours: IsOurs) -> None:
    """The older file is looked at under another name, where nobody exchanges it between the look and the removal."""
    aside = temporary_beside(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        _publish(temporary, path)
        return
    try:
        head = read_head(aside, _HEAD_BYTES)
        if head and not is_ours(head):
            raise FileExistsError(errno.EEXIST, sentence("report.another-file-is-there"), str(path))
        _publish(temporary, path)
    except OSError:
        _publish(aside, path)
        raise
    aside.unlink()


def _publish(temporary: Path, path: Path) -> None:
    """Give a file its final name; raises FileExistsError rather than replace anything."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT): the name is claimed with an empty file first.
        path.open("x").close()
        temporary.replace(path)
    else:
        temporary.unlink()


@contextmanager
def atomic_text(path: Path, *, is_ours: IsOurs, encoding: str = "utf-8", newline: str = "\n") -> Iterator[IO[str]]:
    """A text stream that becomes `path` when the block ends well; characters without a form in UTF-8 are written as escapes."""
    refuse_foreign(path, is_ours)
    try:
        with replacing(path, is_ours, encoding=encoding, newline=newline, errors="backslashreplace") as stream:
            yield stream
    except FileExistsError as error:
        raise _is_foreign(path) from error
    except OSError as error:
        raise DestinationError(
            sentence("report.cannot-write-the-report", path=path, why=error.strerror), hint=f"check {path.parent}"
        ) from error
