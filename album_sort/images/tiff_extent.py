"""How much of its pixel data a TIFF, or a RAW built like one, lacks: from where its directories say that they lie."""

from __future__ import annotations

from album_sort.containers.tiff import FILE_STARTS, directories, numbers

_OFFSETS = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
"""Strips, tiles and JPEGs: the tag with their offsets, and the one with their sizes."""


def missing_tiff_share(data: bytes) -> float:
    """Share of the bytes of strips, tiles and previews that would lie behind the end of the file; 0 where nothing is known."""
    if not data.startswith(FILE_STARTS):
        return 0.0
    whole = missing = 0
    for held in directories(data, (*_OFFSETS, *_OFFSETS.values())):
        for offsets, sizes in _OFFSETS.items():
            for start, size in zip(numbers(data, held, offsets), numbers(data, held, sizes), strict=False):
                whole += size
                missing += max(0, min(size, start + size - len(data)))
    return missing / whole if whole else 0.0
