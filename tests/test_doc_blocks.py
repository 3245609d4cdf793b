"""Every block of code in README and docs: commands are carried out where that can be, all others are at least right.

What is carried out is carried out in the order of the page, against a small made-up library in a home of its own.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from album_sort.cli.app import app
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import REPOSITORY, Program

PAGES = sorted([*REPOSITORY.glob("README*.md"), *(REPOSITORY / "docs").rglob("*.md")])
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


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page."""

    page: Path
    kind: str
    """`json`, `toml` ... of a fence; empty for an indented block."""
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines that call the program."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if re.match(r"(bin/)?album-sort( |$)", line)]


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    fence = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    for found in fence.finditer(text):
        yield Block(page, found[2], found[3])
    for found in re.finditer(r"(?:^(?: {4}.*)?\n)+", fence.sub("\n", text), flags=re.MULTILINE):
        block = "\n".join(line[4:] for line in found[0].strip("\n").splitlines())
        if block.strip() and found[0].strip("\n").startswith("    "):
            yield Block(page, "", block)


BLOCKS = [block for page in PAGES if page.name not in MADE for block in blocks_of(page)]


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


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in MADE], ids=lambda path: path.name)
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    for call in calls_in(page):
        try:
            words = shlex.split(call)[1:]
        except ValueError:
            words = call.split()[1:]
        name, known = options_of(words)
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given - known == set(), f"{call}: {name} has no such option"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
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


# ---- what newcomers type is carried out

NOT_RUN = {
    r"album-sort init$": "asks on a terminal; tests/test_init*.py answer",
    r"album-sort serve": "does not end; tests/test_serve*.py run it",
}
"""Lines that are not carried out here, and why."""

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
        for block in blocks_of(REPOSITORY / name):
            for line in block.commands:
                call = line.removeprefix("bin/")
                # What several pages say is done once.
                if call in carried_out or any(re.match(pattern, call) for pattern in NOT_RUN):
                    continue
                words = [re.sub(r"^~|^(?=/mnt)", str(tmp_path), word) for word in shlex.split(call, comments=True)[1:]]
                offline = ["--offline"] if words[0].startswith(str(tmp_path)) else []
                ran = album_sort(*words, *offline, cwd=tmp_path, HOME=str(tmp_path))
                assert ran.code == 0, f"{name}: {call}\n{ran.stdout}{ran.stderr}"
                carried_out.add(call)
    assert len(carried_out) > 7
    assert {name: data for name, data in read_tree(tmp_path).items() if name in before} == before, (
        "photos are only read"
    )
    assert (tmp_path / "preview/report.html").is_file()
