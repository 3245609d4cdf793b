"""Where a photo goes, and why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classify.labels import load_wording
from album_sort.core.wording import reason_faults
from album_sort.types import REVIEW, TRAVEL
from tests.album_cases import facts_of, file_photo, shipped_rules, trip_of, with_overlay

TABBY = {"tabby cat": 0.5, "Persian cat": 0.3, "Egyptian cat": 0.15}
UNSURE = {"packet": 0.05, "carton": 0.04, "tench": 0.03}


def test_a_cat_is_a_pet() -> None:
    assignment = file_photo(facts_of(classes=TABBY))
    assert (assignment.album, assignment.decided_by) == ("pets", "content")


def test_what_nobody_is_sure_of_goes_to_review_with_two_guesses() -> None:
    assignment = file_photo(facts_of(classes=UNSURE))
    assert (assignment.album, assignment.decided_by) == (REVIEW, "review")
    assert assignment.reasons[0].code == "albums.unsure"
    assert {"album", "other", "percent", "other_percent", "needed_percent"} == dict(assignment.reasons[0].values).keys()


def test_a_correction_beats_everything() -> None:
    rules = with_overlay('[[rule]]\nid = "all"\nalbum = "food"\nwhen.folder = "photos"\n')
    assignment = file_photo(facts_of(classes=TABBY), rules, {"sports": 9.0}, correction="sunsets")
    assert (assignment.album, assignment.probability, assignment.decided_by) == ("sunsets", 1.0, "correction")


def test_a_users_rule_beats_the_network() -> None:
    rules = with_overlay('[[rule]]\nid = "shop"\nalbum = "food"\nwhen.folder = "products"\n')
    assignment = file_photo(facts_of("shop/products/1.jpg", TABBY), rules)
    assert (assignment.album, assignment.decided_by) == ("food", "rule:shop")


def test_evidence_files_what_the_network_has_no_class_for() -> None:
    assignment = file_photo(facts_of(classes=UNSURE), evidence={"night-sky": 8.0})
    assert (assignment.album, assignment.decided_by) == ("night-sky", "evidence")


def test_skis_without_date_or_place_are_winter_travel() -> None:
    assert file_photo(facts_of(classes={"skis": 0.9})).album == "winter-travel"


def test_half_seen_skis_away_from_home_in_winter_are_winter_travel() -> None:
    half = {"skis": 0.35, "maypole": 0.2, "crane (bird)": 0.1}
    away = facts_of(classes=half, season="winter", away_from_home=True, taken="2025-12-30")
    assert file_photo(facts_of(classes=half)).album != "winter-travel"
    assert file_photo(away).album == "winter-travel"


def test_snow_at_home_is_no_journey() -> None:
    facts = facts_of(classes={"skis": 0.6, "alp": 0.3}, season="winter", away_from_home=False)
    assignment = file_photo(facts)
    assert (assignment.album, assignment.decided_by) == ("forest-nature", "rule:snow-at-home")


def test_a_peak_with_snow_in_summer_is_mountains() -> None:
    facts = facts_of(classes={"alp": 0.9}, season="summer", away_from_home=True)
    assert file_photo(facts).album == "mountains"


def test_an_unsure_photo_takes_its_trips_theme() -> None:
    facts = facts_of(classes=UNSURE, trip=trip_of("2025-12 Niseko, Japan", "winter-travel"), away_from_home=True)
    assignment = file_photo(facts)
    assert (assignment.album, assignment.decided_by) == ("winter-travel", "trip-theme")


def test_an_unsure_photo_of_a_trip_without_theme_is_travel() -> None:
    assignment = file_photo(facts_of(classes=UNSURE, trip=trip_of("2025-12 Lyon, France")))
    assert (assignment.album, assignment.decided_by) == (TRAVEL, "trip")


def test_a_sure_photo_of_a_trip_keeps_its_own_album() -> None:
    facts = facts_of(classes=TABBY, trip=trip_of("2025-12 Niseko, Japan", "winter-travel"), away_from_home=True)
    assert file_photo(facts).album == "pets"


@pytest.mark.parametrize(("away", "is_day_trip"), [(False, False), (None, True)])
def test_a_busy_day_at_home_is_no_journey(away: bool | None, is_day_trip: bool) -> None:
    trip = trip_of("2025-12-24", is_day_trip=is_day_trip)
    assert file_photo(facts_of(classes=UNSURE, trip=trip, away_from_home=away)).album == REVIEW


def test_an_unsure_screenshot_is_no_picture_of_the_trip() -> None:
    facts = facts_of(classes=UNSURE, trip=trip_of("2025-12 Lyon, France"))
    assert file_photo(facts, evidence={"screenshots": 4.0}, precision_target=0.95).album == REVIEW


def test_a_video_says_nothing_by_its_pixels() -> None:
    assignment = file_photo(facts_of("photos/MOV_1.mov"))
    assert assignment.album == REVIEW
    assert assignment.reasons[0].code == "albums.no-pixels"


def test_a_second_likely_album_is_named_too() -> None:
    assignment = file_photo(facts_of(classes={"tabby cat": 0.65, "seashore": 0.25}), precision_target=0.3)
    assert (assignment.album, assignment.also) == ("pets", ("beach-sea",))


def test_the_surer_one_has_to_be_the_more_goes_to_review() -> None:
    facts = facts_of(classes={"tabby cat": 0.7})
    assert file_photo(facts, precision_target=0.5).album == "pets"
    assert file_photo(facts, precision_target=0.99).album == REVIEW


@given(st.dictionaries(st.sampled_from(["pets", "food", "people", "documents", "nowhere"]), st.floats(-9, 9)))
def test_every_photo_gets_exactly_one_album_and_a_reason(evidence: dict[str, float]) -> None:
    """Whatever the evidence says: an album that exists, a probability, at least one reason with a sentence."""
    assignment = file_photo(facts_of(classes=UNSURE), evidence=evidence)
    assert assignment.album in {*shipped_rules().albums, REVIEW}
    assert 0.0 <= assignment.probability <= 1.0
    said = [reason for reason in assignment.reasons if reason.code.startswith("albums.")]
    assert said
    assert not reason_faults(load_wording(), said)


def test_every_code_of_the_rules_has_its_sentences() -> None:
    """The codes that the module emits are those of labels/reasons/albums.toml, no more and no fewer."""
    root = Path(__file__).resolve().parent.parent
    codes = set(tomllib.loads((root / "labels/reasons/albums.toml").read_text(encoding="utf-8")))
    source = (root / "album_sort/core/rules.py").read_text(encoding="utf-8")
    assert {code for code in codes if f'"{code}"' not in source} == set()
    assert {f"albums.{code}" for code in source.split('"albums.')[1:] for code in [code.split('"')[0]]} == codes
