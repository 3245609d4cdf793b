"""Photos on their way into the pages of a report: kept in a temporary file, so that memory stays flat however many there are."""

from __future__ import annotations

import json
import re
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from album_sort.report._cards import Card

# All that could end a script element or a JavaScript string, plus what has no UTF-8 form.
_TO_ESCAPE = re.compile("[<>&\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# `json.dumps` with these arguments makes an encoder each time.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_script(value: object) -> str:
    """JSON that may stand inside a script element, as data or as a JavaScript literal."""
    text = _encode(value)
    # The search costs twenty times what these questions do, and most cards have nothing to escape.
    if text.isascii() and not ("<" in text or ">" in text or "&" in text or "\x7f" in text):
        return text
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class Spool:
    """Cards as they come, written once and read back in any order."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (lives as long as the spool)
        self._end = 0
        self._offsets = array("q")
        self._lengths = array("L")

    def close(self) -> None:
        """Gives the temporary file back."""
        self._file.close()

    def add(self, card: Card) -> None:
        """Keeps one card."""
        data = to_script(card).encode()
        self._offsets.append(self._end)
        self._lengths.append(len(data))
        self._file.write(data)
        self._end += len(data)

    def read(self, photos: Sequence[int]) -> Iterator[bytes]:
        """These cards as they were kept, by the order of their coming: JSON fit for script elements."""
        for photo in photos:
            self._file.seek(self._offsets[photo])
            yield self._file.read(self._lengths[photo])
