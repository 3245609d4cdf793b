"""What makes a trip, what belongs to it, where it begins and ends, and what it is called."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.core.trips.find import find_trips
from album_sort.core.trips.homes import Home, HomeKind
from album_sort.types import ContentId, Place, TimePrecision, TimeSource
from tests.trip_scenes import (
    AREZZO,
    BASEL,
    BERLIN,
    COMPACT,
    DRESDEN,
    FLORENCE,
    KIEL,
    LOERRACH,
    LYON,
    MILAN,
    MUCH_LATER,
    MUNICH,
    NEW_YORK,
    NICE,
    NISEKO,
    PARIS,
    PARTNER,
    PHONE,
    ROSENHEIM,
    SIENA,
    SUVA,
    TAVEUNI,
    ULM,
    VERSAILLES,
    ZURICH,
    Life,
    day,
    known,
    year_at_home,
)


def codes(life: Life) -> set[str]:
    return {reason.code for trip in life.timeline().trips for reason in trip.why}


def test_a_week_far_away_is_one_trip_named_after_its_place() -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 7, NISEKO)
    (trip,) = life.timeline().trips
    assert trip.title == "2024-07 Niseko, Japan"
    assert (trip.start, trip.end) == (date(2024, 7, 5), date(2024, 7, 11))
    assert trip.members == frozenset(photos)
    assert trip.place is not None
    assert trip.place.name == "Niseko"
    assert {"trip.starts-away", "trip.ends-home"} <= codes(life)


def test_the_title_is_in_the_language_of_the_destination() -> None:
    life = Life()
    life.spend("2024-07-05", 7, NISEKO)
    life.live("2024-01-01", 150)
    (trip,) = life.timeline(lang="zh").trips
    # The names come from the gazetteer in its language; here they are Latin.
    assert trip.title == "2024-07 Japan Niseko"


def test_several_cities_of_one_country_are_one_trip_named_after_the_country() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 3, PARIS)
    life.spend("2024-07-08", 3, LYON)
    life.spend("2024-07-11", 3, NICE)
    assert life.titles() == ["2024-07 France"]


def test_several_towns_of_one_region_are_named_after_the_region() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 2, FLORENCE)
    life.spend("2024-07-07", 2, SIENA)
    life.spend("2024-07-09", 2, AREZZO)
    assert life.titles() == ["2024-07 Tuscany, Italy"]


def test_a_tour_of_the_home_country_is_named_after_its_regions() -> None:
    """For who lives there the country's name says nothing; a day on the way is not named."""
    life = year_at_home()
    life.spend("2024-07-05", 3, KIEL)
    life.spend("2024-07-08", 1, BERLIN)
    life.spend("2024-07-09", 3, DRESDEN)
    assert life.titles() == ["2024-07 Schleswig-Holstein and Saxony, Germany"]
    assert life.timeline(lang="zh").trips[0].title == "2024-07 Germany Schleswig-Holstein和Saxony"


def test_two_countries_are_both_named() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 3, PARIS)
    life.spend("2024-07-08", 2, NICE)
    life.spend("2024-07-10", 2, MILAN)
    life.spend("2024-07-12", 2, FLORENCE)
    assert life.titles() == ["2024-07 France and Italy"]


def test_two_empty_days_do_not_split_a_trip() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 2, NISEKO)
    life.spend("2024-07-09", 2, NISEKO)
    assert len(life.titles()) == 1


def test_a_week_without_photos_abroad_is_bridged_and_says_so() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 2, NISEKO)
    life.spend("2024-07-13", 2, NISEKO)
    assert len(life.titles()) == 1
    assert "trip.gap-bridged" in codes(life)


def test_days_without_photos_are_bridged_beside_a_border_too() -> None:
    life = Life()
    life.live("2024-01-01", 180, NISEKO)
    life.live("2024-08-01", 180, NISEKO)
    life.spend("2024-07-05", 2, BASEL)
    life.spend("2024-07-11", 2, LOERRACH)
    assert len(life.titles()) == 1


def test_an_outing_on_the_day_after_a_flight_home_is_none_of_the_trip() -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 5, NISEKO)
    life.spend("2024-07-10", 1, ULM)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


def test_the_last_stop_on_the_drive_home_is_of_the_trip() -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 5, PARIS)
    photos += life.spend("2024-07-10", 1, ULM)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


