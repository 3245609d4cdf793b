"""What a trip was about as a whole, and how far an unsure photo leans on it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.trips.themes import LEAN_CAP, lean_on_theme, trip_theme
from album_sort.types import AlbumId

WINTER, CITY, BEACH, MOUNTAINS = (AlbumId(name) for name in ("winter-travel", "city", "beach-sea", "mountains"))
FOOD, PETS, DOCUMENTS, PEOPLE = (AlbumId(name) for name in ("food", "pets", "documents", "people"))


def photos(*kinds: tuple[int, Mapping[AlbumId, float]]) -> list[Mapping[AlbumId, float]]:
    return [scores for count, scores in kinds for _ in range(count)]


def test_a_quarter_of_ski_photos_makes_a_skiing_holiday() -> None:
    theme = trip_theme(photos((5, {WINTER: 0.9}), (8, {PEOPLE: 0.7}), (5, {FOOD: 0.9}), (4, {MOUNTAINS: 0.6})))
    assert theme is not None
    assert theme.album == WINTER


def test_mountains_on_a_skiing_holiday_do_not_compete_with_it() -> None:
    theme = trip_theme(photos((6, {WINTER: 0.8, MOUNTAINS: 0.2}), (10, {MOUNTAINS: 0.45, WINTER: 0.3})))
    assert theme is not None
    assert theme.album == WINTER


def test_a_city_break_needs_more_buildings_than_any_trip_has() -> None:
    some = photos((4, {CITY: 0.8}), (16, {PEOPLE: 0.8}))
    many = photos((10, {CITY: 0.8}), (10, {PEOPLE: 0.8}))
    assert trip_theme(some) is None
    theme = trip_theme(many)
    assert theme is not None
    assert theme.album == CITY


def test_a_mixed_journey_has_no_theme() -> None:
    assert trip_theme(photos((10, {CITY: 0.9}), (6, {BEACH: 0.9}))) is None


def test_a_handful_of_photos_has_no_theme() -> None:
    assert trip_theme(photos((3, {WINTER: 1.0}))) is None


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_photos_does_not_matter(chance: random.Random) -> None:
    rows: list[Mapping[AlbumId, float]] = [
        {album: chance.random() for album in (WINTER, CITY, BEACH, MOUNTAINS)} for _ in range(20)
    ]
    before = trip_theme(rows)
    chance.shuffle(rows)
    assert trip_theme(rows) == before


def leaned(scores: Mapping[AlbumId, float]) -> dict[AlbumId, float]:
    """Probabilities after the trip has spoken."""
    theme = trip_theme(photos((12, {WINTER: 0.9}), (6, {PEOPLE: 0.6})))
    odds = {album: math.log(p / (1 - p)) for album, p in scores.items()}
    for piece in lean_on_theme(theme, scores):
        odds[piece.album] = odds.get(piece.album, -6.0) + piece.weight
    return {album: 1 / (1 + math.exp(-value)) for album, value in odds.items()}


def best(scores: Mapping[AlbumId, float]) -> AlbumId:
    return max(scores, key=lambda album: scores[album])


def test_an_unsure_frame_leans_on_its_trip() -> None:
    unsure = {WINTER: 0.3, PEOPLE: 0.35}
    assert best(leaned(unsure)) == WINTER


def test_a_receipt_and_a_cat_stay_themselves() -> None:
    assert best(leaned({DOCUMENTS: 0.9, WINTER: 0.05})) == DOCUMENTS
    assert best(leaned({PETS: 0.7, WINTER: 0.1})) == PETS
    assert best(leaned({PETS: 0.5, WINTER: 0.1})) == PETS


@given(st.floats(0.001, 1), st.floats(0.001, 0.999))
def test_a_trip_never_adds_more_than_the_cap(share: float, own: float) -> None:
    theme = trip_theme(photos((20, {WINTER: share})))
    assert all(0 <= piece.weight <= LEAN_CAP for piece in lean_on_theme(theme, {WINTER: own}))


def test_a_trip_without_theme_adds_nothing() -> None:
    assert lean_on_theme(None, {WINTER: 0.3}) == ()
