"""Dates in the names of files and folders, with no more precision than the name gives.

What is not a date of the shot is taken out first (`not_dates`). In the rest each shape of date is looked for (`year_first`,
`year_last`, `bare`), with the time behind it (`clock`); the most exact statement counts, of equals the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from album_sort.core.dates.capture_time import civil_offset
from album_sort.metadata.date_words import names_month, with_plain_years
from album_sort.metadata.dates import from_timestamp, local_candidate
from album_sort.metadata.filename import bare, year_first, year_last
from album_sort.metadata.filename.clock import clock_behind
from album_sort.metadata.filename.not_dates import FILLER, without_false_dates, without_spans_of_years
from album_sort.metadata.filename.shape import Shape
from album_sort.metadata.moment import Clock, Moment, assembled, plain_digits
from album_sort.types import TimeCandidate, TimePrecision, TimeSource

NAME_SHAPES = (*year_first.SHAPES, *year_last.SHAPES, *bare.NAME_SHAPES)
FOLDER_SHAPES = (*year_first.SHAPES, *year_last.SHAPES, *bare.FOLDER_SHAPES)

# A name without one of these holds no date; asked first, since most cameras name by a counter of four. Each of them
# begins with a figure, and to say so at once halves the time.
_MAY_HOLD_DATE = re.compile(
    r"[0-9](?:(?<=1)[89][0-9]{2}|(?<=2)0[0-9]{2}|(?<=1)[0-9]{12}|[0-9][-._ ][0-9]{2}[-._ ][0-9]{2}|-[0-9]{1,2}-[0-9]{2}"
    r"|[0-9]{5}[-_][0-9]{6})"
)
# How most telephones and messengers name, read at once: nothing that stands behind can be more exact.
_TELEPHONE = re.compile(
    r"(?:[A-Za-z]{0,12}[_\- ])?((?:19|20)\d\d)(-?)(\d\d)\2(\d\d)"
    r"(?:(?:[_\- T]| at )(\d\d)([.\-]?)(\d\d)\6(\d\d)(\d{3})?(?![0-9A-Za-z~])(?! ?[AaPp])|-WA\d{4})",
    re.ASCII,
)
# Milliseconds since 1970, from 2001 to 2033: messengers and download folders (`mmexport1577836800000.jpg`).
_EPOCH_MS = re.compile(r"(?<!\d)(1\d{12})(?!\d)")
# Seconds since 1970, which only a known name tells from any other number: screens recorded with an iPhone.
_EPOCH_S = re.compile(r"RPReplay_Final(1\d{9})(?!\d)")
# Pixel phones name by UTC, and so do OneDrive's upload from iOS and whoever writes ISO's Z or an offset.
_UTC_PREFIX = "PXL_"
_ZONE = re.compile(
    r"(?:[.,]\d{1,6})?(?:(?P<utc>Z|[ _]?UTC|_iOS)(?![^\W_])|\+(?P<hours>\d\d)[:_]?(?P<minutes>\d\d)(?!\d))", re.ASCII
)
_FINENESS = {precision: rank for rank, precision in enumerate(TimePrecision)}


def candidates_from_name(name: str) -> tuple[TimeCandidate, ...]:
    """When a photo was taken by its file name; Pixel phones write UTC, all others local time. Empty where no date fits.

    WhatsApp's `IMG-20230102-WA0001` and the like stay a day.
    """
    if name.isascii():
        if name.startswith("RPReplay") and (recorded := _EPOCH_S.match(name)):
            return (_since_epoch(recorded[1], 1, "s"),)
        if not _MAY_HOLD_DATE.search(name):
            return ()
        quick = _by_telephone(name)
        if quick is not None:
            return (quick,)
    else:
        name = with_plain_years(plain_digits(name))
        if not _MAY_HOLD_DATE.search(name):
            return ()
    cleaned = without_false_dates(name)
    found = _best(_found(cleaned, without_spans_of_years(cleaned), NAME_SHAPES))
    is_day = found is not None and _FINENESS[found[0].precision] <= _FINENESS[TimePrecision.DAY]
    stamp = None if is_day else _EPOCH_MS.search(cleaned)
    if stamp is not None:
        return (_since_epoch(stamp[1], 1000, "ms"),)
    return () if found is None else (_candidate(name, found[0], found[1]),)


def _since_epoch(digits: str, per_second: int, unit: str) -> TimeCandidate:
    utc = from_timestamp(int(digits) / per_second)  # from 2001 to 2033, by the number of digits and the first of them
    return TimeCandidate(TimeSource.FILE_NAME, utc=utc, note=f"{digits} {unit} since 1970")


def candidates_from_folder(folder: str) -> tuple[TimeCandidate, ...]:
    """A weak hint from `2023-01-02 Hiking`, `2023/01/02`, `2023-01`, `Photos from 2016`: the last three folders of a path."""
    parts = with_plain_years(plain_digits(folder.replace("\\", "/"))).rstrip("/").split("/")[-3:]
    tail = "/".join(without_false_dates(FILLER + part)[1:] for part in parts)
    if not _MAY_HOLD_DATE.search(tail):
        return ()
    # The deepest folder says it best.
    found = _best(_found(tail, without_spans_of_years(tail), FOLDER_SHAPES), tail)
    if found is None:
        return ()
    moment, note, _ = found
    local = moment.local.replace(hour=0, minute=0, second=0, microsecond=0)
    precision = max(moment.precision, TimePrecision.DAY, key=_FINENESS.__getitem__)
    return (TimeCandidate(TimeSource.FOLDER_NAME, local, precision=precision, note=note),)


_Found = tuple[Moment, str, int]
"""The moment, the part of the name that says so, and where it begins."""


def _found(name: str, without_spans: str, shapes: tuple[Shape, ...]) -> Iterator[_Found]:
    """Every date of any shape in a name. Of a span of years neither is the photo's year or month, but a day stays a day."""
    has_month = names_month(name)
    for shape in shapes:
        if shape.names_month and not has_month:
            continue
        text = without_spans if shape in _COARSE else name
        for match in shape.pattern.finditer(text):
            moment, end = _moment(text, match, shape)
            if moment is not None:
                yield moment, text[match.start() : end], match.start()


