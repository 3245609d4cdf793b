"""The sun's height against published sunrises and sunsets, and what must hold everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.dates.sun import is_sun_rising, sun_elevation_deg

TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))
LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)

# Place, latitude, longitude, sunrise and sunset in UTC, as almanacs give them.
RISE_ELEVATION_DEG = -0.833
"""Of the sun's centre at sunrise and sunset: half its disc, and what refraction lifts it."""

PUBLISHED = [
    ("Greenwich, June", 51.4769, 0.0, datetime(2024, 6, 21, 3, 43), datetime(2024, 6, 21, 20, 21)),
    ("New York, January", 40.7128, -74.006, datetime(2024, 1, 1, 12, 20), datetime(2024, 1, 1, 21, 39)),
    ("Sydney, December", -33.8688, 151.2093, datetime(2024, 12, 20, 18, 41), datetime(2024, 12, 21, 9, 5)),
    ("Tokyo, March", 35.6762, 139.6503, datetime(2024, 3, 20, 20, 44), datetime(2024, 3, 20, 8, 53)),
    ("Quito, September", -0.1807, -78.4678, datetime(2024, 9, 22, 11, 3), datetime(2024, 9, 22, 23, 9)),
    ("Tromsø, March", 69.6492, 18.9553, datetime(2024, 3, 1, 6, 9), datetime(2024, 3, 1, 15, 46)),
    ("Honolulu, July", 21.3069, -157.8583, datetime(2030, 7, 4, 15, 54), datetime(2030, 7, 4, 5, 17)),
]


@pytest.mark.parametrize(("place", "lat", "lon", "rise", "setting"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_the_sun_rises_and_sets_within_two_minutes_of_the_almanac(
    place: str, lat: float, lon: float, rise: datetime, setting: datetime
) -> None:
    two_minutes = timedelta(minutes=2)
    assert sun_elevation_deg(rise - two_minutes, lat, lon) < RISE_ELEVATION_DEG, place
    assert sun_elevation_deg(rise + two_minutes, lat, lon) > RISE_ELEVATION_DEG, place
    assert sun_elevation_deg(setting - two_minutes, lat, lon) > RISE_ELEVATION_DEG, place
    assert sun_elevation_deg(setting + two_minutes, lat, lon) < RISE_ELEVATION_DEG, place


@pytest.mark.parametrize(("place", "lat", "lon", "rise", "setting"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_a_sunrise_is_rising_and_a_sunset_is_not(
    place: str, lat: float, lon: float, rise: datetime, setting: datetime
) -> None:
    assert is_sun_rising(rise, lon), f"{place} at {lat}"
    assert not is_sun_rising(setting, lon), f"{place} at {lat}"


@given(TIMES, LATITUDES, LONGITUDES)
def test_the_sun_is_as_far_below_the_horizon_as_it_is_above_at_the_opposite_place(
    utc: datetime, lat: float, lon: float
) -> None:
    opposite = lon - 180 if lon > 0 else lon + 180
    assert sun_elevation_deg(utc, lat, lon) == pytest.approx(-sun_elevation_deg(utc, -lat, opposite), abs=1e-6)


@given(TIMES, st.floats(24, 90), LONGITUDES)
def test_beyond_the_tropics_the_sun_is_never_overhead(utc: datetime, lat: float, lon: float) -> None:
    assert sun_elevation_deg(utc, lat, lon) <= 90 - lat + 23.5
