"""Measures colour, luminance, evenness and sky of a small upright picture. Knows no album: `core.evidence` judges the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.people import find_faces
from album_sort.images.resample import resize_array
from album_sort.images.text_blocks import Plane, block_extremes, block_means, measure_text, steps
from album_sort.types.statistics import ImageStatistics

MEASURE_SIDE_PX = 256
"""Short side of the picture that is measured: strokes of printed text are still a pixel or two wide, and little time goes by."""
MAX_MEASURE_PIXELS = 256 * 768
"""Longer strips (receipts, panoramas, scrolled screenshots) are made smaller, so that the time stays bounded."""

NEAR_WHITE = 232
NEAR_BLACK = 24
GREYISH = 30
"""Chroma (0..255) below which a pixel counts as grey, after balancing."""
MOST_TINT = 1.4
"""Gain of a channel that a lamp explains; a stronger colour is the thing's own."""


def measure_statistics(rgb: Plane, width_px: int, height_px: int, *, faces: bool = True) -> ImageStatistics:
    """Numbers of `rgb` (H, W, 3), upright, of any size; `width_px` and `height_px` are those of the upright full picture.

    Takes about 2.6 ms, and 3 to 4 ms more to look for `faces`; without a compiler 9 (docs/decisions/0009).
    """
    small = _to_measuring_size(rgb)
    red, green, blue = (np.ascontiguousarray(small[..., channel]) for channel in range(3))
    luma, chroma = _luma(red, green, blue), _chroma(red, green, blue)
    balanced = _balanced_chroma(red, green, blue, luma)
    numbers: dict[str, float] = {"width_px": float(width_px), "height_px": float(height_px)}
    numbers |= _tones(luma, balanced)
    numbers |= {"mean_chroma": float(chroma.mean()) / 255, "balanced_chroma": float(balanced.mean()) / 255}
    numbers |= _evenness(small, luma)
    # Colours of every ninth pixel: counting them all would take longer than everything else together.
    numbers |= _colours(*(np.ascontiguousarray(channel[::3, ::3]) for channel in (red, green, blue)))
    numbers |= measure_text(luma, balanced, greyish=GREYISH)
    numbers |= _sky(red, green, blue, luma)
    if faces:
        numbers |= _people(small)
    return ImageStatistics(**numbers)


def _to_measuring_size(rgb: Plane) -> Plane:
    """The picture with a short side of about MEASURE_SIDE_PX; smaller ones stay as they are."""
    height, width = rgb.shape[:2]
    scale = min(1.0, MEASURE_SIDE_PX / min(height, width), (MAX_MEASURE_PIXELS / (height * width)) ** 0.5)
    if scale > 0.75:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return resize_array(rgb, size, Image.Resampling.BOX)


def _luma(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Rec. 601 luma in 0..255."""
    weighted = red * np.uint16(77)
    weighted += green * np.uint16(150)
    weighted += blue * np.uint16(29)
    return (weighted >> 8).astype(np.uint8)


def _chroma(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Distance of the strongest channel from the weakest."""
    return np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)


def _balanced_chroma(red: Plane, green: Plane, blue: Plane, luma: Plane) -> Plane:
    """Chroma of channels raised by at most MOST_TINT so that the lightest quarter becomes grey, as an eye would see paper."""
    sampled = luma[::4, ::4]
    # The lightest quarter begins where three quarters lie below.
    rank = 3 * sampled.size // 4
    light = sampled >= np.partition(sampled, rank, axis=None)[rank]
    levels = [float(channel[::4, ::4][light].mean()) for channel in (red, green, blue)]
    # Fixed point with 7 bits: 255 * 1.4 * 128 still fits into 16.
    gains = np.array([128 * min(MOST_TINT, max(levels) / max(1.0, level)) for level in levels], np.uint16)
    raised = [
        np.minimum((channel * gain) >> 7, 255).astype(np.uint8)
        for channel, gain in zip((red, green, blue), gains, strict=True)
    ]
    return _chroma(*raised)


def _share(mask: NDArray[np.bool_]) -> float:
    """Share of true elements, 0 for an empty mask."""
    return float(np.count_nonzero(mask)) / mask.size if mask.size else 0.0


def _tones(luma: Plane, chroma: Plane) -> Mapping[str, float]:
    """Luminance percentiles, and the shares of near white, near black and the most common grey."""
    histogram = np.bincount(luma[::2, ::2].ravel(), minlength=256)
    cumulated = np.cumsum(histogram) / histogram.sum()
    dark, median, bright = (float(np.searchsorted(cumulated, quantile)) / 255 for quantile in (0.05, 0.5, 0.95))
    paper = int(np.argmax(np.convolve(histogram, np.ones(9), mode="same")))
    greys = np.bincount(luma[chroma < GREYISH], minlength=256)
    height, width = luma.shape
    luma_rows = luma.sum(axis=1, dtype=np.uint32)
    half = height // 2
    upper = max(1, half)
    return {
        "mean_luminance": _mean_share(luma_rows, width) / 255,
        "upper_luminance": _mean_share(luma_rows[:upper], width) / 255,
        "lower_luminance": _mean_share(luma_rows[half:], width) / 255,
        "dark_luminance": min(1.0, dark),
        "median_luminance": min(1.0, median),
        "bright_luminance": min(1.0, bright),
        "near_white_share": float(greys[NEAR_WHITE:].sum()) / luma.size,
        "near_black_share": float(cumulated[NEAR_BLACK]),
        "paper_luminance": paper / 255,
        "paper_share": float(greys[max(0, paper - 16) : paper + 17].sum()) / luma.size,
    }


