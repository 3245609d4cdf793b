"""How much of its pixel data a TIFF, or a RAW built like one, lacks: from where its directories say that they lie."""

from __future__ import annotations

import struct

_STARTS = {b"II*\0": "<", b"MM\0*": ">", b"IIRO": "<", b"IIRS": "<", b"MMOR": ">", b"IIU\0": "<"}
_SUB_DIRECTORIES, _EXIF = 0x014A, 0x8769
_OFFSETS = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
"""Strips, tiles and JPEGs: the tag with their offsets, and the one with their sizes."""
_WIDTH = {3: 2, 4: 4, 13: 4}
MAX_DIRECTORIES, MAX_ENTRIES, MAX_VALUES = 32, 1024, 1 << 16


def missing_tiff_share(data: bytes) -> float:
    """Share of the bytes of strips, tiles and previews that would lie behind the end of the file; 0 where nothing is known."""
    order = _STARTS.get(data[:4])
    if order is None or len(data) < 8:
        return 0.0
    waiting: list[int] = [struct.unpack_from(f"{order}I", data, 4)[0]]
    seen: set[int] = set()
    whole = missing = 0
    while waiting and len(seen) < MAX_DIRECTORIES:
        at = waiting.pop()
        if at in seen or at + 2 > len(data):
            continue
        seen.add(at)
        entries, following = _directory(data, order, at)
        for pointer in (_SUB_DIRECTORIES, _EXIF):
            waiting += entries.get(pointer, [])[:MAX_DIRECTORIES]
        waiting += [following] if following else []
        for offsets, sizes in _OFFSETS.items():
            for start, size in zip(entries.get(offsets, ()), entries.get(sizes, ()), strict=False):
                whole += size
                missing += max(0, min(size, start + size - len(data)))
    return missing / whole if whole else 0.0


def _directory(data: bytes, order: str, at: int) -> tuple[dict[int, list[int]], int]:
    """Whole numbers by tag, as far as they are asked for, and the offset of the next directory."""
    wanted = {_SUB_DIRECTORIES, _EXIF, *_OFFSETS, *_OFFSETS.values()}
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, list[int]] = {}
    for number in range(min(count, MAX_ENTRIES)):
        entry = at + 2 + 12 * number
        if entry + 12 > len(data):
            return found, 0
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        width = _WIDTH.get(kind)
        if tag not in wanted or width is None or length > MAX_VALUES:
            continue
        start = entry + 8 if length * width <= 4 else struct.unpack_from(f"{order}I", data, entry + 8)[0]
        if start + length * width <= len(data):
            found[tag] = list(struct.unpack_from(f"{order}{length}{'H' if width == 2 else 'I'}", data, start))
    after = at + 2 + 12 * count
    return found, struct.unpack_from(f"{order}I", data, after)[0] if after + 4 <= len(data) else 0
