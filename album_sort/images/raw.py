"""RAW files by their embedded preview, the camera's own rendering; developed only where they have none of a useful size."""

from __future__ import annotations

import contextlib
import importlib
import io
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.containers.isobmff import missing_share
from album_sort.containers.lengths import missing_bytes, missing_tiff_share, without_empty_tail
from album_sort.images.cr3 import cr3_preview
from album_sort.images.cut_files import filled_up
from album_sort.images.jpeg import load_jpeg
from album_sort.images.jpeg_layout import exif_facts, read_layout
from album_sort.images.pixels import (
    LIBRARY_ERRORS,
    NOTICED_SHARE,
    Pixels,
    Request,
    UndecodableError,
)
from album_sort.images.previews import is_usable_size
from album_sort.images.refusals import detail_of
from album_sort.types import PixelSource, Reason

# LibRaw's `flip` (bits: 1 left for right, 2 top for bottom, 4 rows for columns), as the EXIF Orientation of the same turn.
_ORIENTATION_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}

# Developing takes 6 bytes for each pixel behind a colour filter, but 22 for each that has all its colours already
# (measured, beside the file): a gigabyte must do.
_STACKED_LIMIT_FACTOR = 0.25

# RAW data of eight bits are no longer proportional to light, so the camera's white balance cannot be applied to them:
# a lossy DNG of an ice field came out pink (docs/decisions/0002-embedded-previews.md).
_MAX_CODED_WHITE = 255


# Every sixteenth column is enough to tell two rows apart, and needs no second copy of a large picture.
_SAMPLED_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the RAW says of the picture."""

    size: tuple[int, int]
    """Width and height in pixels as stored; (0, 0) where LibRaw does not know."""
    orientation: int


class _Named(Protocol):
    """A member of one of the library's enumerations."""

    name: str


class _Sizes(Protocol):
    """Pixels; 0 where unknown."""

    raw_width: int
    raw_height: int
    width: int
    height: int
    crop_width: int
    crop_height: int
    flip: int


class _Embedded(Protocol):
    format: _Named
    data: Any
    """Bytes of a JPEG, or an array of pixels."""


class _Raw(Protocol):
    """What is used of an open `rawpy.RawPy`, which has no types of its own."""

    sizes: _Sizes
    raw_type: _Named
    """Unpacks the RAW data."""
    white_level: int
    raw_image_visible: NDArray[np.uint16]
    """(H, W); only of RAW data behind colour filters."""

    def extract_thumb(self) -> _Embedded: ...

    def postprocess(self, **options: object) -> NDArray[np.uint8]: ...


def load_raw(data: bytes, name: str, request: Request) -> Pixels:
    """The preview inside a RAW file, turned as the RAW asks; the developed RAW where the preview is missing or tiny.

    Of a RAW that is cut off the preview may be whole: the pixels say then how much of the RAW is missing.
    """
    data = without_empty_tail(data)
    missing = _missing_share(data, name)
    # LibRaw asks for the sensor values as a whole, and may take what happens to lie in memory for those that are missing.
    filled = filled_up(data)
    if missing < NOTICED_SHARE:
        return _load(filled or data, name, request)
    try:
        pixels = _load(data, name, request)
    except UndecodableError:
        if filled is None:
            raise
        pixels = _load(filled, name, request)
    if pixels.missing_share is not None:
        return pixels
    if pixels.source is not PixelSource.RAW_PREVIEW:
        return pixels.without_rows(missing, "truncated")
    return replace(pixels.warned(f"truncated: {missing:.0%} of the RAW data are missing"), missing_share=missing)


def _missing_share(data: bytes, name: str) -> float:
    """Share of the RAW data that would lie behind the end of the file; 0 where nothing is known."""
    if name == "cr3":
        return missing_share(data)
    missing = missing_bytes(data)
    return missing_tiff_share(data) or missing / (len(data) + missing)


