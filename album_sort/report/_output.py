"""Writing our own files: complete under their final name or not there at all, and never over a file that is not ours."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from album_sort.errors import DestinationError
from album_sort.reading import read_head

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
            f"cannot write the report {path}: {error.strerror}", hint="choose another folder"
        ) from error
    if head and not is_ours(head):
        raise DestinationError(
            f"{path} is there already and is no report of album-sort: it stays as it is",
            hint="choose another folder for the report, or move that file away",
        )


def temporary_beside(path: Path) -> Path:
    """A name in the same folder, so that renaming stays within the file system; hidden, and never used twice."""
    # cut, so that the longest name that a folder takes has one, too
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")


@contextmanager
def replacing(path: Path, *, encoding: str = "utf-8", newline: str = "\n", errors: str = "strict") -> Iterator[IO[str]]:
    """A text stream that takes the place of `path` when the block ends well; raises `OSError`, and leaves what was there."""
    temporary = temporary_beside(path)
    try:
        with temporary.open("x", encoding=encoding, newline=newline, errors=errors) as stream:
            yield stream
            stream.flush()
            # without it a power cut could leave the final name on an empty file
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_text(path: Path, *, is_ours: IsOurs, encoding: str = "utf-8", newline: str = "\n") -> Iterator[IO[str]]:
    """A text stream that becomes `path` when the block ends well; characters without a form in UTF-8 are written as escapes."""
    refuse_foreign(path, is_ours)
    try:
        with replacing(path, encoding=encoding, newline=newline, errors="backslashreplace") as stream:
            yield stream
    except OSError as error:
        raise DestinationError(
            f"cannot write the report {path}: {error.strerror}", hint=f"check {path.parent}"
        ) from error
