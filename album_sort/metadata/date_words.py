"""Dates in words: 2021年3月4日, 2021년 3월 4일, 令和3年, 二〇二一年, 4 March 2021. For metadata and for names alike."""

from __future__ import annotations

import re
from typing import NamedTuple

from album_sort.metadata.moment import HALF_OF_DAY, Clock


class Calendar(NamedTuple):
    """Year, month and day as written; what is not there is None."""

    year: int
    month: int | None
    day: int | None


# Years of an era count from one: 令和3年 is 2021.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民国": 1911, "民國": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s?(\d{{1,3}}|元)年")
_HAN_DIGITS = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_HAN_NUMBER = re.compile(rf"[{''.join(_HAN_DIGITS)}十廿卅]{{1,4}}(?=\s?[年月日号號])")

EAST_ASIAN_DAY = re.compile(
    r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?:(?P<month>\d{1,2})\s?[月월](?:\s?(?P<day>\d{1,2})(?:\s?[日号號일]|(?!\d)))?)?"
)
EAST_ASIAN_CLOCK = re.compile(
    rf"[\s_,\-]{{0,3}}(?P<half1>{HALF_OF_DAY})?\s?(?P<hour>\d{{1,2}})\s?[时時点點시]\s?"
    r"(?:(?P<minute>\d{1,2})\s?[分분]?\s?(?:(?P<second>\d{1,2})\s?[秒초]?)?)?(?!\d)"
)

# January to December. These may stand alone before a year (`June 1954`).
_MONTHS = (
    "january jan januar jänner janvier janv enero gennaio gen janeiro januari январь січень leden ocak tammikuu ιανουάριος ינואר يناير",
    "february feb februar février févr febrero febbraio fevereiro februari февраль лютий únor şubat helmikuu φεβρουάριος פברואר فبراير",
    "march mar märz mrz mars marzo março maart март березень marzec březen maaliskuu μάρτιος מרץ مارس",
    "april apr avril avr abril abr aprile апрель квітень kwiecień duben huhtikuu απρίλιος אפריל أبريل",
    "may mai mayo maggio mag maio mei май травень květen mayıs toukokuu μάιος מאי مايو",
    "june jun juni juin junio giugno giu junho июнь червень czerwiec červen haziran kesäkuu ιούνιος יוני يونيو",
    "july jul juli juillet juil julio luglio lug julho июль липень lipiec červenec temmuz heinäkuu ιούλιος יולי يوليو",
    "august aug août agosto ago augustus agustus август серпень sierpień srpen ağustos elokuu αύγουστος אוגוסט أغسطس",
    "september sept sep septembre septiembre settembre set setembro сентябрь вересень wrzesień září eylül syyskuu σεπτέμβριος "
    "ספטמבר سبتمبر",
    "october oct oktober okt octobre octubre ottobre ott outubro октябрь жовтень październik říjen ekim lokakuu οκτώβριος אוקטובר "
    "أكتوبر",
    "november nov novembre noviembre novembro ноябрь kasım marraskuu νοέμβριος נובמבר نوفمبر",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro desember декабрь грудень grudzień prosinec aralık joulukuu "
    "δεκέμβριος דצמבר ديسمبر",
)
# These stand behind a day (`2 мая 2019`), and without one are other words as well: Maja and Augusta are women. `Listopada` is
# October in one language and November in others, and so is left out.
_MONTHS_OF_A_DAY = (
    "января січня stycznia ledna januára ianuarie január januarja siječnja јануара јануар tammikuuta ιανουαρίου בינואר gener",
    "февраля лютого lutego února februára februarie február februarja veljače фебруара фебруар helmikuuta φεβρουαρίου בפברואר feber",
    "марта березня marca března martie március mart ožujka maaliskuuta μαρτίου במרץ març",
    "апреля квітня kwietnia dubna apríla aprilie április nisan aprila travnja априла huhtikuuta απριλίου באפריל",
    "мая травня maja května mája május svibnja мај toukokuuta μαΐου במאי maj maig",
    "июня червня czerwca června júna iunie június junija lipnja јуна јун kesäkuuta ιουνίου ביוני juny",
    "июля липня lipca července júla iulie július julija srpnja јула јул heinäkuuta ιουλίου ביולי juliol",
    "августа серпня sierpnia srpna augusta augusztus avgusta kolovoza августа elokuuta αυγούστου באוגוסט agost augusti",
    "сентября вересня września septembra septembrie szeptember rujna септембра септембар syyskuuta σεπτεμβρίου בספטמבר setembre",
    "октября жовтня października října októbra octombrie október oktobra октобра октобар lokakuuta οκτωβρίου באוקטובר",
    "ноября novembra noiembrie studenoga studenog новембра новембар marraskuuta νοεμβρίου בנובמבר",
    "декабря грудня grudnia prosince decembra decembrie prosinca децембра децембар joulukuuta δεκεμβρίου בדצמבר desembre",
)


