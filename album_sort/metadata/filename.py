"""Dates in the names of files and folders, with no more precision than the name gives."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from album_sort.metadata.dates import from_timestamp
from album_sort.types import TimeCandidate, TimePrecision, TimeSource

# Digits without separators are a date only from the years of digital cameras on: before, they are mostly numbers.
_FIRST_COMPACT_YEAR = 1990
_FIRST_WRITTEN_YEAR = 1826

# What stands between date and time: signs, or "at" in the languages of the systems that name screenshots.
_GAP = r"[\s_\-.,T]{0,3}(?:(?:at|um|à|a las|om|kl\.?|às|alle(?: ore)?|в|klo)[\s_]{1,2})?(?P<half1>上午|下午|午前|午後|오전|오후)?\s?"
_DATETIME = re.compile(
    r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<sep>[-_.]?)(?P<month>\d\d)(?P=sep)(?P<day>\d\d)"
    + _GAP
    + r"(?P<hour>\d{1,2})(?P<tsep>[-_.:： h]?)(?P<minute>\d\d)(?:(?P=tsep)|m)(?P<second>\d\d)(?P<milli>\d{3})?(?!\d)"
    r"(?:\s?(?P<half2>[AaPp])\.?[Mm]\b)?"
)
_MINUTE = re.compile(
    r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<sep>[-_.])(?P<month>\d\d)(?P=sep)(?P<day>\d\d)[\sT_]"
    r"(?P<hour>\d\d)(?P<tsep>[-.:h])(?P<minute>\d\d)(?![\d.\-]*\d)"
)
_DAY = re.compile(r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<sep>[-_./]?)(?P<month>\d\d)(?P=sep)(?P<day>\d\d)(?!\d)")
# Day first: as Telegram names what it exports, and as people write it where dots part the numbers.
_TELEGRAM = re.compile(
    r"@(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>20\d\d)_(?P<hour>\d\d)-(?P<minute>\d\d)-(?P<second>\d\d)(?!\d)"
)
_DOTTED_DAY = re.compile(r"(?<![\d.])(?P<day>\d{1,2})(?P<sep>\.)(?P<month>\d{1,2})\.(?P<year>(?:18|19|20)\d\d)(?!\d)")
# `1985-07 Rome 003.jpg`: only at the start, since `IMG_2019-12` may be the twelfth of that year.
_LEADING_MONTH = re.compile(r"(?P<year>(?:18|19|20)\d\d)(?P<sep>[-.])(?P<month>\d\d)(?![\d.\-]*\d)")
_MONTH = re.compile(r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<sep>[-_./])(?P<month>\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?!\d)")
# Milliseconds since 1970, from 2001 to 2033: messengers and download folders (`mmexport1577836800000.jpg`).
_EPOCH_MS = re.compile(r"(?<!\d)(1\d{12})(?!\d)")
_HAS_YEAR_OR_STAMP = re.compile(r"(?:18|19|20)\d\d|1\d{12}")

_PRECISION = {
    _DATETIME: TimePrecision.SECOND,
    _TELEGRAM: TimePrecision.SECOND,
    _MINUTE: TimePrecision.MINUTE,
    _DAY: TimePrecision.DAY,
    _DOTTED_DAY: TimePrecision.DAY,
    _LEADING_MONTH: TimePrecision.MONTH,
    _MONTH: TimePrecision.MONTH,
    _YEAR: TimePrecision.YEAR,
}


def candidates_from_name(name: str) -> tuple[TimeCandidate, ...]:
    """When a photo was taken by its file name; Pixel phones write UTC, all others local time. Empty where no date fits.

    WhatsApp's `IMG-20230102-WA0001` and the like stay a day.
    """
    if not _HAS_YEAR_OR_STAMP.search(name):
        return ()  # as with most cameras: in a fifth of the time
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)  # a Mac takes Korean syllables apart
    for pattern in (_DATETIME, _TELEGRAM, _MINUTE, _DAY, _DOTTED_DAY):
        for match in pattern.finditer(name):
            moment = _moment(match)
            if moment is not None:
                return (_candidate(name, match, moment),)
    stamp = _EPOCH_MS.search(name)
    utc = from_timestamp(int(stamp[1]) / 1000) if stamp else None
    if stamp is not None and utc is not None:
        return (TimeCandidate(TimeSource.FILE_NAME, utc=utc, note=f"{stamp[1]} ms since 1970"),)
    month = _LEADING_MONTH.match(name)
    moment = _moment(month) if month else None
    return () if month is None or moment is None else (_candidate(name, month, moment),)


def candidates_from_folder(folder: str) -> tuple[TimeCandidate, ...]:
    """A weak hint from `2023-01-02 Hiking`, `2023/01/02`, `2023-01`, `Photos from 2016`: the last three folders of a path."""
    tail = "/".join(folder.replace("\\", "/").rstrip("/").split("/")[-3:])
    for pattern in (_DAY, _MONTH, _YEAR):
        # The deepest folder says it best.
        for match in reversed(list(pattern.finditer(tail))):
            moment = _moment(match)
            if moment is not None:
                precision = _PRECISION[pattern]
                return (TimeCandidate(TimeSource.FOLDER_NAME, moment, precision=precision, note=match[0]),)
    return ()


def _candidate(name: str, match: re.Match[str], moment: datetime) -> TimeCandidate:
    precision = _PRECISION[match.re]
    if name.startswith("PXL_") and precision is TimePrecision.SECOND:
        return TimeCandidate(TimeSource.FILE_NAME, utc=moment, precision=precision, note=match[0])
    return TimeCandidate(TimeSource.FILE_NAME, moment, precision=precision, note=match[0])


def _moment(match: re.Match[str]) -> datetime | None:
    """The date that a match means; None where there is no such day or time, or it is more likely a number."""
    part = match.groupdict()
    year = int(part["year"])
    if year < (_FIRST_WRITTEN_YEAR if part.get("sep", " ") else _FIRST_COMPACT_YEAR):
        return None
    hour_text = part.get("hour") or "0"
    if len(hour_text) == 1 and part.get("hour") and not part.get("tsep"):
        return None
    hour = _hour_of_day(int(hour_text), part.get("half1") or part.get("half2") or "")
    try:
        moment = datetime(year, int(part.get("month") or 1), int(part.get("day") or 1))  # noqa: DTZ001  # wall time
        moment = moment.replace(hour=hour, minute=int(part.get("minute") or 0), second=int(part.get("second") or 0))
    except ValueError:
        return None
    return moment + timedelta(milliseconds=int(part.get("milli") or 0))


def _hour_of_day(hour: int, half: str) -> int:
    """From a clock of twelve hours; unchanged where no half of the day is named."""
    if not half or not 1 <= hour <= 12:
        return hour
    return hour % 12 + (12 if half in ("下午", "午後", "오후") or half in "Pp" else 0)
