"""What every key of a rule's `when` promises: a key is tested here because it is in the table.

A key that asks for something that no photo of the gallery has needs one more photo there.
"""

from __future__ import annotations

import os
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.compiled_rules import CompiledRules, ConditionCheck
from album_sort.core.albums.conditions import CONDITIONS, guide_table
from album_sort.errors import UsageError
from album_sort.types import Prediction
from tests.album_cases import facts_of, place_of, trip_of, with_overlay
from tests.conftest import REPOSITORY

GUIDE = REPOSITORY / "docs/guides/albums.md"

NOTHING_KNOWN = facts_of()
GALLERY = {
    "nothing known": NOTHING_KNOWN,
    "a pizza at home": facts_of(
        "home/IMG_7.jpg",
        {"pizza": 0.9},
        taken="2025-06-30T19:10",
        season="summer",
        away_from_home=False,
        place=place_of("Lyon", "France", "FR"),
        camera="Google Pixel 8",
    ),
    "a cat somewhere": facts_of("shop/May/raw/DSC_7.nef", {"tabby cat": 0.9}, taken="2025-12-30"),
    "a night in Japan": facts_of(
        "trip/P1010001.JPG",
        {"alp": 0.6, "bagel": 0.2},
        taken="2025-12-30T23:10",
        season="winter",
        away_from_home=True,
        place=place_of("Niseko", "Japan", "JP"),
        trip=trip_of("2025-12 Niseko, Japan"),
        camera="Canon EOS R6",
    ),
}
EXAMPLES = [(key.name, example) for key in CONDITIONS.values() for example in key.examples]
ASKING = [(name, example) for name, example in EXAMPLES if CONDITIONS[name].holds is not None]
SCORES = {"pets": 0.6, "food": 0.2}
"""Of the first photo; those of the others are lower."""


def rules_with(*when: str) -> AlbumRules:
    lines = "".join(f"when.{one}\n" for one in when)
    return with_overlay(f'[[rule]]\nid = "r"\nlean = {{ food = 1.0 }}\n{lines}')


@cache
def check_of(*when: tuple[str, str]) -> ConditionCheck:
    rules = rules_with(*(f"{name} = {example}" for name, example in when))
    return CompiledRules.of(rules).leaning[0].check


def photos_of(*when: tuple[str, str]) -> set[str]:
    """Of which photos of the gallery it holds."""
    check, held = check_of(*when), set()
    for place, (name, facts) in enumerate(GALLERY.items()):
        scores = [SCORES.get(album, 0.0) if place == 0 else 0.0 for album in check.columns]
        if check.holds(facts, scores):
            held.add(name)
    return held


@pytest.mark.parametrize(("name", "example"), ASKING)
def test_each_example_holds_of_some_photos_and_not_of_others(name: str, example: str) -> None:
    assert set() < photos_of((name, example)) < set(GALLERY)


@pytest.mark.parametrize(("name", "example"), ASKING)
def test_of_a_photo_of_which_nothing_is_known_it_is_asked_without_harm(name: str, example: str) -> None:
    check = check_of((name, example))
    assert check.holds(NOTHING_KNOWN, [0.0] * len(check.columns)) in (True, False)


@pytest.mark.parametrize("one", ASKING, ids="=".join)
def test_two_hold_together_where_each_holds(one: tuple[str, str]) -> None:
    for other in ASKING:
        if one[0] != other[0]:
            assert photos_of(one, other) == photos_of(other, one) == photos_of(one) & photos_of(other)


@pytest.mark.parametrize(("name", "example"), ASKING)
def test_the_quick_look_at_many_photos_passes_over_none_of_which_it_holds(name: str, example: str) -> None:
    rows = check_of((name, example)).rows(*Prediction.stack([facts.prediction for facts in GALLERY.values()]))
    assert photos_of((name, example)) <= {list(GALLERY)[row] for row in rows}


VALUES = st.one_of(
    st.sampled_from(
        ["3", "-1", "0.5", "1e300", "nan", "true", '""', '"x-3"', "[]", "{}", "[[]]", "{ x = {} }", "1979-05-27"]
    ),
    st.lists(st.sampled_from(["1", '"a"', "true", "{}", "0.1"]), max_size=3).map(
        lambda entries: f"[{', '.join(entries)}]"
    ),
)


@pytest.mark.parametrize("name", CONDITIONS)
@settings(max_examples=30)
@given(value=VALUES)
def test_whatever_stands_there_is_read_or_is_a_fault_with_its_line(name: str, value: str) -> None:
    try:
        rules_with(f"{name} = {value}")
    except UsageError as error:
        for line in str(error).split("\n")[1:]:
            assert line.startswith("albums.toml:4: ")


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_table_in_place_of_a_value_is_no_condition_that_always_holds(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        rules_with(f"{name} = {{ nonsense = 1 }}")


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_misspelled_key_is_told_with_what_was_meant(name: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown key '{name}x' \(did you mean {name}\?\)"):
        rules_with(f"{name}x = 1")


def test_the_guide_has_the_table_that_is_made_from_the_keys() -> None:
    """After a change: `UPDATE_DOCS=1 bin/test tests/test_every_condition.py`."""
    guide = GUIDE.read_text(encoding="utf-8")
    pattern = re.compile(r"(?<=tests/test_every_condition\.py -->\n\n)(\|.*\n)+")
    if os.environ.get("UPDATE_DOCS"):
        guide = pattern.sub(lambda _: guide_table(), guide)
        GUIDE.write_text(guide, encoding="utf-8")
    found = pattern.search(guide)
    assert found is not None
    assert found.group() == guide_table()


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_guide_shows_the_example(name: str, example: str) -> None:
    row = next(line for line in guide_table().splitlines() if line.startswith(f"| `{name} = "))
    assert f"`{example}`" in row.replace(f"{name} = ", "")
