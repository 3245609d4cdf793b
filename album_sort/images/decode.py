"""Bytes of any photo file to a DecodedPicture: recognised by content, decoded no larger than needed, upright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from album_sort.core.formats import HEAD_BYTES, MediaFormat, describe, sniff
from album_sort.images.loaders import LOADERS
from album_sort.images.pillow import prepare_pillow
from album_sort.images.pixels import LIBRARY_ERRORS, PIXEL_LIMIT, Request, UndecodableError
from album_sort.images.refusals import refusal_of
from album_sort.images.statistics import measure_statistics
from album_sort.images.thumbnail import encode_thumbnail
from album_sort.images.views import for_closer_look, make_closer_views, make_views
from album_sort.types import DecodedPicture, Preprocessing, Reason


def decode_picture(
    data: bytes,
    preprocessing: Preprocessing,
    *,
    suffix: str = "",
    thumbnail_px: int = 0,
    orientation: int | None = None,
    pixel_limit: int = PIXEL_LIMIT,
) -> DecodedPicture:
    """The picture in a file's bytes, ready for the network, the statistics and the report. Safe to call from threads.

    `suffix` (lower-case, with dot) only tells apart RAW formats that look alike. `thumbnail_px` is the long side of
    the thumbnail, 0 for none. `orientation` replaces the file's own EXIF Orientation where that is what decides (JPEG,
    PNG, WebP, GIF, BMP); HEIF, AVIF, TIFF and RAW always follow their own. Raises UndecodableError, whose reason says
    what the bytes are and what to do.
    """
    prepare_pillow()
    media = recognise(data, suffix)
    request = Request(preprocessing, pixel_limit, orientation)
    try:
        pixels = LOADERS[media.name](data, request)
        views = make_views(pixels, preprocessing)
        turned = pixels.orientation >= 5
        width_px, height_px = pixels.width_px, pixels.height_px
        if turned:
            width_px, height_px = height_px, width_px
        return DecodedPicture(
            views=views.views,
            width_px=width_px,
            height_px=height_px,
            media_format=media.name,
            pixel_source=pixels.source,
            statistics=measure_statistics(views.small, width_px, height_px),
            thumbnail=encode_thumbnail(views.small, thumbnail_px) if thumbnail_px else b"",
            warnings=pixels.warnings,
            missing_share=pixels.missing_share,
        )
    except LIBRARY_ERRORS as error:
        raise UndecodableError(refusal_of(error, media.name, data)) from error


def decode_closer(
    data: bytes, preprocessing: Preprocessing, *, suffix: str = "", pixel_limit: int = PIXEL_LIMIT
) -> NDArray[np.uint8]:
    """The views of a closer look (5, S, S, 3) at the picture in a file's bytes; raises as `decode_picture`."""
    prepare_pillow()
    media = recognise(data, suffix)
    try:
        pixels = LOADERS[media.name](data, Request(for_closer_look(preprocessing), pixel_limit, None))
        return make_closer_views(pixels, preprocessing)
    except LIBRARY_ERRORS as error:
        raise UndecodableError(refusal_of(error, media.name, data)) from error


def recognise(data: bytes, suffix: str = "") -> MediaFormat:
    """The format of a photo; raises UndecodableError for everything else, saying what it is."""
    head = data[:HEAD_BYTES]
    media = sniff(head, suffix)
    if media is None or media.name not in LOADERS:
        content = describe(head)
        raise UndecodableError(
            Reason.of("skip.wrong-content", content=content, suffix=suffix)
            if suffix
            else Reason.of("skip.no-picture", content=content)
        )
    return media
