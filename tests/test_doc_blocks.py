"""Every block of code in README, CONTRIBUTING and docs is carried out: here, or where `doc_blocks.IN` says.

Commands are carried out in the order of the page, against a small made-up library in a home of its own.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from album_sort.choices import DEFAULT_LAYOUT
from album_sort.classifier.labels import load_labels
from album_sort.cli.app import app
from album_sort.core.albums.overlay import parse_overlay
from album_sort.core.planning.layout import Layout
from album_sort.core.trips.titles import trip_places, trip_title
from album_sort.operations.pages import REPORT_PAGE
from album_sort.places.gazetteer import Gazetteer
from album_sort.report import write_reports
from album_sort.sentences import sentence
from album_sort.state.store import DestinationState
from album_sort.types import REVIEW, AlbumId, RunReport
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import REPOSITORY, Program
from tests.doc_blocks import ALL, CARRIED_OUT, IN, PAGES, Block, blocks_by, blocks_in, blocks_of
from tests.report_builders import INFO, OUTCOME, WORDS, photo_row

MADE = {
    "cli.md",
    "state-schema.md",
    "events.md",
    "settings.md",
    "exit-codes.md",
    "layout.md",
    "rules.md",
    "report-fields.md",
}
"""Pages that are made from the program: of `docs/reference`."""


# ---- all of them are right


def options_of(words: list[str]) -> tuple[str, set[str]]:
    """The command that is called, and the options it has."""
    command: Any = get_command(app)
    name = []
    for word in words:
        inner = getattr(command, "commands", {})
        if word not in inner:
            break
        command = inner[word]
        name.append(word)
    if not name or (name == ["learn"] and words[1:]):
        name = name or ["sort"]
        command = get_command(app).commands[name[0]]  # type: ignore[attr-defined]
        command = getattr(command, "commands", {}).get("album", command)
    known = {word for one in command.params for word in (*one.opts, *one.secondary_opts)}
    return " ".join(name), known | {"--help", "-h", "--version"}


def calls_in(page: Path) -> Iterator[str]:
    """What the page says to type, in blocks and within lines, up to a comment or another program."""
    text = page.read_text(encoding="utf-8")
    shown = [line for block in blocks_of(page) for line in block.commands]
    shown += re.findall(r"`((?:bin/)?album-sort [^`\n]+)`", text)
    for line in shown:
        yield re.split(r"\s#\s|;| \| | > | && ", line.replace(r"\|", "|"))[0]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in MADE], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    for call in calls_in(page):
        try:
            words = shlex.split(call)[1:]
        except ValueError:
            words = call.split()[1:]
        name, known = options_of(words)
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given - known == set(), f"{call}: {name} has no such option"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_blocks_of_a_language_are_of_that_language(page: Path) -> None:
    for block in blocks_of(page):
        match block.kind:
            case "json" if "..." not in block.text:  # what is left out there is said so
                for line in [block.text] if block.text.count("\n{") == 0 else block.text.splitlines():
                    json.loads(line)
            case "toml":
                tomllib.loads(block.text)
            case "python":
                ast.parse(block.text)
            case "bash" | "sh":
                checked_by_shell(block.text)
        if block.kind == "" and block.commands:
            checked_by_shell(re.sub(r"<[\w ]+>|\[[\w ]+\]", "X", block.text))


def checked_by_shell(text: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"


# ---- each has somebody who carries it out


def test_each_block_is_carried_out_by_somebody() -> None:
    """A new block, or one more on a page, is to be given to one of them (`CARRIED_OUT`), whose test takes it with `blocks_by`."""
    found: dict[str, int] = {}
    for block in ALL:
        found[block.page] = block.number + 1
    assert {page: len(ways) for page, ways in CARRIED_OUT.items()} == found
    assert {way for ways in CARRIED_OUT.values() for way in ways} == set(IN)
    for way, module in IN.items():
        text = (REPOSITORY / "tests" / f"{module}.py").read_text(encoding="utf-8")
        assert f'blocks_by("{way}"' in text, f"{module} does not carry out {way!r}"


def test_a_block_is_found_wherever_it_stands() -> None:
    text = "# A\n    a\n\ntext\n    more text\n\n    b\n\n    c\n\n* list\n    goes on\n\n```toml\nd = 1\n```\n"
    assert [(one.kind, one.text) for one in blocks_in(text, "")] == [("", "a"), ("", "b\n\nc"), ("toml", "d = 1\n")]


# ---- what is made from the program, by the tests that make it; here it is read by what reads it


@pytest.mark.parametrize("block", blocks_by("made"), ids=str)
def test_what_is_made_is_made_by_a_test(block: Block) -> None:
    """The page says by which; help pages are what the program prints, events what it tells."""
    assert Path(block.page).name in MADE
    made_by = {"cli.md": "test_docs.py", "events.md": "test_reference.py"}[Path(block.page).name]
    assert (REPOSITORY / "tests" / made_by).is_file()
    if block.kind == "json":
        assert "event" in json.loads(block.text)


@pytest.mark.parametrize("block", blocks_by("sql"), ids=str)
def test_the_documented_schema_makes_the_tables_of_a_fresh_state(block: Block, tmp_path: Path) -> None:
    def tables(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names}

    by_page = sqlite3.connect(":memory:")
    by_page.executescript(block.text)
    with DestinationState.open(tmp_path):
        by_program = sqlite3.connect(tmp_path / ".album-sort/state.sqlite")
    assert tables(by_page) == tables(by_program)
    by_page.close()
    by_program.close()


# ---- trees, flows and sums


@pytest.mark.parametrize("block", blocks_by("tree"), ids=str)
def test_the_shown_tree_is_what_the_default_layout_makes(block: Block) -> None:
    """Niseko and Tuscany by their positions, albums by their ids; the page by its name."""
    lang = "zh" if ".zh." in block.page else "en"
    labels, towns = load_labels(), Gazetteer.load(lang)
    days = [date(2025, 7, 1 + number) for number in range(3)]
    winter, tuscany = date(2025, 12, 20), [(43.77, 11.25), (43.32, 11.33), (43.46, 11.88)]
    to_niseko = trip_places({winter: [towns.place_at(42.8048, 140.6874)]})
    to_tuscany = trip_places({day: [towns.place_at(*at)] for day, at in zip(days, tuscany, strict=True)})
    layout = Layout.parse(DEFAULT_LAYOUT)
    fields = [
        {"album": "winter-travel", "trip": trip_title(winter, to_niseko, lang)},
        {"album": "pets", "year": "2024"},
        {"album": "food", "trip": trip_title(days[0], to_tuscany, lang)},
        {"album": "documents", "year": "2024"},
    ]
    made = [layout.render({**one, "album": labels.title(AlbumId(one["album"]), lang)}) for one in fields]
    _, *rows = (re.split(r" {3,}", line.strip("├└─ "))[0] for line in block.text.splitlines())
    *photos, review, page = rows
    assert [photo.rpartition("/")[0] for photo in photos] == made
    assert review == f"{labels.title(REVIEW, lang)}/"
    assert page == REPORT_PAGE


@pytest.mark.parametrize("block", blocks_by("flow"), ids=str)
def test_the_flow_names_what_there_is(block: Block) -> None:
    """Values are classes of the package; steps are words of its modules' and functions' names."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "album_sort").rglob("*.py"))
    for word in re.findall(r"[A-Za-z]+", block.text):
        if word[:1].isupper():
            assert re.search(rf"^class {word}\b", text, re.MULTILINE), word
        else:
            assert re.search(rf"\b\w*{word[:-1] if word.endswith('s') else word}\w*\b", text), word


