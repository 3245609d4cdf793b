"""Paths one a line or behind NULs, as `find` and editors of any system write them."""

from __future__ import annotations

import codecs
import os
from typing import BinaryIO

from album_sort.errors import UsageError
from album_sort.paths import given_path
from album_sort.reading import read_given
from album_sort.sentences import sentence

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_MOST_BYTES = 1 << 28
"""Two million long paths."""


def listed_paths(files_from: str | None, standard_input: BinaryIO) -> tuple[str, ...] | None:
    """The absolute paths of a list; `-` is standard input, None stays None. Raises `UsageError` for a list that cannot be read."""
    if files_from is None:
        return None
    try:
        raw = standard_input.read(_MOST_BYTES) if files_from == "-" else read_given(files_from, _MOST_BYTES)
    except OSError as error:
        raise UsageError(
            sentence("command.cannot-read-files-from", files_from=files_from, why=error.strerror),
            hint=sentence("command.give-a-file-with"),
        ) from error
    return tuple(dict.fromkeys(given_path(os.fsdecode(path)) for path in split_list(raw, files_from)))


def split_list(raw: bytes, name: str = "-") -> list[bytes]:
    """The paths of a list, as bytes. Raises `UsageError` for UTF-16 that is cut off."""
    if raw.startswith(_UTF_16):
        # As Windows' editors and shells write; its zero bytes are not separators.
        try:
            raw = raw.decode("utf-16").encode("utf-8")
        except UnicodeError as error:
            raise UsageError(
                sentence("order.files-from-is-neither", name=name), hint=sentence("order.save-it-as-utf")
            ) from error
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if b"\0" in raw:
        # `find -print0` separates by NUL, because a name may contain a newline.
        return [path for path in raw.split(b"\0") if path]
    return [path for line in raw.split(b"\n") if (path := _without_return(line)).strip()]


def _without_return(line: bytes) -> bytes:
    """Without the carriage return of Windows' line ends, unless a file is really called so."""
    return line[:-1] if line.endswith(b"\r") and not os.path.lexists(line) else line
