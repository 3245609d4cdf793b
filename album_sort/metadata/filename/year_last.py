"""Dates that end with the year, and years of two figures: read only where one order of the numbers gives a date."""

from __future__ import annotations

import re

from album_sort.metadata.date_words import MONTH_NAME, Calendar, calendar_of, may_stand_alone
from album_sort.metadata.filename.shape import FIRST_YEAR, YEAR, Shape
from album_sort.metadata.moment import day_and_month, is_day

# A year of two figures above this one is of the last century; below, of this one.
_LAST_TWO_DIGIT_YEAR = 40
_LAST_CENTURY = 1999


def _four_digits(match: re.Match[str]) -> Calendar | None:
    """Points part day, month and year in this order; with other signs the year alone is certain of `01-07-2012`."""
    one, two, year, sep = int(match["one"]), int(match["two"]), int(match["year"]), match["sep"]
    before = match.string[max(match.start() - 2, 0) : match.start()]
    if len(before) == 2 and before[0].isdigit() and before[1] == sep:
        return None  # the tail of a longer number
    if year < FIRST_YEAR or (sep in "_ " and len(match["one"] + match["two"]) < 4):
        return None
    certain = day_and_month(one, two, year)
    if certain is None and (sep == "." or before[-1:] == "@"):  # Telegram's exports have an `@` before the day
        certain = (one, two) if is_day(year, two, one) else None
    if certain is not None:
        return Calendar(year, certain[1], None if _SPAN_OF_DAYS.search(match.string[: match.start()]) else certain[0])
    return Calendar(year, None, None) if is_day(year, one, two) else None


_SPAN_OF_DAYS = re.compile(r"(?<!\d)\d{1,2}\.\s?-\s?\Z")
"""`02.-05.01.2019`, `30.12. - 05.01.2019`: the last day of several is not the photo's."""


def _compact(match: re.Match[str]) -> Calendar | None:
    """Eight figures are a day with its year last only where no other order is one, and they are not a pair of years."""
    one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
    if year - int(match["one"] + match["two"]) == 1:  # a season: 20122013
        return None
    certain = day_and_month(one, two, year)
    return None if certain is None else Calendar(year, certain[1], certain[0])


def _named(match: re.Match[str]) -> Calendar | None:
    """`4 March 2021`, `Mar 4, 2021`, `March 2021`; of a short name alone (`set 2000`, `mar 1954`) nothing is certain."""
    found = calendar_of(match)
    if found.year < FIRST_YEAR or found.month is None:
        return None
    if found.day is None:
        name = match["name"].lower()
        return found if may_stand_alone(name) and (len(name) > 3 or name in _SHORT) else None
    return found if is_day(found.year, found.month, found.day) else None


_SHORT = frozenset(("jan", "feb", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "may", "май", "מרץ", "מאי"))


def _full_year(two_digits: str) -> int:
    return int(two_digits) + (1900 if int(two_digits) > _LAST_TWO_DIGIT_YEAR else 2000)


def _two_digits(match: re.Match[str]) -> Calendar | None:
    """The year is first where a time follows (so upload programs name); else only one order may give a day at all."""
    return _compact_two_digits(match) or _certain_two_digits(match)  # the pattern has made sure of the time


def _certain_two_digits(match: re.Match[str]) -> Calendar | None:
    one, two, three = match["one"], match["two"], match["three"]
    orders = ((one, two, three), (three, two, one), (three, one, two))
    found = {
        Calendar(_full_year(year), int(month), int(day))
        for year, month, day in orders
        if is_day(_full_year(year), int(month), int(day))
    }
    if len(found) != 1 or (match["sep"] == "." and max(found).year > _LAST_CENTURY):
        return None
    return found.pop()


def _photo_booth(match: re.Match[str]) -> Calendar | None:
    """The year stands last in every language; which of the others is the day depends on it."""
    year = _full_year(match["three"])
    certain = day_and_month(int(match["one"]), int(match["two"]), year)
    return Calendar(year, None, None) if certain is None else Calendar(year, certain[1], certain[0])


def _compact_two_digits(match: re.Match[str]) -> Calendar | None:
    """The year first, of this century."""
    year, month, day = _full_year(match["one"]), int(match["two"]), int(match["three"])
    is_known = int(match["one"]) <= _LAST_TWO_DIGIT_YEAR and is_day(year, month, day)
    return Calendar(year, month, day) if is_known else None