@pytest.mark.parametrize("block", blocks_by("formulas"), ids=str)
def test_the_sums_on_the_page_come_out(block: Block) -> None:
    """With the costs in the table above them: each formula gives the number after its sign, and the last one of the row of rates."""
    page = (REPOSITORY / block.page).read_text(encoding="utf-8")
    cost = {
        name: [float(one) / 1000 for one in re.findall(r"[\d.]+", row)]
        for name, row in re.findall(r"^\| \*(\w)\* \|.*\| ([\d. to]+) ms \|$", page, re.MULTILINE)
    }
    cores, wire, run = (line.rpartition("= ")[2] for line in block.text.splitlines())
    assert round(1 / (cost["r"][0] + cost["n"][0])) == int(cores.split()[0])
    # Of a gigabit line 94 % carry files: Ethernet, IP and TCP take the rest.
    assert round(125 * 0.94 / 3) == int(wire.split()[0])
    slowest, fastest = (int(one.replace(",", "")) for one in re.findall(r"[\d,]+", run))
    assert slowest == round(1 / max(cost["c"]))
    assert fastest == pytest.approx(1 / min(cost["c"]), rel=0.02)


# ---- files that the program reads


@pytest.mark.parametrize("block", blocks_by("rules"), ids=str)
def test_rules_for_albums_are_read(block: Block) -> None:
    """With the albums that they are about, where these are the reader's own."""
    own = set(re.findall(r'^album = "([\w-]+)"', block.text, re.MULTILINE))
    own |= set(re.findall(r"lean = \{ ([\w-]+)", block.text)) - {"sunsets"}
    albums = "".join(f'[album.{name}]\ntitle = "{name}"\n' for name in sorted(own))
    overlay = parse_overlay(f"{albums}\n{block.text}\n", load_labels(), "albums.toml")
    assert len(overlay.rules) == block.text.count("[[rule]]")
    assert overlay.rules or overlay != parse_overlay("", load_labels(), "albums.toml")


