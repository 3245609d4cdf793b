"""From decoded pixels to what a network, the statistics and the report look at."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.colour import managed
from album_sort.images.pixels import Pixels
from album_sort.images.resample import resize, resize_array
from album_sort.types import PixelSource, Preprocessing

WIDE_ASPECT = 2.0
"""Above this ratio of sides the centre crop would lose more than half of the picture."""

MAX_VIEWS = 4

CLOSER = 2
"""How many times larger the picture is for a closer look."""

_MAX_SQUASH = 1.5
_SMALL_SHORT_PX, _SMALL_LONG_PX = 256, 1024

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}

_PREVIEWS = frozenset(PixelSource) - {PixelSource.FULL, PixelSource.SCALED}

# What brings a stored picture upright, by EXIF Orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class PictureViews:
    """The upright small versions of one picture."""

    views: NDArray[np.uint8]
    """(V, S, S, 3)."""
    small: NDArray[np.uint8]
    """(H, W, 3); short side of at least 256 px where the file has that many, long side of at most 1024."""


def make_views(pixels: Pixels, preprocessing: Preprocessing) -> PictureViews:
    """Views and the small picture, turned upright and in sRGB."""
    stored = pixels.size
    if max(stored) > WIDE_ASPECT * min(stored):
        windows = [_finished(window, pixels) for window in _windows(pixels.image, preprocessing)]
        return PictureViews(np.stack(windows), _small(pixels))
    size = resized_size(stored, preprocessing.resize_px)
    enlarged_preview = min(stored) < preprocessing.resize_px and pixels.source in _PREVIEWS
    # Blowing up 240 px to 256 blurs; the sharper filter brings the answers nearer to those on the full picture
    # (docs/decisions/0002-embedded-previews.md). Pictures that are small themselves follow the network's recipe.
    sharp = Image.Resampling.BICUBIC if enlarged_preview else None
    resample = sharp or _FILTERS[preprocessing.interpolation]
    resized = _resized(pixels, size, resample)
    views = np.ascontiguousarray(_centre(resized, preprocessing.crop_px))[np.newaxis]
    if min(pixels.width_px, pixels.height_px) < _SMALL_SHORT_PX:
        return PictureViews(views, _small(pixels))
    # What is measured must not depend on the network: the cache keeps one set of numbers for all.
    small_size, small_resample = resized_size(stored, _SMALL_SHORT_PX), sharp or Image.Resampling.BILINEAR
    if (size, resample) == (small_size, small_resample):
        return PictureViews(views, resized)
    return PictureViews(views, _resized(pixels, small_size, small_resample))


def for_closer_look(preprocessing: Preprocessing) -> Preprocessing:
    """What to decode for `make_closer_views`."""
    side = CLOSER * preprocessing.crop_px
    return replace(preprocessing, resize_px=side, crop_px=side)


def make_closer_views(pixels: Pixels, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """The four corners and the middle (5, S, S, 3) of the picture at twice the size, upright and in sRGB.

    What is printed on a thing can be read in them where it is a smear in the whole picture (docs/decisions/0013-learning.md).
    """
    side = preprocessing.crop_px
    size = resized_size(pixels.size, CLOSER * side)
    resized = _resized(pixels, size, _FILTERS[preprocessing.interpolation])
    bottom, right = (length - side for length in resized.shape[:2])
    starts = ((0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2))
    return np.stack([resized[top : top + side, left : left + side] for top, left in starts])


def _resized(pixels: Pixels, size: tuple[int, int], resample: Image.Resampling) -> NDArray[np.uint8]:
    """The whole picture at that size, in sRGB and upright."""
    if isinstance(pixels.picture, Image.Image):
        return _finished(resize(pixels.picture, size, resample), pixels)
    rgb = resize_array(pixels.picture, size, resample)
    if pixels.orientation == 1 and not pixels.icc_profile:
        return rgb  # as it stands: to Pillow and back would be two copies
    return _finished(Image.fromarray(rgb), pixels)


def fitted(pixels: Pixels, long_px: int, resample: Image.Resampling) -> NDArray[np.uint8]:
    """The whole picture (H, W, 3) with at most that long side, in sRGB and upright; never blown up."""
    width, height = pixels.size
    scale = min(1.0, long_px / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _finished(pixels.image, pixels) if size == (width, height) else _resized(pixels, size, resample)


def resized_size(size: tuple[int, int], short_px: int) -> tuple[int, int]:
    """Size with the given short side, rounded as torchvision's `Resize` does."""
    width, height = size
    if width <= height:
        return short_px, int(short_px * height / width)
    return int(short_px * width / height), short_px


def _finished(image: Image.Image, pixels: Pixels) -> NDArray[np.uint8]:
    """A small version (H, W, 3) in sRGB, upright."""
    return np.asarray(turned(managed(image, pixels.icc_profile), pixels.orientation))


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Upright by EXIF Orientation."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _centre(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The centre square, with the offsets of torchvision's `CenterCrop`."""
    top, left = (round((length - side) / 2.0) for length in rgb.shape[:2])
    return rgb[top : top + side, left : left + side]


def _windows(image: Image.Image, preprocessing: Preprocessing) -> list[Image.Image]:
    """Squares along a wide or tall picture, end to end: panoramas keep their sides.

    Each is as far from the edges across as the centre crop is. Where four do not cover the length, they are
    squashed by at most 1.5 and then spread evenly.
    """
    aspect = max(image.size) / min(image.size)
    count = min(MAX_VIEWS, math.ceil(aspect))
    across = min(image.size) * preprocessing.crop_px / preprocessing.resize_px
    along = min(max(image.size) / count, across * _MAX_SQUASH) if count == MAX_VIEWS else across
    along = max(along, across)
    margin = (min(image.size) - across) / 2
    side = (preprocessing.crop_px, preprocessing.crop_px)
    windows = []
    for index in range(count):
        start = (max(image.size) - along) * index / (count - 1)
        box = (start, margin, start + along, margin + across)
        if image.height > image.width:
            box = (margin, start, margin + across, start + along)
        windows.append(image.resize(side, _FILTERS[preprocessing.interpolation], box=box))
    return windows


def _small(pixels: Pixels) -> NDArray[np.uint8]:
    """The picture (H, W, 3) at no more than 256 px on its short and 1024 px on its long side; never blown up."""
    width, height = pixels.size
    scale = min(1.0, _SMALL_SHORT_PX / min(width, height), _SMALL_LONG_PX / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return _finished(pixels.image, pixels)
    return _resized(pixels, size, Image.Resampling.BILINEAR)
