"""`apply` and `fix --now` are killed at random moments; the same command once more ends as if nobody had, and `undo` takes it back."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builders import fingerprint, make_jpeg, make_tree
from tests.conftest import REPOSITORY, Program
from tests.crash.test_program_killed import albums_of, leftovers
from tests.test_sort import SHIPPED

PHOTOS = 60


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "album_sort", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def killed_at(seconds: float, *arguments: str | Path) -> bool:
    """Whether the command was still going on when it was killed."""
    process = start(*arguments)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert b"Traceback" not in errors, errors.decode()
    return process.returncode == -signal.SIGKILL


def kill_again_and_again(
    album_sort: Program, root: Path, before: Path, arguments: list[str | Path], kills: int
) -> None:
    """`before` is a destination on which the command has something to do; it is tried on copies of it under `root / "albums"`."""
    chance = random.Random(kills)  # noqa: S311 - any moments will do
    albums = root / "albums"

    def anew() -> None:
        shutil.rmtree(albums, ignore_errors=True)
        shutil.copytree(before, albums, symlinks=True)

    anew()
    began = time.monotonic()
    assert album_sort(*arguments).code == 0
    seconds = time.monotonic() - began
    undisturbed, photos = albums_of(albums), fingerprint(root / "photos")
    left = leftovers(albums)
    assert set(left) <= {"corrections.jsonl"}
    done = tried = 0
    while done < kills:
        assert tried < 4 * kills, f"only {done} of {tried} were still going on when they were to be killed"
        anew()
        unchanged = albums_of(albums)
        # The last part of its time is that in which it writes.
        done += killed_at(chance.uniform(0.4, 1.0) * seconds, *arguments)
        tried += 1
        again = album_sort(*arguments)
        assert again.code == 0, again.stderr
        assert albums_of(albums) == undisturbed
        assert leftovers(albums) == left
        assert fingerprint(root / "photos") == photos
        if tried % 3 == 0:
            # Both runs are in the history, what the killed one did and what was left to do, and belong together.
            taken_back = album_sort("undo", "--out", albums)
            assert taken_back.code == 0, taken_back.stderr
            assert albums_of(albums) == unchanged
            assert leftovers(albums) == left


@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.long)])
def test_a_killed_apply_is_finished_by_the_same_command(album_sort: Program, fast_path: Path, kills: int) -> None:
    photos = make_tree(fast_path / "photos", {f"{n % 7}/IMG_{n}.jpg": make_jpeg(n) for n in range(PHOTOS)})
    plan, out = fast_path / "plan.jsonl", ("--out", fast_path / "albums")
    shown = album_sort(photos, *out, *SHIPPED, "--save-plan", plan)
    assert shown.code == 0, shown.stderr
    before = fast_path / "before"
    before.mkdir()
    kill_again_and_again(album_sort, fast_path, before, ["apply", plan], kills)


@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.long)])
def test_a_killed_fix_now_is_finished_by_the_same_command(album_sort: Program, fast_path: Path, kills: int) -> None:
    photos = make_tree(fast_path / "photos", {f"{n % 7}/IMG_{n}.jpg": make_jpeg(n) for n in range(PHOTOS)})
    out = ("--out", fast_path / "albums")
    sorted_first = album_sort(photos, *out, *SHIPPED, "--also")
    assert sorted_first.code == 0, sorted_first.stderr
    before = fast_path / "before"
    (fast_path / "albums").rename(before)
    kill_again_and_again(album_sort, fast_path, before, ["fix", photos, "--album", "food", *out, "--now"], kills)
