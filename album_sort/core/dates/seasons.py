"""Seasons by month, hemisphere and latitude, and their names with the year."""

from __future__ import annotations

from datetime import date

from album_sort.types import Reason, Season

TROPIC_DEG = 23.4
"""Between the tropics the year has rainy and dry months; `winter` would say the wrong thing."""


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


def season_label(day: date, season: Season) -> Reason:
    """The season with its year, the same in every year: `winter 2025-26` where it crosses the new year, else `autumn 2025`."""
    year = season_year(day, season)
    crosses = day.month in (12, 1, 2)
    return Reason.of("folder.season", season=season, years=f"{year}-{(year + 1) % 100:02d}" if crosses else str(year))
