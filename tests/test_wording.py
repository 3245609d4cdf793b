"""Reasons as sentences: every code we emit can be said in every language, and no gap ever stops a run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import album_sort
from album_sort.classifier.labels import load_labels, load_wording, reason_texts
from album_sort.core.wording import read_wording, reason_faults, wording_faults
from album_sort.types import LANGUAGES, AlbumId, Reason

PACKAGE = Path(album_sort.__file__).parent

WORDING = read_wording(
    {
        "trips.toml": """
["trips.away"]
en = "away from home: {distance_km} km from {home}, in {season}"
zh = "{season}离家 {distance_km} 公里，家在 {home}"
["trips.bare"]
en = "away"
zh = "外出"
["albums.content"]
en = "“{class_index}” speaks for “{album}”, not “{other}”"
zh = "“{class_index}”表明是“{album}”，而不是“{other}”"
["season.winter"]
en = "winter"
zh = "冬季"
"""
    },
    load_labels(),
)


def test_a_reason_is_a_sentence_in_each_language() -> None:
    reason = Reason.of("trips.away", distance_km=431.0, home="Köln", season="winter")
    assert WORDING.say(reason, "en") == "away from home: 431 km from Köln, in winter"
    assert WORDING.say(reason, "zh") == "冬季离家 431 公里，家在 Köln"


def test_albums_and_classes_are_shown_by_name() -> None:
    reason = Reason.of("albums.content", class_index=281, album="pets", other="wildlife")
    assert WORDING.say(reason, "en") == "“tabby cat” speaks for “Pets”, not “Wildlife”"
    assert WORDING.say(reason, "zh") == "“虎斑猫”表明是“宠物”，而不是“野生动物”"


def test_the_users_own_titles_come_first() -> None:
    own = WORDING.retitled({"en": {AlbumId("pets"): "Our cats"}})
    reason = Reason.of("albums.content", class_index=281, album="pets", other="barn-cats")
    assert own.say(reason, "en") == "“tabby cat” speaks for “Our cats”, not “barn-cats”"


@pytest.mark.parametrize(
    ("number", "shown"), [(3, "3"), (3.0, "3"), (0.25, "0.25"), (1 / 3, "0.33"), (-0.001, "0"), (float("inf"), "inf")]
)
def test_numbers_have_two_decimals_at_most(number: float, shown: str) -> None:
    reason = Reason.of("trips.away", distance_km=number, home="Köln", season="summer")
    assert f": {shown} km" in WORDING.say(reason, "en")


def test_an_unknown_code_is_shown_with_its_values() -> None:
    assert (
        WORDING.say(Reason.of("trips.unheard-of", days=3, home="Köln"), "en") == "trips.unheard-of (days=3, home=Köln)"
    )
    assert WORDING.say(Reason.of("trips.unheard-of"), "zh") == "trips.unheard-of"


def test_a_missing_value_shows_the_code_and_the_values_there_are() -> None:
    assert WORDING.say(Reason.of("trips.away", home="Köln"), "en") == "trips.away (home=Köln)"


def test_a_language_without_sentences_gets_the_english_ones() -> None:
    assert WORDING.say(Reason.of("trips.bare"), "fr") == "away"


def test_braces_in_a_value_stay_as_they_are() -> None:
    """File names and EXIF text end up in sentences; they cannot ask for other values."""
    reason = Reason.of("trips.away", distance_km=1, home="{distance_km} {0.__class__}", season="spring")
    assert "{distance_km} {0.__class__}" in WORDING.say(reason, "en")


def test_words_of_ours_can_be_asked_for_alone() -> None:
    assert WORDING.word("season", "winter", "zh") == "冬季"
    assert WORDING.word("season", "monsoon", "zh") == "monsoon"


@given(
    code=st.sampled_from(["trips.away", "albums.content", "trips.bare", "nothing"]),
    values=st.dictionaries(
        st.sampled_from(["distance_km", "home", "season", "album", "other", "class_index"]),
        st.one_of(st.text("{}a\n家", max_size=8), st.integers(), st.floats()),
    ),
    lang=st.sampled_from([*LANGUAGES, "fr", ""]),
)
def test_saying_a_reason_never_raises(code: str, values: dict[str, str | int | float], lang: str) -> None:
    assert WORDING.say(Reason(code, tuple(sorted(values.items()))), lang)


def test_a_file_that_is_no_toml_costs_only_its_own_sentences() -> None:
    texts = {"broken.toml": "[", "whole.toml": '["a.b"]\nen = "said"\nzh = "说"'}
    assert read_wording(texts).say(Reason("a.b"), "en") == "said"
    assert wording_faults(texts)[0].startswith("broken.toml: ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('["a.b"]\nen = "x"', "a.b: zh is missing"),
        ('["a.b"]\nen = "x"\nzh = " "', "a.b: zh is empty"),
        ('["a.b"]\nen = "x"\nzh = "啊"\nfr = "x"', "a.b: 'fr' is not a language"),
        ('["a.b"]\nen = "{n} x"\nzh = "啊"', "a.b: the languages have different placeholders"),
        ('["a.b"]\nen = "{n"\nzh = "{n"', "a.b: en has a brace that is not a placeholder"),
        ('"a.b" = 3', "a.b: needs a sentence for each of en, zh, not 3"),
        ('["A b"]\nen = "x"\nzh = "啊"', "A b: a code has lower-case words"),
    ],
)
def test_faulty_sentences_are_found(text: str, fault: str) -> None:
    assert any(told.startswith(f"area.toml: {fault}") for told in wording_faults({"area.toml": text}))


def test_a_code_belongs_to_one_file() -> None:
    text = '["a.b"]\nen = "x"\nzh = "啊"'
    assert wording_faults({"one.toml": text, "two.toml": text}) == ("two.toml: a.b: already in one.toml",)


def test_reasons_without_a_sentence_are_found() -> None:
    reasons = [Reason.of("trips.bare"), Reason.of("trips.away", home="Köln"), Reason.of("trips.unheard-of")]
    faults = reason_faults(WORDING, reasons)
    assert faults[-1] == "trips.unheard-of: no sentence"
    assert "trips.away: the en sentence needs distance_km, season, the reason has no such value" in faults


def test_the_shipped_sentences_are_without_fault() -> None:
    assert wording_faults(reason_texts()) == ()


def emitted() -> list[Reason]:
    """Every `Reason.of("code", value=...)` in the package whose code and value names can be read off the source."""
    reasons = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="Reason"), attr="of"),
                    args=[ast.Constant(value=str(code))],
                    keywords=keywords,
                ) if all(keyword.arg for keyword in keywords):
                    reasons.append(Reason(code, tuple((str(keyword.arg), "") for keyword in keywords)))
                case _:
                    continue
    return reasons


def test_every_reason_the_package_gives_has_its_sentence() -> None:
    """In each language, with no placeholder that the reason does not fill."""
    assert reason_faults(load_wording(), emitted()) == ()
