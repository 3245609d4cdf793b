"""Real kills of real processes over real files, power cuts, two runs at once: afterwards the tree is as if nothing had been."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from album_sort.fileops.filesystem import RealFileSystem
from album_sort.state.store import DestinationState
from album_sort.types import Mode
from tests.destination_builders import Library, files, plan_for, recover_all, run, tree
from tests.doubles import Fault, FaultyFileSystem, FaultyJournal, Killed

REPOSITORY = Path(__file__).parent.parent

CHILD = """
import sys
from pathlib import Path
from album_sort.fileops.lock import destination_lock
from album_sort.types import Mode
from tests import test_recovery
from tests.destination_builders import run
library = test_recovery.make_library(Path(sys.argv[1]), write=False)
with destination_lock(str(library.albums), wait_seconds=float(sys.argv[4])):
    print("go", flush=True)
    run(library, sys.argv[2], Mode(sys.argv[3]), threads=2)
"""


def make_library(root: Path, *, write: bool = True) -> Library:
    """A hundred files of uneven sizes: clashes, groups, duplicates, entries in second albums."""
    library = Library(root)
    chance = random.Random(7)  # noqa: S311 - the same library every time
    wanted: list[tuple[str, bytes, str, str | None]] = []
    for number in range(60):
        name = f"d{number}/{number % 9}/IMG_{number % 20:04}.JPG"
        data = chance.randbytes(chance.choice([0, 100, 5_000, 300_000]))
        folder = f"{['Pets', 'Food', 'City'][number % 3]}/{2020 + number % 4}"
        wanted.append((name, data, folder, None))
        if number % 3 == 0:
            wanted.append((f"{name}.xmp", b"<x n='%d'/>" % number, folder, name))
        if number % 4 == 0:
            wanted.append((f"{name[:-4]}.CR2", chance.randbytes(400_000), folder, name))
        if number % 5 == 0:
            wanted.append((f"copies/{number}.jpg", data, folder, None))
        if number % 6 == 0 and data:
            library.also.append((name, f"Also/{number % 4}"))
    for name, data, folder, primary in wanted:
        if write:
            library.add(name, data, folder, primary=primary)
        else:
            library.register(name, folder, primary=primary)
    return library


def child(library: Library, run_id: str, mode: Mode, wait_seconds: float = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(library.root), run_id, mode, str(wait_seconds)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.long)])
def test_killed_again_and_again_at_random_moments_the_tree_comes_out_undisturbed(tmp_path: Path, kills: int) -> None:
    """beets and elodie lost photos when an import was interrupted."""
    expected: dict[Mode, dict[str, object]] = {}
    chance = random.Random(kills)  # noqa: S311 - any moments will do
    done = 0
    while done < kills:
        mode = list(Mode)[done % 4]
        if mode not in expected:
            undisturbed = make_library(tmp_path / f"undisturbed-{mode}")
            run(undisturbed, mode=mode)
            expected[mode] = tree(undisturbed.albums)
        library = make_library(tmp_path / str(done))
        sources = tree(library.sources)
        for attempt in range(5):
            process = child(library, f"r{attempt}", mode)
            assert process.stdout is not None
            if process.stdout.readline():
                time.sleep(chance.random() * 0.25)
            process.send_signal(signal.SIGKILL)
            _, errors = process.communicate()
            assert errors == ""
            done += process.returncode == -signal.SIGKILL
        run(library, "last", mode)
        assert tree(library.albums) == expected[mode]
        assert tree(library.sources) == sources
        assert not [name for _, _, names in os.walk(library.albums) for name in names if "-tmp-" in name]
        assert plan_for(library, mode).effects == ()


def test_two_runs_at_once_make_the_tree_of_one(tmp_path: Path) -> None:
    undisturbed = make_library(tmp_path / "undisturbed")
    run(undisturbed)
    library = make_library(tmp_path / "both")
    first, second, third = (child(library, name, Mode.COPY, wait) for name, wait in [("a", 60), ("b", 60), ("c", 60)])
    assert [process.communicate()[1] for process in (first, second, third)] == ["", "", ""]
    assert tree(library.albums) == tree(undisturbed.albums)


class LosesUnsynced(FaultyFileSystem):
    """At the power cut, files that were not synced lose their bytes, and names that were not synced are gone."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.unsynced_files: set[str] = set()
        self.undo_names: dict[str, list[Callable[[], None]]] = {}

    def __getattribute__(self, name: str) -> object:
        method = super().__getattribute__(name)
        if name not in ("make_folder", "copy", "sync_file", "sync_folder", "publish", "symlink", "hardlink"):
            return method

        def step(*args: str, **options: bool) -> object:
            result = method(*args, **options)
            self.note(name, *args)
            return result

        return step

    def note(self, name: str, *args: str) -> None:
        match name:
            case "make_folder":
                self.undo_names.setdefault(os.path.dirname(args[0]), []).append(
                    lambda: shutil.rmtree(args[0], ignore_errors=True)
                )
            case "copy":
                self.unsynced_files.add(args[1])
            case "sync_file":
                self.unsynced_files.discard(args[0])
            case "sync_folder":
                self.undo_names.pop(args[0], None)
            case "publish":
                temporary, target = args
                if temporary in self.unsynced_files:
                    self.unsynced_files.add(target)
                self.undo_names.setdefault(os.path.dirname(target), []).append(lambda: _rename_back(target, temporary))
            case "symlink" | "hardlink":
                self.undo_names.setdefault(os.path.dirname(args[1]), []).append(
                    lambda: Path(args[1]).unlink(missing_ok=True)
                )

    def cut(self) -> None:
        for path in self.unsynced_files:
            if os.path.exists(path):
                os.truncate(path, 0)
        for actions in self.undo_names.values():
            for action in reversed(actions):
                action()


def _rename_back(target: str, temporary: str) -> None:
    if os.path.lexists(target) and not os.path.lexists(temporary):
        os.rename(target, temporary)


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.SYMLINK, Mode.HARDLINK])
def test_after_a_power_cut_nothing_that_was_reported_done_is_lost(
    tmp_path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal calls done is on the disk, whatever the disk forgets that was not synced."""
    # One batch for all would be called done after the last step, at which nothing is cut any more.
    monkeypatch.setattr("album_sort.fileops.apply.BATCH_ROWS", 2)
    most_done = 0
    for step in range(3, 200, 3):
        library = Library(tmp_path / str(step))
        for number in range(8):
            library.add(f"{number}.jpg", b"%d" % number * 1000, f"Pets/{number % 2}")
        fault = Fault(step, kind="kill-before")
        fs = LosesUnsynced(fault)
        cut = False
        try:
            run(library, mode=mode, fs=fs, wrap_journal=lambda journal, fault=fault: FaultyJournal(journal, fault))
        except Killed:
            cut = True
            fs.cut()
        with DestinationState.open(library.albums) as state:
            done = set(state.records().ledger)
            assert done <= set(files(library.albums))
            most_done = max(most_done, len(done)) if cut else most_done
            recover_all(library, state, RealFileSystem())
        run(library, "r2", mode)
        for number in range(8):
            assert (library.albums / f"Pets/{number % 2}/{number}.jpg").read_bytes() == b"%d" % number * 1000
        if not cut:
            break
    assert 0 < most_done < 8
