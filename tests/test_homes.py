"""Where somebody lives: found by weeks and nights, through moves, and not at all where there is too little to tell."""

from __future__ import annotations

from datetime import date, timedelta

from album_sort.core.geo import distance_km
from album_sort.core.trips.homes import Home, HomeKind, find_homes
from album_sort.types import Place
from tests.trip_scenes import MUNICH, NICE, NISEKO, PARIS, ROSENHEIM, ULM, ZURICH, Life, day


def near(home: Home, place: Place) -> bool:
    return distance_km(home.lat_deg, home.lon_deg, place.lat_deg, place.lon_deg) < 5


def test_home_is_where_most_weeks_and_nights_are_spent() -> None:
    life = Life()
    life.live("2024-01-01", 300)
    (home,) = find_homes(life.photos)
    assert near(home, MUNICH)
    assert home.days == 100
    assert home.nights == 100


def test_a_wedding_with_two_thousand_photos_is_no_home() -> None:
    life = Life()
    life.live("2024-01-01", 300)
    for minute in range(2000):
        life.shoot(day("2024-05-04 10:00") + timedelta(seconds=20 * minute), PARIS)
    (home,) = find_homes(life.photos)
    assert near(home, MUNICH)


def test_three_weeks_of_holiday_do_not_outweigh_two_days_a_month_at_home() -> None:
    life = Life()
    for month in range(12):
        life.spend((date(2024, 1, 3) + timedelta(days=30 * month)).isoformat(), 2, MUNICH, per_day=6)
    life.spend("2024-07-08", 21, NISEKO, per_day=10)
    homes = [home for home in find_homes(life.photos) if home.kind is HomeKind.HOME]
    assert len(homes) == 1
    assert near(homes[0], MUNICH)


def test_a_move_is_dated_by_the_last_and_first_nights() -> None:
    life = Life()
    life.live("2023-01-01", 365, MUNICH)
    life.live("2024-01-01", 365, ZURICH)
    old, new = find_homes(life.photos)
    assert near(old, MUNICH)
    assert near(new, ZURICH)
    assert abs((new.start - date(2024, 1, 1)).days) <= 7
    assert old.end == new.start - timedelta(days=1)


def test_a_move_back_gives_three_homes() -> None:
    life = Life()
    life.live("2021-01-01", 365, MUNICH)
    life.live("2022-01-01", 365, ZURICH)
    life.live("2023-01-01", 365, MUNICH)
    homes = [home for home in find_homes(life.photos) if home.kind is HomeKind.HOME]
    assert [near(home, place) for home, place in zip(homes, (MUNICH, ZURICH, MUNICH), strict=True)] == [True] * 3


def test_weekends_at_the_parents_make_a_recurring_place_not_a_home() -> None:
    life = Life()
    life.live("2024-01-01", 360)
    for weekend in range(0, 50, 5):
        life.spend((date(2024, 1, 6) + timedelta(weeks=weekend)).isoformat(), 2, ROSENHEIM)
    home, parents = find_homes(life.photos)
    assert home.kind is HomeKind.HOME
    assert parents.kind is HomeKind.RECURRING
    assert near(parents, ROSENHEIM)


def test_the_town_of_work_is_a_regular_place() -> None:
    life = Life()
    life.live("2024-01-01", 360)
    for week in range(50):
        life.spend((date(2024, 1, 2) + timedelta(weeks=week)).isoformat(), 1, ULM)
    assert [home.kind for home in find_homes(life.photos)] == [HomeKind.HOME, HomeKind.REGULAR]


def test_two_holidays_at_one_place_are_no_recurring_visits() -> None:
    life = Life()
    life.live("2024-01-01", 360)
    life.spend("2024-03-02", 7, PARIS)
    life.spend("2024-09-07", 7, PARIS)
    assert len(find_homes(life.photos)) == 1


def test_too_few_photos_have_no_home() -> None:
    life = Life()
    for week in range(8):
        life.shoot(day("2024-01-01 20:00") + timedelta(weeks=2 * week), MUNICH)
    assert find_homes(life.photos) == ()


def test_a_holiday_alone_has_no_home() -> None:
    life = Life()
    life.spend("2024-07-05", 14, NISEKO, per_day=10)
    assert find_homes(life.photos) == ()


