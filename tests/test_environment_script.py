"""`bin/environment` on a machine that lacks something: it says what, and how to get it, where the reader sees it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders import make_tree
from tests.conftest import REPOSITORY

TOOLS = ("bash", "dirname", "cat", "cmp", "grep", "rm", "mkdir", "chmod", "cp")
"""What the script itself calls."""
WORKING_PYTHON = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/album-sort" ;;
    *native_build.py) rm -f "${1%/*}/album_sort/_native.txt"; echo compiled >>"${1%/*}/calls" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose programs are those of its own folder `tools`."""
    sources = ("pyproject.toml", "hatch_build.py", "native_build.py", "album_sort/native.c", "album_sort/images/one.c")
    make_tree(tmp_path, dict.fromkeys(sources, ""))
    shutil.copytree(REPOSITORY / "bin", tmp_path / "bin")
    (tmp_path / "tools").mkdir()
    for name in (*TOOLS, "mktemp", "tee"):
        (tmp_path / "tools" / name).symlink_to(shutil.which(name) or name)
    tool(tmp_path, "apt-get", "#!/bin/sh\n")
    return tmp_path


def tool(clone: Path, name: str, text: str) -> None:
    (clone / "tools" / name).write_text(text)
    (clone / "tools" / name).chmod(0o755)


def environment(clone: Path) -> subprocess.CompletedProcess[str]:
    call = [str(clone / "bin/environment")]
    surroundings = {"PATH": str(clone / "tools"), "HOME": str(clone)}
    return subprocess.run(call, env=surroundings, capture_output=True, text=True, check=False)


def test_without_python(clone: Path) -> None:
    made = environment(clone)
    assert (made.returncode, made.stdout) == (1, "")
    assert "needs Python 3.11" in made.stderr
    assert "    sudo apt install python3-venv\n" in made.stderr


def test_with_a_python_that_makes_no_environments(clone: Path) -> None:
    """Debian's without python3-venv, which says so on standard output: that is caught here."""
    tool(clone, "python3", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n')
    made = environment(clone)
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.splitlines() == [
        "album-sort: python3 cannot make an environment: its modules venv and ensurepip are missing",
        "    sudo apt install python3-venv",
    ]
    assert not (clone / ".venv").exists()


def test_without_a_compiler_and_later_with_one(clone: Path) -> None:
    tool(clone, "python3", WORKING_PYTHON)
    (clone / "album_sort/_native.txt").write_text("no C compiler was found when album-sort was installed")
    made = environment(clone)
    assert (made.returncode, made.stdout) == (0, f"{clone}/.venv/bin\n")
    assert "    sudo apt install gcc libc6-dev\n" in made.stderr
    assert environment(clone).stderr == ""
    assert not (clone / "calls").exists()
    tool(clone, "gcc", "#!/bin/sh\n")
    assert environment(clone).returncode == 0
    assert environment(clone).returncode == 0
    assert (clone / "calls").read_text() == "compiled\n"
