"""Numbers from outside, bounded where they enter: EXIF, XMP, QuickTime, Takeout, PNG text. Pure, and nothing raises.

A file may say `inf`, `nan`, `1/0`, `1e999` or a rational of a thousand digits. Whatever decides on a number later may round,
compare and add it without a thought, because nothing else than a finite number of a possible size gets past here.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any

LARGEST = 1e15
"""Nothing that a photo says of itself is larger: metres, seconds, pixels, stars."""

HIGHEST_M = 20_000.0
"""Above every airliner, below every balloon that carries a camera home; deeper than every sea, too."""

LARGEST_PIXELS = 1 << 31
"""For one side of a picture."""

MOST_DIGITS = 100
"""A longer text is not a number that anybody wrote down."""

_FIRST_YEAR, _LAST_YEAR = 1000, 9000
"""Clear of the ends of `datetime`: neither an offset nor the correction of a clock (up to 300 years) can leave them."""

# Python's own `float` also takes `1_000`, `infinity` and `nan`.
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def finite(value: object, low: float = -LARGEST, high: float = LARGEST) -> float | None:
    """A number, rational (also as text: `191/10`) or text as a float; None where it is none, not finite or out of bounds.

    A list or tuple stands for its first value, as readers of tags give it.
    """
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if value is None or isinstance(value, bool | bytes):
        return None
    try:
        number = _of_text(value) if isinstance(value, str) else _of_number(value)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if number is not None and math.isfinite(number) and low <= number <= high else None


def whole(value: object, low: int = 0, high: int = LARGEST_PIXELS) -> int | None:
    """As `finite`, cut to a whole number."""
    number = finite(value, low, high)
    return None if number is None else int(number)


def altitude(value: object, *, is_below: bool = False) -> float | None:
    """Metres above the sea (below it, where the reference says so); None for what cannot be an altitude of a photo.

    Only the altitude is given up then: receivers and editors that get it wrong have the place right all the same.
    """
    height = finite(value, -HIGHEST_M, HIGHEST_M)
    if height is None:
        return None
    return -abs(height) if is_below else height


def counted_moment(epoch: datetime, microseconds: int) -> datetime | None:
    """The moment so long after another, as clocks and file systems count; None where no calendar of ours reaches."""
    try:
        moment = epoch + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _of_number(value: Any) -> float:  # noqa: ANN401  # rationals of any library; what is not a number raises
    return float(value)


def _of_text(text: str) -> float | None:
    if len(text) > 2 * MOST_DIGITS:
        return None
    top, slash, bottom = text.partition("/")
    above = _decimal(top)
    if not slash or above is None:
        return above
    below = _decimal(bottom)
    return None if below is None else above / below


def _decimal(text: str) -> float | None:
    found = text.strip()
    if len(found) > MOST_DIGITS or not _DECIMAL.fullmatch(found):
        return None
    return float(found.replace(",", "."))
