"""Where a photo goes, and why."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classifier.labels import load_labels, load_wording
from album_sort.core.albums.explain import explain
from album_sort.core.wording import reason_faults
from album_sort.types import (
    REVIEW,
    TRAVEL,
    AlbumId,
    AlbumScore,
    ContentId,
    FileEntry,
    FileKind,
    PhotoFacts,
    PhotoGroup,
    Reason,
    TimeSource,
)
from tests.album_cases import facts_of, file_photo, place_of, shipped_rules, trip_of, with_overlay

ROOT = Path(__file__).resolve().parent.parent

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


def video_of(**known: Any) -> PhotoFacts:
    entry = FileEntry("photos/MOV_1.mov", "photos", 1, 0, 0, 0, FileKind.VIDEO)
    return facts_of(group=PhotoGroup(entry, ContentId("c" * 64)), **known)


def test_a_video_without_a_still_is_filed_as_a_video_and_into_its_trip() -> None:
    assert file_photo(video_of()).album == "videos"
    assert file_photo(video_of(trip=trip_of("2025-12 Lyon, France"))).album == TRAVEL


def test_a_photo_without_pixels_goes_to_review() -> None:
    assignment = file_photo(facts_of("photos/IMG_1.jpg"))
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


def explained(facts: PhotoFacts, lang: str = "en", evidence: dict[str, float] | None = None) -> str:
    """The explanation of a case as one text."""
    assignment = file_photo(facts, evidence=evidence)
    sections = explain(assignment, facts, load_labels(), lang, load_wording())
    return "\n".join(line for section in sections for line in (section.heading, *section.lines))


def test_explain_names_classes_scores_and_the_runner_up() -> None:
    text = explained(facts_of(classes={"tabby cat": 0.8, "seashore": 0.1}))
    assert "80% tabby cat (speaks for Pets 100%)" in text
    assert "filed under “Pets”" in text
    assert "“Beach and sea” comes next; evidence" in text


def test_explain_shows_the_probabilities_that_the_scores_stand_for() -> None:
    facts = facts_of(classes={"tabby cat": 0.8, "seashore": 0.1})
    likeliest = [AlbumScore(AlbumId("pets"), 0.972), AlbumScore(AlbumId("beach-sea"), 0.021)]
    sections = explain(file_photo(facts), facts, load_labels(), "en", load_wording(), likeliest=likeliest)
    lines = [line for section in sections for line in section.lines]
    assert [line for line in lines if line in ("97.2% Pets", "2.1% Beach and sea")] == [
        "97.2% Pets",
        "2.1% Beach and sea",
    ]


def test_explain_weighs_each_piece_and_says_which_one_decided() -> None:
    text = explained(facts_of(classes={"tabby cat": 0.3}), evidence={"night-sky": 7.0})
    assert "+7.0 Night sky" in text
    assert re.search("without “.*” it would be “Pets”", text)


def test_explain_names_the_rule_and_what_content_alone_would_say() -> None:
    text = explained(facts_of(classes={"skis": 0.9}, away_from_home=False))
    assert "“snow-at-home”" in text
    assert "by content alone it would be “Winter travel”" in text


def test_explain_says_where_date_and_place_come_from() -> None:
    niseko = place_of("Niseko", "Japan", "JP")
    text = explained(facts_of(classes=TABBY, taken="2025-12-30", place=niseko, season="winter"))
    assert "taken 2025-12-30 (local time, exact to the day)" in text
    assert "1 km from Niseko, Japan (from EXIF GPS)" in text
    assert "no date is known" in explained(facts_of(classes=TABBY))


def test_explain_does_not_say_that_a_photo_was_taken_when_its_copy_was_written() -> None:
    dated = facts_of(classes=TABBY, taken="2025-12-30T14:00")
    assert dated.capture_time is not None
    copied = dataclasses.replace(
        dated, capture_time=dataclasses.replace(dated.capture_time, source=TimeSource.MTIME), time_why=()
    )
    text = explained(copied)
    assert "the file was last changed" in text
    assert "2025-12-30 14:00" in text
    assert "taken 2025" not in text


def test_explain_says_which_date_was_believed_and_how_its_offset_is_known() -> None:
    why = (Reason("time.from-exif-original"), Reason.of("time.offset-of-place", offset="+09:00"))
    facts = dataclasses.replace(facts_of(classes=TABBY, taken="2025-12-30"), time_why=why)
    text = explained(facts)
    assert "taken when the camera says (EXIF DateTimeOriginal)" in text
    assert "the offset from UTC is that of the place (+09:00)" in text


def test_explain_says_which_position_was_refused_and_from_what_one_was_inferred() -> None:
    why = (Reason.of("position.stale", hours=9), Reason.of("position.inferred-beside", minutes=12))
    facts = dataclasses.replace(facts_of(classes=TABBY), position_why=why)
    sections = explain(file_photo(facts), facts, load_labels(), "en", load_wording())
    assert "the receiver's fix is 9 hours older than the photo" in sections[-1].lines[-2]
    assert "the same camera was here 12 minutes before or after" in sections[-1].lines[-1]


@pytest.mark.parametrize(
    ("classes", "evidence", "decided_by", "first"),
    [
        (UNSURE, {"people": 8.0}, "evidence", "test.said"),
        (TABBY, {"people": 12.0}, "evidence", "test.said"),
        (TABBY, {"pets": 1.0}, "content", "albums.content"),
        (TABBY, {}, "content", "albums.content"),
    ],
)
def test_the_first_reason_is_the_one_that_decided(
    classes: dict[str, float], evidence: dict[str, float], decided_by: str, first: str
) -> None:
    """A face, not the cat that the network saw beside it; the class where it would have decided alone."""
    assignment = file_photo(facts_of(classes=classes), evidence=evidence)
    assert (assignment.decided_by, assignment.reasons[0].code) == (decided_by, first)
    if decided_by == "evidence":
        assert "albums.content" not in {reason.code for reason in assignment.reasons}


def test_the_first_reason_of_a_correction_and_of_a_rule_is_that() -> None:
    assert file_photo(facts_of(classes=TABBY), correction="food").reasons[0].code == "albums.correction"
    assert file_photo(facts_of(classes={"skis": 0.9}, away_from_home=False)).reasons[0].code == "albums.rule-instead"


@pytest.mark.parametrize("correction", [None, "food"])
def test_explain_in_words_has_at_most_the_percentage_that_decided(correction: str | None) -> None:
    facts = facts_of(classes={"tabby cat": 0.8, "seashore": 0.15}, taken="2025-12-30")
    assignment = file_photo(facts, evidence={"night-sky": -2.0}, correction=correction)
    sections = explain(assignment, facts, load_labels(), "en", load_wording(), with_figures=False)
    text = "\n".join(line for section in sections for line in (section.heading, *section.lines))
    assert len(set(re.findall(r"[\d.]+%", text))) == (0 if correction else 1)
    assert "odds" not in text
    assert "against “Night sky”: " in text
    assert "tabby" in text


def test_explain_speaks_chinese() -> None:
    text = explained(facts_of(classes=TABBY, taken="2025-12-30"), "zh")
    assert "归入“宠物”" in text
    assert "explain." not in text


def test_what_made_the_network_sure_enough_comes_first() -> None:
    """A gong that the network half believes in puts nobody into People: the face does."""
    alone = file_photo(facts_of(classes={"gong": 0.5}))
    assert alone.album == REVIEW
    with_face = file_photo(facts_of(classes={"gong": 0.5}), evidence={"people": 6.0})
    assert with_face.album == "people"
    assert with_face.decided_by == "evidence"
    assert not with_face.reasons[0].code.startswith("albums.content")
