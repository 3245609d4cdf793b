"""Dates and UTC offsets as EXIF, XMP, IPTC, QuickTime, AVI and PNG write them, with the precision that is really there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from album_sort.metadata.date_words import (
    EAST_ASIAN_CLOCK,
    EAST_ASIAN_DAY,
    MONTH_NAME,
    Calendar,
    calendar_of,
    clock_of,
    with_plain_years,
)
from album_sort.metadata.moment import (
    FIRST_YEAR,
    HALF_OF_DAY,
    LAST_YEAR,
    Clock,
    Moment,
    assembled,
    day_and_month,
    microseconds,
    plain_digits,
)
from album_sort.types import TimeCandidate, TimeSource

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "Moment",
    "from_timestamp",
    "local_candidate",
    "microseconds",
    "parse_moment",
    "parse_offset",
]

_BLANKS = " \t\r\n\0"

# `2023:01:02`, `2023-01-02`, `2023/1/2`, `2004: 1: 5` (padded with blanks), `2023-01`, `2023`; unknown parts are zero or blank.
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?!\d)(?:\s?[:\-/.]\s?(?P<month>\d{1,2})(?!\d)(?:\s?[:\-/.]\s?(?P<day>\d{1,2})(?!\d))?)?", re.ASCII
)
# IPTC and ISO 8601's basic form: `20230102`, `19540700`.
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d)", re.ASCII)
_COMPACT_CLOCK = re.compile(
    r"[T\s]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?:[.,](?P<fraction>\d{1,9}))?", re.ASCII
)
_COMPACT_STAMP = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=\d{6}(?!\d))", re.ASCII)
# `25.12.2006`, and with other signs where the order is certain.
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})(?P<sep>[.\-/:])(?P<two>\d{1,2})(?P=sep)(?P<year>\d{4})(?!\d)", re.ASCII)
_CLOCK = re.compile(
    rf"[T\s,_/]*(?P<half1>{HALF_OF_DAY})?\s*(?P<hour>\d{{1,2}})\s?[:.]\s?(?P<minute>\d{{1,2}})(?!\d)"
    r"(?:\s?[:.]\s?(?P<second>\d{1,2})(?!\d)(?:[.,](?P<fraction>\d{1,9}))?)?(?:\s?(?P<half2>[AaPp]\.?\s?[Mm])\b)?"
)
# RFC 1123 (PNG): `Sun, 27 Jul 2014 12:11:10 +0200`; C and AVI: `Mon Dec 25 10:11:12 2006`.
_WEEKDAY = r"(?:[^\W\d_]{2,9}\.?,?\s+)?"
_DAY_NAMED = re.compile(rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s.\-]+{MONTH_NAME}[\s\-,]+(?P<year>\d{{4}})(?!\d)", re.I)
_NAMED_DAY = re.compile(
    rf"{_WEEKDAY}{MONTH_NAME}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d|:)", re.I
)
_C_TIME = re.compile(
    rf"{_WEEKDAY}{MONTH_NAME}\s+(?P<day>\d{{1,2}})\s+(?P<hour>\d{{1,2}}):(?P<minute>\d{{1,2}})(?::(?P<second>\d{{1,2}}))?"
    r"(?:\s+[A-Z]{2,5}(?:[+-]\d\d:?\d\d)?)?\s+(?P<year>\d{4})(?!\d)",
    re.I,
)
_OFFSET_BEHIND = re.compile(
    r"\s*(?P<offset>(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?|Z|UTC|GMT)(?![\w:])", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?", re.ASCII)

# No zone on earth is further from UTC (Baker Island -12, Line Islands +14).
_MOST_WEST, _MOST_EAST = -12 * 60, 14 * 60


def _year_last(match: re.Match[str]) -> Calendar:
    """Points part a day, a month and a year in this order; with other signs only the year is certain of `5/6/2006`."""
    one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
    found = day_and_month(one, two, year)
    if found is None and match["sep"] == ".":
        found = one, two
    return Calendar(year, None, None) if found is None else Calendar(year, found[1], found[0])


# How a date may be written, each with the clocks that may follow it; the first that fits counts.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Calendar], tuple[re.Pattern[str], ...]], ...] = (
    (_COMPACT_STAMP, calendar_of, (_COMPACT_CLOCK,)),
    (_COMPACT, calendar_of, (_CLOCK, _COMPACT_CLOCK)),
    (EAST_ASIAN_DAY, calendar_of, (EAST_ASIAN_CLOCK, _CLOCK)),
    (_YEAR_FIRST, calendar_of, (_CLOCK,)),
    (_YEAR_LAST, _year_last, (_CLOCK,)),
    (_DAY_NAMED, calendar_of, (_CLOCK,)),
    (_NAMED_DAY, calendar_of, (_CLOCK,)),
    (_C_TIME, calendar_of, ()),
)


def parse_moment(text: str) -> Moment | None:
    """The date at the start of `text`, or None for blanks, zeros (`0000:00:00`) and everything that is not a date.

    Good parts survive bad ones: `2015:08:22 24:08:19` is 00:08:19 of that day, `1993:08:00` a month.
    """
    plain = with_plain_years(plain_digits(text)).strip(_BLANKS)
    for form, calendar, clocks in _FORMS:
        match = form.match(plain)
        if match is not None:
            return _completed(plain, match, calendar(match), clocks)
    return None


def _completed(text: str, match: re.Match[str], found: Calendar, clocks: tuple[re.Pattern[str], ...]) -> Moment | None:
    """The date with the time and the offset that stand behind it."""
    end, clock = match.end(), _clock(match) if match.re is _C_TIME else None
    for form in clocks if found.day is not None else ():
        time = form.match(text, end)
        if time is not None:
            end, clock = time.end(), _clock(time)
            break
    offset = _OFFSET_BEHIND.match(text, end)
    minutes = parse_offset(offset["offset"]) if offset else None
    return assembled(*found, clock, utc_offset_minutes=minutes)


def _clock(match: re.Match[str]) -> Clock:
    return clock_of(match, microseconds(match.groupdict().get("fraction") or ""))


def parse_offset(text: str) -> int | None:
    """Minutes east of UTC from `+09:00`, `-0730`, `+09`, `UTC+2`, `Z`; None where there is none or no place has it."""
    text = plain_digits(text).strip(_BLANKS)
    if text in ("Z", "UTC", "GMT"):
        return 0
    match = _OFFSET.match(text.removeprefix("UTC").removeprefix("GMT"))
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
