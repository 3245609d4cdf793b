"""Relative words for a trip: `last winter in Japan`. Only the report uses them; folders have absolute names. Pure."""

from __future__ import annotations

import re
from datetime import date

from album_sort.types import Reason, Season

_WITH_ARTICLE = re.compile(
    "(United|Dominican|Central African) .*|.* (Islands|Territories)"
    "|Bahamas|Comoros|Gambia|Isle of Man|Maldives|Netherlands|Philippines|Seychelles"
)
"""Countries of which English says `in the`; Babel's names come without."""


def relative_words(start: date, *, today: date, season: str | None, where: str) -> Reason | None:
    """How a person would speak of a trip on the day `today`; None for a trip that has not begun by then.

    `season` is the season at the place (its hemisphere considered), `where` a country or a town.
    """
    if start > today:
        return None
    months = (today.year - start.year) * 12 + today.month - start.month
    if months < 2:
        return Reason.of("report.last-month" if months else "report.this-month", where=where)
    seasons_ago = _quarter(today) - _quarter(start)
    if season in tuple(Season) and seasons_ago <= len(Season):
        return Reason.of(f"report.last-{season}" if seasons_ago else f"report.this-{season}", where=where)
    if months < 12:
        return Reason.of("report.months-ago", n=months, where=where)
    # a year and a half is still a year: `2 years ago` would be looked for in the calendar year before
    years = (months + 5) // 12
    return Reason.of("report.last-year" if years == 1 else "report.years-ago", n=years, where=where)


def country_in_words(country: str, language: str) -> str:
    """A country as it stands behind `in`: `the United States`. Other languages have its name alone."""
    return f"the {country}" if language == "en" and _WITH_ARTICLE.fullmatch(country) else country


def _quarter(day: date) -> int:
    """Counts seasons: December to February is one, whatever the year says; likewise the other three."""
    return (day.year * 12 + day.month) // 3