def test_a_library_of_two_months_has_a_home_if_most_of_its_weeks_are_spent_there() -> None:
    life = Life()
    life.live("2024-06-01", 30, every=2)
    life.spend("2024-07-02", 7, PARIS)
    life.live("2024-07-12", 20, every=2)
    (home,) = find_homes(life.photos)
    assert near(home, MUNICH)


def test_a_given_home_replaces_what_is_found() -> None:
    life = Life()
    life.live("2024-01-01", 200)
    homes = find_homes(life.photos, override=(PARIS.lat_deg, PARIS.lon_deg))
    assert near(homes[0], PARIS)
    assert [home.kind for home in homes].count(HomeKind.HOME) == 1


def test_nothing_to_go_by_is_no_error() -> None:
    assert find_homes([]) == ()
    assert len(find_homes([], override=(48.1, 11.6))) == 1


def a_year_abroad_and_a_new_city() -> Life:
    """Ulm, a year in Paris, the summer in Ulm again, then Munich."""
    life = Life()
    life.live("2020-01-01", 600, ULM)
    life.live("2021-09-01", 300, PARIS)
    life.live("2022-07-01", 80, ULM)
    life.live("2022-09-20", 400, MUNICH)
    return life


def test_a_summer_at_the_old_home_between_two_others_is_lived_there() -> None:
    """A season too short for a home of its own, but not at a place that was one before."""
    homes = find_homes(a_year_abroad_and_a_new_city().photos)
    assert [near(home, place) for home, place in zip(homes, (ULM, PARIS, ULM, MUNICH), strict=True)] == [True] * 4
    assert abs((homes[2].start - date(2022, 7, 1)).days) <= 7
    assert abs((homes[2].end - date(2022, 9, 18)).days) <= 7


def test_weekends_in_the_town_one_moved_away_from_are_visits_however_far() -> None:
    """Friends and parents stayed there; a long stay is a holiday, which everyday life would never be."""
    life = Life()
    life.live("2021-01-01", 365, PARIS)
    life.live("2022-01-01", 700, MUNICH)
    for month in range(10):
        life.spend((date(2022, 6, 4) + timedelta(days=28 * month)).isoformat(), 2, PARIS)
    bases = [home for home in find_homes(life.photos) if home.kind is not HomeKind.HOME]
    assert [base.kind for base in bases] == [HomeKind.RECURRING]
    assert near(bases[0], PARIS)


def test_a_busy_season_of_work_on_either_side_does_not_move_the_home() -> None:
    """Ulm is work: photographed more than the home for four months each, two years apart, and now and then between."""
    life = Life()
    for first, every in (("2021-01-01", 2), ("2023-05-01", 2)):
        life.live(first, 120, ULM, every=every)
        life.live(first, 120, MUNICH, every=14)
    life.live("2021-05-01", 730, MUNICH, every=5)
    life.live("2021-05-01", 730, ULM, every=14)
    homes = [home for home in find_homes(life.photos) if home.kind is HomeKind.HOME]
    assert len(homes) == 1
    assert near(homes[0], MUNICH)


def test_each_winter_in_the_south_ends_with_its_spring() -> None:
    """A move is looked for around its turn: the shorter last winter is a journey, not the end of the one before."""
    life = Life()
    for year, winter_days in ((2021, 90), (2022, 90), (2023, 60)):
        life.live(f"{year}-01-05", winter_days, NICE, every=1)
        life.live(f"{year}-04-08", 260, MUNICH, every=5)
    homes = [home for home in find_homes(life.photos) if home.kind is HomeKind.HOME]
    last = homes[-1]
    assert near(last, MUNICH)
    assert abs((last.start - date(2022, 4, 8)).days) <= 7


def test_a_weekend_long_before_somebody_began_to_work_there_is_no_part_of_it() -> None:
    life = Life()
    life.live("2021-01-01", 900, MUNICH)
    life.spend("2021-05-01", 4, PARIS)
    for week in range(40):
        life.spend((date(2022, 1, 11) + timedelta(days=7 * week)).isoformat(), 2, PARIS)
    (work,) = [home for home in find_homes(life.photos) if home.kind is not HomeKind.HOME]
    assert work.kind is HomeKind.REGULAR
    assert work.start == date(2022, 1, 11)
