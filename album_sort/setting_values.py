"""The values that settings may have: from TOML, the environment (text) or a flag. A ValueError says what would be right."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any

from album_sort.choices import Mode, Precision
from album_sort.errors import nearest
from album_sort.sentences import sentence

_NUMBER = r"\s*[+-]?[\d.]+(?:e[+-]?\d+)?\s*"
_POSITION = re.compile(f"{_NUMBER},{_NUMBER}", re.ASCII | re.IGNORECASE)


def a_text(value: object) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise TypeError(sentence("settings.expected-a-text"))
    return value


def a_flag(value: object) -> bool:
    """True or false, also in words."""
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError(sentence("settings.expected-true-or-false"))


def an_integer(least: int, most: int) -> Callable[[object], int]:
    """A whole number within bounds."""

    def parse(value: object) -> int:
        number = int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise ValueError(sentence("settings.expected-a-whole-number", least=least, most=most))
        return number

    return parse


def a_number(least: float, most: float) -> Callable[[object], float]:
    """A number within bounds."""

    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, (int, float, str)) else float("nan")
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise ValueError(sentence("settings.expected-a-number-from", least=f"{least:g}", most=f"{most:g}"))
        return number

    return parse


def one_of(words: Sequence[str]) -> Callable[[object], str]:
    """One of some words."""

    def parse(value: object) -> str:
        if value not in words:
            near = nearest(str(value), words)
            raise ValueError(
                sentence("settings.expected-one-of", words=", ".join(words))
                + (sentence("settings.did-you-mean-2", near=near) if near else "")
            )
        return str(value)

    return parse


def some_texts(value: object) -> tuple[str, ...]:
    """A list of texts; a text is taken apart at its commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise TypeError(sentence("settings.expected-a-list-of"))


def a_home(value: object) -> tuple[float, float] | str:
    """A position, or a town's name for the gazetteer: `48.137,11.575`, `Munich`, `Munich, Germany`."""
    # A position may be written with an exponent (`1e-05`), so letters alone make no town.
    if isinstance(value, str) and any(letter.isalpha() for letter in value) and not _POSITION.fullmatch(value):
        return value.strip()
    return _position(value)


def a_mode(value: object) -> Mode:
    """How photos are filed; never by moving them."""
    if value == "move":
        raise ValueError(sentence("settings.album-sort-never-moves"))
    return Mode(one_of([*Mode])(value))


def _position(value: object) -> tuple[float, float]:
    parts = value.split(",") if isinstance(value, str) else value
    try:
        lat, lon = (float(part) for part in parts)  # type: ignore[attr-defined] # anything else raises, too
    except (TypeError, ValueError):
        raise ValueError(sentence("settings.give-a-town-or")) from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(sentence("settings.latitude-lies-within-90"))
    return lat, lon


def a_day(*, is_last: bool) -> Callable[[object], date]:
    """A day; of a month or a year its first or its last day."""

    def parse(value: object) -> date:
        if isinstance(value, date):
            return value
        found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", str(value).strip(), re.ASCII)
        try:
            if found is None:
                raise ValueError
            year, month = int(found[1]), int(found[2] or (12 if is_last else 1))
            return date(year, month, int(found[3] or (calendar.monthrange(year, month)[1] if is_last else 1)))
        except ValueError:
            raise ValueError(sentence("settings.expected-a-day-a")) from None

    return parse


def a_precision(value: object) -> Precision:
    """What the network runs in."""
    return Precision(one_of([*Precision])(value))


class Keeping(Enum):
    """Whether a destination keeps a setting from one run to the next."""

    NEVER = auto()
    ONCE_SET = auto()
    """As soon as somebody has set it."""
    ALWAYS = auto()
    """Even where nobody has said anything: a default of a later program must not move photos either."""


@dataclass(frozen=True, slots=True)
class Spec:
    """All that is known of a setting beside its name and default: adding a setting is adding one field of `Settings`."""

    parse: Callable[[object], Any]
    """From TOML, the environment or a flag; raises ValueError or TypeError."""
    help: str
    """What it does, in a sentence for `--help`."""
    metavar: str = ""
    """How its value is named there; empty for a flag."""
    switch: str = ""
    """The words of a flag, where they are others than its name."""
    keeping: Keeping = Keeping.NEVER
    is_idle: bool = False
    """Whether it changes nothing about where photos go."""
    is_reported: bool = True
    """Whether the report of a run names it: who has helped makes no difference to what is said of photos."""
