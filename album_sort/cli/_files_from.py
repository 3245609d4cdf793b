"""`--files-from`: a list of paths from a file or standard input."""

from __future__ import annotations

import os
import sys

from album_sort.errors import UsageError
from album_sort.operations.path_list import split_list
from album_sort.paths import given_path
from album_sort.reading import read_given
from album_sort.sentences import sentence

_MOST_BYTES = 1 << 28
"""Two million long paths."""


def listed_paths(files_from: str | None) -> tuple[str, ...] | None:
    """The absolute paths of a list; `-` is standard input, None stays None. Raises `UsageError` for a list that cannot be read."""
    if files_from is None:
        return None
    try:
        raw = sys.stdin.buffer.read(_MOST_BYTES) if files_from == "-" else read_given(files_from, _MOST_BYTES)
    except OSError as error:
        raise UsageError(
            sentence("command.cannot-read-files-from", files_from=files_from, why=error.strerror),
            hint=sentence("command.give-a-file-with"),
        ) from error
    return tuple(dict.fromkeys(given_path(os.fsdecode(path)) for path in split_list(raw, files_from)))
