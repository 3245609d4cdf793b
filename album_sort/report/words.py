"""The report's own words in one language (`labels/report_words.toml`), with numbers and dates as that language writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_interval
from babel.numbers import format_decimal, format_percent

from album_sort.errors import UsageError
from album_sort.sentences import locale_name, plural_of, sentence

WORDS_FILE = "report_words.toml"
"""Name of the file in `labels/`."""


_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences by key. `key.one` is the form for exactly one, where the language has it; another may have `key.few`."""

    language: str
    sentences: Mapping[str, str]

    @property
    def locale(self) -> Locale:
        """For numbers and dates."""
        return Locale.parse(locale_name(self.language))

    def text(self, key: str, **values: str | int | float) -> str:
        """The sentence of a key with its values; a whole number `n` chooses its form, as the plurals of the language go."""
        if isinstance(number := values.get("n"), int):
            form = f"{key}.{plural_of(self.language, number)}"
            key = form if form in self.sentences else key
        return self.sentences[key].format(**{name: self._value(value) for name, value in values.items()})

    def _value(self, value: str | int | float) -> str:
        return value if isinstance(value, str) else self.number(value)

    def number(self, value: float) -> str:
        """`12,482`."""
        return str(format_decimal(value, locale=self.locale))

    def percent(self, share: float) -> str:
        """`61%` from 0.61."""
        return str(format_percent(share, locale=self.locale))

    def rate(self, per_second: float) -> str:
        """As exact as it means something: `21.8`, `315`, `24,000`."""
        if per_second < 100:
            return self.number(round(per_second, 1))
        return self.number(round(per_second) if per_second < 1000 else round(per_second, -2))

    def day(self, day: date) -> str:
        """`28 Dec 2025`, without a weekday."""
        return str(format_date(day, "medium", locale=self.locale))

    def days(self, start: date, end: date) -> str:
        """A span of days, the year said once where it is one."""
        return str(format_interval(start, end, "yMMMd", locale=self.locale))

    def day_of(self, utc: datetime) -> str:
        """The day of a moment (naive UTC) where this program runs."""
        return self.day(_local(utc).date())

    def moment(self, utc: datetime) -> str:
        """Day and time of a moment (naive UTC) where this program runs, with the offset from UTC."""
        local = _local(utc)
        offset = local.isoformat()[-len("+00:00") :].removeprefix("+00:00")
        return f"{format_datetime(local, 'medium', locale=self.locale)} UTC{offset}"

    def size(self, count: int) -> str:
        """`2.1 MB`: in thousands, as file managers and disks count."""
        value, unit = float(count), 0
        while value >= 1000 and unit < len(_UNITS) - 1:
            value, unit = value / 1000, unit + 1
        return f"{format_decimal(round(value, 1 if unit else 0), locale=self.locale)} {_UNITS[unit]}"

    def duration(self, seconds: float) -> str:
        """`3 min 20 s`, `0.4 s`."""
        if seconds < 0.05:
            return self.text("moment")
        if seconds < 60:
            return self.text("seconds", value=round(seconds, 1))
        minutes, rest = divmod(round(seconds), 60)
        return self.text("minutes", minutes=minutes, seconds=rest)


def _local(utc: datetime) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone()


def parse_words(toml_text: str, language: str) -> Words:
    """The words of one language from the text of `report_words.toml`.

    Raises `UsageError` for a language that the file does not have.
    """
    table = tomllib.loads(toml_text)
    known = sorted({name for row in table.values() for name in row if "_" not in name})
    if language not in known:
        raise UsageError(
            sentence("report.the-report-has-no", language=language),
            hint=sentence("report.choose-one-of", known=", ".join(known)),
        )
    sentences = {key: row[language] for key, row in table.items()}
    # forms for some numbers of things: Chinese has none, English one, Polish three
    sentences |= {
        f"{key}.{form.removeprefix(f'{language}_')}": said
        for key, row in table.items()
        for form, said in row.items()
        if form.startswith(f"{language}_")
    }
    return Words(language, sentences)
