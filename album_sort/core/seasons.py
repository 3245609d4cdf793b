"""Seasons by month, hemisphere and latitude, and the relative words that only the report's text uses."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

TROPIC_DEG = 23.4
"""Between the tropics the year has rainy and dry months; `winter` would say the wrong thing."""


class Season(StrEnum):
    """Meteorological seasons: whole months, as people speak of them."""

    WINTER = "winter"
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"


NORTHERN = (Season.WINTER, Season.SPRING, Season.SUMMER, Season.AUTUMN)


def season_of(day: date | None, lat_deg: float | None, home_lat_deg: float | None = None) -> Season | None:
    """The season on a day at a latitude; None without a date and in the tropics.

    A photo without a position takes the latitude of the home: most of them are from there. Without a home either it is
    None: a wrong season would put a southern Christmas into winter, a missing one only leaves evidence unused.
    """
    latitude = lat_deg if lat_deg is not None else home_lat_deg
    if day is None or latitude is None or abs(latitude) < TROPIC_DEG:
        return None
    quarter = day.month % 12 // 3
    return NORTHERN[quarter] if latitude > 0 else NORTHERN[(quarter + 2) % 4]


def season_year(day: date, season: Season) -> int:
    """The year a season began in: January belongs to the winter (in the south: the summer) that began the year before."""
    begins_before = day.month <= 2 and season in (Season.WINTER, Season.SUMMER)
    return day.year - 1 if begins_before else day.year


def season_label(day: date, season: Season) -> str:
    """`winter 2025-26` for seasons that cross the new year, `autumn 2025` for the others: the same in every year."""
    year = season_year(day, season)
    crosses = day.month in (12, 1, 2)
    return f"{season} {year}-{(year + 1) % 100:02d}" if crosses else f"{season} {year}"


ENGLISH = {0: "this {season}", 1: "last {season}", 2: "the {season} before last"}
CHINESE_YEARS = {0: "今年", 1: "去年", 2: "前年"}
CHINESE_SEASONS = {Season.WINTER: "冬天", Season.SPRING: "春天", Season.SUMMER: "夏天", Season.AUTUMN: "秋天"}


def relative_season(day: date, season: Season, today: date, lat_deg: float, lang: str = "en") -> str:
    """`last winter`, `去年冬天`: how a person would speak of a season on the day of the report. Never for folder names.

    The season running at `today` (or the next of its kind to come) is `this`; after two years the label is clearer.
    """
    back = _seasons_back(day, season, today, lat_deg)
    if back < 0 or back > 2:
        return _plain(day, season, lang)
    if lang == "zh":
        # Chinese counts by calendar years: in March, the winter that has just ended began 去年.
        years = today.year - season_year(day, season)
        if years not in CHINESE_YEARS:
            return _plain(day, season, lang)
        return f"{CHINESE_YEARS[years]}{CHINESE_SEASONS[season]}"
    return ENGLISH[back].format(season=season)


def _plain(day: date, season: Season, lang: str) -> str:
    """The season with its year."""
    if lang != "zh":
        return season_label(day, season)
    year = season_year(day, season)
    crosses = day.month in (12, 1, 2)
    span = f"{year}-{(year + 1) % 100:02d}" if crosses else str(year)
    return f"{span} 年{CHINESE_SEASONS[season]}"


def _seasons_back(day: date, season: Season, today: date, lat_deg: float) -> int:
    """How many seasons of that name lie between: 0 for the running one."""
    running = season_of(today, lat_deg)
    if running is season:
        return season_year(today, season) - season_year(day, season)
    # Out of season the last one that began is `last`: in July 2026 that is the winter 2025-26.
    latest = today.year if _first_month(season, lat_deg) <= today.month else today.year - 1
    return latest - season_year(day, season) + 1


def _first_month(season: Season, lat_deg: float) -> int:
    """Month in which a season begins at a latitude."""
    month = {Season.WINTER: 12, Season.SPRING: 3, Season.SUMMER: 6, Season.AUTUMN: 9}[season]
    return month if lat_deg > 0 else (month + 5) % 12 + 1
