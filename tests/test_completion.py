"""Tab in bash, zsh and fish: commands, options, albums, runs and choices, by one command, quickly; and the manual page."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from album_sort.cli.app import app
from album_sort.operations.nightly import write_change
from album_sort.shell.complete import print_candidates
from album_sort.shell.man import manual_page
from album_sort.shell.scripts import Shell, installed
from tests.conftest import REPOSITORY, Program
from tests.destination_builders import Library, run


def offered(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    print_candidates(app, words)
    return [line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()]


def test_what_can_follow_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert offered(capsys, "un") == ["undo"]
    assert {"sort", "init", "albums"} <= set(offered(capsys, ""))
    assert offered(capsys, "albums", "sh") == ["show"]
    assert offered(capsys, "albums", "show", "fo") == ["food", "forest-nature"]
    assert offered(capsys, "fix", "photo.jpg", "--album", "bir") == ["birds"]
    assert offered(capsys, "Photos", "--lan") == ["--lang"]
    assert offered(capsys, "Photos", "--out", "Albums", "--lang", "") == ["en", "zh"]
    assert offered(capsys, "sort", "--learn", "a") == ["ask", "auto"]
    assert offered(capsys, "Photos", "--mode", "h") == ["hardlink"]
    assert offered(capsys, "Photos", "--model", "eff") == ["efficientnet-lite0"]
    assert offered(capsys, "Photos", "--precision", "int") == ["int16", "int8"]
    assert offered(capsys, "config", "show", "--ou") == ["--out"]


def test_files_are_left_to_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["Photos/"],
        ["Photos", "--out", ""],
        ["apply", ""],
        ["Photos", "--albums", "x"],
        ["nonsense", "more", ""],
    ):
        assert offered(capsys, *words) == []


def test_runs_are_those_of_the_albums_that_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = Library(tmp_path)
    for name in ("a", "b"):
        library.add(f"{name}.jpg", name.encode(), "Pets")
        run(library, f"run-{name}")
    assert offered(capsys, "undo", "--out", str(library.albums), "") == ["run-b", "run-a"]
    assert offered(capsys, "undo", "--out", str(tmp_path / "nowhere"), "") == []


def test_the_program_answers_a_shell_and_imports_little() -> None:
    code = (
        "import sys; from album_sort.cli import app; sys.argv[1:] = ['complete-words', 'albums', 'show', 'pet']; app.main()\n"
        "assert not {'torch', 'PIL'} & set(sys.modules), set(sys.modules)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings)
    assert done.stdout.startswith("pets\t")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    program = tmp_path / "bin" / "album-sort"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m album_sort "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("shell", Shell)
def test_installing_twice_changes_a_file_of_ones_own_once(shell: Shell, home: Path) -> None:
    begins = home / (".bashrc" if shell is Shell.BASH else ".zshrc")
    begins.write_text("alias x=y")
    for _ in range(2):
        for change in installed(shell):
            write_change(change)
    lines = begins.read_text().splitlines()
    assert lines[0] == "alias x=y"
    assert len(lines) == (1 if shell is Shell.FISH else 2)


STARTS = {
    Shell.BASH: (["bash", "--noprofile", "-i"], "PS1=ready; bind 'set bell-style none'\n"),
    Shell.ZSH: (["zsh", "-i"], "PS1=ready; unsetopt beep\n"),
    Shell.FISH: (["fish", "-i"], "function fish_prompt; echo ready; end\n"),
}


@pytest.mark.parametrize("shell", Shell)
def test_tab_completes_in_the_shell_itself(shell: Shell, home: Path) -> None:
    words, first = STARTS[shell]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    for change in installed(shell):
        write_change(change)
    surroundings = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "fish_greeting": ""}
    child, master = pty.fork()  # fish wants a terminal that is its own
    if not child:
        os.chdir(home)
        os.execvpe(words[0], words, surroundings)  # noqa: S606 - the shell itself
    try:
        os.write(master, first.encode())
        assert "ready" in _shown_until(master, "ready")
        os.write(master, b"album-sort albums show winter\t")
        shown = _shown_until(master, "winter-travel")
        assert "winter-travel" in shown, shown
    finally:
        os.close(master)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _shown_until(master: int, wanted: str) -> str:
    """What a terminal shows, until it is there, or long enough."""
    shown, end = "", time.monotonic() + 90
    while wanted not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\r\x08]", "", shown) and time.monotonic() < end:
        if select.select([master], [], [], 1)[0]:
            try:
                shown += os.read(master, 1 << 16).decode("utf-8", "replace")
            except OSError:
                break
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\r\x08]", "", shown)


def test_an_unknown_shell_is_named(album_sort: Program) -> None:
    told = album_sort("completion", "tcsh")
    assert told.code == 2
    assert "bash, zsh, fish" in told.stderr


def test_the_manual_page_is_that_of_the_program() -> None:
    """After a change of the command line: `python -m album_sort.cli.man > packaging/album-sort.1`."""
    page = REPOSITORY / "packaging" / "album-sort.1"
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(manual_page(app), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == manual_page(app)


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="needs mandoc")
def test_the_manual_page_is_without_fault() -> None:
    page = REPOSITORY / "packaging" / "album-sort.1"
    checked = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False)
    assert checked.stdout == ""
