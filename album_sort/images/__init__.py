"""Bytes to small upright pictures: `decode_picture`, `decode_closer`, `make_preview` for browsers.

Knows no path, no network and no album.
"""

from album_sort.images.browser_preview import make_preview
from album_sort.images.decode import decode_closer, decode_picture
from album_sort.images.film import make_film_preview
from album_sort.images.pixels import PIXEL_LIMIT, UndecodableError

__all__ = ["PIXEL_LIMIT", "UndecodableError", "decode_closer", "decode_picture", "make_film_preview", "make_preview"]