def test_photos_at_home_between_make_two_trips() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 3, NISEKO)
    life.spend("2024-07-10", 2, MUNICH)
    life.spend("2024-07-14", 3, PARIS)
    assert life.titles() == ["2024-07 Niseko, Japan", "2024-07 Paris, France"]


def test_two_trips_of_one_month_to_one_place_have_two_titles() -> None:
    life = year_at_home()
    life.spend("2024-07-02", 3, PARIS)
    life.spend("2024-07-10", 3, MUNICH)
    life.spend("2024-07-20", 3, PARIS)
    assert life.titles() == ["2024-07 Paris, France", "2024-07-20 Paris, France"]


def test_a_single_day_is_a_trip_only_with_many_photos() -> None:
    quiet, busy = year_at_home(), year_at_home()
    for minute in range(8):
        quiet.shoot(day("2024-07-05 10:00") + timedelta(minutes=20 * minute), ULM)
    for minute in range(25):
        busy.shoot(day("2024-07-05 10:00") + timedelta(minutes=20 * minute), ULM)
    assert quiet.titles() == []
    (trip,) = busy.timeline().trips
    assert trip.is_day_trip
    assert trip.title == "2024-07 Ulm, Germany"


@pytest.mark.parametrize(
    ("where", "photos", "home_the_evening_before", "is_trip"),
    [
        (NISEKO, 5, False, True),
        (NISEKO, 4, False, False),
        (NISEKO, 5, True, False),
        (ULM, 5, False, False),
    ],
)
def test_a_day_very_far_from_home_is_a_journey_if_there_was_time_for_one(
    where: Place, photos: int, home_the_evening_before: bool, is_trip: bool
) -> None:
    """Nobody is in Hokkaido four hours after having been in Munich: such photos were sent by somebody."""
    life = year_at_home()
    for minute in range(photos):
        life.shoot(day("2024-07-05 10:00") + timedelta(minutes=20 * minute), where)
    if home_the_evening_before:
        # Nine hours lie between the zones.
        life.shoot(day("2024-07-04 21:00"), MUNICH)
    assert bool(life.titles()) == is_trip


def test_two_photos_with_a_position_prove_no_journey_however_many_lack_one() -> None:
    life = year_at_home()
    life.shoot(day("2024-07-05 12:00"), NISEKO)
    life.shoot(day("2024-07-05 13:00"), NISEKO)
    life.spend("2024-07-05", 2, None, per_day=12)
    assert life.titles() == []


def test_a_journey_that_begins_at_the_parents_is_one_however_short() -> None:
    life = Life()
    life.live("2024-01-01", 353)
    for weekend in range(0, 45, 3):
        life.spend((date(2024, 1, 6) + timedelta(weeks=weekend)).isoformat(), 2, ROSENHEIM)
    life.spend("2024-11-30", 1, ROSENHEIM)
    photos = life.spend("2024-12-01", 1, PARIS, per_day=6)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


def test_a_friends_photo_inside_the_last_days_does_not_cut_them_off() -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 1, PARIS)
    life.shoot(day("2024-07-06 20:00"), NISEKO)
    photos += life.spend("2024-07-07", 1, PARIS, per_day=2)
    (trip,) = life.timeline().trips
    assert frozenset(photos) <= trip.members


def test_two_outings_in_opposite_directions_on_one_weekend_are_no_trip() -> None:
    life = year_at_home()
    life.spend("2024-07-06", 1, ULM, per_day=5)
    life.spend("2024-07-07", 1, ROSENHEIM, per_day=5)
    assert life.titles() == []


def test_a_young_trip_is_open_and_says_so() -> None:
    life = Life()
    life.live("2024-01-01", 180)
    life.spend("2024-07-05", 3, NISEKO)
    (trip,) = life.timeline(now=day("2024-07-08 12:00")).trips
    assert trip.is_open
    (trip,) = life.timeline(now=day("2024-07-28")).trips
    assert not trip.is_open


def test_the_partner_who_stays_at_home_does_not_end_the_trip() -> None:
    life = year_at_home()
    life.live("2024-01-01", 400, camera=PARTNER)
    photos = life.spend("2024-07-05", 7, NISEKO)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


def test_the_partner_who_comes_along_is_in_the_same_trip() -> None:
    life = year_at_home()
    life.live("2024-01-01", 180, camera=PARTNER)
    own = life.spend("2024-07-05", 7, NISEKO)
    others = life.spend("2024-07-06", 5, NISEKO, camera=PARTNER)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(own + others)


