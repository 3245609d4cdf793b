"""WebP's own container: the size of its canvas, and how much of a cut-off file is there.

Its decoder refuses a file whose container is longer than the bytes at hand, and says no more than that it could not begin.
Filled up with zeros it decodes what there is, and smears the last rows over the rest: so how much of the picture is missing
is told from the container, not from the rows.
"""

from __future__ import annotations

from itertools import islice

from album_sort.containers.riff import Chunk, chunks, said_bytes
from album_sort.images.pixels import UndecodableError
from album_sort.types import Reason

_PICTURES = (b"VP8 ", b"VP8L", b"ANMF")
_METADATA_FOLLOWS = 0x0C
_MOST_CHUNKS = 64
"""The first picture stands at the start, whatever follows."""
_EMPTY_TAIL = 1024
"""Bytes; what is compressed does not end in so many zeros."""


def webp_size(data: bytes) -> tuple[int, int]:
    """Canvas size from a header: Pillow allocates the canvas as soon as it opens the file."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    raise UndecodableError(Reason.of("skip.no-header", format="WEBP"))


def missing_of_webp(data: bytes) -> float | None:
    """Which share of the picture a cut-off file lacks, 0 to 1; None for a file that is as long as it says.

    A download that was never finished may have its full length, with zeros behind what came.
    """
    there = len(data.rstrip(b"\0"))
    if len(data) - there < _EMPTY_TAIL:
        there = len(data)
    if there == len(data) and said_bytes(data) <= len(data):
        return None
    found = _picture_chunk(data)
    if found is None or not found.size:
        return 1.0
    return max(0.0, (found.said_end - there) / found.size)


def filled_up(data: bytes) -> bytes:
    """A cut-off file up to the end of its first picture, with zeros in place of what is missing."""
    found = _picture_chunk(data)
    end = len(data) if found is None else found.said_end + found.size % 2
    whole = bytearray(data[:end].ljust(end, b"\0"))
    whole[4:8] = (end - 8).to_bytes(4, "little")
    if whole[12:16] == b"VP8X":
        whole[20] &= ~_METADATA_FOLLOWS
    return bytes(whole)


def _picture_chunk(data: bytes) -> Chunk | None:
    """The first picture."""
    return next((chunk for chunk in islice(chunks(data), _MOST_CHUNKS) if chunk.kind in _PICTURES), None)
