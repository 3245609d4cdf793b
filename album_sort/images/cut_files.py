"""The part of a cut-off file that its decoder shows only when it is helped: AVIF, and TIFF whose strips are compressed.

Both decoders refuse a file as soon as one byte of it is missing. What is made of it here is only what the file holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from album_sort.containers import tiff
from album_sort.containers.lengths import OFFSETS, missing_bytes
from album_sort.images.pixels import LIBRARY_ERRORS, NOTICED_SHARE, Pixels, UndecodableError, upright_orientation
from album_sort.types import Reason

MOST_MISSING = 0.95
"""Share of a file; also a bound for the memory that filling it up takes."""
_DISTURBANCE_BYTES = 64 << 10
_MOST_TRIED_PX = 16_000_000
"""Of a strip that is decoded again and again to find how many of its rows are there."""

_HEIGHT, _WIDTH, _ROWS, _TILE_WIDTH, _TILE_HEIGHT, _PLANES, _TURN = (
    0x0101,
    0x0100,
    0x0116,
    0x0142,
    0x0143,
    0x011C,
    0x0112,
)
_SEPARATE = 2

Load = Callable[[bytes], Pixels]
"""Decodes a file strictly: raises one of LIBRARY_ERRORS where anything is missing."""


def part_of_cut(data: bytes, name: str, load: Load) -> Pixels | None:
    """What there is of a picture; None where nothing can be had. Raises UndecodableError where that is too little."""
    if name == "avif":
        return _part_of_avif(data, load)
    if name == "tiff":
        return _part_of_tiff(data, load)
    return None


def filled_up(data: bytes, filling: bytes = b"") -> bytes | None:
    """A cut-off file up to the length that it says, with zeros or the beginning of `filling`; None where too much is missing."""
    missing = missing_bytes(data)
    if not missing or missing > MOST_MISSING * (len(data) + missing):
        return None
    return data + (filling[:missing] if filling else bytes(missing))


def _part_of_avif(data: bytes, load: Load) -> Pixels | None:
    """What two fillings show alike: its decoder reads on whatever there is, so where they differ the file says nothing."""
    zeros = filled_up(data)
    if zeros is None:
        return None
    chance = hashlib.shake_128(b"album-sort").digest(len(zeros) - len(data))
    try:
        one, other = load(zeros), load(data + chance)
    except LIBRARY_ERRORS:
        return None
    width, height = common_corner(np.asarray(one.picture), np.asarray(other.picture))
    missing = 1 - width * height / (one.size[0] * one.size[1])
    if missing > MOST_MISSING:
        raise UndecodableError(Reason.of("skip.rows-missing", percent=round(100 * missing)))
    shown = replace(one, picture=one.image.crop((0, 0, width, height)))
    return _told(shown, missing, "picture is")


def common_corner(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of the largest rectangle at the top left in which two pictures (H, W, 3) are the same.

    Pictures are coded row by row, those of several columns of tiles column by column within a row of tiles.
    """
    differs = (one != other).any(axis=2)
    alike = np.where(differs.any(axis=1), differs.argmax(axis=1), differs.shape[1])
    widths = np.minimum.accumulate(alike)
    heights = np.arange(1, len(widths) + 1)
    best = int((widths * heights).argmax())
    return int(widths[best]), int(heights[best])


@dataclass(frozen=True, slots=True)
class _Strips:
    """How the pixels of a TIFF's first picture are parted; a row of tiles counts as a strip."""

    height_at: tiff.Entry
    turn_at: tiff.Entry | None
    height: int
    width: int
    """As stored."""
    orientation: int
    rows: int
    """Of each strip but the last."""
    whole: int
    """Strips that are there, from the first on."""
    cut_size_at: int
    """Offset of the size of the strip that is cut; 0 where it cannot be shown in part."""
    cut_size: int
    """Bytes of it that are there."""
    size_bytes: int
    order: Literal["little", "big"]


def _part_of_tiff(data: bytes, load: Load) -> Pixels | None:
    """The strips that are there, under a height that ends with them; and of the next one as many rows as decode."""
    strips = _strips(data)
    if strips is None:
        return None
    whole = min(strips.whole * strips.rows, strips.height)
    best = _shortened(data, strips, whole, load) if whole else None
    low = whole if best is not None else 0
    if strips.cut_size_at and strips.rows * strips.width <= _MOST_TRIED_PX:
        high = min(low + strips.rows, strips.height) + 1
        while high - low > 1:
            middle = (low + high) // 2
            tried = _shortened(data, strips, middle, load)
            low, high, best = (low, middle, best) if tried is None else (middle, high, tried)
    if best is None:
        return None
    there = low if low <= whole else max(whole, round(low * _share_of_file(data, strips, low, best, load)))
    missing = 1 - there / strips.height
    full = replace(best, width_px=strips.width, height_px=strips.height, orientation=strips.orientation)
    if missing > MOST_MISSING:
        raise UndecodableError(Reason.of("skip.rows-missing", percent=round(100 * missing)))
    width, height = best.size
    shown = replace(full, picture=best.image.crop((0, 0, width, max(1, round(height * there / low)))))
    return _told(shown, missing, "rows are")


