"""JPEG XL, where its decoder is installed (extra `jxl`)."""

from __future__ import annotations

import importlib
from dataclasses import replace

from album_sort.images.pillow import load_with_pillow
from album_sort.images.pixels import Pixels, Request, UndecodableError
from album_sort.types import Reason


def load_jxl(data: bytes, request: Request) -> Pixels:
    """A JPEG XL picture; its decoder turns it upright by itself, so EXIF Orientation must not turn it again."""
    try:
        importlib.import_module("pillow_jxl")
    except ImportError:
        raise UndecodableError(Reason.of("skip.needs-jxl")) from None
    return replace(load_with_pillow(data, "jxl", request), orientation=1)
