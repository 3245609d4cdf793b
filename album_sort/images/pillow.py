"""Pictures through Pillow: PNG, WebP, TIFF, GIF, BMP, AVIF, and the JPEGs that the fast decoder does not know.

Pillow has two process-wide habits that do not suit threads: a flag for truncated files and Python warnings. Both are
tamed here, once, so that a picture's result does not depend on what other threads decode at the time.
"""

from __future__ import annotations

import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from album_sort.containers.lengths import without_empty_tail
from album_sort.images.colour import to_srgb
from album_sort.images.cut_files import part_of_cut
from album_sort.images.huge import in_strips, shrink_factor
from album_sort.images.pixels import (
    LIBRARY_ERRORS,
    NOTICED_SHARE,
    Pixels,
    Request,
    UndecodableError,
    upright_orientation,
)
from album_sort.images.refusals import refusal_of
from album_sort.images.webp import filled_up, missing_of_webp, webp_size
from album_sort.types import PixelSource, Reason

# Modes whose pixels can be averaged; palettes and 16-bit greys cannot, but take less memory.
_REDUCIBLE = frozenset({"RGB", "RGBA", "RGBX", "L", "LA", "CMYK", "YCbCr", "I", "F"})


# What Pillow's decoders say where they got no memory.
_OUT_OF_MEMORY = ("decoder error -9", "out of memory")
# WebP's says the same of a broken header, so the size of the canvas decides.
_NO_DECODER, _LARGE_CANVAS = "could not create decoder object", 16_000_000

_MOST_UNREAD = 0.95

_PLANAR_CONFIGURATION, _BITS_PER_SAMPLE, _SEPARATE = 284, 258, 2


class _TolerantHere(threading.local):
    """Pillow's LOAD_TRUNCATED_IMAGES, true only in the thread that asks for it: Pillow merely tests its truth."""

    tolerant = False

    def __bool__(self) -> bool:
        return self.tolerant


_tolerance = _TolerantHere()


def prepare_pillow() -> None:
    """Make Pillow thread-safe and silent; cheap enough for every picture, since test tools reset warning filters.

    Size limits are checked by `Request.check_size`, from the header and with a message of ours.
    """
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = None
        ImageFile.LOAD_TRUNCATED_IMAGES = _tolerance  # type: ignore[assignment]  # Pillow only tests its truth
    first = warnings.filters[0] if warnings.filters else None
    if first is None or first[0] != "ignore" or getattr(first[3], "pattern", None) != r"PIL\.":
        warnings.filterwarnings("ignore", module=r"PIL\.")


@contextmanager
def _tolerant() -> Iterator[None]:
    _tolerance.tolerant = True
    try:
        yield
    finally:
        _tolerance.tolerant = False


def load_with_pillow(data: bytes, name: str, request: Request) -> Pixels:
    """The first picture of a file whose format (`png`, `tiff` ...) is known from its content."""
    missing = missing_of_webp(data) if name == "webp" else None
    if missing is not None:
        return _load_cut_webp(data, missing, request)
    if name in ("avif", "tiff"):
        data = without_empty_tail(data, may_be_black=True)
    try:
        return _load(data, name, request)
    except LIBRARY_ERRORS as error:
        strict: Exception = error
    if any(part in str(strict) for part in _OUT_OF_MEMORY) or (
        _NO_DECODER in str(strict) and math.prod(webp_size(data)) >= _LARGE_CANVAS
    ):
        raise MemoryError(str(strict)) from strict
    if isinstance(strict, UnidentifiedImageError):
        strict = _why_unidentified(data, name) or strict
    try:
        with _tolerant():
            pixels = _load(data, name, request)
    except LIBRARY_ERRORS:
        part = part_of_cut(data, name, lambda changed: _load(changed, name, request))
        if part is None:
            raise UndecodableError(refusal_of(strict, name, data)) from strict
        return part
    if name == "gif" and _is_interlaced(data):
        return _without_unread_lines(pixels)
    return pixels.damaged(f"damaged {name}", is_bottom_up=name == "bmp" and _is_bottom_up(data))


def _load_cut_webp(data: bytes, missing: float, request: Request) -> Pixels:
    """What there is of a cut-off WebP. Raises UndecodableError where that is too little."""
    if missing > _MOST_UNREAD:
        raise UndecodableError(Reason.of("skip.rows-missing", percent=round(100 * missing)))
    try:
        pixels = _load(filled_up(data), "webp", request)
    except LIBRARY_ERRORS as error:
        raise UndecodableError(refusal_of(error, "webp", data)) from error
    if missing < NOTICED_SHARE:
        return replace(pixels.warned("damaged webp: shown as far as it could be read"), missing_share=0.0)
    return pixels.without_rows(missing, "damaged webp")


def _is_bottom_up(data: bytes) -> bool:
    """BMPs begin with the last row, unless their height is negative."""
    return len(data) < 26 or int.from_bytes(data[22:26], "little", signed=True) > 0


def _is_interlaced(data: bytes) -> bool:
    """Whether a GIF's first picture comes in four passes over its lines: the flag is in the first image descriptor."""
    at = 13 + (3 << ((data[10] & 7) + 1) if len(data) > 10 and data[10] & 0x80 else 0)
    while at + 2 < len(data) and data[at] == 0x21:  # extensions: blocks of up to 255 bytes, until an empty one
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at + 9 < len(data) and data[at] == 0x2C and bool(data[at + 9] & 0x40)


