"""Raw values of single TIFF tags: those that ExifRead leaves out without its slow maker-note parser."""

from __future__ import annotations

import struct
from collections.abc import Sequence

XMP = 0x02BC
IPTC = 0x83BB
PHOTOSHOP = 0x8649
EXIF_IFD = 0x8769
MAKER_NOTE = 0x927C
USER_COMMENT = 0x9286
APPLE_BURST_UUID = 0x000B
APPLE_CONTENT_IDENTIFIER = 0x0011

MAX_ENTRIES = 1024
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_APPLE_HEADER = b"Apple iOS\0\0\1"


def value(block: bytes, path: Sequence[int], max_bytes: int) -> bytes | None:
    """The bytes of the tag at the end of a path of directories from the first one on; None where it is missing."""
    if len(block) < 8 or block[:2] not in (b"II", b"MM"):
        return None
    order = "<" if block[:2] == b"II" else ">"
    (ifd,) = struct.unpack_from(f"{order}I", block, 4)
    for tag in path[:-1]:
        pointer = _entry(block, order, ifd, tag, 4)
        if pointer is None or len(pointer) < 4:
            return None
        (ifd,) = struct.unpack(f"{order}I", pointer[:4])
    return _entry(block, order, ifd, path[-1], max_bytes)


def _entry(block: bytes, order: str, ifd: int, tag: int, max_bytes: int) -> bytes | None:
    """The bytes of one entry of the directory at an offset."""
    if ifd + 2 > len(block):
        return None
    (count,) = struct.unpack_from(f"{order}H", block, ifd)
    for index in range(min(count, MAX_ENTRIES)):
        at = ifd + 2 + 12 * index
        if at + 12 > len(block):
            return None
        found, kind, length = struct.unpack_from(f"{order}HHI", block, at)
        if found == tag:
            size = length * _TYPE_BYTES.get(kind, 1)
            start = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", block, at + 8)[0]
            return block[start : start + min(size, max_bytes)]
    return None


def apple_texts(maker_note: bytes) -> tuple[str, str]:
    """Content identifier and burst UUID of an Apple maker note; empty where absent. Its offsets count from its start."""
    if not maker_note.startswith(_APPLE_HEADER[:9]) or len(maker_note) < 16:
        return "", ""
    order = "<" if maker_note[12:14] == b"II" else ">"
    texts = (_entry(maker_note, order, 14, tag, 64) for tag in (APPLE_CONTENT_IDENTIFIER, APPLE_BURST_UUID))
    identifier, burst = ((text or b"").split(b"\0")[0].decode("ascii", "ignore").strip() for text in texts)
    return identifier, burst
