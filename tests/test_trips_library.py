"""On made libraries of several years with known truth: the bars that homes and trips have to clear."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from album_sort.core.trips.find import find_trips
from album_sort.core.trips.homes import find_homes
from album_sort.places.gazetteer import Gazetteer
from tests.library import LEVELS, ORDINARY, Difficulty, make_library
from tests.library_score import score_of, with_chosen_positions
from tests.lives import KINDS, make_life

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load("en")


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_trips_and_homes_of_a_made_library_are_found(gazetteer: Gazetteer, level: Difficulty, seed: int) -> None:
    library = make_library(seed, level, gazetteer, years=3)
    homes = find_homes(library.photos)
    timeline = find_trips(library.photos, homes, now_utc=library.now_utc)
    score = score_of(library, homes, timeline)
    assert score.home_km <= 5
    assert score.everyday_in_trips <= 0.02
    # A hard library lacks so much that single trips leave no trace: its mean is held by the benchmark.
    assert score.trip_photos_right >= (0.9 if level.name == "hard" else 0.95)


@pytest.mark.parametrize("kind", KINDS)
def test_trips_and_homes_of_a_kind_of_life_are_found(gazetteer: Gazetteer, kind: str) -> None:
    library = make_life(11, kind, gazetteer)
    photos = with_chosen_positions(library.photos, gazetteer)
    homes = find_homes(photos)
    score = score_of(library, homes, find_trips(photos, homes, now_utc=library.now_utc))
    assert score.home_km <= 5
    assert score.everyday_in_trips <= 0.02
    assert score.trip_photos_right >= 0.95


def test_a_made_library_is_the_same_for_the_same_seed_and_its_order_does_not_matter(gazetteer: Gazetteer) -> None:
    first, second = (make_library(5, ORDINARY, gazetteer, years=2) for _ in range(2))
    assert first.photos == second.photos
    random.Random(1).shuffle(second.photos)  # noqa: S311 - no secrecy needed
    homes = find_homes(first.photos)
    assert find_homes(second.photos) == homes
    one = find_trips(first.photos, homes, now_utc=first.now_utc)
    other = find_trips(second.photos, homes, now_utc=second.now_utc)
    assert one.trips == other.trips
