"""What the program says, by key: `labels/messages/AREA.toml` holds each sentence in every language.

As in other programs (`gettext`, Django), the language is said once, by who owns the process or answers a request, and holds
for all that is said there: nothing that decides needs to know it, and an error may be said where it is found. Only words
depend on it, never what is done. Nothing here raises for want of a sentence: an error that cannot be said would hide itself.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from album_sort.choices import LANGUAGES

FOLDER = "messages"
"""Of the files with the sentences, in the folder of labels: `plan.unknown-album` stands in `plan.toml`."""

_process = [LANGUAGES[0]]
_request: ContextVar[str] = ContextVar("language of a request", default="")


def speak(lang: str, encoding: str | None = "utf-8") -> None:
    """From now on this process speaks that language; English where it is none of ours or the encoding has no characters for it."""
    _process[0] = lang if lang in LANGUAGES and can_show(lang, encoding) else LANGUAGES[0]


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Within, what is said for one request is in its language, whatever the process speaks."""
    before = _request.set(lang)
    try:
        yield
    finally:
        _request.reset(before)


def spoken() -> str:
    """The language that is spoken here."""
    return _request.get() or _process[0]


def language_of(environment: Mapping[str, str]) -> str:
    """The language of a user's surroundings, as POSIX says it: `LC_ALL`, else `LC_MESSAGES`, else `LANG`; empty for none of ours."""
    name = next(filter(None, (environment.get(variable) for variable in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    short = name.partition(".")[0].partition("@")[0].partition("_")[0].partition("-")[0].lower()
    return short if short in LANGUAGES else ""


def sentence(key: str, **values: object) -> str:
    """The sentence of a key in the language that is spoken; `n` chooses its form, as the plurals of that language go."""
    lang = spoken()
    row = _rows(key.partition(".")[0]).get(key, {})
    text = _form(row, lang, values.get("n")) or _form(row, LANGUAGES[0], values.get("n"))
    try:
        return text.format(**{name: _shown(name, value, lang) for name, value in values.items()}) if text else key
    except (LookupError, ValueError):
        return f"{key} ({', '.join(f'{name}={value}' for name, value in values.items())})"


def has_sentence(key: str) -> bool:
    """Whether there is one."""
    return key in _rows(key.partition(".")[0])


@cache
def plural_of(lang: str, number: float) -> str:
    """Which of its forms a language uses for a number of things, in the words of Unicode: `one`, `few`, `other` ..."""
    from babel.core import Locale  # noqa: PLC0415 - seldom needed, and slow to load

    return str(Locale.parse(locale_name(lang)).plural_form(number))


def locale_name(lang: str) -> str:
    """As Babel calls it: Chinese is written with simplified characters."""
    return {"zh": "zh_Hans_CN"}.get(lang, lang)


def can_show(lang: str, encoding: str | None) -> bool:
    """Whether an encoding has the characters of a language: a few sentences tell. A stream in memory has none, and takes all."""
    try:
        "".join(row.get(lang, "") for row in _rows("common").values()).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def message_folder() -> Path:
    """The files with sentences: in a clone beside the package, else inside it (as `classifier/labels.py` finds the other labels)."""
    package = Path(__file__).resolve().parent
    beside = package.parent / "labels" / FOLDER
    return beside if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else package / "_labels" / FOLDER


@cache
def _rows(area: str) -> Mapping[str, Mapping[str, str]]:
    try:
        with open(os.path.join(message_folder(), f"{area}.toml"), "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError):
        return {}


def _form(row: Mapping[str, str], lang: str, number: object) -> str:
    # Most sentences have one form only, and most numbers are found without loading the rules of a language.
    if isinstance(number, int) and any(name.startswith(f"{lang}_") for name in row):
        return row.get(f"{lang}_{plural_of(lang, number)}", row.get(lang, ""))
    return row.get(lang, "")


_COUNTS = re.compile(
    r"n\d?|(most|least|longest|free|needed)(_\w+)?|received|expected|size|total|found|left|(giga|mega)?bytes|photos|albums|examples"
)
"""Names of values that are amounts. Others that are numbers are names (a process, a port, a line), or what somebody has typed."""
_MOST_GROUPED = 10**18
_MOST_WRITTEN = 10**4000
"""Python writes no longer number in tens."""


class _Plain(str):
    """What is no text of a user's, and stands without quotes where a sentence has `{value!r}`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _shown(name: str, value: object, lang: str) -> str:
    """As people write it: amounts in the way of their language."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) >= _MOST_WRITTEN:
        return _Plain(hex(value))
    if not isinstance(value, int | float) or not _COUNTS.fullmatch(name):
        return _Plain(value)
    # A decimal has 28 digits; a number of so many is read by nobody, and may have been found in a damaged file.
    if not 1000 <= abs(value) < _MOST_GROUPED:
        return _Plain(value)
    from babel.numbers import format_decimal  # noqa: PLC0415 - as above

    return _Plain(format_decimal(value, locale=locale_name(lang)))