def _plain_name(name: str) -> str:
    """A month's name for comparing, as loosely as an expression that ignores case: Turkish has an i without a point, and with one."""
    return name.replace("İ", "i").replace("ı", "i").casefold()


MONTHS = {
    _plain_name(name): number
    for months in (_MONTHS_OF_A_DAY, _MONTHS)
    for number, names in enumerate(months, 1)
    for name in names.split()
}
"""1 to 12 by name, in small letters and without differences that cannot be seen."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_NEEDS_DAY = {_plain_name(name) for names in _MONTHS_OF_A_DAY for name in names.split()} - {
    _plain_name(name) for names in _MONTHS for name in names.split()
}
_ALL_NAMES = sorted({name for names in (*_MONTHS, *_MONTHS_OF_A_DAY) for name in names.split()}, key=len, reverse=True)
MONTH_NAME = rf"(?P<name>(?<![^\W\d_])(?:{'|'.join(_ALL_NAMES)})(?![^\W\d_]))\.?"
"""A month in the languages of Europe and its neighbours, for a regular expression (ignoring case)."""


def month_of(name: str) -> int:
    """1 to 12, of a name that `MONTH_NAME` has found."""
    return MONTHS[_plain_name(name)]


def names_month(text: str) -> bool:
    """Whether a word of a text is the name of a month: much quicker to ask than to look for dates with one."""
    return any(_plain_name(word) in MONTHS for word in _WORD.findall(text))


def may_stand_alone(name: str) -> bool:
    """Whether such a name means a month without a day beside it, too."""
    return _plain_name(name) not in _NEEDS_DAY


def with_plain_years(text: str) -> str:
    """`text` with Chinese numbers and the years of eras as figures, where they stand in a date."""
    if "年" not in text and "月" not in text:
        return text
    text = _HAN_NUMBER.sub(lambda match: _han_number(match[0]), text)
    return _ERA.sub(lambda match: f"{_ERAS[match[1]] + (1 if match[2] == '元' else int(match[2]))}年", text)


def _han_number(signs: str) -> str:
    """二〇二一 is 2021, 十二 is 12, 二十一 and 廿一 are 21."""
    signs = signs.replace("廿", "二十").replace("卅", "三十")
    if "十" not in signs:
        return "".join(str(_HAN_DIGITS[sign]) for sign in signs)
    tens, _, ones = signs.partition("十")
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return signs
    return str(10 * _HAN_DIGITS.get(tens, 1) + _HAN_DIGITS.get(ones, 0))


def calendar_of(match: re.Match[str]) -> Calendar:
    """Year, month and day of a match with such groups."""
    part = match.groupdict()
    month = month_of(part["name"]) if part.get("name") else _whole(part.get("month"))
    return Calendar(int(part["year"]), month, _whole(part.get("day")))


def clock_of(match: re.Match[str], microsecond: int = 0) -> Clock:
    """The time of day of a match with such groups."""
    part = match.groupdict()
    half = part.get("half1") or part.get("half2") or ""
    return Clock(int(part["hour"]), _whole(part.get("minute")), _whole(part.get("second")), microsecond, half)


def _whole(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
