"""Every sentence for people exists in every language, is used, and stands in a file of sentences, not in code."""

from __future__ import annotations

import ast
import re

import pytest

from album_sort.choices import LANGUAGES
from album_sort.sentences import can_show, language_of, sentence, speak, speaking, spoken
from tests.messages import PACKAGE, calls, keys_in_code, message_files, messages, placeholders, trees


@pytest.mark.parametrize("file", sorted(message_files()))
def test_a_sentence_says_the_same_in_each_language(file: str) -> None:
    for key, row in message_files()[file].items():
        assert key.startswith(f"{file}."), f"{key} belongs to another file"
        assert {name for name in row if "_" not in name} == set(LANGUAGES), key
        assert all(text.strip() for text in row.values()), key
        assert len({frozenset(placeholders(text)) for text in row.values()}) == 1, key
        assert row["zh"] != row["en"] or not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", row["zh"]), f"{key} is English"


def test_every_sentence_is_said_somewhere_and_every_key_has_its_sentence() -> None:
    texts, patterns = keys_in_code()
    made = {key for key in messages() if key in texts or any(re.fullmatch(pattern, key) for pattern in patterns)}
    assert set(messages()) - made == set()
    said = {call.args[0].value for _, call in calls() if isinstance(call.args[0], ast.Constant)}
    assert said - set(messages()) == set()


def test_a_sentence_is_given_the_values_that_it_takes() -> None:
    for path, call in calls():
        given = {str(keyword.arg) for keyword in call.keywords}
        if isinstance(call.args[0], ast.Constant) and "None" not in given:
            taken = placeholders(messages()[str(call.args[0].value)]["en"])
            assert taken <= given <= taken | {"n"}, f"{path.name}:{call.lineno}"


# ---- none stands in code

SPOKEN = re.compile(
    r"(?:Usage|Destination|Model|AlbumSort)Error|DestinationLocked|WeightsUnavailable|PictureRefused"
    r"|Interrupted|RowRefused|PlanRefused|NotAFile|PatternFault|OutsideError|OSError|FileExistsError"
    r"|ConnectionError|TimeoutError|ctx\.fail|(?:self\.)?(?:reader\.)?fault|faults\.append|say|_say"
)
"""What takes words for people: errors that a user sees, faults in what they wrote, what is printed."""

EXCEPTIONS = {
    "core/wording.py": "faults of the files of sentences: only a test asks for them",
    "classifier/labels.py": "faults of the label files of this very program: who edits them reads English",
    "images/": "what libraries say of a broken picture; `core/damage.py` makes a reason of it, which has a sentence",
    "metadata/": "as in images/",
    "containers/": "as in images/",
}
"""Where text stands in code all the same, and why."""


def words_in_code() -> list[str]:
    found = []
    for path, tree in trees().items():
        relative = path.relative_to(PACKAGE).as_posix()
        if any(relative.startswith(start) for start in EXCEPTIONS):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and SPOKEN.fullmatch(ast.unparse(node.func)):
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                found += [f"{relative}:{node.lineno}: {text}" for text in map(_text, given) if _is_sentence(text)]
    return found


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
    if isinstance(node, ast.IfExp | ast.BinOp):
        return " ".join(_text(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_sentence(text: str) -> bool:
    """Two words of letters in a row, commands and options apart."""
    plain = re.sub(r"--[\w-]+ \S+|\S*[-/.:=~_]\S*", " . ", text)
    return re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", plain) is not None


def test_no_sentence_for_people_stands_in_code() -> None:
    assert words_in_code() == []


def test_every_exception_is_one() -> None:
    assert all(any(p.relative_to(PACKAGE).as_posix().startswith(start) for p in trees()) for start in EXCEPTIONS)


# ---- how a sentence is said


def test_numbers_and_plurals_go_as_in_the_language() -> None:
    assert sentence("rules.faults", n=1, file_name="a.toml") == "1 fault in a.toml:"
    assert sentence("rules.faults", n=12000, file_name="a.toml") == "12,000 faults in a.toml:"
    with speaking("zh"):
        assert sentence("rules.faults", n=1, file_name="a.toml") == "a.toml 中有 1 处错误："
    assert spoken() == "en"


def test_a_value_is_shown_as_it_is() -> None:
    assert sentence("order.no-such-photo", photo="{b} 'c'.jpg") == "no such photo: \"{b} 'c'.jpg\""
    assert sentence("plan.value-day", value="x", other=1) == "x is not a day of a photo"


def test_a_sentence_that_is_not_there_or_lacks_a_value_hides_nothing() -> None:
    assert sentence("order.unheard-of", path="a") == "order.unheard-of"
    assert sentence("order.no-such-photo", foto="a") == "order.no-such-photo (foto=a)"


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, ""),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, ""),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LC_MESSAGES": "zh_CN", "LC_ALL": "en_GB@euro"}, "en"),
        ({"LANG": "zh-Hans"}, "zh"),
        ({"LANG": "zhx"}, ""),
    ],
)
def test_the_language_of_the_surroundings(environment: dict[str, str], lang: str) -> None:
    assert language_of(environment) == lang


def test_where_chinese_cannot_be_shown_english_is_spoken() -> None:
    assert can_show("zh", "gbk")
    assert not can_show("zh", "ascii")
    try:
        speak("zh", "latin-1")
        assert spoken() == "en"
        speak("zh")
        assert sentence("common.disk-full") == "磁盘已满"
    finally:
        speak("en")
