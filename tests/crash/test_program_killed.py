"""The whole program is killed at random moments, again and again, over real photos; one more run, and nothing tells of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from album_sort.types import Mode
from tests import pictures
from tests.builders import fingerprint, make_jpeg, make_tree, picture_jpeg
from tests.conftest import REPOSITORY
from tests.destination_builders import tree
from tests.test_sort import SHIPPED

KILLS_BEFORE_THE_REPAIR = 5
STATE_FILES = {"state.sqlite", "lock", "runs"}


def shipped_photos(folder: Path) -> Path:
    """Pictures that packages ship, with clashes of names and duplicates."""
    shots = {"cat": pictures.cat(), "coffee": pictures.coffee(), "flower": pictures.flower()}
    files = {
        f"{name}/IMG_{step + 1}.jpg": picture_jpeg(shot[:, ::step]) for name, shot in shots.items() for step in (1, -1)
    }
    return make_tree(folder, {**files, **{f"more/IMG_{n}.jpg": make_jpeg(n % 25) for n in range(40)}})


def command(photos: Path, albums: Path, mode: Mode) -> list[str]:
    return [
        sys.executable,
        "-m",
        "album_sort",
        str(photos),
        "--out",
        str(albums),
        "--mode",
        mode,
        "--also",
        "--quiet",
        *SHIPPED,
    ]


def start(photos: Path, albums: Path, mode: Mode) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(photos, albums, mode),
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(photos: Path, albums: Path, mode: Mode) -> float:
    """One whole run; seconds."""
    began = time.monotonic()
    process = start(photos, albums, mode)
    _, errors = process.communicate(timeout=600)
    # 3: some of the photos are damaged.
    assert process.returncode in (0, 3), errors.decode()
    return time.monotonic() - began


def albums_of(albums: Path) -> dict[str, object]:
    """The albums without the page that leads to the report, which bears the run's name."""
    return {path: what for path, what in tree(albums).items() if path != "album-report.html"}


def leftovers(albums: Path) -> list[str]:
    """What should not be there after a whole run."""
    names = [str(path.relative_to(albums)) for path in albums.rglob("*")]
    found = [name for name in names if name.endswith((".tmp", ".new")) or "-tmp-" in name or "/probe-" in name]
    return found + sorted({path.name for path in (albums / ".album-sort").iterdir()} - STATE_FILES)


def kill_and_repair(photos: Path, folder: Path, kills: int, *, modes: Sequence[Mode] = tuple(Mode)) -> int:
    """Modes in turn; the number of kills that came before a run's end."""
    chance = random.Random(kills)  # noqa: S311 - any moments will do
    before = fingerprint(photos)
    finish(photos, folder / "first", Mode.COPY)
    undisturbed = {mode: folder / f"undisturbed-{mode}" for mode in modes}
    seconds = {mode: finish(photos, albums, mode) for mode, albums in undisturbed.items()}
    done = tried = 0
    while done < kills:
        assert tried < 3 * kills, f"only {done} of {tried} runs were still going on when they were to be killed"
        mode = modes[tried // KILLS_BEFORE_THE_REPAIR % len(modes)]
        albums = folder / "albums"
        for _ in range(KILLS_BEFORE_THE_REPAIR):
            process = start(photos, albums, mode)
            time.sleep(chance.uniform(0.2, 1.0) * seconds[mode])
            process.send_signal(signal.SIGKILL)
            _, errors = process.communicate()
            tried += 1
            if process.returncode == -signal.SIGKILL:
                done += 1
            else:
                # Over before its kill: the machine was busier when the undisturbed run was measured.
                seconds[mode] *= 0.7
            assert b"Traceback" not in errors, errors.decode()
        finish(photos, albums, mode)
        assert albums_of(albums) == albums_of(undisturbed[mode])
        assert leftovers(albums) == []
        assert fingerprint(photos) == before
        marks = fingerprint(albums)
        finish(photos, albums, mode)
        assert fingerprint(albums) == marks
        shutil.rmtree(albums)
    return done


def test_a_program_that_is_killed_leaves_nothing_that_one_more_run_does_not_repair(tmp_path: Path) -> None:
    assert kill_and_repair(shipped_photos(tmp_path / "photos"), tmp_path, 5, modes=[Mode.COPY]) >= 5


KILLED_AT_ITS_END = """
import os, sys
from pathlib import Path
from album_sort.fileops.lock import destination_lock
from album_sort.state.store import DestinationState
with destination_lock(sys.argv[1]), DestinationState.open(Path(sys.argv[1])) as state:
    state.set_setting("language of nobody", "en")
    os._exit(9)
"""


def test_a_run_killed_when_all_was_filed_is_cleared_away_by_the_next_one(tmp_path: Path) -> None:
    """There is nothing left to file then, but its lock and its open database lie there."""
    photos, albums = make_tree(tmp_path / "photos", {"IMG_1.jpg": make_jpeg(1)}), tmp_path / "albums"
    finish(photos, albums, Mode.COPY)
    before = tree(albums)
    killed = subprocess.run([sys.executable, "-c", KILLED_AT_ITS_END, str(albums)], cwd=REPOSITORY, check=False)
    assert killed.returncode == 9
    assert set(leftovers(albums)) >= {"lock-holder.json", "state.sqlite-wal"}
    finish(photos, albums, Mode.COPY)
    assert leftovers(albums) == []
    assert tree(albums) == before
    marks = fingerprint(albums)
    finish(photos, albums, Mode.COPY)
    assert fingerprint(albums) == marks


@pytest.mark.long
@pytest.mark.shared
def test_two_hundred_kills_over_real_photos(shared_photos: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for name in ("camera", "labelled"):
        shutil.copytree(shared_photos / name, photos / name)
    assert kill_and_repair(photos, tmp_path, 200) >= 200
