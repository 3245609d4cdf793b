"""The lines of a report that are made to be pasted call the program by a name or path that the shell finds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from album_sort.operations.program_call import program_call


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho found\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone as the README makes it: a launcher, and the environment beside it."""
    program(tmp_path / "my clone/bin/album-sort")
    program(tmp_path / "my clone/.venv/bin/album-sort")
    return tmp_path / "my clone"


def test_a_clone_off_the_search_path_is_called_by_its_launcher(clone: Path) -> None:
    call = program_call(str(clone / ".venv/bin/python"), "/nowhere")
    assert call == f"'{clone}/bin/album-sort'"
    assert subprocess.run(["sh", "-c", call], capture_output=True, check=True, text=True).stdout == "found\n"


@pytest.mark.parametrize("folder", ["bin", ".venv/bin"])
def test_a_program_on_the_search_path_is_called_by_its_name(folder: str, clone: Path) -> None:
    assert program_call(str(clone / ".venv/bin/python"), str(clone / folder)) == "album-sort"


def test_another_program_of_that_name_is_not_called_in_its_place(clone: Path, tmp_path: Path) -> None:
    other = program(tmp_path / "other/album-sort")
    assert program_call(str(clone / ".venv/bin/python"), str(other.parent)) != "album-sort"


def test_an_installed_program_linked_into_the_search_path_is_called_by_its_name(tmp_path: Path) -> None:
    """As pipx and uv do it."""
    own = program(tmp_path / "tools/album-sort/bin/album-sort")
    (tmp_path / "local").mkdir()
    (tmp_path / "local/album-sort").symlink_to(own)
    assert program_call(str(own.with_name("python")), str(tmp_path / "local")) == "album-sort"
    assert program_call(str(own.with_name("python")), "/nowhere") == str(own)
