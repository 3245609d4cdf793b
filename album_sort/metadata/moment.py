"""A date put together from its parts: what is certain stays, and the first part that cannot be true ends its precision.

Every reader of dates (EXIF, XMP, QuickTime, names of files) ends here, so that none of them loses a day to a bad minute.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from album_sort.types import TimePrecision

# Outside these years a text is not a date of a photo but damage; keeping clear of datetime's ends also means that
# adding an offset can never overflow.
FIRST_YEAR, LAST_YEAR = 1800, 9000

# Signs that stand for others: where a file system refuses `:`, names bear one that looks like it.
_LOOKALIKES = str.maketrans(
    {**dict.fromkeys("‐‑‒–—−", "-"), **dict.fromkeys("：∶꞉ː", ":"), "／": "/", "⁄": "/", "∕": "/"}
)  # that is the point

_BEFORE_AND_AFTER_NOON = {
    "am": False,
    "上午": False,
    "凌晨": False,
    "早上": False,
    "午前": False,
    "오전": False,
    "πμ": False,
    "ص": False,
    "sa": False,
    "pm": True,
    "下午": True,
    "晚上": True,
    "午後": True,
    "오후": True,
    "μμ": True,
    "م": True,
    "ch": True,
}
HALF_OF_DAY = r"上午|凌晨|早上|午前|오전|下午|晚上|午後|오후"
"""The halves of the day that stand before the hour, for a regular expression."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as written: wall time, offset if one was written, and how much of it was there."""

    local: datetime
    utc_offset_minutes: int | None
    precision: TimePrecision


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was written: parts may be missing or impossible."""

    hour: int
    minute: int | None = None
    second: int | None = None
    microsecond: int = 0
    half: str = ""
    """`am`, `pm` or the word for one in another language; empty for a clock of 24 hours."""


def assembled(
    year: int,
    month: int | None = None,
    day: int | None = None,
    clock: Clock | None = None,
    *,
    utc_offset_minutes: int | None = None,
) -> Moment | None:
    """The moment that the good parts give; None where not even the year can be one of a photo.

    Archives write unknown parts as zero (`1993:08:00` is a month), some phones call the first hour of a day 24,
    and a minute of 65 does not make the day wrong.
    """
    year = gregorian(year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    offset = utc_offset_minutes
    if month is None or not 1 <= month <= 12:
        return Moment(datetime(year, 1, 1), offset, TimePrecision.YEAR)  # noqa: DTZ001  # wall time, as all below
    try:
        midnight = datetime(year, month, day or 0)  # noqa: DTZ001
    except ValueError:
        return Moment(datetime(year, month, 1), offset, TimePrecision.MONTH)  # noqa: DTZ001
    since = None if clock is None else _since_midnight(clock)
    if since is None:
        return Moment(midnight, offset, TimePrecision.DAY)
    return Moment(midnight + since[0], offset, since[1])


def _since_midnight(clock: Clock) -> tuple[timedelta, TimePrecision] | None:
    """How far into the day, and how exact; None where the hour or the minute cannot be."""
    hour = _hour_of_day(clock.hour, clock.half)
    if clock.minute is None or hour > 24 or clock.minute > 59:
        return None
    start = timedelta(hours=hour % 24, minutes=clock.minute)
    if clock.second is None or clock.second > 60:
        return start, TimePrecision.MINUTE
    # Some cameras write a leap second; a photo is not worth losing for it.
    exact = timedelta(seconds=min(clock.second, 59), microseconds=clock.microsecond)
    return start + exact, TimePrecision.SECOND


def _hour_of_day(hour: int, half: str) -> int:
    """From a clock of twelve hours; unchanged where no half of the day is named."""
    is_afternoon = _BEFORE_AND_AFTER_NOON.get(half.replace(".", "").replace(" ", "").lower())
    if is_afternoon is None or not 1 <= hour <= 12:
        return hour
    return hour % 12 + (12 if is_afternoon else 0)


def gregorian(year: int) -> int:
    """The year of our calendar: Thai telephones and programs count from the Buddha, 543 years more.

    Only of years in which there were digital cameras and that are far in the future otherwise: 2533 is 1990.
    """
    return year - 543 if 2533 <= year < 2600 else year


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has such a day, in years that a photo may be of."""
    try:
        datetime(year, month, day)  # noqa: DTZ001
    except ValueError:
        return False
    return FIRST_YEAR <= year <= LAST_YEAR


def day_and_month(first: int, second: int, year: int) -> tuple[int, int] | None:
    """Day and month of `first` and `second` where only one order gives a day (`25-12`, `12-25`, `5-5`); else None."""
    day_first, month_first = is_day(year, second, first), is_day(year, first, second)
    if day_first and (not month_first or first == second):
        return first, second
    return (second, first) if month_first and not day_first else None


def microseconds(digits: str) -> int:
    """Microseconds of a decimal fraction: `5` is half a second, as in EXIF SubSecTime; 0 where it is not a number."""
    digits = plain_digits(digits).strip(" \0")
    return int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0


def plain_digits(text: str) -> str:
    """The text with the digits of all scripts as 0 to 9, and the usual signs for those that only look like them.

    Phones format with their owner's locale: `٢٠٢٢٠١٠٤`, `۲۰۲۲۰۱۰۴`, `２０２２：０１`. Marks that only tell the direction
    of writing are left out, since they stand between digits without being seen.
    """
    if text.isascii():
        return text
    # A Mac takes Korean syllables apart.
    composed = unicodedata.normalize("NFC", text).translate(_LOOKALIKES)
    return "".join(_plain(sign) for sign in composed)


def _plain(sign: str) -> str:
    if sign.isascii():
        return sign
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""
    if category == "Zs":
        return " "
    # Fullwidth letters and signs.
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else sign