def test_two_cameras_on_another_continent_are_together_even_if_a_days_drive_apart() -> None:
    """In Fiji 220 km are next door for somebody from Munich; in Europe they may be two errands."""
    life = year_at_home()
    life.live("2024-01-01", 180, camera=PARTNER)
    own = life.spend("2024-07-05", 2, SUVA)
    others = life.spend("2024-07-06", 2, TAVEUNI, camera=PARTNER)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(own + others)


def test_two_people_on_two_journeys_have_two_trips() -> None:
    life = year_at_home()
    life.live("2024-01-01", 180, camera=PARTNER)
    life.spend("2024-07-05", 7, NISEKO)
    life.spend("2024-07-05", 7, NICE, camera=PARTNER)
    assert sorted(life.titles()) == ["2024-07 Nice, France", "2024-07 Niseko, Japan"]


def test_two_telephones_of_one_name_do_not_make_one_traveller_commute() -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 7, NISEKO)
    for d in range(7):
        life.shoot(day("2024-07-05 10:00") + timedelta(days=d), MUNICH)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


@pytest.mark.parametrize("camera", ["Samsung SM-G991B", PHONE, ""])
def test_a_friends_photo_from_far_away_makes_no_trip(camera: str) -> None:
    life = year_at_home()
    life.shoot(day("2024-03-05 12:00"), NISEKO, camera=camera)
    assert life.titles() == []


@pytest.mark.parametrize("camera", ["Samsung SM-G991B", PHONE, ""])
def test_a_friends_photo_from_elsewhere_does_not_split_a_trip(camera: str) -> None:
    life = year_at_home()
    photos = life.spend("2024-07-05", 7, NISEKO)
    life.shoot(day("2024-07-08 12:00"), NEW_YORK, camera=camera)
    (trip,) = life.timeline().trips
    assert frozenset(photos) <= trip.members
    assert trip.title == "2024-07 Niseko, Japan"


def test_a_friends_whole_journey_is_not_ours() -> None:
    life = year_at_home()
    life.spend("2024-03-05", 3, NISEKO, per_day=6, camera="Samsung SM-G991B")
    assert life.titles() == []


def test_a_camera_without_receiver_belongs_by_time() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 7, NISEKO)
    photos = life.spend("2024-07-06", 5, None, camera=COMPACT)
    (trip,) = life.timeline().trips
    assert frozenset(photos) <= trip.members
    assert "trip.members-by-time" in codes(life)


def test_a_camera_whose_clock_was_never_set_does_not_belong_by_time() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 7, NISEKO)
    for first in ("2023-01-01", "2023-05-01", "2023-09-01"):
        life.spend(first, 3, None, camera=COMPACT)
    photos = life.spend("2024-07-06", 3, None, camera=COMPACT)
    (trip,) = life.timeline().trips
    assert not frozenset(photos) & trip.members


def test_a_camera_mostly_used_at_home_belongs_to_the_trip_whose_days_it_kept() -> None:
    """Its clock cannot be checked at home, where the telephone stays in the pocket; a week of photos on every day can."""
    life = year_at_home()
    life.spend("2024-07-05", 7, NISEKO)
    life.spend("2024-01-02", 150, None, camera=COMPACT, per_day=2, every=6)
    photos = life.spend("2024-07-06", 5, None, camera=COMPACT)
    (trip,) = life.timeline().trips
    assert frozenset(photos) <= trip.members


def test_a_camera_used_on_most_trips_is_believed_on_short_ones_too() -> None:
    life = year_at_home()
    life.spend("2024-01-02", 150, None, camera=COMPACT, per_day=2, every=6)
    life.spend("2024-07-05", 5, NISEKO)
    life.spend("2024-07-06", 3, None, camera=COMPACT)
    life.live("2024-07-12", 3, MUNICH)
    life.spend("2024-07-20", 2, PARIS)
    photos = life.spend("2024-07-20", 2, None, camera=COMPACT)
    assert frozenset(photos) <= life.timeline().trips[-1].members


def test_a_picture_out_of_the_aeroplanes_window_belongs_to_the_trip() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 7, NISEKO)
    window = life.shoot(day("2024-07-11 20:00"), SUVA)
    photo = life.photos[-1]
    assert photo.position is not None
    life.photos[-1] = replace(photo, position=replace(photo.position, altitude_m=10_500.0))
    (trip,) = life.timeline().trips
    assert window in trip.members


