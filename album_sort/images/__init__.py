"""Bytes to small upright pictures: `decode_picture`. Knows no path, no network and no album."""

from album_sort.images.decode import decode_picture
from album_sort.images.pixels import PIXEL_LIMIT, UndecodableError

__all__ = ["PIXEL_LIMIT", "UndecodableError", "decode_picture"]