def _load(data: bytes, name: str, request: Request) -> Pixels:
    # Loaded with the first RAW: most folders have none, and the library takes its time.
    rawpy: Any = importlib.import_module("rawpy")
    preview = None
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            frame = _frame(raw)
            # A preview that cannot be had is no reason to lose the picture.
            with contextlib.suppress(UndecodableError, *LIBRARY_ERRORS, rawpy.LibRawError):
                preview = _preview(data, name, raw, frame, request)
            if preview is not None and min(preview.size) >= request.preprocessing.crop_px:
                return preview
            developed = _developed(raw, frame, request)
            if preview is None or min(preview.size) >= min(developed.size):
                # Where it is as large, the camera's own rendering is the better one.
                return preview or developed
            # A whole preview, however small, says more than half a picture.
            return _small(preview) if developed.warnings else developed
    except (UndecodableError, *LIBRARY_ERRORS, rawpy.LibRawError) as error:
        if preview is not None:
            return _small(preview)
        if isinstance(error, UndecodableError):
            raise
        raise UndecodableError(_refusal(data, name, error)) from error


def _refusal(data: bytes, name: str, error: Exception) -> Reason:
    missing = missing_bytes(data)
    if missing:
        return Reason.of("skip.cut-short", format=name.upper(), missing=missing)
    return Reason.of("skip.raw-without-preview", format=name.upper(), detail=detail_of(error))


def _small(preview: Pixels) -> Pixels:
    return preview.warned(f"only a small preview of {preview.size[0]} x {preview.size[1]} pixels")


def _frame(raw: _Raw) -> _Frame:
    sizes = raw.sizes
    # The visible area has a few more rows and columns than the pictures that the camera makes of it.
    cropped, visible = (int(sizes.crop_width), int(sizes.crop_height)), (int(sizes.width), int(sizes.height))
    is_known = 0 < cropped[0] <= visible[0] and 0 < cropped[1] <= visible[1]
    return _Frame(cropped if is_known else visible, _ORIENTATION_OF_FLIP.get(int(sizes.flip), 1))


def _preview(data: bytes, name: str, raw: _Raw, frame: _Frame, request: Request) -> Pixels | None:
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
        preview.picture,
        width_px,
        height_px,
        orientation,
        PixelSource.RAW_PREVIEW,
        preview.icc_profile,
        preview.warnings,
        preview.missing_share,
    )


def _developed(raw: _Raw, frame: _Frame, request: Request) -> Pixels:
    """The RAW data at half their size, which needs no interpolation of colours."""
    size = int(raw.sizes.raw_width), int(raw.sizes.raw_height)
    request.check_size(*size)
    # Only the unpacked data tell.
    is_stacked = raw.raw_type.name == "Stack"
    if is_stacked:
        request.check_size(*size, factor=_STACKED_LIMIT_FACTOR)
    # Asked before developing, which works on the same memory.
    missing = 0.0 if is_stacked else _repeated_share(raw.raw_image_visible)
    is_coded = int(raw.white_level) <= _MAX_CODED_WHITE
    # Not turned here (`user_flip`): the pixels are handed on as stored, like those of every other loader.
    rgb = raw.postprocess(half_size=True, use_camera_wb=not is_coded, use_auto_wb=is_coded, user_flip=0)
    pixels = Pixels(Image.fromarray(rgb), *frame.size, frame.orientation, PixelSource.SCALED)
    if is_stacked:
        missing = _repeated_share(rgb)
    if missing >= NOTICED_SHARE:
        pixels = pixels.without_rows(missing, "truncated")
    return replace(pixels, picture=pixels.image.reduce(max(1, min(pixels.size) // request.short_px)))


def _repeated_share(rows: NDArray[np.generic]) -> float:
    """Share of rows at the end that are like the very last one.

    LibRaw keeps silent about data that end early: it goes on with zeros, or with the last row that it could read. Two
    rows of a real sensor differ, since it has noise, and another filter in front of each row.
    """
    sample = rows[:, ::_SAMPLED_COLUMNS]
    differing = np.flatnonzero((sample != sample[-1]).reshape(len(sample), -1).any(axis=1))
    # The last row is always like itself.
    first = int(differing[-1]) + 1 if differing.size else 0
    return (len(sample) - first) / len(sample) if first < len(sample) - 1 else 0.0
