"""The user's own albums and rules: what they do, and what is said about their faults."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classifier.labels import load_labels
from album_sort.core.albums.overlay import parse_overlay
from album_sort.core.albums.toml_lines import TomlLines
from album_sort.errors import UsageError
from album_sort.types import REVIEW, AlbumId
from tests.album_cases import facts_of, file_photo, place_of, shipped_rules, trip_of, with_overlay

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "guides" / "albums-example.toml"


def faults_of(text: str) -> list[str]:
    """Lines of the error message, without its heading."""
    with pytest.raises(UsageError) as caught:
        with_overlay(text)
    return str(caught.value).split("\n")[1:]


def test_an_empty_file_changes_nothing_but_the_digest() -> None:
    rules, shipped = with_overlay(""), shipped_rules()
    assert rules.albums == shipped.albums
    assert rules.rules == shipped.rules
    assert (rules.weights == shipped.weights).all()
    assert rules.digest != shipped.digest


def test_equal_files_have_equal_digests() -> None:
    assert with_overlay("").digest == with_overlay("").digest


# The documented example -------------------------------------------------------------------------------------------------


def example(path: str = "photos/IMG_1.jpg", classes: dict[str, float] | None = None, **known: Any) -> AlbumId:
    """Where the example file sends a photo."""
    rules = with_overlay(EXAMPLE.read_text(encoding="utf-8"))
    return file_photo(facts_of(path, classes, **known), rules).album


def test_example_one_more_pet() -> None:
    assert file_photo(facts_of(classes={"macaw": 0.9})).album == "birds"
    assert example(classes={"macaw": 0.9}) == "pets"
    assert with_overlay(EXAMPLE.read_text(encoding="utf-8")).title(AlbumId("pets"), "en") == "Our animals"


@pytest.mark.parametrize(
    ("classes", "album"),
    [
        ({"pizza": 0.9}, "italian"),
        ({"bagel": 0.5, "pretzel": 0.3}, "baking"),
        ({"espresso": 0.5, "cup": 0.3}, "drinks"),
        ({"burrito": 0.9}, "food"),
        # sure of food, not of which: neither part holds half of it
        ({"pizza": 0.3, "burrito": 0.3, "bagel": 0.3}, "food"),
    ],
)
def test_example_food_bloggers_split(classes: dict[str, float], album: str) -> None:
    assert example(classes=classes) == album


def test_example_splitting_makes_nothing_unsure() -> None:
    """What was food before is food or a part of it afterwards, with the same probability."""
    classes = {"pizza": 0.25, "espresso": 0.25, "burrito": 0.2}
    before = file_photo(facts_of(classes=classes))
    after = file_photo(facts_of(classes=classes), with_overlay(EXAMPLE.read_text(encoding="utf-8")))
    assert before.album == "food"
    assert after.album in {"food", "italian", "drinks"}
    assert after.probability == pytest.approx(before.probability, abs=0.02)


def test_example_snow_days_at_home_and_winter_travel() -> None:
    snow = {"skis": 0.7, "alp": 0.2}
    assert example(classes=snow, season="winter", away_from_home=False) == "snow-days"
    assert example(classes=snow, season="winter", away_from_home=True) == "winter-travel"


def test_example_shops_product_folders() -> None:
    assert example("shop/products/shoes/black/1.jpg", {"tabby cat": 0.9}) == "shoes"
    assert example("shop/products/bags/1.jpg", {"tabby cat": 0.9}) == "products"
    assert example("shop/office/horseshoes/1.jpg", {"tabby cat": 0.9}) == "pets"


# Albums -----------------------------------------------------------------------------------------------------------------


def test_merging_adds_up_what_speaks_for_either() -> None:
    rules = with_overlay('[album.wildlife]\ntitle = "Animals"\nmerge = ["birds", "farm-animals", "pets"]\n')
    assert "birds" not in rules.albums
    facts = facts_of(classes={"robin": 0.3, "tabby cat": 0.3, "hen": 0.3})
    assert file_photo(facts).album == REVIEW or file_photo(facts).probability < 0.6
    assert file_photo(facts, rules).album == "wildlife"
    assert file_photo(facts, rules).probability > 0.7


def test_evidence_and_corrections_follow_a_merged_album() -> None:
    rules = with_overlay('[album.city]\nmerge = ["sunsets"]\n')
    assert file_photo(facts_of(classes={"packet": 0.1}), rules, {"sunsets": 9.0}).album == "city"
    assert file_photo(facts_of(classes={"packet": 0.1}), rules, correction="sunsets").album == "city"


def test_a_removed_album_gets_nothing_more() -> None:
    rules = with_overlay("[album.people]\nremove = true\n")
    assignment = file_photo(facts_of(classes={"bridegroom": 0.9}), rules, {"people": 9.0})
    assert assignment.album == REVIEW
    assert AlbumId("people") not in {score.album for score in assignment.scores}


def test_travel_can_be_removed() -> None:
    rules = with_overlay("[album.travel]\nremove = true\n")
    assert file_photo(facts_of(classes={"packet": 0.1}, trip=trip_of("2025-12 Lyon, France")), rules).album == REVIEW


def test_the_class_map_takes_shares() -> None:
    rules = with_overlay('[classes]\nhamster = { pets = 0.5, home = 0.25 }\n333 = "wildlife"\n')
    assert rules.weights[333, rules.albums.index(AlbumId("wildlife"))] == pytest.approx(1.0)
    rules = with_overlay("[classes]\nhamster = { pets = 0.5, home = 0.25 }\n")
    assert rules.weights[333].sum() == pytest.approx(0.75)


def test_chinese_class_names_are_as_good() -> None:
    chinese = load_labels().classes[963].names["zh"]
    rules = with_overlay(f'[album.pizza]\npart_of = "food"\nclasses = ["{chinese}"]\n')
    assert file_photo(facts_of(classes={"pizza": 0.9}), rules).album == "pizza"


def test_an_albums_own_threshold_beats_the_precision_target() -> None:
    facts = facts_of(classes={"tabby cat": 0.7})
    strict = with_overlay("[album.pets]\nthreshold = 0.95\n")
    easy = with_overlay("[album.pets]\nthreshold = 0.3\n")
    assert file_photo(facts, strict, precision_target=0.5).album == REVIEW
    assert file_photo(facts, easy, precision_target=0.999).album == "pets"


@given(st.lists(st.sampled_from(range(1000)), min_size=1, max_size=20, unique=True), st.floats(0, 1))
def test_no_class_ever_speaks_for_more_than_itself(indices: list[int], share: float) -> None:
    """Whatever classes a file gives to an album, the shares of a class stay within 1."""
    table = ", ".join(f'"{index}" = {share:.6f}' for index in indices)
    rules = with_overlay(f"[album.mine]\nclasses = {{ {table} }}\n")
    assert rules.weights.sum(axis=1).max() <= 1.0 + 1e-5
    assert rules.weights.min() >= 0.0


# Conditions: each key of `when`, once where it holds and once where it does not -------------------------------------------

NISEKO = place_of("Niseko", "Japan", "JP")


@pytest.mark.parametrize(
    ("when", "held", "not_held"),
    [
        ('season = "winter"', {"season": "winter"}, {"season": "summer"}),
        ('season = ["winter", "spring"]', {"season": "spring"}, {"season": None}),
        ("month = 12", {"taken": "2025-12-30"}, {"taken": "2025-11-30"}),
        ('month = "11-2"', {"taken": "2025-01-30"}, {"taken": "2025-03-01"}),
        ('hour = "22-4"', {"taken": "2025-01-30T23:10"}, {"taken": "2025-01-30T12:00"}),
        ("hour = [9, 10]", {"taken": "2025-01-30T09:59"}, {"taken": "2025-01-30"}),
        ('place = "nise*"', {"place": NISEKO}, {"place": None}),
        ('country = ["jp", "Norway"]', {"place": NISEKO}, {"place": place_of("Lyon", "France", "FR")}),
        ("trip = true", {"trip": trip_of("2025-12 Niseko, Japan", "food")}, {}),
        ("trip = false", {}, {"trip": trip_of("2025-12 Niseko, Japan", "food")}),
        ('trip = "*Japan*"', {"trip": trip_of("2025-12 Niseko, Japan")}, {"trip": trip_of("2025-12 Lyon, France")}),
        ("away = true", {"away_from_home": True}, {"away_from_home": None}),
        ('camera = "*pixel*"', {"camera": "Google Pixel 8"}, {"camera": "Canon EOS R6"}),
        ('folder = "shop/*/raw"', {"path": "/x/Shop/May/raw/1.jpg"}, {"path": "/x/shop/raw/1.jpg"}),
        ('name = "IMG_*.jpg"', {"path": "a/img_7.JPG"}, {"path": "a/DSC_7.jpg"}),
        (
            'classes = ["tabby cat", "pizza"]',
            {"classes": {"pizza": 0.2, "tabby cat": 0.2}},
            {"classes": {"pizza": 0.2}},
        ),
        ('classes = ["pizza"]\nwhen.classes_at_least = 0.1', {"classes": {"pizza": 0.2}}, {"classes": None}),
        ("album = { food = 0.5 }", {"classes": {"pizza": 0.9}}, {"classes": {"tabby cat": 0.9}}),
    ],
)
def test_conditions(when: str, held: dict[str, object], not_held: dict[str, object]) -> None:
    """Every key of `when` holds where it should and nowhere else."""
    rules = with_overlay(f'[album.mine]\ntitle = "Mine"\n[[rule]]\nid = "r"\nalbum = "mine"\nwhen.{when}\n')
    assert file_photo(facts_of(**held), rules).album == "mine"  # type: ignore[arg-type]
    assert file_photo(facts_of(**not_held), rules).album != "mine"  # type: ignore[arg-type]


def test_a_rule_that_leans_is_evidence_with_its_name() -> None:
    rules = with_overlay('[[rule]]\nid = "evening"\nlean = { sunsets = 9.0 }\nwhen.hour = "18-20"\n')
    assignment = file_photo(facts_of(classes={"packet": 0.1}, taken="2025-06-01T19:00"), rules)
    assert assignment.album == "sunsets"
    assert assignment.evidence[0].reason.values == (("rule", "evening"),)


def test_the_first_rule_that_holds_wins() -> None:
    text = "".join(f'[[rule]]\nid = "{album}"\nalbum = "{album}"\nwhen.folder = "a"\n' for album in ("food", "pets"))
    assert file_photo(facts_of("a/1.jpg"), with_overlay(text)).decided_by == "rule:food"


# Faults -----------------------------------------------------------------------------------------------------------------


def test_all_faults_are_listed_at_once_with_their_lines() -> None:
    text = """\
