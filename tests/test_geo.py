"""Distances on the globe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.geo import distance_km, distances_km, is_on_globe, unit_vectors

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)


def test_a_known_distance() -> None:
    # Munich to Niseko, as any great-circle calculator has it.
    assert distance_km(48.137, 11.575, 42.805, 140.687) == pytest.approx(8743, abs=10)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0.0, 179.9), (0.0, -179.9), 22.2),
        ((89.9, 0.0), (89.9, 180.0), 22.2),
        ((-90.0, 17.0), (-90.0, -120.0), 0.0),
        ((90.0, 0.0), (-90.0, 0.0), 20015.1),
    ],
)
def test_neither_the_180th_meridian_nor_the_poles_are_special(
    a: tuple[float, float], b: tuple[float, float], km: float
) -> None:
    assert distance_km(*a, *b) == pytest.approx(km, abs=0.1)


@given(lats, lons, lats, lons)
def test_distance_is_symmetric_and_at_most_half_the_globe(a: float, b: float, c: float, d: float) -> None:
    there, back = distance_km(a, b, c, d), distance_km(c, d, a, b)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 20015.2


@given(st.lists(st.tuples(lats, lons), min_size=1, max_size=20), lats, lons)
def test_many_distances_are_the_single_ones(points: list[tuple[float, float]], lat: float, lon: float) -> None:
    many = distances_km(np.array([p[0] for p in points]), np.array([p[1] for p in points]), lat, lon)
    single = [distance_km(*p, lat, lon) for p in points]
    assert many == pytest.approx(single, abs=1e-6)


@given(lats, lons)
def test_unit_vectors_have_length_one(lat: float, lon: float) -> None:
    assert np.linalg.norm(unit_vectors(np.array([lat]), np.array([lon]))) == pytest.approx(1)


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (math.nan, 0), (0, math.nan), (math.inf, 0)])
def test_what_is_not_on_the_globe_is_told(lat: float, lon: float) -> None:
    assert not is_on_globe(lat, lon)
