"""Seasons by month, hemisphere and latitude, and their names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classifier.labels import load_wording
from album_sort.core.dates.seasons import season_label, season_of
from album_sort.types import Season

NORTH, SOUTH, TROPICS = 48.0, -34.0, 8.0


@pytest.mark.parametrize(
    ("month", "north", "south"),
    [
        (1, Season.WINTER, Season.SUMMER),
        (2, Season.WINTER, Season.SUMMER),
        (3, Season.SPRING, Season.AUTUMN),
        (6, Season.SUMMER, Season.WINTER),
        (9, Season.AUTUMN, Season.SPRING),
        (12, Season.WINTER, Season.SUMMER),
    ],
)
def test_the_hemisphere_turns_the_seasons_round(month: int, north: Season, south: Season) -> None:
    assert season_of(date(2024, month, 15), NORTH) is north
    assert season_of(date(2024, month, 15), SOUTH) is south


def test_the_tropics_have_no_seasons() -> None:
    assert season_of(date(2024, 1, 15), TROPICS) is None
    assert season_of(date(2024, 1, 15), -TROPICS) is None


def test_without_a_date_there_is_no_season() -> None:
    assert season_of(None, NORTH) is None


def test_without_a_position_the_season_is_that_of_home_or_none() -> None:
    assert season_of(date(2024, 1, 15), None, SOUTH) is Season.SUMMER
    assert season_of(date(2024, 1, 15), None, None) is None


@given(st.dates(), st.floats(23.5, 90))
def test_the_two_hemispheres_never_share_a_season(day: date, lat: float) -> None:
    assert season_of(day, lat) is not season_of(day, -lat)


@pytest.mark.parametrize(
    ("day", "season", "english", "chinese"),
    [
        (date(2025, 12, 20), Season.WINTER, "winter 2025-26", "2025-26 年冬季"),
        (date(2026, 2, 20), Season.WINTER, "winter 2025-26", "2025-26 年冬季"),
        (date(1999, 12, 31), Season.WINTER, "winter 1999-00", "1999-00 年冬季"),
        (date(2026, 7, 1), Season.WINTER, "winter 2026", "2026 年冬季"),
        (date(2026, 1, 5), Season.SUMMER, "summer 2025-26", "2025-26 年夏季"),
        (date(2025, 10, 20), Season.AUTUMN, "autumn 2025", "2025 年秋季"),
    ],
)
def test_a_winter_has_one_name_on_both_sides_of_the_new_year(
    day: date, season: Season, english: str, chinese: str
) -> None:
    wording = load_wording()
    assert wording.say(season_label(day, season), "en") == english
    assert wording.say(season_label(day, season), "zh") == chinese
