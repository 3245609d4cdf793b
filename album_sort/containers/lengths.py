"""How long a file says that it is: what a cut one lacks at its end, as far as its container tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from album_sort.containers import isobmff, png, riff, tiff

OFFSETS = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
"""Of a TIFF's strips, tiles and JPEGs: the tag with their offsets, and the one with their sizes."""

_MOST_MISSING = 1 << 28
"""Bytes; nobody's photo is much larger."""
_COMPRESSION, _UNCOMPRESSED = 0x0103, 1
_PNG_END = 4 + 12
"""Behind a chunk's contents its checksum; then at least the last chunk, which is empty."""
EMPTY_TAIL = 8 << 10
"""Bytes; what is compressed does not end in so many zeros, nor does the padding that editors put behind an EXIF."""


def missing_bytes(data: bytes) -> int:
    """How many bytes a file lacks at its end, at least; 0 where it is whole, or where its container does not tell.

    Lengths beyond all measure come from damage, not from a cut.
    """
    missing = said_bytes(data) - len(data)
    return missing if 0 < missing <= _MOST_MISSING else 0


def said_bytes(data: bytes) -> int:
    """How long a file must be, at least, by what it says of itself; 0 where its container does not tell."""
    if data[4:8] in (b"ftyp", b"JXL "):
        return len(data) + isobmff.missing_bytes(data)
    return next((end(data) for starts, end in _ENDS if data.startswith(starts)), 0)


def missing_tiff_share(data: bytes) -> float:
    """Share of the bytes of strips, tiles and previews that would lie behind the end of the file; 0 where nothing is known."""
    whole = missing = 0
    for start, size in _parts_of_tiff(data):
        whole += size
        missing += max(0, min(size, start + size - len(data)))
    return missing / whole if whole else 0.0


def without_empty_tail(data: bytes, *, may_be_black: bool = False) -> bytes:
    """A file without the zeros that a download which was never finished leaves in place of its pixels; else as it is.

    `may_be_black`: pixels that are not compressed may be zeros, which those of a sensor never are.
    """
    if not data.endswith(bytes(EMPTY_TAIL)):
        return data
    there = data.rstrip(b"\0")
    return there if _end_of_pixels(data, may_be_black=may_be_black) - len(there) >= EMPTY_TAIL else data


def _end_of_pixels(data: bytes, *, may_be_black: bool) -> int:
    """Where the pixels end; 0 where that is unknown."""
    if data[4:8] == b"ftyp":
        largest = max(isobmff.boxes(data), key=lambda box: box.said_end - box.start, default=None)
        return largest.end if largest is not None and largest.kind == b"mdat" else 0
    held = tiff.below(data, (), (_COMPRESSION,)) if data.startswith(tiff.FILE_STARTS) else None
    if held is None or (may_be_black and tuple(tiff.numbers(data, held, _COMPRESSION)) in ((), (_UNCOMPRESSED,))):
        return 0
    return min(len(data), _end_of_tiff(data))


def _parts_of_tiff(data: bytes) -> Iterator[tuple[int, int]]:
    """Offset and size of each strip, tile and JPEG that the directories name."""
    if not data.startswith(tiff.FILE_STARTS):
        return
    for held in tiff.directories(data, (*OFFSETS, *OFFSETS.values())):
        for offsets, sizes in OFFSETS.items():
            yield from zip(tiff.numbers(data, held, offsets), tiff.numbers(data, held, sizes), strict=False)


def _end_of_tiff(data: bytes) -> int:
    order = tiff.order_of(data)
    if order is None:
        return 0
    first_at = tiff.first_at(data, order)
    return max((start + size for start, size in _parts_of_tiff(data)), default=first_at + 2)


def _end_of_png(data: bytes) -> int:
    end = len(png.SIGNATURE)
    # Without its header it is damaged, and with its end a length in the middle is.
    if data[12:16] != b"IHDR" or data.endswith(png.END):
        return 0
    for chunk in png.chunks(data):
        end = chunk.end
        if chunk.kind == b"IEND":
            return end + 4
    return end + _PNG_END


def _end_of_raf(data: bytes) -> int:
    """Fuji's header has offset and size of preview, description and sensor values."""
    numbers = [int.from_bytes(data[at : at + 4], "big") for at in range(84, 108, 4)]
    return max(start + size for start, size in zip(numbers[0::2], numbers[1::2], strict=True))


def _end_of_bmp(data: bytes) -> int:
    return int.from_bytes(data[2:6], "little")


_ENDS: tuple[tuple[bytes | tuple[bytes, ...], Callable[[bytes], int]], ...] = (
    (b"RIFF", riff.said_bytes),
    (tiff.FILE_STARTS, _end_of_tiff),
    (png.SIGNATURE, _end_of_png),
    (b"FUJIFILMCCD-RAW", _end_of_raf),
    (b"BM", _end_of_bmp),
)
