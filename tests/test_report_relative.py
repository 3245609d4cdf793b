"""Trips in the words of a person, on the day the report is written."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.report import country_in_words, relative_words
from album_sort.types import Reason
from tests.report_builders import ROOT

SENTENCES = tomllib.loads((ROOT / "labels/reasons/report.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("start", "season", "today", "words"),
    [
        (date(2025, 12, 26), "winter", date(2026, 11, 22), "last winter in Japan"),
        (date(2025, 12, 26), "winter", date(2026, 2, 20), "this winter in Japan"),
        (date(2026, 1, 5), "winter", date(2026, 12, 10), "last winter in Japan"),
        (date(2026, 10, 30), "autumn", date(2026, 11, 22), "last month in Japan"),
        (date(2026, 11, 3), "autumn", date(2026, 11, 22), "this month in Japan"),
        (date(2026, 7, 3), "winter", date(2026, 11, 22), "last winter in Japan"),
        (date(2026, 6, 3), None, date(2026, 11, 22), "5 months ago in Japan"),
        (date(2025, 7, 3), "summer", date(2026, 11, 22), "a year ago in Japan"),
        (date(2025, 5, 20), "spring", date(2026, 11, 22), "a year ago in Japan"),
        (date(2025, 4, 20), "spring", date(2026, 11, 22), "2 years ago in Japan"),
        (date(2020, 7, 3), "summer", date(2026, 11, 22), "6 years ago in Japan"),
    ],
)
def test_a_trip_is_named_as_a_person_would(start: date, season: str | None, today: date, words: str) -> None:
    """A southern July is winter: the season is the one at the place."""
    reason = relative_words(start, today=today, season=season, where="Japan")
    assert reason is not None
    assert SENTENCES[reason.code]["en"].format(**dict(reason.values)) == words


@pytest.mark.parametrize(
    ("country", "language", "words"),
    [
        ("United States", "en", "the United States"),
        ("Cayman Islands", "en", "the Cayman Islands"),
        ("Japan", "en", "Japan"),
        ("美国", "zh", "美国"),
    ],
)
def test_a_country_has_its_article_in_english(country: str, language: str, words: str) -> None:
    assert country_in_words(country, language) == words


def test_a_trip_of_the_future_has_no_words() -> None:
    assert relative_words(date(2027, 1, 1), today=date(2026, 1, 1), season=None, where="Japan") is None


@given(start=st.dates(), today=st.dates(), season=st.sampled_from(["winter", "spring", "summer", "autumn", None]))
def test_every_word_has_its_sentence_in_both_languages(start: date, today: date, season: str | None) -> None:
    reason = relative_words(start, today=today, season=season, where="Japan")
    if isinstance(reason, Reason):
        for language in ("en", "zh"):
            SENTENCES[reason.code][language].format(**dict(reason.values))
