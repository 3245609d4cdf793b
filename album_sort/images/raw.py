"""RAW files by their embedded preview, the camera's own rendering; developed only where they have none of a useful size."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from album_sort.images.cr3 import cr3_preview
from album_sort.images.jpeg import load_jpeg
from album_sort.images.jpeg_layout import exif_facts, read_layout
from album_sort.images.pixels import LIBRARY_ERRORS, Pixels, Request, UndecodableError
from album_sort.images.previews import is_usable_size
from album_sort.images.refusals import detail_of
from album_sort.types import PixelSource, Reason

# LibRaw's `flip`, as the EXIF Orientation that asks for the same turn.
_ORIENTATION_OF_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}

# RAW data of eight bits are no longer proportional to light, so the camera's white balance cannot be applied to them:
# a lossy DNG of an ice field came out pink (docs/decisions/0002-embedded-previews.md).
_MAX_CODED_WHITE = 255


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the RAW says of the picture."""

    size: tuple[int, int]
    """Width and height in pixels as stored; (0, 0) where LibRaw does not know."""
    orientation: int


def load_raw(data: bytes, name: str, request: Request) -> Pixels:
    """The preview inside a RAW file, turned as the RAW asks; the developed RAW where the preview is missing or tiny."""
    # Loaded with the first RAW: most folders have none, and the library takes its time.
    rawpy: Any = importlib.import_module("rawpy")
    preview, refusal = None, Reason.of("skip.raw-preview-unknown", format=name.upper())
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            frame = _frame(raw)
            try:
                preview = _preview(data, name, raw, frame, request)
            except (*LIBRARY_ERRORS, rawpy.LibRawError) as error:
                refusal = _without_preview(name, error)
            except UndecodableError as error:
                refusal = error.reason
            if preview is not None and not _is_small(preview, request):
                return preview
            developed = _developed(raw, frame, request)
    except (*LIBRARY_ERRORS, rawpy.LibRawError) as error:
        # What cannot be developed still has its preview, or the reason why there is none.
        developed, refusal = None, refusal if preview is not None else _without_preview(name, error)
    if developed is not None:
        return developed
    if preview is None:
        raise UndecodableError(refusal)
    return preview.warned(f"only a small preview of {preview.image.width} x {preview.image.height} pixels")


def _without_preview(name: str, error: BaseException) -> Reason:
    return Reason.of("skip.raw-without-preview", format=name.upper(), detail=detail_of(error))


def _frame(raw: Any) -> _Frame:
    sizes = raw.sizes
    # The visible area has a few more rows and columns than the pictures that the camera makes of it.
    cropped, visible = (int(sizes.crop_width), int(sizes.crop_height)), (int(sizes.width), int(sizes.height))
    is_known = 0 < cropped[0] <= visible[0] and 0 < cropped[1] <= visible[1]
    return _Frame(cropped if is_known else visible, _ORIENTATION_OF_FLIP.get(int(sizes.flip), 1))


def _is_small(preview: Pixels, request: Request) -> bool:
    """Whether a preview has fewer pixels than the network looks at."""
    return min(preview.image.size) < request.preprocessing.crop_px


def _preview(data: bytes, name: str, raw: Any, frame: _Frame, request: Request) -> Pixels | None:
    """The best preview; None where it is of a kind that nobody knows."""
    if name == "cr3":
        content = cr3_preview(data)
        layout = read_layout(content) if content else None
        if layout and is_usable_size((layout.width_px, layout.height_px), frame.size, request.preprocessing.crop_px):
            return _from_jpeg(content, frame, request)
    preview = raw.extract_thumb()
    if preview.format.name == "JPEG":
        return _from_jpeg(preview.data, frame, request)
    if preview.format.name == "BITMAP":
        image = Image.fromarray(preview.data).convert("RGB")
        return _stand_in(Pixels(image, *image.size, 1, PixelSource.RAW_PREVIEW), frame)
    return None


def _from_jpeg(content: bytes, frame: _Frame, request: Request) -> Pixels:
    layout = read_layout(content)
    own = exif_facts(layout.exif).orientation if layout else 1
    return _stand_in(load_jpeg(content, request), _Frame(frame.size, own if own != 1 else frame.orientation))


def _stand_in(preview: Pixels, frame: _Frame) -> Pixels:
    """The preview's pixels under the RAW's size and turn, unless the camera has turned the preview already."""
    (width_px, height_px), orientation = frame.size, frame.orientation
    if min(frame.size) < 1:
        width_px, height_px = preview.width_px, preview.height_px
    stored_wide, preview_wide = width_px >= height_px, preview.width_px >= preview.height_px
    if orientation >= 5 and stored_wide != preview_wide:
        width_px, height_px, orientation = height_px, width_px, 1
    return Pixels(
        preview.image, width_px, height_px, orientation, PixelSource.RAW_PREVIEW, preview.icc_profile, preview.warnings
    )


def _developed(raw: Any, frame: _Frame, request: Request) -> Pixels | None:
    """The RAW data at half their size, which needs no interpolation of colours; None where they are too many."""
    try:
        request.check_size(int(raw.sizes.raw_width), int(raw.sizes.raw_height))
    except UndecodableError:
        return None
    is_coded = int(raw.white_level) <= _MAX_CODED_WHITE
    # Not turned here (`user_flip`): the pixels are handed on as stored, like those of every other loader.
    rgb = raw.postprocess(half_size=True, use_camera_wb=not is_coded, use_auto_wb=is_coded, user_flip=0)
    image = Image.fromarray(rgb)
    image = image.reduce(max(1, min(image.size) // request.short_px))
    return Pixels(image, *frame.size, frame.orientation, PixelSource.SCALED)
