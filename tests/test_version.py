"""The version is that of the last tag; a source distribution and a copy without git have one, too."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import album_sort
from tests.conftest import REPOSITORY

find_version = runpy.run_path(str(REPOSITORY / "version.py"))["find_version"]


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@y", *words], check=True, capture_output=True
    )


def test_it_follows_the_tags(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    assert find_version(tmp_path) == "0.1.0.dev0"
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "--allow-empty", "-qm", "a")
    assert find_version(tmp_path) == "0.1.0.dev0"
    git(tmp_path, "tag", "v1.2.3")
    assert find_version(tmp_path) == "1.2.3"
    git(tmp_path, "tag", "not-a-version")
    git(tmp_path, "commit", "--allow-empty", "-qm", "b")
    assert find_version(tmp_path) == "1.2.4.dev1"


def test_a_source_distribution_knows_its_own(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: album-sort\nVersion: 1.5.0\nVersionless: 3\n")
    assert find_version(tmp_path) == "1.5.0"


def test_the_program_has_one_whether_or_not_it_was_built() -> None:
    assert album_sort.__version__[0].isdigit()


NOT_TOLD = {".github", ".gitignore", ".git-blame-ignore-revs", "pyproject.toml"}
"""What only a repository needs; and what its builder adds unasked."""


def test_all_that_tests_may_read_is_in_the_source_distribution() -> None:
    """A file beside the others that a test reads was missing there, and nothing could be collected."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("needs a clone: what is a part of it, git tells")
    listed = subprocess.run(["git", "-C", REPOSITORY, "ls-files"], check=True, capture_output=True, text=True).stdout
    there = {line.partition("/")[0] for line in listed.splitlines()}
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    told = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {f"/{name}" for name in there - NOT_TOLD} == set(told)