PARTED = Shape(
    "people, Telegram, scanners: day first or month first",
    re.compile(rf"(?<!\d)(?P<one>\d\d?)(?P<sep>[-_. ])(?P<two>\d\d?)(?P=sep){YEAR}(?!\d)"),
    _four_digits,
    {
        "25-12-2013 101112.jpg": "2013-12-25 10:11:12 second",
        "12-29-2010_019(1).JPG": "2010-12-29 day",
        "05-05-2013 Rome.jpg": "2013-05-05 day",
        "Scan 25_12_2013.jpg": "2013-12-25 day",
        "Hochzeit 2.1.2023 (3).jpg": "2023-01-02 day",
        "Party 1.13.2023.jpg": "2023-01-13 day",
        "Foto 25.12.2013 10.11.12.jpg": "2013-12-25 10:11:12 second",
        "Photo 25-12-2013, 10 11 12.jpg": "2013-12-25 10:11:12 second",
        "photo_123@02-01-2023_10-11-12.jpg": "2023-01-02 10:11:12 second",
        "photo_1@02-13-2023_10-11-12.jpg": "2023-02-13 10:11:12 second",
        "01-07-2012_2a_Corrida_272310.jpg": "2012 year",
        "IMG_32-13-2012.jpg": "",
        "1-25-12-2013.jpg": "",
    },
    folder_examples={
        "/photos/25-12-2013 Xmas": "2013-12-25 day",
        "/photos/2.1.2023": "2023-01-02 day",
        "/photos/02.-05.01.2019 Rom": "2019-01 month",
    },
)

COMPACT = Shape(
    "telephones and scanners: eight figures with the year last",
    re.compile(r"(?<!\d)(?P<one>\d\d)(?P<two>\d\d)(?P<year>19[2-9]\d|20[0-4]\d)"),
    _compact,
    {
        "IMG_25122013_101112.jpg": "2013-12-25 10:11:12 second",
        "25122013.jpg": "2013-12-25 day",
        "28122005(001).jpg": "2005-12-28 day",
        "25122013001.jpg": "2013-12-25 day",
        "12292010_019.jpg": "2010-12-29 day",
        "CCF25122013_00001.jpg": "2013-12-25 day",
        "CCF05062013_00001.jpg": "",
        "20122013.jpg": "",
        "99122013.jpg": "",
    },
    is_parted=False,
    folder_examples={"/photos/25122013 Xmas": "2013-12-25 day"},
)

NAMED = Shape(
    "people who write the month in letters, before the year",
    re.compile(
        rf"(?:(?<!\d)(?<!\d[\-+&])(?<!\d - )(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|[ºª°])?[ _\-.]{{1,2}}(?:(?:of|de) )?)?"
        rf"{MONTH_NAME}[ _\-.,]{{1,2}}(?:de )?{YEAR}(?!\d)",
        re.IGNORECASE,
    ),
    _named,
    {
        "14 July 1968 Wedding.jpg": "1968-07-14 day",
        "4. März 2021.jpg": "2021-03-04 day",
        "4 de marzo de 2021.jpg": "2021-03-04 day",
        "1st of May 1954.jpg": "1954-05-01 day",
        "Grandmother June 1954.jpg": "1954-06 month",
        "Scan 2 Jan 2023, 10.11.12.jpg": "2023-01-02 10:11:12 second",
        "2 января 2019 г.jpg": "2019-01-02 day",
        "1 maja 2019.jpg": "2019-05-01 day",
        "2. ledna 2019.jpg": "2019-01-02 day",
        "2 Ağustos 2019.jpg": "2019-08-02 day",
        "2 tammikuuta 2019.jpg": "2019-01-02 day",
        "2 Ιανουαρίου 2019.jpg": "2019-01-02 day",
        "2 يناير 2019.jpg": "2019-01-02 day",
        "2 בינואר 2019.jpg": "2019-01-02 day",
        "1er janvier 2019.jpg": "2019-01-01 day",
        "4 APRİL 2021.jpg": "2021-04-04 day",
        "4 ſept 2021.jpg": "2021-09-04 day",
        "Июль 2019.jpg": "2019-07 month",
        "Maja 2019.jpg": "",
        "Augusta 1954.jpg": "",
        "2 listopada 2019.jpg": "",
        "31 June 1954.jpg": "",
        "Mar 1954.jpg": "",
        "Marchetti 1954.jpg": "",
    },
    names_month=True,
    folder_examples={
        "/photos/Juli 2019": "2019-07 month",
        "/photos/14 July 1968": "1968-07-14 day",
        "/photos/Rome, 2-5 January 2019": "2019-01 month",
        "/photos/Rome, 2 - 5 January 2019": "2019-01 month",
    },
)

