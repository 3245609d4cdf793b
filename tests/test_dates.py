"""One parser for every date that a file holds: forms, scripts, and parts that cannot be true."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.metadata.date_words import MONTHS
from album_sort.metadata.dates import parse_moment, parse_offset
from album_sort.metadata.filename import candidates_from_name
from album_sort.metadata.moment import Clock, assembled, plain_digits
from album_sort.types import TimePrecision

# The zeros of some scripts in which telephones and cameras are sold.
ZEROS = {name: ord(unicodedata.lookup(f"{name} DIGIT ZERO")) for name in ("ARABIC-INDIC", "EXTENDED ARABIC-INDIC")}
ZEROS |= {name: ord(unicodedata.lookup(f"{name} DIGIT ZERO")) for name in ("DEVANAGARI", "BENGALI", "THAI", "MYANMAR")}
ZEROS |= {"FULLWIDTH": ord("\uff10"), "MATHEMATICAL": 0x1D7CE}


def written(text: str) -> tuple[str, int | None, str]:
    moment = parse_moment(text)
    assert moment is not None, text
    return str(moment.local), moment.utc_offset_minutes, moment.precision.value


@pytest.mark.parametrize(
    ("text", "local", "offset", "precision"),
    [
        ("2023-01-02T10:11:12.345+09:00", "2023-01-02 10:11:12.345000", 540, "second"),
        ("2023-01-02T10:11-0730", "2023-01-02 10:11:00", -450, "minute"),
        ("2016:05:06T10:11:12Z", "2016-05-06 10:11:12", 0, "second"),
        ("1954-00-00", "1954-01-01 00:00:00", None, "year"),
        ("19750615", "1975-06-15 00:00:00", None, "day"),
        ("19540700", "1954-07-01 00:00:00", None, "month"),
        ("20230102T101112+0900", "2023-01-02 10:11:12", 540, "second"),
        ("20230102101112", "2023-01-02 10:11:12", None, "second"),
        ("25/12/2006 10:11", "2006-12-25 10:11:00", None, "minute"),
        ("12/25/2006 10:11:12 PM", "2006-12-25 22:11:12", None, "second"),
        ("05.06.2006", "2006-06-05 00:00:00", None, "day"),
        ("Sun, 27 Jul 2014 12:11:10 +0200", "2014-07-27 12:11:10", 120, "second"),
        ("Mon Dec 25 10:11:12 2006", "2006-12-25 10:11:12", None, "second"),
        ("MON DEC 25 24:11:12 2006", "2006-12-25 00:11:12", None, "second"),
        ("2006/12/25/ 10:11", "2006-12-25 10:11:00", None, "minute"),
        ("25 décembre 2006", "2006-12-25 00:00:00", None, "day"),
        ("2015:08:22 10:11:12 UTC+2", "2015-08-22 10:11:12", 120, "second"),
        ("2015-08-22 10:11 GMT-07:30", "2015-08-22 10:11:00", -450, "minute"),
        ("22 августа 2015 10:11", "2015-08-22 10:11:00", None, "minute"),
        ("22 AĞUSTOS 2015", "2015-08-22 00:00:00", None, "day"),
        ("4 ſept 2021", "2021-09-04 00:00:00", None, "day"),  # looks the same to an expression that ignores case
        ("4 APRİL 2021", "2021-04-04 00:00:00", None, "day"),
        ("2021年3月4日 12时30分", "2021-03-04 12:30:00", None, "minute"),
        ("2021年3月", "2021-03-01 00:00:00", None, "month"),
        ("2021년 3월 4일 오후 3:04:05", "2021-03-04 15:04:05", None, "second"),
        ("令和3年3月4日", "2021-03-04 00:00:00", None, "day"),
        ("昭和元年12月", "1926-12-01 00:00:00", None, "month"),
        ("二〇二一年十二月二十一日", "2021-12-21 00:00:00", None, "day"),
        ("2563:02:29 07:08:09", "2020-02-29 07:08:09", None, "second"),
        ("\u200f٢٠١٩/٠٥/٠٦\u200f ٢٤:٠٨", "2019-05-06 00:08:00", None, "minute"),
    ],
)
def test_dates_are_read_in_the_forms_that_programs_and_people_write(
    text: str, local: str, offset: int | None, precision: str
) -> None:
    assert written(text) == (local, offset, precision)


@pytest.mark.parametrize(
    "text",
    ["", "0000:00:00 00:00:00", "  :  :  ", "99999999", "20231", "2019123", "yesterday", "1:2", "年月日", "2021"[:3]],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_moment(text) is None


@pytest.mark.parametrize("zero", ZEROS.values(), ids=ZEROS)
def test_the_digits_of_every_script_are_digits(zero: int) -> None:
    translation = {ord(str(number)): zero + number for number in range(10)}
    assert written("2019:05:06 07:08:09".translate(translation)) == ("2019-05-06 07:08:09", None, "second")
    assert parse_offset("+05:30".translate(translation)) == 330
    assert plain_digits("0123456789".translate(translation)) == "0123456789"


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    parse_moment(text)
    parse_offset(text)


@given(st.sampled_from(sorted(MONTHS)), st.randoms())
def test_a_month_is_understood_in_all_letters_that_look_like_its_own(name: str, random: Random) -> None:
    """Capitals and small letters of any language, as an expression that ignores case takes them for each other."""
    others = {sign: {sign, sign.upper(), sign.lower()} for sign in name}
    others |= {"i": {"i", "I", "ı", "İ"}, "s": {"s", "S", "ſ"}}
    written = "".join(random.choice(sorted(others.get(sign, {sign}))) for sign in name)
    moment = parse_moment(f"4 {written} 2021")
    assert moment is None or moment.local.month == MONTHS[name]
    candidates_from_name(f"4 {written} 2021.jpg")


@given(
    st.from_regex(
        r"\d{4}[:\-/. ]{0,2}\d{0,3}[:\-/. ]{0,2}\d{0,3}[ T]?\d{0,3}:?\d{0,3}:?\d{0,3}(\.\d{0,9})?", fullmatch=True
    )
)
def test_numbers_in_the_shape_of_a_date_never_raise(text: str) -> None:
    parse_moment(text)


NUMBER = st.integers(-1, 99)


@given(st.integers(1800, 2100), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER)
def test_a_bad_part_costs_itself_and_what_is_finer_and_nothing_else(  # noqa: PLR0917  # the six parts of a date
    year: int, month: int, day: int, hour: int, minute: int, second: int
) -> None:
    """What is kept is what was written; precision tells how much that is."""
    moment = assembled(year, month, day, Clock(max(hour, 0), minute, second))
    assert moment is not None
    kept = list(TimePrecision).index(moment.precision)
    parts = (moment.local.year, moment.local.month, moment.local.day, moment.local.hour, moment.local.minute)
    count = {TimePrecision.YEAR: 1, TimePrecision.MONTH: 2, TimePrecision.DAY: 3}.get(moment.precision, 5)
    assert parts[:count] == (year, month, day, max(hour, 0) % 24, minute)[:count], kept


@given(st.datetimes(datetime(1826, 1, 1), datetime(2100, 1, 1)))
def test_every_moment_is_read_back_in_every_form(taken: datetime) -> None:
    taken = taken.replace(microsecond=0)
    for form in (
        "%Y:%m:%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y%m%dT%H%M%S",
        "%a %b %d %H:%M:%S %Y",
        "%d.%m.%Y %H:%M:%S",
    ):
        moment = parse_moment(taken.strftime(form))
        assert moment is not None
        assert (moment.local, moment.precision) == (taken, TimePrecision.SECOND)
