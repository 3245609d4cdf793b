"""Finds what looks like print: thin strokes on an even ground, in lines. Works on blocks, knows no letters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

BLOCK = 16
"""Side of the blocks in pixels in which text is looked for: about two lines of print in a picture of a whole page."""
CONTRAST = 48
"""Luminance range (0..255) from which a block is not blank."""
LIGHT = 110
"""Luminance (0..255) from which a ground can be paper: white paper in a dim room."""


def steps(plane: Plane, axis: int) -> Plane:
    """Absolute difference of each pixel to the next along an axis."""
    first, second = (plane[:, :-1], plane[:, 1:]) if axis == 1 else (plane[:-1], plane[1:])
    return np.maximum(first, second) - np.minimum(first, second)


def block_extremes(plane: Plane, side: int) -> tuple[Plane, Plane]:
    """Smallest and largest value of each whole block; what is left over at the right and bottom is dropped."""
    bands = _bands(plane, side)
    rows, columns = bands.shape[0], bands.shape[2] // side
    low = bands.min(axis=1).reshape(rows, columns, side).min(axis=2)
    high = bands.max(axis=1).reshape(rows, columns, side).max(axis=2)
    return low, high


def block_means(plane: Plane, side: int) -> NDArray[np.float32]:
    """Mean of each whole block."""
    return _block_sums(plane, side).astype(np.float32) / np.float32(side * side)


def measure_text(luma: Plane, chroma: Plane, *, greyish: int) -> Mapping[str, float]:
    """The text fields of `ImageStatistics`; empty for pictures smaller than two blocks."""
    if min(luma.shape) < 2 * BLOCK:
        return {}
    low, high = block_extremes(luma, BLOCK)
    contrast = high - low
    middle = low + contrast // 2
    written = contrast > CONTRAST
    # The ground is the side of the middle on which most of the block lies.
    on_dark = block_means(luma, BLOCK) < middle
    grey = block_means(chroma, BLOCK) < greyish
    light = (high > LIGHT) & ~on_dark & grey
    even = contrast // 4
    limits = np.stack(
        (
            np.where(written, np.where(on_dark, middle + 1, middle), 0),
            written & on_dark,
            np.where(on_dark, 255, high - even),
            np.where(on_dark, low + even, 0),
        )
    ).astype(np.uint8)
    (ink_count, thick_count, stroke_count, ground_count), strokes = _ink(luma, limits)
    text = (
        written
        & (ink_count > 5)
        & (ink_count < 120)
        & (3 * thick_count < ink_count)
        & (stroke_count > 8)
        & (ground_count > 110)
    )
    ink_on_light = int(ink_count[light].sum())
    rows = strokes * (100.0 / (BLOCK * low.shape[1]))
    return {
        "blank_paper_share": float(((high > LIGHT) & ~written & grey).mean()),
        "text_block_share": float(text.mean()),
        "text_paper_share": float((text & light).mean()),
        "thick_ink_share": float(thick_count[light].sum()) / ink_on_light if ink_on_light else 0.0,
        "text_line_share": _line_share(rows),
        "row_periodicity": _periodicity(rows),
    }


def _ink(luma: Plane, limits: Plane) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """(4, rows, columns) pixels of ink, thick ink, beginning strokes and ground in each block, and (16 rows,) strokes in a row.

    limits: of each block, (4, rows, columns): ink is what is darker than the first, or, where the second is 1, what is not; ground
    is at least the third or at most the fourth.
    """
    whole = luma[: limits.shape[1] * BLOCK, : limits.shape[2] * BLOCK]
    threshold, is_dark, above, below = (_spread(blocks) for blocks in limits)
    ink = (whole < threshold) ^ is_dark.astype(np.bool_)
    ground = (whole >= above) | (whole <= below)
    thick = np.zeros_like(ink)
    thick[1:-1, 1:-1] = _eroded(ink)
    strokes = np.zeros_like(ink)
    strokes[:, 1:] = ink[:, 1:] & ~ink[:, :-1]
    counts = np.stack([_block_sums(plane, BLOCK) for plane in (ink, thick, strokes, ground)])
    return counts, strokes.sum(axis=1, dtype=np.uint32)


def _bands(plane: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(rows of blocks, side, width) without what is left over."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    return plane[: rows * side, : columns * side].reshape(rows, side, columns * side)


def _block_sums(plane: NDArray[np.uint8] | NDArray[np.bool_], side: int) -> NDArray[np.uint32]:
    """Sum of each whole block. Columns are summed first: that way numpy adds whole rows at once."""
    bands = _bands(plane.view(np.uint8), side)
    columns = bands.sum(axis=1, dtype=np.uint16)
    sums: NDArray[np.uint32] = columns.reshape(bands.shape[0], -1, side).sum(axis=2, dtype=np.uint32)
    return sums


def _spread(blocks: Plane) -> NDArray[np.uint8]:
    """Each block's value for each of its pixels."""
    return np.repeat(np.repeat(blocks, BLOCK, axis=1), BLOCK, axis=0)


def _eroded(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels whose eight neighbours are ink as well; the outermost ring is left out."""
    wide = ink[:, :-2] & ink[:, 1:-1] & ink[:, 2:]
    return wide[:-2] & wide[1:-1] & wide[2:]


def _line_share(rows: NDArray[np.float64]) -> float:
    """Share of rows in bands of 2 to 24 rows with strokes (per 100 pixels) that blank rows separate; 0 below four bands."""
    inked = (rows > 2.0).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], inked, [0]))))
    lengths = edges[1::2] - edges[::2]
    lines = lengths[(lengths >= 2) & (lengths <= 24)]
    return float(lines.sum()) / rows.size if lines.size >= 4 else 0.0


def _periodicity(rows: NDArray[np.float64]) -> float:
    """How far the autocorrelation of the rows' strokes, at 4 to 40 rows, rises above the valley before; 0 where rows hardly differ."""
    centred = rows - rows.mean()
    energy = float(centred @ centred)
    if energy < rows.size or rows.size < 80:
        return 0.0
    spectrum = np.fft.rfft(centred, 2 * rows.size)
    correlation = np.fft.irfft((spectrum * spectrum.conj()).real)[4:41] / energy
    # A slow trend is high everywhere, print goes down and up again.
    valley = np.minimum.accumulate(correlation)
    return max(0.0, float((correlation - valley).max()))
