"""JPEG: an embedded preview where one can be trusted, else a decode scaled inside the DCT, else whatever can be saved."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from album_sort.containers.lengths import EMPTY_TAIL
from album_sort.images.jpeg_eighth import decode_eighth
from album_sort.images.jpeg_layout import ExifFacts, JpegLayout, exif_facts, mp_previews, read_layout
from album_sort.images.pillow import load_with_pillow
from album_sort.images.pixels import (
    JPEG_LIMIT_FACTOR,
    Pixels,
    Request,
    UndecodableError,
)
from album_sort.images.previews import is_usable_size, same_scene
from album_sort.types import PixelSource, Reason

# Below a halving the scaled transforms are slower than the full one.
_MIN_FACTOR = 2
# A progressive JPEG in the wild has about ten scans; each one costs a pass over the whole picture.
_MAX_SCANS = 100

# What cameras leave between the last pixel and the end of a sound picture.
_HARMLESS = re.compile(r"data: \d{1,3} extraneous bytes before marker 0xd9", re.I)
# A picture that goes on to its end after some damage may well have a plain border below.
_NOTICED_INSIDE = 0.03
_TRAILER_BYTES, _HOLE_BYTES = 64 << 10, 1024


def load_jpeg(data: bytes, request: Request) -> Pixels:
    """A JPEG's pixels, its own orientation with them."""
    if data.endswith(bytes(EMPTY_TAIL)):
        # What an unfinished download leaves, or a phone behind the end: a decoder would take it for pixels.
        data = data.rstrip(b"\0")
    layout = read_layout(data)
    if layout is None:
        return load_with_pillow(data, "jpeg", request)
    _check(data, layout, request)
    facts = exif_facts(layout.exif)
    orientation = request.orientation or facts.orientation
    preview = _preview(data, layout, facts, request)
    if preview is not None:
        rgb, source = preview
        return Pixels(rgb, layout.width_px, layout.height_px, orientation, source, layout.icc_profile)
    if layout.components not in (1, 3):
        return load_with_pillow(data, "jpeg", request)
    eighth = decode_eighth(data, layout, request.short_px)
    profile = layout.icc_profile if layout.components == 3 else b""
    as_stored = (layout.width_px, layout.height_px, orientation, PixelSource.FULL, profile)
    pixels = _decode(data, request, as_stored) if eighth is None else Pixels(eighth, *as_stored)
    return replace(pixels, source=PixelSource.SCALED) if pixels.size[0] < layout.width_px else pixels


def _check(data: bytes, layout: JpegLayout, request: Request) -> None:
    """Refuse, by its header, what would take too much memory or time."""
    if not layout.is_progressive:
        request.check_size(layout.width_px, layout.height_px, factor=JPEG_LIMIT_FACTOR)
        return
    request.check_size(layout.width_px, layout.height_px)
    scans = data.count(b"\xff\xda", layout.scan_at)
    if scans > _MAX_SCANS:
        raise UndecodableError(Reason.of("skip.too-many-scans", scans=scans))


def _decode(data: bytes, request: Request, as_stored: tuple[int, int, int, PixelSource, bytes]) -> Pixels:
    """RGB, scaled where that keeps the short side; damaged data as far as it goes, with a warning."""
    try:
        return Pixels(_scaled(data, request.short_px), *as_stored)
    except ValueError as error:
        strict = str(error)
    try:
        short_px = request.short_px
        pixels = Pixels(_as_far_as_it_goes(data, short_px, short_px, _MIN_FACTOR), *as_stored)
    except ValueError:
        pixels = load_with_pillow(data, "jpeg", request)
        width_px, height_px, orientation, source, profile = as_stored
        return replace(
            pixels, width_px=width_px, height_px=height_px, orientation=orientation, source=source, icc_profile=profile
        )
    if _HARMLESS.search(strict):
        return pixels.warned(f"slightly damaged: {strict}")
    if b"\xff\xd9" in data[-4096:] and "remature" not in strict:
        return pixels.damaged(f"slightly damaged: {strict}", noticed=_NOTICED_INSIDE)
    return pixels.damaged("truncated")


def _is_whole(data: bytes, layout: JpegLayout) -> bool:
    """Whether the picture's data seem to be all there, without decoding them: they end as they should, and have no hole.

    A disk that lost a block, or a download that was never finished, shows zeros; coded pixels have no thousand of them.
    """
    has_end = data.rfind(b"\xff\xd9", max(layout.scan_at, len(data) - _TRAILER_BYTES)) >= 0
    # Behind a picture may be a film of megabytes.
    has_end = has_end or data.find(b"\xff\xd9", layout.scan_at) >= 0
    return has_end and data.find(bytes(_HOLE_BYTES), layout.scan_at) < 0


def _scaled(data: bytes, short_px: int) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        data, min_height=short_px, min_width=short_px, min_factor=_MIN_FACTOR
    )
    return rgb


def _as_far_as_it_goes(data: bytes, short_px: int, short_width_px: int, factor: float) -> NDArray[np.uint8]:
    """What can be decoded of damaged data, black below; raises ValueError where that is nothing.

    Where the decoder gives up it leaves the memory as it was, and says nothing: left to itself it would show what happens
    to lie there, often the photo before.
    """
    wanted = {"min_height": short_px, "min_width": short_width_px, "min_factor": factor, "strict": False}
    height, width = simplejpeg.decode_jpeg_header(data, **wanted)[:2]
    rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, buffer=np.zeros(height * width * 3, np.uint8), **wanted)
    if not rgb.any():
        raise ValueError("nothing could be decoded")
    return rgb


def _preview(
    data: bytes, layout: JpegLayout, facts: ExifFacts, request: Request
) -> tuple[NDArray[np.uint8], PixelSource] | None:
    """The first embedded preview that is large enough, of the same shape, and shows the same picture."""
    if min(layout.width_px, layout.height_px) <= 2 * request.short_px:
        return None  # the picture itself is hardly dearer
    candidates = [(facts.thumbnail, PixelSource.EXIF_THUMBNAIL)] if facts.thumbnail else []
    candidates += [(preview, PixelSource.MPF_PREVIEW) for preview in mp_previews(data, layout)]
    for preview, source in candidates:
        inner = read_layout(preview)
        if inner is None or inner.components != layout.components:
            continue
        size, own = (inner.width_px, inner.height_px), exif_facts(inner.exif).orientation
        if own not in (1, facts.orientation):
            continue
        if not is_usable_size(size, (layout.width_px, layout.height_px), request.preprocessing.crop_px):
            continue
        try:
            rgb = _scaled(preview, request.short_px)
        except ValueError:
            continue
        if same_scene(rgb, _top(data, layout), layout.height_px):
            # Of a picture that is cut off its preview would show what is no longer there.
            return (rgb, source) if _is_whole(data, layout) else None
    return None


def _top(data: bytes, layout: JpegLayout) -> NDArray[np.uint8] | None:
    """The picture's top rows at an eighth of the size, for a tenth of the price; None where that cannot be had.

    The frame header is told that the picture ends after an eighth of its rows, and the data are cut well behind them:
    the decoder never sees the rest.
    """
    rows = max(64, layout.height_px // 8 // 16 * 16)
    if layout.is_progressive or rows >= layout.height_px:
        return None
    end = layout.scan_at + (len(data) - layout.scan_at) * 3 // 8
    at = layout.frame_at + 5
    head = b"".join((data[:at], rows.to_bytes(2, "big"), data[at + 2 : end], b"\xff\xd9"))
    try:
        return _as_far_as_it_goes(head, rows // 8, 1, 1)
    except ValueError:
        return None
