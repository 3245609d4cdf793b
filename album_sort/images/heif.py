"""HEIC and HEIF: the thumbnail inside the file where it can stand for the picture, else the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pi_heif
from PIL import Image

from album_sort.containers.heif import HeifTables, HeifThumbnail, read_tables
from album_sort.containers.isobmff import is_complete, missing_bytes, missing_share
from album_sort.containers.lengths import without_empty_tail
from album_sort.images.huge import in_strips, shrink_factor
from album_sort.images.pillow import to_rgb
from album_sort.images.pixels import LIBRARY_ERRORS, Pixels, Request, UndecodableError
from album_sort.images.previews import is_usable_size
from album_sort.images.refusals import detail_of, refusal_of
from album_sort.types import PixelSource, Reason

# Photos are decoded side by side already: threads inside one photo would only compete with those.
pi_heif.options.DECODE_THREADS = 1
# What we do not look at need not be parsed.
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False

# `irot` counts quarter turns against the clock; the EXIF Orientations that ask for the same.
_ORIENTATION_OF_QUARTERS = {0: 1, 1: 8, 2: 3, 3: 6}


def load_heif(data: bytes, request: Request) -> Pixels:
    """A HEIF picture. Its own turns (`irot`, `imir`) are applied here: EXIF Orientation must not turn it again."""
    data = without_empty_tail(data)
    tables = read_tables(data)
    if tables is not None and min(tables.size) > 2 * request.short_px:
        request.check_size(*tables.size)
        for thumbnail in tables.thumbnails:
            if is_usable_size(thumbnail.size, tables.size, request.preprocessing.crop_px):
                pixels = _thumbnail(data, tables, thumbnail)
                if pixels is not None:
                    return pixels
    return full_picture(data, request)


def full_picture(data: bytes, request: Request) -> Pixels:
    """The primary item, decoded in full."""
    try:
        heif = pi_heif.open_heif(data)
        primary = heif[heif.primary_index]
        request.check_size(*primary.size)
        rgb, profile = to_rgb(_as_image(primary, request), primary.info.get("icc_profile") or b"")
    except LIBRARY_ERRORS as error:
        raise UndecodableError(_refusal(data, error)) from error
    width_px, height_px = primary.size
    pixels = Pixels(rgb, width_px, height_px, 1, PixelSource.FULL, profile)
    if is_complete(data):
        return pixels
    # libheif shows the tiles that are there and keeps silent about the others.
    cut = pixels.damaged("truncated")
    return cut if cut.missing_share else replace(cut, missing_share=missing_share(data))


def _refusal(data: bytes, error: Exception) -> Reason:
    """The decoder says nothing of an end that came too early."""
    if is_complete(data) or missing_bytes(data):
        return refusal_of(error, "heif", data)
    return Reason.of("skip.cut-off", format="HEIF", detail=detail_of(error))


def _as_image(item: pi_heif.HeifImage, request: Request) -> Image.Image:
    """Decoded pixels, reduced where they are very many."""
    rows = np.asarray(item)
    factor = shrink_factor(item.size, request)
    if factor == 1:
        return Image.fromarray(rows)
    return in_strips(item.size, factor, lambda top, bottom: Image.fromarray(rows[top:bottom]))


def _thumbnail(data: bytes, tables: HeifTables, thumbnail: HeifThumbnail) -> Pixels | None:
    """The thumbnail in place of the picture; None at any surprise.

    libheif lists thumbnails but decodes only pictures. So, in memory, the thumbnail becomes the primary item, and
    the reference that makes it a thumbnail gets a name that means nothing.
    """
    orientation = _missing_turn(tables, thumbnail)
    if orientation is None:
        return None
    rewritten = bytearray(data)
    end = tables.primary_id_at + tables.primary_id_bytes
    rewritten[tables.primary_id_at : end] = thumbnail.item_id.to_bytes(tables.primary_id_bytes, "big")
    rewritten[thumbnail.reference_at : thumbnail.reference_at + 4] = b"skip"
    try:
        heif = pi_heif.open_heif(bytes(rewritten))
        image = heif[heif.primary_index]
        # The decoder says what it is about to decode: should that be the picture after all, the detour was in vain.
        if sorted(image.size) != sorted(thumbnail.size):
            return None
        profile = image.info.get("icc_profile") or next(
            (other.info["icc_profile"] for other in heif if other.info.get("icc_profile")), b""
        )
        rgb, profile = to_rgb(Image.fromarray(np.asarray(image)), profile)
    except LIBRARY_ERRORS:
        return None
    width_px, height_px = tables.size
    if _quarters(thumbnail.turns) % 2:
        width_px, height_px = height_px, width_px
    pixels = Pixels(rgb, width_px, height_px, orientation, PixelSource.HEIF_THUMBNAIL, profile)
    if tables.is_complete:
        return pixels
    cut = pixels.warned("truncated: only its thumbnail could be read")
    return replace(cut, missing_share=missing_share(data))


def _quarters(turns: tuple[bytes, ...]) -> int:
    """Quarter turns against the clock, 0 to 3; mirroring aside."""
    return sum(turn[4] for turn in turns if turn.startswith(b"irot")) % 4


def _missing_turn(tables: HeifTables, thumbnail: HeifThumbnail) -> int | None:
    """The EXIF Orientation that the thumbnail still needs when libheif has applied its own turns; None: cannot tell."""
    if thumbnail.turns == tables.turns:
        return 1
    if thumbnail.turns or len(tables.turns) != 1 or not tables.turns[0].startswith(b"irot"):
        return None
    return _ORIENTATION_OF_QUARTERS[_quarters(tables.turns)]
