"""What every loader hands on, and how a file is refused."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.types import PixelSource, Preprocessing, Reason

PIXEL_LIMIT = 120_000_000
"""Pixels of the largest picture that is decoded in full: 0.5 GB in Pillow's four bytes a pixel, twice the largest common
camera. A baseline JPEG, of which only a small version is ever in memory, may have JPEG_LIMIT_FACTOR times as many."""

JPEG_LIMIT_FACTOR = 2.5

NOTICED_SHARE = 0.005
"""Share of missing rows below which a picture counts as whole."""

_BLOCK_ROWS, _LEAST_OF_A_ROW = 20, 0.9
"""JPEG's blocks are at most 16 rows high; colours that are spread over their edges add a little."""

# What image libraries raise on hostile or damaged bytes, beside their own errors: they were not written to be fed fuzz.
LIBRARY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)


class UndecodableError(Exception):
    """The bytes are not a picture that can be shown; the reason says what they are and what to do, without a path."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller of a loader needs."""

    preprocessing: Preprocessing
    pixel_limit: int
    orientation: int | None
    """In place of the file's own EXIF Orientation; None: the file's own."""

    @property
    def short_px(self) -> int:
        """Short side that a scaled decode must keep.

        An eighth more than the network's resize: with no pixel to spare its answers moved half as much again
        (docs/decisions/0002-embedded-previews.md).
        """
        return self.preprocessing.resize_px * 9 // 8

    def check_size(self, width_px: int, height_px: int, *, factor: float = 1.0) -> None:
        """Refuse pictures of no or of too many pixels, before any is decoded."""
        limit = int(self.pixel_limit * factor)
        if width_px < 1 or height_px < 1:
            raise UndecodableError(Reason.of("skip.no-pixels", width_px=width_px, height_px=height_px))
        if width_px * height_px > limit:
            millions = limit // 1_000_000
            raise UndecodableError(
                Reason.of("skip.too-many-pixels", width_px=width_px, height_px=height_px, millions=millions)
            )


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """A decoded picture as stored: not yet turned upright, not yet at the network's size."""

    picture: Image.Image | NDArray[np.uint8]
    """RGB, as Pillow has it or (H, W, 3); at least `Request.short_px` on its short side where the file has that many."""
    width_px: int
    """Of the full picture as stored, before turning."""
    height_px: int
    orientation: int
    """EXIF Orientation that is still to be applied, 1 to 8."""
    source: PixelSource
    icc_profile: bytes = b""
    """Colour space of `picture`; empty: sRGB."""
    warnings: tuple[str, ...] = ()
    missing_share: float | None = None
    """Of the picture's rows, where the file is damaged or cut off; 0 where all of them show something, None for a sound file."""

    @property
    def image(self) -> Image.Image:
        """The picture for Pillow."""
        return self.picture if isinstance(self.picture, Image.Image) else Image.fromarray(self.picture)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        if isinstance(self.picture, Image.Image):
            return self.picture.size
        return self.picture.shape[1], self.picture.shape[0]

    def damaged(self, what: str, *, noticed: float = NOTICED_SHARE, is_bottom_up: bool = False) -> Pixels:
        """The same of a file that is damaged or cut off: without the rows at its end that are missing.

        `noticed` is the least share that counts as missing; `is_bottom_up`: the file's last rows are the picture's first.
        Raises UndecodableError where nothing worth looking at is left.
        """
        rows = np.asarray(self.picture)
        missing = missing_share(rows[::-1] if is_bottom_up else rows)
        if missing < noticed:
            return replace(self.warned(f"{what}: shown as far as it could be read"), missing_share=0.0)
        return self.without_rows(missing, what, is_bottom_up=is_bottom_up)

    def without_rows(self, missing: float, what: str, *, is_bottom_up: bool = False) -> Pixels:
        """The same without the given share of rows at its end, and a warning that says how much that is.

        Raises UndecodableError where nothing worth looking at is left.
        """
        # Fewer than one row in twenty is a strip of sky: an answer about it would be chance.
        if missing > 0.95:
            raise UndecodableError(Reason.of("skip.rows-missing", percent=round(100 * missing)))
        image = self.image
        rows = max(1, image.height - round(missing * image.height))
        top = image.height - rows if is_bottom_up else 0
        cut = replace(self, picture=image.crop((0, top, image.width, top + rows)), missing_share=missing)
        return cut.warned(f"{what}: {missing:.0%} of the rows are missing")

    def warned(self, *warnings: str) -> Pixels:
        """The same with more warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))


def upright_orientation(value: object) -> int:
    """An EXIF Orientation, with 1 in place of what the standard does not know."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def missing_share(rgb: NDArray[np.uint8]) -> float:
    """Share of rows at the end that hold one value: what decoders leave where the data ended.

    With the rows of the block in which they ended: of its left part there is something, of its right part nothing.
    """
    differs = (rgb != rgb[-1, -1]).any(axis=2)
    varied = np.flatnonzero(differs.any(axis=1))
    present = int(varied[-1]) + 1 if varied.size else 0
    if 0 < present < len(rgb):
        block = differs[max(0, present - _BLOCK_ROWS) : present].mean(axis=1)
        whole = np.flatnonzero(block > _LEAST_OF_A_ROW)
        if whole.size:
            present -= len(block) - 1 - int(whole[-1])
    return 1.0 - present / len(rgb)
