"""When a person says that a photo was taken: a date as exact as they know it, or by how much it is wrong otherwise. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from album_sort.core.dates.impossible_times import FIRST_PHOTOGRAPH
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import CaptureTime, Reason, TimeCandidate, TimePrecision, TimeSource
from album_sort.types.told import ToldTime

MOST_YEARS = 200

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?)?)?", re.ASCII)
_PRECISIONS = (
    TimePrecision.YEAR,
    TimePrecision.MONTH,
    TimePrecision.DAY,
    TimePrecision.MINUTE,
    TimePrecision.MINUTE,
    TimePrecision.SECOND,
)
_SHIFT = re.compile(r"([+-])(?=\d)(?:(\d{1,3})y)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?", re.ASCII)


def parse_told_time(text: str, now_utc: datetime) -> ToldTime:
    """What such a text says; raises `UsageError` naming it. `now_utc` is naive and bounds the future."""
    given = text.strip()
    shift = _SHIFT.fullmatch(given)
    if shift is not None:
        sign = -1 if shift[1] == "-" else 1
        years, days, hours, minutes = (sign * int(shift[part] or 0) for part in (2, 3, 4, 5))
        total = (days * 24 + hours) * 60 + minutes
        if not (years or total) or abs(years) > MOST_YEARS or abs(total) > MOST_YEARS * 365 * 24 * 60:
            raise UsageError(sentence("time.is-not-by-how", text=text[:80]), hint=sentence("time.write-a-date"))
        return ToldTime(years=years, minutes=total)
    found = _DATE.fullmatch(given)
    parts = [int(part) for part in found.groups() if part is not None] if found is not None else []
    try:
        if found is None:
            raise ValueError
        local = datetime(*(*parts, *(1, 1)[len(parts) - 1 :]) if len(parts) < 3 else parts)  # noqa: DTZ001 - wall time
    except ValueError:
        raise UsageError(sentence("time.is-not-when-a", text=text[:80]), hint=sentence("time.write-a-date")) from None
    if not local.year >= FIRST_PHOTOGRAPH or local > now_utc + timedelta(days=1):
        raise UsageError(sentence("time.no-photo-can-have", text=text[:80]), hint=sentence("time.write-a-date"))
    return ToldTime(local, _PRECISIONS[len(parts) - 1])


def told_text(told: ToldTime) -> str:
    """As a person would write it: `1987-07`, `+1y2d`."""
    if told.local is None:
        sign = "-" if min(told.years, told.minutes) < 0 else "+"
        hours, minutes = divmod(abs(told.minutes), 60)
        days, hours = divmod(hours, 24)
        parts = ((abs(told.years), "y"), (days, "d"), (hours, "h"), (minutes, "m"))
        return sign + "".join(f"{number}{unit}" for number, unit in parts if number)
    digits = {TimePrecision.YEAR: 4, TimePrecision.MONTH: 7, TimePrecision.DAY: 10, TimePrecision.MINUTE: 16}
    return told.local.isoformat(" ", "seconds")[: digits.get(told.precision, 19)]


def told_candidate(told: ToldTime) -> TimeCandidate | None:
    """A person's date among what the files say; None where they only said that those are wrong."""
    if told.local is None:
        return None
    return TimeCandidate(TimeSource.PERSON, told.local, precision=told.precision, note=told_text(told))


def shifted(time: CaptureTime, told: ToldTime) -> tuple[CaptureTime, Reason] | None:
    """The time that is believed otherwise, put right; None where there is nothing to add, or no such day."""
    if told.local is not None or time.source is TimeSource.MTIME:
        return None
    year = time.local.year + told.years
    try:
        # 29 February of another year is the day before 1 March.
        day = 28 if (time.local.month, time.local.day) == (2, 29) and told.years % 4 else time.local.day
        local = time.local.replace(year=year, day=day) + timedelta(minutes=told.minutes)
    except (ValueError, OverflowError):
        return None
    return replace(time, local=local), Reason.of("time.told-shift", shift=told_text(told))
