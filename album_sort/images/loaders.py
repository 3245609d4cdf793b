"""Which loader turns a format's bytes into pixels: the one table of them, keyed by the names of `core/formats.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from album_sort.core.formats import FORMATS
from album_sort.images.heif import load_heif
from album_sort.images.jpeg import load_jpeg
from album_sort.images.jxl import load_jxl
from album_sort.images.pillow import load_with_pillow
from album_sort.images.pixels import Pixels, Request
from album_sort.images.raw import load_raw
from album_sort.types import FileKind

Loader = Callable[[bytes, Request], Pixels]
"""The whole file's bytes to the pixels that were asked for, as stored, and how they are to be turned.

Raises `UndecodableError`, or one of `LIBRARY_ERRORS`.
"""


def _pillow(name: str) -> Loader:
    """By Pillow, which calls the format by the same name in capitals."""
    return lambda data, request: load_with_pillow(data, name, request)


def _raw(name: str) -> Loader:
    return lambda data, request: load_raw(data, name, request)


LOADERS: Final[Mapping[str, Loader]] = MappingProxyType(
    {
        "jpeg": load_jpeg,
        "heic": load_heif,
        "heif": load_heif,
        "jxl": load_jxl,
        "png": _pillow("png"),
        "webp": _pillow("webp"),
        "tiff": _pillow("tiff"),
        "gif": _pillow("gif"),
        "bmp": _pillow("bmp"),
        "avif": _pillow("avif"),
        # LibRaw looks for itself.
        **{media.name: _raw(media.name) for media in FORMATS if media.kind is FileKind.RAW},
    }
)
"""By name of the format."""
