"""The documentation says what the program does: the reference of commands is made from the program and compared.

After a change of the command line: `UPDATE_DOCS=1 bin/test tests/test_docs.py`.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from album_sort.cli.app import app
from album_sort.errors import ExitCode
from album_sort.settings import Settings
from tests.conftest import REPOSITORY

REFERENCE = REPOSITORY / "docs" / "reference" / "cli.md"
DOCS = sorted(
    [*(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("README*.md"), *(REPOSITORY / "labels").rglob("*.md")]
)


def command_names() -> list[str]:
    """All commands, those of groups with their group: `albums list`."""
    names = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {verb}" for verb in inner] if inner else [name]
    return names


def made_reference() -> str:
    """The reference as the program tells it."""
    parts = ["# Commands", "", "Made from the program by `tests/test_docs.py`; do not edit.", ""]
    for name in command_names():
        shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="album-sort", env={"COLUMNS": "100"})
        lines = "\n".join(f"    {line}".rstrip() for line in shown.stdout.strip().splitlines())
        parts += [f"## album-sort {name}", "", lines, ""]
    parts += ["## Exit codes", "", "| code | meaning |", "|--|--|"]
    parts += [f"| {int(code)} | {code.meaning} |" for code in ExitCode]
    return "\n".join(parts) + "\n"


def essence(reference: str) -> dict[str, list[str]]:
    """Flags and words of each command: another version of typer may wrap and space them in another way."""
    chapters = re.split(r"^## ", reference, flags=re.MULTILINE)[1:]
    return {chapter.split("\n")[0]: sorted(set(re.findall(r"--?[\w-]+|\w{4,}", chapter))) for chapter in chapters}


def test_the_reference_of_commands_is_fresh() -> None:
    made = made_reference()
    if os.environ.get("UPDATE_DOCS"):
        REFERENCE.write_text(made, encoding="utf-8")
    assert essence(REFERENCE.read_text(encoding="utf-8")) == essence(made)


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def anchors_of(document: Path) -> set[str]:
    """Of its headings, as GitHub and the site make them."""
    text = re.sub(r"(?ms)^```.*?^```", "", document.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#+ +(.+?) *$", text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(next(name for n in range(99) if (name := f"{slug}-{n}" if n else slug) not in found))
    return found


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_into_documents_lead_to_a_heading(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text(encoding="utf-8")):
        named = document.parent / target if target else document
        if named.suffix == ".md":
            assert anchor in anchors_of(named), f"{document.name} links to {target}#{anchor}"


def test_every_setting_has_a_flag_of_its_name() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    for setting in fields(Settings):
        flag = setting.name.replace("_", "-")
        assert f"--{flag}" in text or f"--no-{flag}" in text, flag


def test_every_command_that_the_readme_shows_exists() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for verb in re.findall(r"`album-sort (\w+)", readme):
        assert verb in {name.split()[0] for name in command_names()}, verb
