"""Pictures of tens of megapixels, box-averaged strip by strip: no second copy at full size, which could take half a gigabyte."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from album_sort.images.pixels import Request

# Below this a second copy costs less than 0.2 GB.
_HUGE_PX = 30_000_000
_STRIP_ROWS = 64


def shrink_factor(size: tuple[int, int], request: Request) -> int:
    """By what whole number a picture of this size may be reduced and keep four times what is needed; 1 unless huge."""
    if size[0] * size[1] <= _HUGE_PX:
        return 1
    return max(1, min(size) // (4 * request.short_px))


def in_strips(size: tuple[int, int], factor: int, strip: Callable[[int, int], Image.Image]) -> Image.Image:
    """The picture reduced by a factor; `strip(top, bottom)` gives its rows at full width, in any mode Pillow can average."""
    width, height = size
    tops = range(0, height, _STRIP_ROWS * factor)
    pieces = [strip(top, min(height, top + _STRIP_ROWS * factor)).reduce(factor) for top in tops]
    reduced = Image.new(pieces[0].mode, (-(-width // factor), -(-height // factor)))
    for top, piece in zip(tops, pieces, strict=True):
        reduced.paste(piece, (0, top // factor))
    return reduced
