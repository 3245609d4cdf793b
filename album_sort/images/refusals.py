"""Why a decoder gave up, in words of ours: libraries raise whatever they like, and say it in English only.

What a person can do about it decides the reason; the library's own line stays a value of it, in no sentence, for those who want to look
closer.
"""

from __future__ import annotations

from PIL import UnidentifiedImageError

from album_sort.containers.lengths import missing_bytes
from album_sort.types import Reason

_MOST_CHARACTERS = 200

# Parts of messages of Pillow, libjpeg, libpng, libwebp, libtiff, libheif and LibRaw, lower-case.
_CUT_OFF = (
    "truncat",
    "premature end",
    "unexpected end",
    "end of file",
    "not enough",
    "too short",
    "bytes not processed",
)
# Their decoder has one message for all that is wrong, and their containers need not say how long they are.
_SAYS_NOTHING = ("jxl",)
_UNSUPPORTED = (
    "unsupported",
    "not supported",
    "unknown compression",
    "unknown pixel mode",
    "unknown raw mode",
    "unknown data organization",
    "not implemented",
)


def refusal_of(error: BaseException, name: str, data: bytes) -> Reason:
    """The reason for a file of the format `name` (`png`, `tiff` ...) that a library raised `error` for.

    What its container says of its length counts: libraries hardly tell a file that is cut off from a damaged one.
    """
    media = name.upper()
    detail = detail_of(error)
    said = detail.lower()
    if isinstance(error, NotImplementedError) or any(part in said for part in _UNSUPPORTED):
        return Reason.of("skip.unsupported", format=media, detail=detail)
    missing = missing_bytes(data)
    if missing:
        return Reason.of("skip.cut-short", format=media, missing=missing)
    # Its message shows an address in memory and nothing else.
    if isinstance(error, UnidentifiedImageError):
        return Reason.of("skip.no-header", format=media)
    if isinstance(error, EOFError) or any(part in said for part in _CUT_OFF):
        return Reason.of("skip.cut-off", format=media, detail=detail)
    if name in _SAYS_NOTHING:
        return Reason.of("skip.damaged-or-cut", format=media)
    return Reason.of("skip.damaged", format=media, detail=detail)


def detail_of(error: BaseException) -> str:
    """One line of a library's message; the name of the error where it has none."""
    first = error.args[0] if error.args else ""
    said = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)
    # The decoder of JPEG XL advises to build it anew, whatever is wrong with a file.
    said = said.partition(". Please build")[0]
    return said.strip().splitlines()[0][:_MOST_CHARACTERS] if said.strip() else type(error).__name__
