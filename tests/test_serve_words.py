"""The server and its page speak both languages, completely."""

from __future__ import annotations

import re
import string
import tomllib

import pytest

from album_sort.choices import LANGUAGES
from album_sort.classifier.labels import label_text
from album_sort.operations.pending import KINDS
from album_sort.operations.words import WEB_WORDS_FILE
from tests.conftest import REPOSITORY

TABLE = tomllib.loads(label_text(WEB_WORDS_FILE))
JOBS = ("apply", "undo", "sort", "preview")
WEB = REPOSITORY / "album_sort" / "web"


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_a_sentence_says_the_same_in_each_language(key: str) -> None:
    row = TABLE[key]
    assert {name for name in row if "_" not in name} == set(LANGUAGES)
    assert placeholders(row["en"]) == placeholders(row["zh"])


def test_every_word_that_is_said_is_there_and_no_other() -> None:
    python = "\n".join(path.read_text(encoding="utf-8") for path in WEB.glob("*.py"))
    page = "\n".join(path.read_text(encoding="utf-8") for path in (WEB / "static").glob("*.html"))
    said = {f"refused_{code}" for code in re.findall(r"Refused\(\s*[\w.]+,\s*\"(\w+)\"", python)}
    said |= {f"refused_{code}" for code in re.findall(r"\d{3}: \"(\w+)\"", python)} | {"refused_fault"}
    said |= set(re.findall(r"\.text\(\"(\w+)\"", python))
    said |= set(re.findall(r"\"(title_of_\w+)\"", python))
    said |= {key for key in re.findall(r"\{\{(\w+)\}\}", page) if key.startswith("drop_")}
    for beginning, name in (("page_", "drop.js"), ("live_", "live.js")):
        script = (WEB / "static" / name).read_text(encoding="utf-8")
        said |= {f"{beginning}{key}" for key in re.findall(r"\bsay\([^()]*?\"(\w+)\"", script)}
        said |= {f"{beginning}{key}" for key in re.findall(r"say\(\w+ \? \"(\w+)\"", script)}
    said |= {f"live_said_{kind.replace('-', '_')}" for kind in KINDS} | {f"live_job_{job}" for job in JOBS}
    assert said - set(TABLE) == set()
    assert set(TABLE) - said == set()
