"""JPEG XL, where its decoder is installed (extra `jxl`)."""

from __future__ import annotations

import importlib
from typing import Any

from PIL import Image

from album_sort.images.jpeg import load_jpeg
from album_sort.images.pillow import to_rgb
from album_sort.images.pixels import LIBRARY_ERRORS, Pixels, Request, UndecodableError
from album_sort.images.refusals import refusal_of
from album_sort.types import PixelSource, Reason


def load_jxl(data: bytes, request: Request) -> Pixels:
    """A JPEG XL picture. One that was a JPEG becomes that JPEG again, whose own EXIF turns it; others come upright.

    The package's decoder is called directly: its Pillow plugin does not say which of the two it has done, and pictures
    kept as JPEG would stay on their side.
    """
    try:
        pillow_jxl: Any = importlib.import_module("pillow_jxl")
    except ImportError:
        raise UndecodableError(Reason.of("skip.needs-jxl")) from None
    try:
        # Without threads of its own: photos are decoded side by side already.
        is_jpeg, info, content, profile, _ = pillow_jxl.Decoder(num_threads=0)(data)
        if is_jpeg:
            return load_jpeg(bytes(content), request)
        size = int(info.width), int(info.height)
        request.check_size(*size)
        # Half floats have become floats already.
        mode = "F" if info.mode == "F;16" else info.mode
        rgb, profile = to_rgb(Image.frombytes(mode, size, bytes(content)), profile or b"")
    except LIBRARY_ERRORS as error:
        raise UndecodableError(refusal_of(error, "jxl", data)) from error
    return Pixels(rgb, *size, 1, PixelSource.FULL, profile)
