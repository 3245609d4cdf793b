"""JPEG: the segments in front of its pixels, as a tolerant decoder finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

APP1, APP2, APP13 = 0xE1, 0xE2, 0xED
SCAN, END = 0xDA, 0xD9
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Frame headers: SOF0..SOF15 without DHT, JPG and DAC, which share the range."""
HUFFMAN, QUANTIZATION, RESTART = 0xC4, 0xDB, 0xDD

SIGNATURE = b"\xff\xd8"
MAX_SEGMENTS = 4096
"""Steps; the largest headers, with an extended XMP of megabytes, have some hundred segments."""

# No marker at all, and markers without a length: TEM, the restarts, another start.
_BARE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})


class Segment(NamedTuple):
    """One segment; its body is `data[start:end]`."""

    marker: int
    """Its second byte."""
    at: int
    """Offset of the marker."""
    start: int
    end: int
    """As its length says: in a cut file behind the end, and before `start` where the length is none (0 or 1)."""
    is_after_stray: bool
    """Whether there is something in front of it that belongs to no segment; bytes that fill up do not count."""


def segments(data: bytes) -> Iterator[Segment]:
    """The segments from the first one to that of the first scan, or to an end of the picture, those included.

    What stands between two segments is passed over; a file that ends before its first scan has no such segment.
    """
    at, is_after_stray, last = 2, False, len(data) - 4
    for _ in range(MAX_SEGMENTS):
        if at <= last and data[at] != 0xFF:
            at, is_after_stray = data.find(b"\xff", at), True
        if not 0 <= at <= last:
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _BARE:
            is_after_stray = True
            at += 2
            continue
        size = data[at + 2] << 8 | data[at + 3]
        if marker == END:
            size = 2
        yield Segment(marker, at, at + 4, at + 2 + size, is_after_stray)
        if marker in (SCAN, END):
            return
        is_after_stray = False
        at += 2 + max(size, 2)
