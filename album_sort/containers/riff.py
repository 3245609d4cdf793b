"""RIFF (AVI, WebP): chunks of a kind, a size and contents, padded to an even length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from album_sort.containers.source import Source

FIRST_CHUNK = 12
"""Offset of the first chunk: behind `RIFF`, the size of all, and the kind of the file."""
HEADER_BYTES = 8
MAX_CHUNKS = 4096


class Chunk(NamedTuple):
    """One chunk; its contents are `source[start:end]`."""

    kind: bytes
    start: int
    end: int
    """Within the source and within what the chunk lies in."""
    said_end: int
    """As its size says: in a cut file behind the end."""

    @property
    def size(self) -> int:
        """Bytes of the contents, as the chunk says."""
        return self.said_end - self.start


def is_webp(data: bytes) -> bool:
    """Whether a file says that it is a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def is_avi(head: bytes) -> bool:
    """Whether a file says that it is an AVI, of the plain or of the extended kind."""
    return head[:4] == b"RIFF" and head[8:11] == b"AVI"


def said_bytes(data: bytes) -> int:
    """How long the whole file is, as its first chunk says."""
    return HEADER_BYTES + int.from_bytes(data[4:8], "little")


def chunks(source: Source, start: int = FIRST_CHUNK, end: int | None = None) -> Iterator[Chunk]:
    """The chunks between two offsets, at most MAX_CHUNKS; those inside a `LIST` are read by a call of their own."""
    limit = len(source) if end is None else min(end, len(source))
    at = start
    for _ in range(MAX_CHUNKS):
        body = at + HEADER_BYTES
        if body > limit:
            return
        head = source[at:body]
        if len(head) < HEADER_BYTES:  # a file that has become shorter meanwhile
            return
        size = int.from_bytes(head[4:], "little")
        yield Chunk(head[:4], body, min(body + size, limit), body + size)
        at = body + size + size % 2
