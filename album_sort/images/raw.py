"""RAW files by their embedded preview: the camera's own rendering, without developing the RAW data."""

from __future__ import annotations

import importlib
import io
from typing import Any

from PIL import Image

from album_sort.images.jpeg import load_jpeg
from album_sort.images.jpeg_layout import exif_facts, read_layout
from album_sort.images.pixels import LIBRARY_ERRORS, Pixels, Request, UndecodableError
from album_sort.images.refusals import detail_of
from album_sort.types import PixelSource, Reason

# LibRaw's `flip`, as the EXIF Orientation that asks for the same turn.
_ORIENTATION_OF_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}


def load_raw(data: bytes, name: str, request: Request) -> Pixels:
    """The largest preview inside a RAW file, turned as the RAW asks."""
    # Loaded with the first RAW: most folders have none, and the library takes its time.
    rawpy: Any = importlib.import_module("rawpy")
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            size = (int(raw.sizes.width), int(raw.sizes.height))
            orientation = _ORIENTATION_OF_FLIP.get(int(raw.sizes.flip), 1)
            preview = raw.extract_thumb()
            kind, content = preview.format, preview.data
    except (*LIBRARY_ERRORS, rawpy.LibRawError) as error:
        raise UndecodableError(
            Reason.of("skip.raw-without-preview", format=name.upper(), detail=detail_of(error))
        ) from error
    if kind == rawpy.ThumbFormat.JPEG:
        return _from_jpeg(content, size, orientation, request)
    if kind == rawpy.ThumbFormat.BITMAP:
        image = Image.fromarray(content).convert("RGB")
        return _stand_in(Pixels(image, *image.size, 1, PixelSource.RAW_PREVIEW), size, orientation, request)
    raise UndecodableError(Reason.of("skip.raw-preview-unknown", format=name.upper()))


def _from_jpeg(content: bytes, size: tuple[int, int], orientation: int, request: Request) -> Pixels:
    layout = read_layout(content)
    own = exif_facts(layout.exif).orientation if layout else 1
    return _stand_in(load_jpeg(content, request), size, own if own != 1 else orientation, request)


def _stand_in(preview: Pixels, size: tuple[int, int], orientation: int, request: Request) -> Pixels:
    """The preview's pixels under the RAW's size and turn, unless the camera has turned the preview already."""
    width_px, height_px = size
    if min(size) < 1:
        width_px, height_px = preview.width_px, preview.height_px
    stored_wide, preview_wide = width_px >= height_px, preview.width_px >= preview.height_px
    if orientation >= 5 and stored_wide != preview_wide:
        width_px, height_px, orientation = height_px, width_px, 1
    warnings = preview.warnings
    if min(preview.width_px, preview.height_px) < request.preprocessing.crop_px:
        warnings = (*warnings, f"only a small preview of {preview.width_px} x {preview.height_px} pixels")
    return Pixels(
        preview.image, width_px, height_px, orientation, PixelSource.RAW_PREVIEW, preview.icc_profile, warnings
    )