def test_a_friends_day_far_away_is_not_ours_when_we_were_at_home_around_it() -> None:
    life = year_at_home()
    life.shoot(day("2024-07-05 09:00"), MUNICH)
    life.spend("2024-07-05", 1, PARIS, per_day=6, camera="Samsung SM-G991B")
    life.shoot(day("2024-07-05 22:00"), MUNICH)
    assert life.titles() == []


def test_a_friends_day_far_away_is_not_ours_when_we_were_on_another_journey() -> None:
    """Nobody was at home then, and a camera without a receiver was busy on the journey."""
    life = year_at_home()
    life.spend("2024-07-05", 12, FLORENCE)
    life.spend("2024-07-05", 12, None, camera=COMPACT)
    for minute in (20, 40, 55):
        life.shoot(day("2024-07-10 10:00") + timedelta(minutes=minute), NEW_YORK, camera="Apple iPhone 14 Pro")
    assert life.titles() == ["2024-07 Florence, Italy"]


def test_a_short_journey_after_a_weekend_at_the_parents_is_one() -> None:
    """Three photos of two days in Paris, with the parents before them and no photo at home between."""
    life = year_at_home()
    for weekend in range(8):
        life.spend((day("2024-02-03") + timedelta(days=14 * weekend)).date().isoformat(), 2, ULM)
    life.spend("2024-07-06", 2, ULM)
    for moment in ("2024-07-08 14:00", "2024-07-08 19:00", "2024-07-09 11:00"):
        life.shoot(day(moment), PARIS)
    assert life.titles() == ["2024-07 Paris, France"]


def test_two_photos_sent_from_far_away_around_a_weekend_at_the_parents_are_no_trip() -> None:
    life = year_at_home()
    for weekend in range(8):
        life.spend((day("2024-02-03") + timedelta(days=14 * weekend)).date().isoformat(), 2, ULM)
    life.shoot(day("2024-07-05 13:00"), PARIS)
    life.spend("2024-07-06", 2, ULM)
    life.shoot(day("2024-07-08 09:00"), PARIS)
    assert life.titles() == []


def test_a_camera_for_journeys_stays_at_home_when_one_visits_the_parents() -> None:
    """Of five trips three are long stays there: what counts is that the camera was along on both journeys."""
    life = year_at_home()
    for weekend in range(8):
        life.spend((day("2024-02-03") + timedelta(days=14 * weekend)).date().isoformat(), 2, ULM)
    for month in ("03-18", "04-22", "08-20"):
        life.spend(f"2024-{month}", 6, ULM)
    along: list[ContentId] = []
    for first in ("2024-07-03", "2024-07-17"):
        life.spend(first, 6, FLORENCE)
        along += life.spend(first, 6, None, camera=COMPACT, every=3)
    life.spend("2024-01-02", 60, None, camera=COMPACT, every=3)
    life.spend("2024-10-01", 1, None, camera=COMPACT)
    first_journey, second_journey = (trip for trip in life.timeline().trips if "Florence" in trip.title)
    assert frozenset(along) <= first_journey.members | second_journey.members


def test_photos_of_the_same_camera_without_position_at_the_edges_belong() -> None:
    life = year_at_home()
    life.spend("2024-07-06", 5, NISEKO)
    arriving = life.spend("2024-07-05", 1, None, per_day=6)
    (trip,) = life.timeline().trips
    assert frozenset(arriving) <= trip.members


@pytest.mark.parametrize("first", ["2024-07-03", "2024-07-04"])
def test_busy_days_without_positions_up_to_three_days_before_belong(first: str) -> None:
    life = year_at_home()
    life.spend("2024-07-06", 5, NISEKO)
    arriving = life.spend(first, 1, None, per_day=6)
    (trip,) = life.timeline().trips
    assert frozenset(arriving) <= trip.members


def test_the_busy_afternoon_of_leaving_belongs_but_not_the_morning_at_home() -> None:
    life = year_at_home()
    morning = life.shoot(day("2024-07-04 07:00"), MUNICH)
    packing = life.shoot(day("2024-07-04 07:30"), None)
    arriving = [life.shoot(day("2024-07-04 13:00") + timedelta(minutes=40 * i), None) for i in range(8)]
    life.spend("2024-07-05", 5, NISEKO)
    (trip,) = life.timeline().trips
    assert frozenset(arriving) <= trip.members
    assert not {morning, packing} & trip.members


def test_a_few_photos_without_positions_days_before_a_trip_stay_at_home() -> None:
    life = year_at_home()
    life.spend("2024-07-06", 5, NISEKO)
    quiet = life.spend("2024-07-04", 1, None, per_day=3)
    (trip,) = life.timeline().trips
    assert not frozenset(quiet) & trip.members


