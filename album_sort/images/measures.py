"""Passes over a small picture in C (measures.c) where the library was built; each says None where numpy is to do it."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from album_sort.native import native_library, pointer

Plane = NDArray[np.uint8]
Counts = NDArray[np.uint32]

BLOCK = 16
"""Side of the blocks in pixels in which text is looked for: about two lines of print in a picture of a whole page. As in measures.c."""

Planes = tuple[Plane, Plane, Plane, Plane, Plane, NDArray[np.uint32]]
"""Red, green, blue, luma and chroma, each (H, W), and the sums of luma's rows (H,)."""


def split(rgb: Plane) -> Planes | None:
    """(H, W, 3) to planes."""
    library = native_library()
    if library is None:
        return None
    rgb = np.ascontiguousarray(rgb)
    planes = np.empty((5, *rgb.shape[:2]), np.uint8)
    rows = np.empty(rgb.shape[0], np.uint32)
    library.measures_split(pointer(rgb), *rgb.shape[:2], *(pointer(plane) for plane in planes), pointer(rows))
    return planes[0], planes[1], planes[2], planes[3], planes[4], rows


def raised_chroma(red: Plane, green: Plane, blue: Plane, gains: NDArray[np.uint16]) -> Plane | None:
    """Chroma of channels that are raised by `gains` in 128ths."""
    library = native_library()
    if library is None:
        return None
    chroma = np.empty_like(red)
    pixels = ctypes.c_size_t(red.size)
    library.measures_raise(pointer(red), pointer(green), pointer(blue), pixels, pointer(gains), pointer(chroma))
    return chroma


def grey_levels(luma: Plane, chroma: Plane, greyish: int) -> Counts | None:
    """(256,) pixels of each luma whose chroma is below `greyish`."""
    library = native_library()
    if library is None:
        return None
    counts = np.empty(256, np.uint32)
    library.measures_find_greys(pointer(luma), pointer(chroma), ctypes.c_size_t(luma.size), greyish, pointer(counts))
    return counts


def total(plane: Plane) -> int | None:
    """Sum of all pixels, which are fewer than 16 million."""
    library = native_library()
    if library is None:
        return None
    found = np.empty(1, np.uint32)
    library.measures_sum(pointer(plane), ctypes.c_size_t(plane.size), pointer(found))
    return int(found[0])


def measure_blocks(plane: Plane, side: int) -> tuple[Plane, Plane, Counts] | None:
    """Least, most and sum of each whole block."""
    library = native_library()
    if library is None or not plane.flags.c_contiguous:
        return None
    rows, columns, width = plane.shape[0] // side, plane.shape[1] // side, plane.shape[1]
    low, high = np.empty((rows, columns), np.uint8), np.empty((rows, columns), np.uint8)
    total, work = np.empty((rows, columns), np.uint32), np.empty(4 * width, np.uint8)
    found = (pointer(low), pointer(high), pointer(total))
    library.measures_measure_blocks(pointer(plane), width, rows, columns, side, *found, pointer(work))
    return low, high, total


def count_ink(luma: Plane, limits: Plane) -> tuple[Counts, Counts] | None:
    """(4, rows, columns) pixels of ink, thick ink, beginning strokes and ground in each block, and (16 rows,) strokes in a row.

    limits: (4, rows, columns), see measures.c.
    """
    library = native_library()
    if library is None or not luma.flags.c_contiguous:
        return None
    rows, columns = limits.shape[1:]
    is_ink = np.empty((rows * BLOCK, columns * BLOCK), np.uint8)
    counts, strokes = np.empty(limits.shape, np.uint32), np.empty(rows * BLOCK, np.uint32)
    work = np.empty(4 * columns * BLOCK, np.uint8)
    into = (pointer(is_ink), pointer(counts), pointer(strokes), pointer(work))
    library.measures_find_ink(pointer(luma), luma.shape[1], rows, columns, pointer(limits), *into)
    return counts, strokes


def flat_and_edges(luma: Plane, darkest: int, lightest: int) -> tuple[Counts, Counts, Counts, Counts] | None:
    """Of each row but the last (H - 1,): flat pixels, those of middle tones, steps down; of each column but the last: steps across."""
    library = native_library()
    height, width = luma.shape
    if library is None or min(height, width) < 2 or not luma.flags.c_contiguous:
        return None
    rows, columns = np.empty((3, height - 1), np.uint32), np.empty(width - 1, np.uint32)
    into = (*(pointer(row) for row in rows), pointer(columns))
    library.measures_find_steps(pointer(luma), height, width, darkest, lightest, *into)
    return rows[0], rows[1], rows[2], columns


def points(luma: Plane, means: NDArray[np.float32]) -> int | None:
    """Local maxima that stand out from a dark block of 8 x 8."""
    library = native_library()
    if library is None or not luma.flags.c_contiguous:
        return None
    means, count = np.ascontiguousarray(means), np.zeros(1, np.uint32)
    library.measures_find_points(pointer(luma), *luma.shape, pointer(means), *means.shape, pointer(count))
    return int(count[0])