def _without_unread_lines(pixels: Pixels) -> Pixels:
    """An interlaced picture of the lines that were read, stretched over those that were not."""
    rows = np.asarray(pixels.image)
    unread = (rows == rows[-1, -1]).all(axis=(1, 2))
    share = float(unread.mean()) if unread[-1] else 0.0
    if not NOTICED_SHARE <= share <= _MOST_UNREAD:
        return pixels.damaged("damaged gif")
    read = Image.fromarray(rows[~unread]).resize(pixels.size)
    return replace(pixels, picture=read, missing_share=share).warned(
        f"damaged gif: {share:.0%} of the rows are missing"
    )


def _why_unidentified(data: bytes, name: str) -> Exception | None:
    """What Pillow's reader of TIFFs says of a sound file of a kind that it does not know; `Image.open` swallows it."""
    if name != "tiff":
        return None
    try:
        TiffImagePlugin.TiffImageFile(io.BytesIO(data)).close()
    except SyntaxError as error:
        return error if "unknown" in str(error) else None
    except LIBRARY_ERRORS:
        return None
    return None


def _load(data: bytes, name: str, request: Request) -> Pixels:
    if name == "webp":
        request.check_size(*webp_size(data))
    with Image.open(io.BytesIO(data), formats=(name.upper(),)) as image:
        width_px, height_px = image.size
        request.check_size(width_px, height_px)
        if name == "jpeg":
            image.draft(None, (request.short_px, request.short_px))
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            _read_deep_planes(image)
        scaled = image.size != (width_px, height_px)
        image.load()
        # After loading: TIFF is turned by Pillow itself and then has none; AVIF's own turn appears as an Orientation;
        # a PNG may keep its EXIF behind the pixels.
        orientation = _orientation_of(image)
        if name not in ("tiff", "avif") and request.orientation is not None:
            orientation = request.orientation
        if name == "tiff":
            width_px, height_px = image.size
        profile = image.info.get("icc_profile") or b""
        rgb, profile = to_rgb(_reduced(image, request), profile, request.short_px)
    source = PixelSource.SCALED if scaled else PixelSource.FULL
    return Pixels(rgb, width_px, height_px, upright_orientation(orientation), source, profile)


def _read_deep_planes(image: TiffImagePlugin.TiffImageFile) -> None:
    """Red, green and blue one after the other with 16 bits each: Pillow would read them as 8 bits, which shows noise.

    Photoshop writes such files ("per channel"). Compressed ones are read by libtiff, which does it right.
    """
    is_deep = max(image.tag_v2.get(_BITS_PER_SAMPLE, (8,))) > 8
    is_raw = all(tile.codec_name == "raw" for tile in image.tile)
    if (
        image.tag_v2.get(_PLANAR_CONFIGURATION) != _SEPARATE
        or not (is_deep and is_raw)
        or len(image.tile) != len(image.mode)
    ):
        return
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    image.tile = [
        tile._replace(args=(f"{band};16{order}", 0, 1)) for band, tile in zip(image.mode, image.tile, strict=True)
    ]


def _orientation_of(image: Image.Image) -> int:
    """EXIF Orientation; broken EXIF is no reason to refuse good pixels."""
    try:
        return upright_orientation(image.getexif().get(ExifTags.Base.Orientation, 1))
    except LIBRARY_ERRORS:
        return 1


def _reduced(image: Image.Image, request: Request) -> Image.Image:
    """Huge pictures, smaller in their own mode, before anything is converted."""
    factor = shrink_factor(image.size, request)
    if factor == 1 or image.mode not in _REDUCIBLE:
        return image
    reduced = in_strips(image.size, factor, lambda top, bottom: image.crop((0, top, image.width, bottom)))
    reduced.info = image.info
    return reduced


def to_rgb(image: Image.Image, profile: bytes = b"", short_px: int = 0) -> tuple[Image.Image, bytes]:
    """Any mode as RGB, on white where it is transparent; and the profile that still describes its colours.

    `short_px`: as of `Request`; only print colours are made smaller here.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, profile
    if image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB"), b""
    if image.mode in ("I", "F"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB"), b""
    if image.mode in ("CMYK", "LAB"):
        return to_srgb(image, profile, short_px), b""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white, profile
    # Profiles of grey pictures describe grey values only.
    return image.convert("RGB"), b"" if image.mode in ("1", "L", "LA") else profile


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Deep grey values as uint8: 16-bit data by its high byte; 0..1 and 0..255 as they say, else stretched."""
    if values.dtype.kind in "iu" and values.size and values.min() >= 0 and values.max() < 65536:
        # Sensor data of twelve bits or fewer in a 16-bit file would be black otherwise.
        shift = 8 if values.max() >= 4096 else 4 if values.max() >= 256 else 0
        return (values >> shift).astype(np.uint8)
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 255:
        low, high = 0.0, 255.0 if high > 1 else 1.0
    return ((finite - low) * (255.0 / (high - low) if high > low else 0.0)).astype(np.uint8)