def _evenness(small: Plane, luma: Plane) -> Mapping[str, float]:
    """Exactly equal neighbours (whole picture, middle tones, top and bottom strip), straight edges, and the border."""
    strip = max(1, round(0.04 * luma.shape[0]))
    ring = np.concatenate((small[0], small[-1], small[:, 0], small[:, -1])).astype(np.int16)
    near_ring = np.abs(ring - np.median(ring, axis=0).astype(np.int16)).max(axis=1) <= 6
    height, width = luma.shape
    flat, middle, edges_down, edges_across = _flat_and_edges(luma)
    across, down = edges_down > 0.6 * width, edges_across > 0.6 * height
    return {
        "flat_share": _mean_share(flat, width - 1),
        "flat_midtone_share": _mean_share(middle, width - 1),
        "top_strip_flat_share": _mean_share(flat[:strip], width - 1),
        "bottom_strip_flat_share": _mean_share(flat[-strip:], width - 1),
        "border_share": _share(near_ring),
        "horizontal_line_share": _share(across),
        "vertical_line_share": _share(down),
    }


def _flat_and_edges(luma: Plane) -> tuple[NDArray[np.intp], ...]:
    """Counts of flat pixels, those of them in middle tones, and steps down, each (H - 1,) by row; of steps across, (W - 1,) by column."""
    steps_x, steps_y = steps(luma, axis=1), steps(luma, axis=0)
    flat = (steps_x[:-1] == 0) & (steps_y[:, :-1] == 0)
    inner = luma[:-1, :-1]
    middle = flat & (inner > NEAR_BLACK) & (inner < NEAR_WHITE)
    return flat.sum(axis=1), middle.sum(axis=1), (steps_y > 8).sum(axis=1), (steps_x > 8).sum(axis=0)


def _mean_share(counts: NDArray[np.unsignedinteger] | NDArray[np.intp], of: int) -> float:
    """Mean of a pixel in rows of so many with these sums, 0 for none."""
    return float(counts.sum()) / (counts.size * of) if counts.size * of else 0.0


def _colours(red: Plane, green: Plane, blue: Plane) -> Mapping[str, float]:
    """How much of the picture the most common coarse colours (16 steps a channel) take, and human skin colour."""
    keys = (red >> 4).astype(np.intp)
    keys <<= 8
    keys += green & 0xF0
    keys += blue >> 4
    counts = np.bincount(keys.ravel(), minlength=4096)
    common = np.sort(counts[counts > 0])[-8:]
    skin = (red > 95) & (green > 40) & (blue > 20) & (red > green) & (green >= blue)
    return {
        "common_colour_share": float(common.max()) / red.size,
        "few_colours_share": float(common.sum()) / red.size,
        "skin_share": _share(skin),
    }


def _sky(red: Plane, green: Plane, blue: Plane, luma: Plane) -> Mapping[str, float]:
    """What the upper part shows where it is smooth, and bright spots on dark ground."""
    if min(luma.shape) < 24:
        return {}
    low, high = block_extremes(luma, 8)
    spread = high - low
    mean, r, g, b = (block_means(channel, 8) for channel in (luma, red, green, blue))
    smooth = spread < 28
    rows = mean.shape[0]
    upper = slice(0, rows * 2 // 3)
    warm = (r > g + 18) & (r > b + 8) & (r > 70) & (r - np.minimum(g, b) > 40)
    brightest = np.sort(mean[upper], axis=None)
    bright = mean[upper] >= brightest[9 * brightest.size // 10]
    cold = (b > r + 12) & (b >= g) & (b > 40)
    return {
        "upper_warm_share": _share((warm & smooth)[upper]),
        "upper_blue_share": _share((cold & smooth)[upper]),
        "upper_dark_share": _share(((mean < 40) & (spread < 40))[upper]),
        "upper_smooth_share": _share(smooth[: rows // 2]),
        "light_point_share": min(1.0, 1000.0 * _light_points(luma[: luma.shape[0] // 2], mean) / (luma.size / 2)),
        "glow_warmth": float((r - b)[upper][bright].mean()) / 255,
    }


def _people(small: Plane) -> Mapping[str, float]:
    """Faces; empty where no finder is installed, so that the fields say that nobody looked."""
    found = find_faces(small)
    if found is None:
        return {}
    return {
        "face_count": float(found.count),
        "largest_face_share": found.largest_share,
        "faces_share": found.total_share,
        "face_confidence": found.confidence,
    }


def _light_points(luma: Plane, block_mean: NDArray[np.float32]) -> int:
    """Number of local maxima that stand out from a dark 8 px block."""
    if not (block_mean < 60).any():
        return 0
    inner = luma[1:-1, 1:-1]
    peak = (inner > 70) & (inner >= luma[:-2, 1:-1]) & (inner > luma[2:, 1:-1])
    peak &= (inner >= luma[1:-1, :-2]) & (inner > luma[1:-1, 2:])
    y, x = np.nonzero(peak)
    rows, columns = block_mean.shape
    ground = block_mean[np.minimum((y + 1) // 8, rows - 1), np.minimum((x + 1) // 8, columns - 1)]
    return int(np.count_nonzero((ground < 60) & (inner[y, x] > ground + 50)))