NAMED_DAY = Shape(
    "English: the month, the day, the year",
    re.compile(rf"{MONTH_NAME}[ _\-.](?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ _\-.,]{{1,2}}{YEAR}(?!\d)", re.IGNORECASE),
    _named,
    {
        "July 14, 1968.jpg": "1968-07-14 day",
        "Scan Jan 2, 2023 at 10.11.12 AM.jpg": "2023-01-02 10:11:12 second",
        "Mar-4th-2021.jpg": "2021-03-04 day",
    },
    names_month=True,
    folder_examples={"/photos/Dec 25, 2013": "2013-12-25 day"},
)

UPLOADS = Shape(
    "Nextcloud's upload from iOS and the like: years of two figures, with a time",
    re.compile(
        r"^(?P<one>\d\d)(?P<sep>[-_])(?P<two>\d\d)(?P=sep)(?P<three>\d\d)"
        r"(?=[ _T](?:\d{4}(?:\d\d)?(?!\d)|\d\d(?P<t>[-_.: ])\d\d(?P=t)\d\d))"
    ),
    _two_digits,
    {
        "22-04-06 15-21-03 2160.png": "2022-04-06 15:21:03 second",
        "17-06-01 16-04-02 0001.jpg": "2017-06-01 16:04:02 second",
        "25-03-16_1146.mp4": "2025-03-16 11:46:00 minute",
        "31-12-99 23-59-58.jpg": "1999-12-31 23:59:58 second",
        "06-22-04 10-11-12.jpg": "2004-06-22 10:11:12 second",
        "55-66-77 10-11-12.jpg": "",
    },
    needs_time=True,
)

TWO_DIGITS = Shape(
    "people: years of two figures that can be nothing else; with points of the last century, for versions are written so, too",
    re.compile(r"(?<![\d\-.])(?P<one>\d\d)(?P<sep>[-.])(?P<two>\d\d)(?P=sep)(?P<three>\d\d)(?![\d]|[-.]\d)"),
    _certain_two_digits,
    {
        "25.12.98 Xmas.jpg": "1998-12-25 day",
        "98-12-25 Xmas.jpg": "1998-12-25 day",
        "Rome 12-25-98.jpg": "1998-12-25 day",
        "12-25-13 Xmas.jpg": "2013-12-25 day",
        "25.12.13 Xmas.jpg": "",
        "Program 10.21.17.jpg": "",
        "05-06-98.jpg": "",
        "12-34-56.jpg": "",
        "192.168.10.98.png": "",
    },
    may_have_time=False,
    folder_examples={"/photos/25.12.98 Xmas": "1998-12-25 day"},
)

PHOTO_BOOTH = Shape(
    "Photo Booth of the Mac, in the order of its language",
    re.compile(r"Photo on (?P<one>\d\d?)-(?P<two>\d\d?)-(?P<three>\d\d)(?= at )"),
    _photo_booth,
    {
        "Photo on 25-12-13 at 10.11 AM.jpg": "2013-12-25 10:11:00 minute",
        "Photo on 12-25-13 at 10.11 PM #2.jpg": "2013-12-25 22:11:00 minute",
        "Photo on 1-2-23 at 10.11.jpg": "2023 year",
    },
)

COMPACT_TWO_DIGITS = Shape(
    "cameras in cars and old telephones: six figures and six for the time",
    re.compile(r"(?<![\d])(?<!\d[-_.])(?P<one>\d\d)(?P<two>\d\d)(?P<three>\d\d)(?=[-_]\d{6}(?!\d))"),
    _compact_two_digits,
    {
        "FILE230102-101112F.MP4": "2023-01-02 10:11:12 second",
        "230102_101112.jpg": "2023-01-02 10:11:12 second",
        "123456_654321.jpg": "",
        "230102.jpg": "",
        "1-230102_101112.jpg": "",
    },
    needs_time=True,
    is_parted=False,
)

SHAPES = (PARTED, COMPACT, NAMED, NAMED_DAY, PHOTO_BOOTH, UPLOADS, TWO_DIGITS, COMPACT_TWO_DIGITS)