def test_the_morning_at_home_is_not_part_of_the_trip() -> None:
    life = year_at_home()
    morning = life.shoot(day("2024-07-05 07:00"), MUNICH)
    life.shoot(day("2024-07-05 19:00"), NICE)
    life.spend("2024-07-06", 5, NICE)
    (trip,) = life.timeline().trips
    assert morning not in trip.members
    assert trip.start == date(2024, 7, 5)


def test_a_screenshot_inside_a_trip_follows_its_time_but_makes_none() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 7, NISEKO)
    inside = life.shoot(day("2024-07-08 12:00"), None, camera="", source=TimeSource.FILE_NAME, is_own=False)
    (trip,) = life.timeline().trips
    assert inside in trip.members
    alone = Life()
    for d in range(60):
        alone.shoot(day("2024-07-05 12:00") + timedelta(hours=8 * d), NISEKO, camera="", is_own=False)
    assert alone.titles() == []


@pytest.mark.parametrize(
    ("source", "precision"),
    [
        (TimeSource.MTIME, TimePrecision.SECOND),
        (TimeSource.FOLDER_NAME, TimePrecision.DAY),
        (TimeSource.FILE_NAME, TimePrecision.MONTH),
    ],
)
def test_unreliable_times_neither_make_a_trip_nor_join_one(source: TimeSource, precision: TimePrecision) -> None:
    life = year_at_home()
    for d in range(40):
        life.shoot(day("2024-07-05") + timedelta(hours=5 * d), NISEKO, source=source, precision=precision)
    assert life.titles() == []
    life.spend("2024-07-05", 7, NISEKO)
    (trip,) = life.timeline().trips
    assert len(trip.members) == 28


def test_a_day_without_time_joins_a_trip_on_its_inner_days_only() -> None:
    life = year_at_home()
    life.shoot(day("2024-07-05 08:00"), MUNICH)
    life.shoot(day("2024-07-05 20:00"), NISEKO)
    life.spend("2024-07-06", 6, NISEKO)
    named = {"source": TimeSource.FILE_NAME, "precision": TimePrecision.DAY, "camera": ""}
    first = life.shoot(day("2024-07-05"), None, **named)  # type: ignore[arg-type]
    inner = life.shoot(day("2024-07-08"), None, **named)  # type: ignore[arg-type]
    (trip,) = life.timeline().trips
    assert inner in trip.members
    assert first not in trip.members


def test_weekends_at_the_parents_are_everyday_life_but_a_holiday_there_is_a_trip() -> None:
    life = Life()
    life.live("2024-01-01", 353)
    for weekend in range(0, 50, 3):
        life.spend((date(2024, 1, 6) + timedelta(weeks=weekend)).isoformat(), 2, ROSENHEIM)
    assert life.titles() == []
    week = life.spend("2024-12-21", 7, ROSENHEIM)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(week)
    assert "trip.long-stay" in codes(life)


def test_where_two_places_of_visits_overlap_everyday_life_counts_first() -> None:
    """Versailles, beside the Paris in which somebody works, is not a place of visits of its own, whichever was first."""
    life = Life()
    life.live("2023-01-01", 700)
    life.spend("2024-01-14", 7, VERSAILLES)
    began, ended = date(2023, 1, 1), date(2024, 12, 1)
    bases = (
        Home(MUNICH.lat_deg, MUNICH.lon_deg, began, ended, 200, 200),
        Home(VERSAILLES.lat_deg, VERSAILLES.lon_deg, began, ended, 50, 20, HomeKind.RECURRING),
        Home(PARIS.lat_deg, PARIS.lon_deg, date(2023, 6, 1), ended, 200, 20, HomeKind.REGULAR),
    )
    assert find_trips(life.photos, bases, now_utc=MUCH_LATER).trips == ()


def test_working_in_another_city_every_week_is_everyday_life() -> None:
    life = Life()
    for week in range(40):
        monday = date(2024, 1, 1) + timedelta(weeks=week)
        life.spend(monday.isoformat(), 3, ULM, per_day=2)
        life.live((monday + timedelta(days=4)).isoformat(), 3, MUNICH, every=1)
    assert life.titles() == []


def test_a_month_abroad_with_a_photo_once_a_week_is_one_trip() -> None:
    life = year_at_home()
    photos = life.spend("2024-06-29", 31, PARIS, every=6)
    (trip,) = life.timeline().trips
    assert trip.members == frozenset(photos)


