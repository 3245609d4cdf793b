"""What a reader of containers reads from: bytes in memory, or a file that is too large for it, looked at piece by piece."""

from __future__ import annotations

import os
from typing import BinaryIO, Protocol


class Source(Protocol):
    """As much of `bytes` as a reader of containers uses; a slice beyond the end is short, as there."""

    def __len__(self) -> int:
        """Bytes in all."""

    def __getitem__(self, span: slice, /) -> bytes:
        """The bytes between two offsets, none of them negative."""


class FileSource:
    """A seekable file, of which only what is asked for is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = stream.seek(0, os.SEEK_END)

    def __len__(self) -> int:
        """Bytes of the file when it was opened."""
        return self._size

    def __getitem__(self, span: slice, /) -> bytes:
        """The bytes between two offsets; raises OSError where they cannot be read."""
        start, end = span.start or 0, self._size if span.stop is None else span.stop
        if start >= min(end, self._size):
            return b""
        self._stream.seek(start)
        return self._stream.read(min(end, self._size) - start)
