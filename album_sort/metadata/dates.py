"""Dates and UTC offsets as EXIF, XMP and QuickTime write them, with the precision that is really there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from album_sort.types import TimeCandidate, TimePrecision, TimeSource

# Outside these years a text is no date of a photo but damage; keeping clear of datetime's ends also means that
# adding an offset can never overflow.
FIRST_YEAR, LAST_YEAR = 1800, 9000

# `2023:01:02 10:11:12`, `2023-01-02T10:11:12.345+09:00`, `2023/1/2 10:11`, `2023-01`, `2023`
_MOMENT = re.compile(
    r"(\d{4})(?:[:\-/.](\d{1,2})(?:[:\-/.](\d{1,2})(?:[T\s]+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,](\d{1,9}))?)?)?)?)?"
    r"\s*(Z|UTC|[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?", re.ASCII)

# No zone on earth is further from UTC (Baker Island -12, Line Islands +14).
_MOST_WEST, _MOST_EAST = -12 * 60, 14 * 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as written: wall time, offset if one was written, and how much of it was there."""

    local: datetime
    utc_offset_minutes: int | None
    precision: TimePrecision


def parse_moment(text: str) -> Moment | None:
    """The date in `text`, or None for blanks, zeros (`0000:00:00`) and everything that is no date."""
    match = _MOMENT.match(text.strip(" \t\r\n\0"))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        local = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0))  # noqa: DTZ001  # wall time
    except ValueError:
        return None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return None
    # Some cameras write a leap second; a photo is not worth losing for it.
    local += timedelta(seconds=min(int(second or 0), 59), microseconds=microseconds(fraction or ""))
    return Moment(local, parse_offset(offset or ""), _precision(month, day, hour, second))


def _precision(month: str | None, day: str | None, hour: str | None, second: str | None) -> TimePrecision:
    if second is not None:
        return TimePrecision.SECOND
    if hour is not None:
        return TimePrecision.MINUTE
    if day is not None:
        return TimePrecision.DAY
    return TimePrecision.YEAR if month is None else TimePrecision.MONTH


def microseconds(digits: str) -> int:
    """Microseconds of a decimal fraction: `5` is half a second, as in EXIF SubSecTime; 0 where it is no number."""
    digits = digits.strip(" \0")
    return int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0


def parse_offset(text: str) -> int | None:
    """Minutes east of UTC from `+09:00`, `-0730`, `+09`, `Z`; None where there is none or no place has it."""
    text = text.strip(" \t\r\n\0")
    if text in ("Z", "UTC"):
        return 0
    match = _OFFSET.match(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    minutes = -minutes if match[1] == "-" else minutes
    return minutes if _MOST_WEST <= minutes <= _MOST_EAST else None


def local_candidate(source: TimeSource, moment: Moment, note: str) -> TimeCandidate:
    """A candidate from a wall time, with UTC where the offset was written beside it."""
    offset = moment.utc_offset_minutes
    utc = None if offset is None else moment.local - timedelta(minutes=offset)
    return TimeCandidate(source, moment.local, utc, offset, moment.precision, note)


def from_timestamp(seconds: float) -> datetime | None:
    """Naive UTC of a Unix time stamp, also before 1970; None for zero, which means unknown, and beyond all years."""
    if seconds == 0:
        return None
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001  # naive UTC, as everywhere
    except (OverflowError, ValueError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