[album.pets]
titel = "Tiere"
classes = [
  "tabby",
  "pizza",
  4711,
]

[album.Cats]

[[rule]]
id = "one"
album = "wintertravel"
when.saison = "winter"

[[rule]]
album = "food"
when = { season = "fall", month = 13, album = { fod = 0.5 } }

[other]
"""
    assert faults_of(text) == [
        "albums.toml:2: unknown key 'titel' (did you mean title?)",
        "albums.toml:4: unknown class 'tabby' (did you mean tabby cat?)",
        "albums.toml:6: there is no class 4711; they run from 0 to 999",
        "albums.toml:9: 'Cats' is not an album id: lower-case letters, digits and hyphens",
        "albums.toml:13: unknown album 'wintertravel' (did you mean winter-travel?)",
        "albums.toml:14: unknown key 'saison' (did you mean season?)",
        "albums.toml:16: a rule needs an id: a word that reports and `explain` can name it by",
        'albums.toml:18: rule.when.month: 13 is neither a number from 1 to 12 nor a range as in "11-3"',
        "albums.toml:18: unknown album 'fod' (did you mean food?)",
        "albums.toml:18: unknown season 'fall'; there are winter, spring, summer, autumn",
        "albums.toml:20: unknown key 'other'; there are album, classes, rule",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("album = 3", "albums are written as [album.ID]"),
        ("classes = 3", "[classes] is a table"),
        ("rule = 3", "[[rule]]"),
        ("[album.pets]\nthreshold = 2", "not a number from 0 to 1"),
        ("[album.pets]\nthreshold = true", "not a number from 0 to 1"),
        ("[album.pets]\nremove = 1", "not true or false"),
        ("[album.review]\nremove = true", "review cannot be removed"),
        ('[album.pets]\nmerge = "pets"', "cannot be merged"),
        ('[album.pets]\ntitle = "Food"', "food has the title 'Food' too"),
        ('[album.pets]\ntitle = ""', "not a text"),
        ('[album.a]\npart_of = "food"\n[album.b]\npart_of = "a"', "parts have no parts"),
        ('[album.review]\nclasses = ["pizza"]', "no class can speak for review"),
        ("[classes]\npizza = { food = 0.8, home = 0.8 }", "add up to 1.60"),
        ('[classes]\npizzza = "food"', "did you mean pizza?"),
        ('[[rule]]\nid = "x"', "needs either an album"),
        ('[[rule]]\nid = "x"\nalbum = "food"', "it would hold for every photo"),
        ('[[rule]]\nid = "x"\nlean = {}\nwhen.away = true', "not albums with log-odds"),
        (
            '[[rule]]\nid = "x"\nlean = { food = 1 }\ninstead_of = "pets"\nwhen.away = true',
            "says instead_of, but no album",
        ),
        ('[[rule]]\nid = "x"\nalbum = "food"\nwhen.hour = "x-3"', "neither a number"),
        ('[[rule]]\nid = "x"\nalbum = "food"\nwhen = 3', "not a table"),
        ('[[rule]]\nid = "x"\nalbum = "food"\nwhen.album = 3', "not albums with probabilities"),
        (2 * '[[rule]]\nid = "x"\nalbum = "food"\nwhen.away = true\n', "two rules 'x'"),
    ],
)
def test_each_fault_is_told(text: str, fault: str) -> None:
    assert any(fault in line for line in faults_of(text)), faults_of(text)


def test_a_text_that_is_no_toml_names_the_file_and_the_line() -> None:
    with pytest.raises(UsageError, match=r"albums\.toml is not valid TOML: .*line 2"):
        with_overlay("[album.pets]\ntitle = \n")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert with_overlay("\ufeff[album.pets]\nthreshold = 0.5\n").thresholds == ((AlbumId("pets"), 0.5),)


def test_the_shipped_rules_are_without_fault() -> None:
    assert {rule.rule_id for rule in shipped_rules().rules} >= {"snow-at-home"}
    assert np.isfinite(shipped_rules().prior_log_odds).all()


def test_a_file_can_stand_alone() -> None:
    assert parse_overlay("", load_labels(), "x.toml").rules == ()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Rules or a UsageError; never another exception."""
    with contextlib.suppress(UsageError):
        parse_overlay(text, load_labels(), "x.toml")


def test_lines_are_found_through_strings_brackets_and_comments() -> None:
    lines = TomlLines(
        'a = """\n[not.a.table]\nb = 1\n"""  # text\n"quoted key" = [ # ]\n  1,\n  "]",\n]\n[t . "u v"]\nx.y = 2 # z = 3\n'
        "[[r]]\nk = 1\n[[r]]\nk = 2\n[r.sub]\nm = { n = 1 }\n"
    )
    assert lines.line_of(("a",)) == 1
    assert lines.line_of(("quoted key",)) == 5
    assert lines.line_of(("t", "u v", "x", "y")) == 10
    assert lines.line_of(("r", 0, "k")) == 12
    assert lines.line_of(("r", 1, "k")) == 14
    assert lines.line_of(("r", 1, "sub", "m", "n")) == 16
    assert lines.line_of(("unknown",)) == 1
