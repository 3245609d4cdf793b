"""Every sentence for people exists in every language, is used, and stands in a file of sentences, not in code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.testing
from rich.cells import cell_len

from album_sort.choices import LANGUAGES
from album_sort.cli.app import app
from album_sort.sentences import can_show, language_of, sentence, speak, speaking, spoken
from album_sort.shell.help import WRONG_CALL, wrong_call
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.messages import PACKAGE, calls, keys_in_code, message_files, messages, placeholders, trees
from tests.test_docs import command_names


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
    assert "42454" in sentence("serve.port-takes-another-one", value=42454), "a name, not an amount"
    assert "12345" in sentence("files.process-on-since-utc", pid=12345, host="nas", since_utc="x")
    for number in (1e300, float("nan"), float("-inf"), 10**30, -(10**30), 10**5000):
        assert sentence("order.no-such-photo", photo=number), "a damaged file may hold any"


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


def helped() -> list[ast.Call]:
    """What the command line is made of: options, arguments, groups of commands."""
    places = [*(PACKAGE / "cli").glob("*.py"), PACKAGE / "settings.py"]
    made = ("typer.Option", "typer.Argument", "typer.Typer", "_is")
    return [
        node
        for path in places
        for node in ast.walk(trees()[path])
        if isinstance(node, ast.Call) and ast.unparse(node.func) in made
    ]


def test_the_help_of_every_option_is_a_sentence_by_key() -> None:
    for call in helped():
        given = [one.value for one in call.keywords if one.arg in ("help", "short_help", "epilog")]
        given += call.args[2:3] if ast.unparse(call.func) == "_is" else []
        for one in given:
            assert not isinstance(one, ast.Constant) or one.value in messages() or one.value == "", ast.unparse(one)
            assert not isinstance(one, ast.JoinedStr), ast.unparse(one)


def english_in(text: str) -> set[str]:
    """Words that a Chinese reader is not to be troubled with: commands, options, what is typed as it stands, and names stay."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*(curl|album-sort) ", line)]
    plain = re.sub(r"`[^`]*`|album-sort \S+|-{1,2}\w[\w/-]*|\S*[/.=~]\S*", " ", "\n".join(lines))
    known = "auto copy symlink hardlink reflink off ask int16 int8 bf16 fp32 systemd cron paste bash zsh fish JSON TOML POST PEM EXIF"
    known += " local resnet18 efficientnet-lite0 and or true false id nice album-sort"
    return set(re.findall(r"(?<![\w-])[A-Za-z][a-z]{3,}(?![\w-])", plain)) - set(known.split()) - COMMANDS


COMMANDS = {word for name in command_names() for word in name.split()}


@pytest.fixture(scope="module")
def in_chinese() -> Iterator[typer.testing.CliRunner]:
    """The program as somebody calls it whose surroundings are Chinese."""
    speak("zh")
    yield typer.testing.CliRunner()
    speak("en")


@pytest.mark.parametrize("words", [name.split() for name in ["", *command_names()]], ids=" ".join)
def test_help_is_chinese_where_chinese_is_spoken(in_chinese: typer.testing.CliRunner, words: list[str]) -> None:
    shown = in_chinese.invoke(app, [*words, "--help"], prog_name="album-sort", env={"COLUMNS": "100"}).stdout
    assert shown.startswith("用法：album-sort")
    assert english_in(shown) == set()
    assert max(cell_len(line) for line in shown.splitlines()) <= 100


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["sort", "a"], "缺少 --out：相册要放到哪个文件夹"),
        (["undo", "--ot", "a"], "没有选项 --ot；您是不是想用 --out？"),
        (["undo", "--out"], "--out 后面要写一个值"),
        (["undo", "--out", "a", "b", "c"], "多出来的内容：c"),
        (["albums", "lst"], "没有命令“lst”；您是不是想用 `album-sort albums list`？"),
        (["serve", "--port", "x"], "--port：需要整数"),
        (["serve", "--port", "70000"], "--port：最多 65535"),
        (["explain"], "缺少 照片"),
        (["runs", "--json=3", "--out", "a"], "--json 后面不能写值"),
    ],
)
def test_a_wrong_call_is_told_in_chinese(in_chinese: typer.testing.CliRunner, call: list[str], told: str) -> None:
    with pytest.raises(WRONG_CALL) as raised:
        in_chinese.invoke(app, call, prog_name="album-sort", standalone_mode=False, catch_exceptions=False)
    assert told in wrong_call(raised.value)
    assert english_in(wrong_call(raised.value)) == set()


def test_the_language_is_that_of_the_call_else_of_the_albums_else_of_the_surroundings(
    tmp_path: Path, album_sort: Program
) -> None:
    chinese = {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}
    make_tree(tmp_path, {"in/a.jpg": make_jpeg(1)})
    made = album_sort("in", "--out", "out", "--offline", cwd=tmp_path, **chinese)
    assert "共 1 张照片" in made.stdout
    assert "“x”" in album_sort("undo", "x", "--out", "out", cwd=tmp_path).stderr, "the albums are Chinese"
    assert "没有" in album_sort("undo", "--out", "no", cwd=tmp_path, **chinese).stderr
    assert "no such" in album_sort("no", "--out", "out", "--lang", "en", cwd=tmp_path, **chinese).stderr
