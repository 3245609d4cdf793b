"""The report speaks both languages, completely."""

from __future__ import annotations

import re
import string
import time
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest

from album_sort.choices import LANGUAGES, Mode
from album_sort.config import DEFAULT, FLAGS
from album_sort.errors import UsageError
from album_sort.pipeline.closer import STAGE as CLOSER
from album_sort.report import parse_words
from album_sort.types import RowAction, Stage
from album_sort.types.report import HAND_KINDS
from tests.report_builders import ROOT, WORDS, WORDS_TEXT

TABLE = tomllib.loads(WORDS_TEXT)
CHINESE = parse_words(WORDS_TEXT, "zh")
REPORT = ROOT / "album_sort" / "report"


def _stages_told() -> set[str]:
    """Every stage that a run tells the time of."""
    sources = [path for part in ("pipeline", "operations") for path in (ROOT / "album_sort" / part).glob("*.py")]
    texts = "".join(path.read_text(encoding="utf-8") for path in sources)
    return {CLOSER, *re.findall(r'\b(?:_?stage|StageStarted)\(\s*"(\w+)"', texts)}


# Keys made of a fixed beginning and a word of ours.
MADE_KEYS: dict[str, Iterable[str]] = {
    "by_hand_": tuple(kind.replace("-", "_") for kind in HAND_KINDS),
    "stage_": Stage,
    "timing_": _stages_told(),
    "action_": RowAction,
    "mode_": Mode,
    "origin_": (DEFAULT, FLAGS),
}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_a_sentence_says_the_same_in_each_language(key: str) -> None:
    row = TABLE[key]
    assert {name for name in row if "_" not in name} == set(LANGUAGES)
    assert placeholders(row["en"]) == placeholders(row["zh"])
    assert placeholders(row.get("en_one", row["en"])) == placeholders(row["en"])


def used_keys() -> set[str]:
    found: set[str] = set()
    sources: list[Path] = [*REPORT.rglob("*.jinja"), *REPORT.rglob("*.js"), *REPORT.glob("*.py")]
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for call in re.finditer(r"\b(?:t|text)\(", text):
            argument = re.split("[,)]", text[call.end() : call.end() + 80])[0]
            found.update(re.findall(r"""["'`]([a-z_]+)["'$`]""", argument))
    return found


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_at_which_a_file_may_be_left_out_has_a_word(stage: Stage) -> None:
    """A missing one costs the whole report."""
    assert f"stage_{stage}" in TABLE


def test_every_word_the_page_uses_is_there_and_no_other() -> None:
    used = used_keys()
    made = {f"{beginning}{word}" for beginning, words in MADE_KEYS.items() for word in words}
    assert made - set(TABLE) == set()
    assert used - set(TABLE) - set(MADE_KEYS) == set()
    assert set(TABLE) - used - made == set()


def test_one_photo_is_not_called_photos() -> None:
    assert WORDS.text("photos", n=1) == "1 photo"
    assert WORDS.text("photos", n=12482) == "12,482 photos"
    assert CHINESE.text("photos", n=1) == "1 张照片"


def test_days_are_written_as_the_language_writes_them() -> None:
    assert WORDS.days(date(2025, 12, 28), date(2025, 12, 28)) == "Dec 28, 2025"
    # two editions of the Unicode tables that Babel is made from
    assert CHINESE.days(date(2025, 8, 3), date(2025, 8, 14)) in ("2025年8月3日至14日", "2025年8月3日\u2009–\u200914日")


def test_moments_are_told_as_the_clock_on_the_wall_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of an evening in California is a run of that day, not of the next."""
    evening = datetime(2026, 11, 28, 4, 30)
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    assert WORDS.day_of(evening) == "Nov 27, 2026"
    assert WORDS.moment(evening).replace("\u202f", " ") == "Nov 27, 2026, 8:30:00 PM UTC-08:00"
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert WORDS.moment(evening).replace("\u202f", " ") == "Nov 28, 2026, 4:30:00 AM UTC"


def test_a_duration_is_readable() -> None:
    assert WORDS.duration(0.42) == "0.4 s"
    assert WORDS.duration(200) == "3 min 20 s"


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'fr'") as caught:
        parse_words(WORDS_TEXT, "fr")
    assert "en, zh" in caught.value.hint


def test_a_duration_that_cannot_be_felt_is_not_called_nothing() -> None:
    assert WORDS.duration(0.004) == "less than 0.1 s"


@pytest.mark.parametrize(("per_second", "said"), [(21.77, "21.8"), (315.1, "315"), (23598.7, "23,600")])
def test_a_rate_is_as_exact_as_it_means_something(per_second: float, said: str) -> None:
    assert WORDS.rate(per_second) == said
