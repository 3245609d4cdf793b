"""Paths one a line or behind NULs, as `find` and editors of any system write them."""

from __future__ import annotations

import codecs
import os

from album_sort.errors import UsageError
from album_sort.sentences import sentence

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
