"""A picture that every browser shows, of one that most cannot: JPEG, upright, in sRGB, no larger than a screen."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.decode import recognise
from album_sort.images.loaders import LOADERS
from album_sort.images.pillow import prepare_pillow
from album_sort.images.pixels import LIBRARY_ERRORS, PIXEL_LIMIT, Request, UndecodableError
from album_sort.images.refusals import refusal_of
from album_sort.images.views import fitted
from album_sort.types import Preprocessing

PREVIEW_PX = 2048
"""Long side at most: more than the screens that most photos are looked at on."""

_QUALITY = 85
"""At this size no loss is seen, and 0.3 to 0.8 MB are written (docs/decisions/0015-previews.md)."""

_ENOUGH: Final = Preprocessing(
    # A ninth more is what loaders keep: 1,536 px, the short side of 2,048 in the shape of most cameras.
    resize_px=1366,
    # What a camera has put into its file may stand in from here on: 1620 x 1080 is what many do.
    crop_px=1000,
    interpolation="bilinear",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
)
"""What a loader is told instead of a network's input."""


def make_preview(data: bytes, suffix: str = "", *, pixel_limit: int = PIXEL_LIMIT) -> bytes:
    """The JPEG, without any metadata; never enlarged. `suffix` as for `decode_picture`. Raises `UndecodableError`."""
    prepare_pillow()
    media = recognise(data, suffix)
    try:
        pixels = LOADERS[media.name](data, Request(_ENOUGH, pixel_limit, None))
        return encode_preview(fitted(pixels, PREVIEW_PX, Image.Resampling.BICUBIC))
    except LIBRARY_ERRORS as error:
        raise UndecodableError(refusal_of(error, media.name, data)) from error


def encode_preview(rgb: NDArray[np.uint8]) -> bytes:
    """A preview (H, W, 3) as JPEG."""
    return cast("bytes", simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), _QUALITY, colorsubsampling="420"))