_COARSE = (*bare.NAME_SHAPES, *bare.FOLDER_SHAPES)


def _moment(name: str, match: re.Match[str], shape: Shape) -> tuple[Moment | None, int]:
    calendar, end = shape.read(match), match.end()
    if calendar is None:
        return None, end
    behind = clock_behind(name, end, shape) if shape.may_have_time and calendar.day is not None else None
    clock: Clock | None = None
    if behind is not None:
        clock, clock_end = behind
        if _is_impossible(clock):
            clock = None
        else:
            end = clock_end
    if clock is None and (shape.needs_time or name[end : end + 1].isdigit()) and not _is_counted(name, match):
        return None, end
    return assembled(*calendar, clock), end


def _is_impossible(clock: Clock) -> bool:
    """Numbers that are no time of day are something else; only the hour of 24 is known to be written."""
    return clock.hour > 24 or (clock.minute or 0) > 59 or (clock.second or 0) > 60


def _is_counted(name: str, match: re.Match[str]) -> bool:
    """Nokia's telephones: a day and three figures that count, and nothing else (`20130102001.jpg`, `25122013001.jpg`)."""
    return match.start() == 0 and int(match["year"]) >= _FIRST_NOKIA and bool(_COUNTED.fullmatch(name))


_FIRST_NOKIA = 2001  # with a camera, in Europe
_COUNTED = re.compile(r"\d{11}(?:\(\d+\))?(?:\.[A-Za-z0-9]+)?", re.ASCII)


def _best(found: Iterator[_Found], path: str = "") -> _Found | None:
    """The most exact; of equals the first shape's in a name, and in a path the deepest, there the first."""
    rows = list(found)
    if not rows:
        return None
    depths = {start: (-path.count("/", 0, start), start) if path else (0, 0) for *_, start in rows}
    return min(rows, key=lambda row: (_FINENESS[row[0].precision], *depths[row[2]]))


def _by_telephone(name: str) -> TimeCandidate | None:
    match = _TELEPHONE.match(name)
    if match is None:
        return None
    year, _, month, day, hour, _, minute, second, milli = match.groups()
    precision = TimePrecision.DAY if hour is None else TimePrecision.SECOND
    try:
        local = datetime(  # noqa: DTZ001  # wall time
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), int(milli or 0) * 1000
        )
    except ValueError:
        return None  # the slow way keeps what is good of it
    return _candidate(name, Moment(local, None, precision), match[0])


def _candidate(name: str, moment: Moment, note: str) -> TimeCandidate:
    if moment.precision is not TimePrecision.SECOND:
        return TimeCandidate(TimeSource.FILE_NAME, moment.local, precision=moment.precision, note=note)
    start = name.find(note)
    if note.startswith(_UTC_PREFIX) or name.endswith(_UTC_PREFIX, 0, start):
        return TimeCandidate(TimeSource.FILE_NAME, utc=moment.local, note=note)
    zone = _ZONE.match(name, start + len(note))
    if zone is None or (zone["utc"] == "Z" and "T" not in note):
        return TimeCandidate(TimeSource.FILE_NAME, moment.local, note=note)
    if zone["utc"]:
        return TimeCandidate(TimeSource.FILE_NAME, utc=moment.local, note=note)
    minutes = int(zone["hours"]) * 60 + int(zone["minutes"])
    is_zone = civil_offset(timedelta(minutes=minutes)) == minutes  # else it counts something
    return local_candidate(TimeSource.FILE_NAME, replace(moment, utc_offset_minutes=minutes if is_zone else None), note)
