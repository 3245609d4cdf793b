"""A run that gets SIGKILL and the one that finishes it are one thing that a person did: one undo takes it back, whatever the verbs."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from album_sort.events import silent
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.pipeline.holding import held_destination
from album_sort.state.store import DestinationState
from album_sort.types.ledger import RunStatus
from tests.builders import make_jpeg, make_tree
from tests.crash.test_program_killed import albums_of
from tests.hostile import call
from tests.test_sort import SHIPPED


def killed(step: str, after: int, *arguments: str | Path) -> None:
    """The program in a child that gets SIGKILL before it does a step of the file system once more than that."""
    child = os.fork()
    if child == 0:
        left, really = after, getattr(RealFileSystem, step)

        def dying(*given: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return really(*given)

        setattr(RealFileSystem, step, dying)
        try:
            call(*arguments)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def history(albums: Path) -> list[tuple[str, RunStatus, bool]]:
    with DestinationState.open_read_only(albums) as state:
        runs = state.runs()
    order = {run.run_id: number for number, run in enumerate(runs)}
    assert all(order[run.continues] < order[run.run_id] for run in runs if run.continues)  # type: ignore[index]
    return [(run.command, run.status, bool(run.continues)) for run in runs]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, albums of some of them, and a saved plan for the others."""
    root = tmp_path_factory.mktemp("made")
    photos = make_tree(root / "photos", {f"IMG_{n}.jpg": make_jpeg(n) for n in range(3)})
    assert call(photos, "--out", root / "albums", *SHIPPED) == 0
    make_tree(photos, {f"IMG_{n}.jpg": make_jpeg(n) for n in range(3, 7)})
    assert call(photos, "--out", root / "albums", *SHIPPED, "--save-plan", root / "plan") == 0
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Iterator[Path]:
    albums = made / "albums"
    shutil.copytree(albums, tmp_path / "before", symlinks=True)
    yield made  # the plan names the albums where they lie
    shutil.rmtree(albums)
    shutil.move(tmp_path / "before", albums)


WORDS: dict[str, Callable[[Path], tuple[str | Path, ...]]] = {
    "sort": lambda home: (home / "photos", "--out", home / "albums"),
    "apply": lambda home: ("apply", home / "plan"),
    "fix": lambda home: ("fix", home / "photos", "--album", "food", "--now", "--out", home / "albums"),
}


@pytest.mark.parametrize("loses_state", [False, True])
@pytest.mark.parametrize(
    ("verb", "finisher"), [("sort", "sort"), ("apply", "sort"), ("apply", "apply"), ("fix", "sort")]
)
def test_one_undo_takes_back_a_killed_run_and_what_finished_it(
    home: Path, verb: str, finisher: str, loses_state: bool
) -> None:
    albums = home / "albums"
    before = albums_of(albums)
    killed("publish", 2, *WORDS[verb](home))
    half = albums_of(albums)
    assert half != before
    assert call(*WORDS[finisher](home)) == 0
    assert [(status, continues) for _, status, continues in history(albums)] == [
        (RunStatus.DONE, False),
        (RunStatus.KILLED, False),
        (RunStatus.DONE, True),
    ]
    if loses_state:
        (albums / ".album-sort" / "state.sqlite").unlink()
    assert albums_of(albums) != half
    assert call("undo", "--out", albums) == 0
    assert albums_of(albums) == before
    assert [status for _, status, _ in history(albums)] == [RunStatus.DONE, RunStatus.UNDONE, RunStatus.UNDONE]


def test_a_killed_run_is_taken_back_alone_where_the_database_is_lost_too(home: Path) -> None:
    """Only the tree tells how much it has done: as one that did nothing, it would be passed over for the run before."""
    albums = home / "albums"
    before = sorted(albums.rglob("IMG_*"))
    killed("publish", 2, *WORDS["sort"](home))
    assert sorted(albums.rglob("IMG_*")) != before
    assert list(albums.rglob(".album-sort-tmp-*"))
    (albums / ".album-sort" / "state.sqlite").unlink()
    assert call("undo", "--out", albums) == 0
    assert sorted(albums.rglob("IMG_*")) == before
    assert not list(albums.rglob(".album-sort-tmp-*")), "no journal speaks of them any more"
    assert [status for _, status, _ in history(albums)] == [RunStatus.DONE, RunStatus.UNDONE]


@pytest.mark.parametrize("is_folder_lost", [False, True])
def test_whoever_holds_the_albums_next_sweeps_what_no_journal_knows(home: Path, is_folder_lost: bool) -> None:
    """Not only a run: a correction, which looks at nothing that it is not about, too."""
    albums = home / "albums"
    killed("publish", 2, *WORDS["sort"](home))
    if is_folder_lost:
        shutil.rmtree(albums / ".album-sort")
    else:
        (albums / ".album-sort" / "state.sqlite").unlink()
    mine = albums / "mine.tmp"
    mine.touch()
    assert list(albums.rglob(".album-sort-tmp-*"))
    with held_destination(str(albums), 0, silent):
        pass
    assert not list(albums.rglob(".album-sort-tmp-*"))
    assert mine.exists()


def test_killed_twice_it_is_still_one(home: Path) -> None:
    albums = home / "albums"
    before = albums_of(albums)
    killed("publish", 1, *WORDS["sort"](home))
    killed("publish", 1, *WORDS["sort"](home))
    assert call(*WORDS["sort"](home)) == 0
    assert call("undo", "--out", albums) == 0
    assert albums_of(albums) == before


def test_an_undo_of_both_that_is_killed_takes_back_both_and_no_more(home: Path) -> None:
    albums = home / "albums"
    before = albums_of(albums)
    killed("publish", 2, *WORDS["sort"](home))
    assert call(*WORDS["sort"](home)) == 0
    whole = home / "whole"
    shutil.copytree(albums, whole, symlinks=True)
    for after in range(4):
        killed("remove", after, "undo", "--out", albums)
        assert call("undo", "--out", albums) == 0
        assert albums_of(albums) == before, after
        assert call("undo", "--out", albums) == 0, "there is only the first run to be taken back"
        shutil.rmtree(albums)
        shutil.copytree(whole, albums, symlinks=True)
    shutil.rmtree(whole)


def test_another_errand_is_a_run_of_its_own(home: Path) -> None:
    """Whoever comes after a kill settles what was left half done; but what somebody else wanted is not taken back with it."""
    albums = home / "albums"
    killed("publish", 2, *WORDS["sort"](home))
    photo = home / "photos" / "IMG_0.jpg"
    assert call("fix", photo, "--album", "food", "--now", "--out", albums) == 0
    half = albums_of(albums)
    assert call(*WORDS["sort"](home)) == 0
    assert [continues for _, _, continues in history(albums)] == [False, False, False, False]
    assert call("undo", "--out", albums) == 0
    assert albums_of(albums) == half