def test_shopping_beyond_the_border_is_no_trip() -> None:
    life = Life()
    life.live("2024-01-01", 200, BASEL)
    life.spend("2024-04-06", 1, LOERRACH, per_day=24)
    assert life.titles() == []


def test_a_trip_across_the_180th_meridian_stays_one() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 4, SUVA)
    life.spend("2024-07-09", 3, TAVEUNI)
    assert life.titles() == ["2024-07 Suva, Fiji"]


def test_after_moving_house_the_old_town_is_away_and_the_new_one_home() -> None:
    life = Life()
    life.live("2023-01-01", 365, MUNICH)
    life.live("2024-01-01", 365, ZURICH)
    life.spend("2024-08-03", 3, MUNICH)
    assert life.titles() == ["2024-08 Munich, Germany"]


def test_a_library_that_is_only_a_journey_is_a_trip() -> None:
    life = Life()
    life.spend("2024-07-05", 4, PARIS, per_day=8)
    life.spend("2024-07-09", 3, LYON, per_day=8)
    assert life.titles() == ["2024-07 Paris, France"]
    assert "trip.starts-without-home" in codes(life)


def test_a_given_home_decides_what_is_away() -> None:
    life = Life()
    life.spend("2024-07-05", 5, PARIS, per_day=8)
    assert len(life.timeline(home=(48.137, 11.575)).trips) == 1
    assert life.timeline(home=(48.857, 2.352)).trips == ()


def test_away_from_home_is_told_only_where_it_is_known() -> None:
    life = year_at_home()
    (far, *_) = life.spend("2024-07-05", 3, PARIS)
    near = life.shoot(day("2024-05-05 12:00"), MUNICH)
    lost = life.shoot(day("2024-05-05 12:00"), None)
    away = life.timeline().away_from_home
    assert away[far] is True
    assert away[near] is False
    assert lost not in away


def test_every_trip_tells_why_it_begins_and_ends() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 3, PARIS)
    for trip in life.timeline().trips:
        assert any(reason.code.startswith("trip.starts") for reason in trip.why)
        assert any(reason.code.startswith(("trip.ends", "trip.open")) for reason in trip.why)


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_photos_does_not_matter(chance: random.Random) -> None:
    life = year_at_home()
    life.live("2024-01-01", 180, camera=PARTNER)
    life.spend("2024-07-02", 4, NISEKO)
    life.spend("2024-07-04", 3, NISEKO, camera=PARTNER)
    life.spend("2024-07-03", 3, None, camera=COMPACT)
    life.spend("2024-07-20", 3, PARIS)
    before = life.timeline()
    chance.shuffle(life.photos)
    assert life.timeline().trips == before.trips


def test_a_growing_trip_keeps_its_identity_and_its_name() -> None:
    life = Life()
    life.live("2024-01-01", 180)
    life.spend("2024-07-05", 2, PARIS)
    (young,) = life.timeline(now=day("2024-07-07")).trips
    life.spend("2024-07-07", 5, NICE)
    old = known(young.trip_id, young.title, young.members)
    (grown,) = life.timeline(previous=(old,)).trips
    assert grown.trip_id == young.trip_id
    assert grown.title == "2024-07 Paris, France"
    assert "trip.name-kept" in {reason.code for reason in grown.why}


def test_a_name_that_the_user_gave_is_kept() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 5, PARIS)
    (trip,) = life.timeline().trips
    renamed = known(trip.trip_id, "Honeymoon", trip.members)
    assert [t.title for t in life.timeline(previous=(renamed,)).trips] == ["Honeymoon"]


def test_trips_that_grow_together_take_the_larger_ones_name() -> None:
    life = year_at_home()
    first = life.spend("2024-07-05", 2, PARIS)
    second = life.spend("2024-07-12", 4, NICE)
    life.spend("2024-07-07", 5, LYON)
    old = (known("a", "small", frozenset(first)), known("b", "large", frozenset(second)))
    (trip,) = life.timeline(previous=old).trips
    assert (trip.trip_id, trip.title) == ("b", "large")


def test_an_identity_does_not_come_from_the_name() -> None:
    life = year_at_home()
    life.spend("2024-07-05", 5, PARIS)
    stranger = known("other", "2024-07 Paris, France", frozenset())
    (trip,) = life.timeline(previous=(stranger,)).trips
    assert trip.trip_id != "other"
