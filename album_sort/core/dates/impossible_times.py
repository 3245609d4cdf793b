"""Dates on which no photo can have been taken: before photography, in the future, and where clocks begin that were never set."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from album_sort.types import Reason, TimeCandidate, TimePrecision, TimeSource

FIRST_PHOTOGRAPH = 1826

# Where clocks that were never set begin to count (Unix and QuickTime), and that moment in western zones.
_COUNTING_STARTS = frozenset((date(1903, 12, 31), date(1904, 1, 1), date(1969, 12, 31), date(1970, 1, 1)))

# The hours of the day to which cameras fall back when their battery was out. Of 1980 (DOS time) and 2000 the whole day,
# because they are by far the most frequent; of the others the first hour, so that a real New Year's Day stays.
_RESET_HOURS = {date(1980, 1, 1): 24, date(1990, 1, 1): 1, date(2000, 1, 1): 24, date(2001, 1, 1): 1}

# What many Android phones wrote where they had no time.
_RESET_MOMENT = datetime(2002, 12, 8, 12)  # noqa: DTZ001  # wall time

# No clock falls back to a day of a later year.
_LAST_RESET_YEAR = max(day.year for day in (*_COUNTING_STARTS, *_RESET_HOURS, _RESET_MOMENT))


def why_impossible(candidate: TimeCandidate, now_utc: datetime) -> Reason | None:
    """Why no photo can have been taken then; None where it can. A day that somebody wrote by hand is believed."""
    moment = candidate.local or candidate.utc
    if moment is None:
        return Reason.of("time.empty")
    if _LAST_RESET_YEAR < moment.year < now_utc.year:
        return None
    code = None
    # A day's grace: wall time runs up to 14 hours ahead of UTC, and this machine's clock may be a little late.
    if moment > now_utc + timedelta(days=1):
        code = "time.future"
    elif moment.year < FIRST_PHOTOGRAPH:
        code = "time.before-photography"
    elif candidate.precision in (TimePrecision.MONTH, TimePrecision.YEAR) or candidate.source is TimeSource.PERSON:
        code = None
    elif moment.date() in _COUNTING_STARTS:
        code = "time.never-set"
    elif candidate.precision is not TimePrecision.DAY and (
        moment.hour < _RESET_HOURS.get(moment.date(), 0) or moment.replace(microsecond=0) == _RESET_MOMENT
    ):
        code = "time.clock-reset"
    return None if code is None else Reason.of(code, date=moment.isoformat(" ", "seconds"))