def _share_of_file(data: bytes, strips: _Strips, rows: int, best: Pixels, load: Load) -> float:
    """Of rows that decode the share that the file holds: fax and JPEG fill up what is missing without a word.

    They do not when something else follows: what the two show alike is what the file holds.
    """
    chance = hashlib.shake_128(b"album-sort").digest(_DISTURBANCE_BYTES)
    longer = replace(strips, cut_size=strips.cut_size + len(chance))
    other = _shortened(data + chance, longer, rows, load)
    if other is None:
        return 1.0
    one, two = np.asarray(best.picture), np.asarray(other.picture)
    differs = (one != two).any(axis=(1, 2)) if one.shape == two.shape else np.ones(1, np.bool_)
    return int(differs.argmax()) / len(differs) if differs.any() else 1.0


def _told(pixels: Pixels, missing: float, what: str) -> Pixels:
    if missing < NOTICED_SHARE:
        return replace(pixels.warned("truncated: shown as far as it could be read"), missing_share=0.0)
    return replace(pixels.warned(f"truncated: {missing:.0%} of the {what} missing"), missing_share=missing)


def _strips(data: bytes) -> _Strips | None:
    """Of the first directory; None for planes of colours one after the other, and where the tables do not hold together."""
    tags = (_HEIGHT, _WIDTH, _ROWS, _TILE_WIDTH, _TILE_HEIGHT, _PLANES, _TURN, *OFFSETS, *OFFSETS.values())
    held = tiff.below(data, (), tags)
    if held is None or tiff.numbers(data, held, _PLANES) == (_SEPARATE,):
        return None
    numbers = {tag: tiff.numbers(data, held, tag) for tag in tags}
    offsets = 0x0144 if numbers[0x0144] else 0x0111
    starts, sizes = numbers[offsets], numbers[OFFSETS[offsets]]
    # Tables of one number each, which can be changed where they stand.
    is_single = all(len(numbers[tag]) == 1 for tag in (_HEIGHT, _WIDTH)) and len(numbers[_TURN]) < 2
    if not starts or len(starts) != len(sizes) or not is_single:
        return None
    height, width = numbers[_HEIGHT][0], numbers[_WIDTH][0]
    is_tiled = offsets == 0x0144
    rows = (numbers[_TILE_HEIGHT] if is_tiled else numbers[_ROWS] or (height,))[:1]
    across = -(-width // numbers[_TILE_WIDTH][0]) if is_tiled and any(numbers[_TILE_WIDTH]) else 1
    if not rows or not rows[0] or not height or not width:
        return None
    whole = next(
        (n for n, (start, size) in enumerate(zip(starts, sizes, strict=True)) if start + size > len(data)), len(starts)
    )
    entry = held.entries[OFFSETS[offsets]]
    size_bytes = entry.size // entry.values
    is_partial = not is_tiled and whole < len(starts) and starts[whole] < len(data)
    return _Strips(
        height_at=held.entries[_HEIGHT],
        turn_at=held.entries.get(_TURN),
        height=height,
        width=width,
        orientation=upright_orientation(next(iter(numbers[_TURN]), 1)),
        rows=min(rows[0], height),
        whole=whole // across,
        cut_size_at=entry.start + whole * size_bytes if is_partial else 0,
        cut_size=len(data) - starts[whole] if is_partial else 0,
        size_bytes=size_bytes,
        order="little" if held.order == "<" else "big",
    )


def _shortened(data: bytes, strips: _Strips, rows: int, load: Load) -> Pixels | None:
    """The picture with so many rows, as stored; None where they are not all there."""
    changed = bytearray(data)

    def put(at: int, size: int, number: int) -> None:
        most = (1 << 8 * size) - 1
        changed[at : at + size] = min(number, most).to_bytes(size, strips.order)

    put(strips.height_at.start, strips.height_at.size, rows)
    # Turned by hand at the end: the decoder would turn it, and rows would be columns.
    if strips.turn_at is not None:
        put(strips.turn_at.start, strips.turn_at.size, 1)
    if strips.cut_size_at:
        put(strips.cut_size_at, strips.size_bytes, strips.cut_size)
    try:
        return load(bytes(changed))
    except LIBRARY_ERRORS:
        return None
