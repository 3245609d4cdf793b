"""A picture out of a film, where a decoder of films is installed (extra `video`)."""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.browser_preview import PREVIEW_PX, encode_preview
from album_sort.images.pixels import LIBRARY_ERRORS, PIXEL_LIMIT, Pixels, UndecodableError
from album_sort.images.refusals import detail_of
from album_sort.images.thumbnail import encode_thumbnail
from album_sort.images.views import fitted
from album_sort.types import PixelSource, Reason

DEMUXERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("mov", "mp4", "m4v", "3gp"), "mov"),
        "avi": "avi",
        "mkv": "matroska",
        "mpg": "mpeg",
        "wmv": "asf",
        "flv": "flv",
        "mts": "mpegts",
    }
)
"""What the library calls the container of a format. Named, not guessed: among what it would guess are lists of other files."""

_MOMENT_US = 1_000_000
"""Microseconds from the start: cameras begin in the dark, and with a hand in front."""

_ORIENTATION_OF_DEGREES = {0: 1, 90: 8, 180: 3, 270: 6}
"""Turns against the clock as EXIF Orientation."""


def make_film_preview(
    stream: BinaryIO, name: str, thumbnail_px: int, *, pixel_limit: int = PIXEL_LIMIT
) -> tuple[bytes, bytes]:
    """A picture of about a second into a film of this format, as JPEG for the page, and a small one. Raises `UndecodableError`."""
    av: Any = importlib.import_module("av")
    try:
        pixels = _frame(av, stream, name, pixel_limit)
    except (*LIBRARY_ERRORS, av.FFmpegError) as error:
        raise UndecodableError(Reason.of("skip.damaged", format=name.upper(), detail=detail_of(error))) from error
    rgb = fitted(pixels, PREVIEW_PX, Image.Resampling.BICUBIC)
    return encode_preview(rgb), encode_thumbnail(rgb, thumbnail_px)


def _frame(av: Any, stream: BinaryIO, name: str, pixel_limit: int) -> Pixels:  # noqa: ANN401 - the library, which may be missing
    with av.open(stream, format=DEMUXERS[name], io_open=_refuse) as film:
        track = film.streams.video[0]
        # As many films are read side by side as there are cores.
        track.codec_context.thread_count = 1
        if track.width * track.height > pixel_limit:
            raise MemoryError
        frame = _frame_of(av, film, track)
        # Old cameras store fewer columns than they show.
        stretch = float(track.sample_aspect_ratio or 1)
        width_px = round(frame.width * stretch) if math.isfinite(stretch) and 0.5 <= stretch <= 2 else frame.width
        rgb = cast("NDArray[np.uint8]", frame.to_ndarray(format="rgb24", width=width_px, height=frame.height))
        orientation = _ORIENTATION_OF_DEGREES.get(round(frame.rotation / 90) * 90 % 360, 1)
        return Pixels(rgb, width_px, frame.height, orientation, PixelSource.FULL)


def _frame_of(av: Any, film: Any, track: Any) -> Any:  # noqa: ANN401 - as above
    """The next picture after the moment that needs no other; of a film of a few seconds, which may have none, the first."""
    for moment, is_before in ((min(_MOMENT_US, (film.duration or 0) // 2), False), (0, True)):
        with contextlib.suppress(av.FFmpegError):
            film.seek(moment, backward=is_before)
            frame = next(iter(film.decode(track)), None)
            if frame is not None:
                return frame
    raise EOFError("no picture in it")


def _refuse(url: str, _flags: int, _options: object) -> BinaryIO:
    """A film that names other files, or addresses, does not get them."""
    raise PermissionError(f"it asks for {url!r:.80}")
