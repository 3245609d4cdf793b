"""The terminal speaks the language of the albums, completely, as far as its encoding has the characters."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest

from album_sort.choices import LANGUAGES
from album_sort.classifier.labels import label_text
from album_sort.operations.words import WORDS_FILE, terminal_words
from album_sort.terminal.layout import wrapped
from album_sort.types import Stage
from tests.builders import make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program

TABLE = tomllib.loads(label_text(WORDS_FILE))
STAGES = (
    "scan",
    "classify",
    "closer",
    "convert",
    "places",
    "assign",
    "plan",
    "apply",
    "previews",
    "report",
    "download",
)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_a_sentence_says_the_same_in_each_language(key: str) -> None:
    row = TABLE[key]
    assert {name for name in row if "_" not in name} == set(LANGUAGES)
    assert placeholders(row["en"]) == placeholders(row["zh"]) == placeholders(row.get("en_one", row["en"]))


def test_every_word_that_is_used_is_there_and_no_other() -> None:
    package = REPOSITORY / "album_sort"
    files = [path for part in ("cli", "operations", "terminal") for path in (package / part).glob("*.py")]
    texts = {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    made = (
        {f"albums_{key}" for key in ("id", "title", "about")}
        | {f"stage_{stage}{form}" for stage in STAGES for form in ("", "_short")}
        | {f"at_{stage}" for stage in Stage}
    )
    assert made <= set(TABLE)
    assert set(TABLE) - made - texts == set()


def test_a_terminal_without_chinese_characters_is_spoken_to_in_english() -> None:
    assert terminal_words("zh", "utf-8").text("trips", n=3) == "找到 3 次旅行。"
    assert terminal_words("zh", "gbk").text("trips", n=3) == "找到 3 次旅行。"
    assert terminal_words("zh", "cp1252").text("trips", n=3) == "3 trips found."


def english_words(text: str) -> set[str]:
    """Without file names, options, commands, and the technical line that says how the network ran (bf16 ...)."""
    text = re.sub(r"网络：.*|`[^`]*`|/\S+|\S*\.\w+|--\w+|EfficientNet-Lite0|ResNet-18|album-sort|UTC", "", text)
    return set(re.findall(r"[A-Za-z]{3,}", text))


def test_a_chinese_run_is_told_in_chinese_to_the_end(tmp_path: Path, album_sort: Program) -> None:
    """The first run, a preview, an unchanged library, and one whose photos are gone; the language is remembered."""
    make_tree(
        tmp_path,
        {f"in/{n}.jpg": make_jpeg(n) for n in range(4)} | {"in/5.jpg": b"no picture", "in/6.jpg": make_jpeg(1)},
    )
    told = []
    for options in (["--lang", "zh"], ["--dry-run"], []):
        ran = album_sort("in", "--out", "out", "--offline", *options, cwd=tmp_path)
        told.append(ran.stdout + ran.stderr)
    (tmp_path / "in" / "0.jpg").unlink()
    gone = album_sort("in", "--out", "out", "--offline", "--prune", "--prune-limit", "1", cwd=tmp_path)
    nothing = album_sort(tmp_path / "out", "--out", "other", "--offline", "--lang", "zh", cwd=tmp_path)
    for text in (*told, gone.stdout + gone.stderr, nothing.stdout + nothing.stderr):
        assert english_words(text) == set(), text
    assert "共 6 张照片" in told[0]
    assert "这是预览" in told[1]
    assert "没有新照片" in told[2]
    assert "移入回收文件夹" in gone.stdout
    assert "没有找到照片" in nothing.stdout


def test_chinese_is_broken_between_characters_and_never_before_its_punctuation() -> None:
    lines = wrapped("文件名以 .jpg 结尾，内容却是：HTML 网页；请删除（或“排除”）。", 12, 10)
    assert "".join(lines).replace(" ", "") == "文件名以.jpg结尾，内容却是：HTML网页；请删除（或“排除”）。"
    assert all(line[0] not in "，：；）”。" and line[-1] not in "（“" for line in lines)


def test_a_word_longer_than_a_line_is_cut_to_what_each_line_has_room_for() -> None:
    assert [len(line) for line in wrapped("x" * 100, 38, 36)] == [38, 36, 26]
    assert wrapped("in " + "x" * 12, 8, 5) == ["in", "xxxxx", "xxxxx", "xx"]