@pytest.mark.parametrize("block", blocks_by("message"), ids=str)
def test_a_message_for_translators_is_one_that_is_said(block: Block) -> None:
    ((key, row),) = tomllib.loads(block.text).items()
    messages = REPOSITORY / "labels/messages" / f"{key.partition('.')[0]}.toml"
    assert tomllib.loads(messages.read_text(encoding="utf-8"))[key] == row
    assert sentence(key, n=1, file_name="a.toml") == row["en_one"].format(n=1, file_name="a.toml")
    assert sentence(key, n=3, file_name="a.toml") == row["en"].format(n=3, file_name="a.toml")


@pytest.mark.parametrize("block", blocks_by("jq"), ids=str)
def test_rows_are_taken_out_of_a_report(block: Block, report: Path) -> None:
    if shutil.which("jq") is None:
        pytest.skip("needs jq")
    told = subprocess.run(["bash", "-c", block.text], cwd=report, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    (row,) = told.stdout.splitlines()
    assert row == (f"0.5\t{DAMAGED}" if ".damaged" in block.text else f"{DAMAGED}\tpets")


DAMAGED = "/in/half.jpg"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report.jsonl of one photo of which a half is missing."""
    folder = tmp_path_factory.mktemp("report")
    row = replace(photo_row(DAMAGED), damaged_share=0.5)
    write_reports(RunReport(INFO, [row], OUTCOME), folder, thumbnail=lambda _: None, words=WORDS)
    return folder


# ---- what newcomers type is carried out

INSTEAD = {"album-sort init": "album-sort init ~/Photos --out ~/Albums --nightly --yes --dry-run"}
"""It asks on a terminal (tests/test_init.py answers) and then changes the timetable of whoever runs the tests."""

FOLLOWED = {
    "en": ["README.md", "docs/guides/faq.md", "docs/guides/phone.md", "docs/guides/takeout.md", "docs/guides/nas.md"],
    "zh": ["README.zh.md", "docs/zh/faq.md", "docs/zh/correcting.md", "docs/zh/cron.md"],
}
LAST = {"en": "docs/guides/tutorial.md", "zh": "docs/zh/tutorial.md"}
"""Ends by taking the last run back."""


def small_library(home: Path) -> None:
    """A handful of photos where the pages say that they are."""
    cat, coffee = pictures.cat(), pictures.coffee()
    make_tree(
        home,
        {
            "Photos/IMG_0000.jpg": picture_jpeg(cat, taken=datetime(2024, 3, 1, 10)),
            "Photos/old/IMG_0001.jpg": picture_jpeg(coffee, taken=datetime(2024, 5, 1, 10)),
            "Photos/Phone/IMG_0002.jpg": picture_jpeg(cat[4:], taken=datetime(2025, 12, 2, 10)),
            "Takeout/Photos from 2024/IMG_0003.jpg": picture_jpeg(coffee[4:], taken=datetime(2024, 6, 1, 10)),
            "mnt/nas/Photos/IMG_0004.jpg": picture_jpeg(cat[8:], taken=datetime(2024, 7, 1, 10)),
        },
    )


@pytest.mark.parametrize(
    "lang", [lang if lang == "en" else pytest.param(lang, marks=pytest.mark.long) for lang in FOLLOWED]
)
def test_what_newcomers_type_works(lang: str, tmp_path: Path, album_sort: Program) -> None:
    small_library(tmp_path)
    before = {name: data for name, data in read_tree(tmp_path).items() if "Photos" in name}
    carried_out: set[str] = set()
    for name in (*FOLLOWED[lang], LAST[lang]):
        for block in blocks_by("newcomer", name):
            for line in block.commands:
                call = line.removeprefix("bin/")
                # What several pages say is done once.
                if call in carried_out:
                    continue
                call = INSTEAD.get(call, call)
                words = [re.sub(r"^~|^(?=/mnt)", str(tmp_path), word) for word in shlex.split(call, comments=True)[1:]]
                offline = ["--offline"] if words[0].startswith(str(tmp_path)) else []
                ran = album_sort(*words, *offline, cwd=tmp_path, HOME=str(tmp_path))
                assert ran.code == 0, f"{name}: {call}\n{ran.stdout}{ran.stderr}"
                carried_out.add(call)
    assert len(carried_out) > 7
    assert {block.page for block in blocks_by("newcomer")} == {*FOLLOWED["en"], *FOLLOWED["zh"], *LAST.values()}
    assert {name: data for name, data in read_tree(tmp_path).items() if name in before} == before, (
        "photos are only read"
    )
    assert (tmp_path / "preview/report.html").is_file()
