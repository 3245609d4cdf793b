"""What a naming scheme is: a pattern, how it is read, and names that show it (which are its tests)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from album_sort.metadata.date_words import Calendar
from album_sort.metadata.moment import is_day

YEAR = r"(?P<year>(?:18|19|20)\d\d)"
"""A year of photography, for a pattern."""

FIRST_YEAR = 1826
"""Of the first photograph: what is older is a number."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One way to write a date in a name."""

    what: str
    """Who writes so."""
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Calendar | None]
    """The date that a match means; None where there is no such day, or it is more likely a number."""
    examples: Mapping[str, str]
    """Names, each with its date and precision; empty where the name only looks like one of this shape."""
    may_have_time: bool = True
    """Whether a time of day may stand behind it."""
    needs_time: bool = False
    """Only with a time of day behind it is it certain."""
    is_parted: bool = True
    """Its numbers are parted by signs, so that a time may be hours and minutes only."""
    names_month: bool = False
    """It holds a month in letters: looked for only where there is one."""
    folder_examples: Mapping[str, str] = field(default_factory=dict)


def whole_day(match: re.Match[str]) -> Calendar | None:
    """Year, month and day that are written in full and exist."""
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    return Calendar(year, month, day) if year >= FIRST_YEAR and is_day(year, month, day) else None
