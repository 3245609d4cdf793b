"""Errors of the disk in words, and which of them end a run."""

from __future__ import annotations

import errno
import os

from album_sort.errors import AlbumSortError, in_plain_words
from album_sort.sentences import sentence

STOPS_THE_RUN = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENODEV, errno.ESTALE, errno.ENOTCONN}
"""No file after this one would fare better."""


def remedy(error: OSError) -> str:
    """What to do about a disk that takes no more, where that can be told from the error."""
    match error.errno:
        case errno.ENOSPC:
            return sentence("files.its-disk-is-full")
        case errno.EDQUOT:
            return sentence("files.your-share-of-its")
        case errno.EROFS:
            return sentence("files.it-can-only-be")
        case _:
            return sentence("files.it-has-gone-connect")


def describe(error: OSError | AlbumSortError) -> str:
    """An error as one line that names the file."""
    if isinstance(error, OSError):
        names = " -> ".join(
            os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)
        )
        return f"{in_plain_words(error)}: {names}" if names else in_plain_words(error)
    return str(error)
