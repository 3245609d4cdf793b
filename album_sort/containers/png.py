"""PNG: its chunks, those behind the pixels too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"IEND\xaeB`\x82"
"""Kind and checksum of the last chunk, which is empty."""
MAX_CHUNKS = 1 << 16
"""Pixels come in chunks of eight kilobytes with some writers, and text may stand behind them."""
_FRAME_BYTES = 12
"""Size and kind in front of the contents, a checksum behind them."""


class Chunk(NamedTuple):
    """One chunk; its contents are `data[start:end]`."""

    kind: bytes
    start: int
    end: int
    """As its size says: in a cut file behind the end."""


def chunks(data: bytes) -> Iterator[Chunk]:
    """All chunks of a file that begins with the signature; the last may be cut."""
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at : at + 4], "big")
        yield Chunk(data[at + 4 : at + 8], at + 8, at + 8 + size)
        at += _FRAME_BYTES + size
