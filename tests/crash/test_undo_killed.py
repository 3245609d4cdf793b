"""An undo that is killed is finished by whoever comes next; repeating it takes nothing else back."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.undoing import take_back
from album_sort.state.store import DestinationState
from album_sort.types import Mode, run_id_of
from album_sort.types.ledger import RunStatus
from tests.crash.conftest import MEMORY
from tests.destination_builders import NOW, Library, apply_saved, picture_of, plan_for, run, tree
from tests.doubles import Fault, FaultyFileSystem, Killed
from tests.hostile import World, build, call

KILLS = ("kill-before", "kill-after")


def first_run(root: Path, mode: Mode) -> Library:
    library = Library(root)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("a.jpg.xmp", b"<x/>", "Pets/2024", primary="a.jpg")
    library.add("b.jpg", b"dog", "Pets/2024")
    library.add("c.jpg", b"soup", "Food/2024")
    library.also.append(("c.jpg", "Home/2024"))
    for album in ("One", "Two", "Three"):
        library.add(f"{album}/same.jpg", album.encode(), album)
    run(library, "r1", mode)
    return library


def copies(library: Library, mode: Mode) -> None:
    library.add("d.jpg", b"bird", "Birds/2024")
    library.add("e.jpg", b"fox", "Pets/2024")
    library.also.append(("d.jpg", "Home/2024"))
    run(library, "r2", mode)


def moves(library: Library, mode: Mode) -> None:
    """Also of three photos that take each other's names, and of a photo to which a link in a second album points."""
    for album, other in (("One", "Two"), ("Two", "Three"), ("Three", "One")):
        library.assign(f"{album}/same.jpg", other)
    library.assign("a.jpg", "Cats/2024")
    library.assign("c.jpg", "Feast/2024")
    run(library, "r2", mode)


def prune(library: Library, _mode: Mode) -> None:
    (library.sources / "b.jpg").unlink()
    (library.sources / "c.jpg").unlink()
    picture, plan = picture_of(library), plan_for(library, plan_id="r2")
    pruned = with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=0.9)
    apply_saved(library, pruned, "r2")


def moved_by_hand_since(library: Library, mode: Mode) -> None:
    moves(library, mode)
    copies_to = library.albums / "Mine"
    copies_to.mkdir()
    os.rename(library.albums / "Cats/2024/a.jpg", copies_to / "my cat.jpg")


STORIES: list[Callable[[Library, Mode], None]] = [copies, moves, prune, moved_by_hand_since]
# Killed after a step is killed before the next one: one story shows that it is.
CASES = [
    *((story, Mode.COPY, "kill-after") for story in STORIES),
    (moves, Mode.COPY, "kill-before"),
    (moves, Mode.SYMLINK, "kill-after"),
]
LONG = [
    *((story, Mode.COPY, "kill-before") for story in STORIES),
    *((story, mode, kind) for story in (copies, moves) for mode in list(Mode)[1:] for kind in KILLS),
]


def statuses(library: Library) -> dict[str, RunStatus]:
    with DestinationState.open_read_only(library.albums) as state:
        return {run.run_id: run.status for run in state.runs()}


@pytest.mark.parametrize(
    ("story", "mode", "kind"),
    [*CASES, *(pytest.param(*case, marks=pytest.mark.long) for case in LONG if case not in CASES)],
)
def test_an_undo_killed_at_any_step_is_finished_by_the_next_and_nothing_else_is_taken_back(
    fast_path: Path, story: Callable[[Library, Mode], None], mode: Mode, kind: str
) -> None:
    """Its files, links and folders: the tree is that of an undo that was never killed."""
    library = first_run(fast_path / "undisturbed", mode)
    story(library, mode)
    with DestinationState.open(library.albums) as state:
        take_back(str(library.albums), state, run_id_of("r2"), NOW, fs=FaultyFileSystem(Fault()))
    expected = tree(library.albums)
    for step in range(1, 200):
        library = first_run(fast_path / str(step), mode)
        story(library, mode)
        fault = Fault(step, kind=kind)
        killed = False
        with DestinationState.open(library.albums) as state:
            try:
                take_back(str(library.albums), state, run_id_of("r2"), NOW, fs=FaultyFileSystem(fault))
            except Killed:
                killed = True
        with held_destination(str(library.albums), 0, lambda _event: None) as state:
            assert state.finished_undo == ("r2" if killed else None)
        assert tree(library.albums) == expected, (step, fault.names[-1:])
        assert statuses(library) == {"r1": RunStatus.DONE, "r2": RunStatus.UNDONE}
        shutil.rmtree(library.root)
        if not killed:
            return
    pytest.fail("the undo has more steps than were tried")


STEPS = {
    *(
        "rename",
        "replace",
        "unlink",
        "remove",
        "mkdir",
        "rmdir",
        "link",
        "symlink",
        "open",
        "fsync",
        "write",
        "ftruncate",
    ),
    *("execute", "executemany", "executescript"),
}


def killed_at(step: int, world: World) -> bool:
    """`undo` in a child that gets SIGKILL before its call number `step` to the system or the database; whether it came to that."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_frame: object, event: str, called: object) -> None:
            nonlocal seen
            if event != "c_call" or getattr(called, "__name__", "") not in STEPS:
                return
            owner = getattr(called, "__self__", None)
            if getattr(owner, "__name__", "") == "posix" or isinstance(owner, sqlite3.Connection):
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        code = 1
        try:
            code = call("undo", "--out", world.albums)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL)
    return code != 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = Path(MEMORY if os.access(MEMORY, os.W_OK) else tmp_path) / f"album-sort-undo-{os.getpid()}"
    folder.mkdir()
    yield build(folder)
    shutil.rmtree(folder)


def albums_of(world: World) -> dict[str, object]:
    """The albums; of the page that leads to the report, what it says but not when it was made."""
    return {path: what[0] if path == "album-report.html" else what for path, what in tree(world.albums).items()}  # type: ignore[index]


def history(world: World) -> list[RunStatus]:
    with DestinationState.open_read_only(world.albums) as state:
        return [run.status for run in state.runs()]


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.long)])
def test_the_program_killed_at_any_call_while_it_undoes_is_repeated_and_takes_back_that_run_only(
    world: World, stride: int
) -> None:
    """The run moved a photo, made copies and links, and took one to the trash; reports and pages are made anew at its end."""
    assert call("undo", "--out", world.albums) == 0
    expected, undone = albums_of(world), history(world)
    assert undone == [RunStatus.DONE, RunStatus.UNDONE]
    for step in range(1, 5000, stride):
        world.reset()
        if not killed_at(step, world):
            assert step > 100
            return
        assert call("undo", "--out", world.albums) == 0
        assert history(world) == undone, step
        assert albums_of(world) == expected, step
    pytest.fail("the undo has more steps than were tried")


def told_food(albums: Path) -> list[str]:
    """Contents of the photos of which somebody said that they belong to Food, sorted."""
    with DestinationState.open_read_only(albums) as state:
        return sorted(content for content, said in state.corrections().items() if said.album == "food")


def test_whoever_writes_next_finishes_a_killed_undo_first(world: World) -> None:
    """And the photo is meant that lay there when it was named, though the undo has moved it since."""
    assert call("undo", "--out", world.albums) == 0
    expected = albums_of(world)
    world.reset("undoing")
    photo = next(path for path in world.albums.rglob("coffee.jpg"))
    meant = RealFileSystem().digest(str(photo))
    assert call("fix", photo, "--album", "food", "--out", world.albums) == 0
    assert albums_of(world).keys() == expected.keys()
    assert {path: what for path, what in albums_of(world).items() if path != "album-report.html"} == {
        path: what for path, what in expected.items() if path != "album-report.html"
    }
    assert history(world) == [RunStatus.DONE, RunStatus.UNDONE]
    assert told_food(world.albums) == [meant]


def test_a_photo_is_meant_by_what_lay_at_its_name_though_a_killed_undo_gives_that_name_to_another(
    fast_path: Path,
) -> None:
    """Three photos have taken each other's names; the undo is killed before any of its steps, then one of them, or its folder, is named."""
    for step in range(1, 200):
        library = first_run(fast_path / str(step), Mode.COPY)
        moves(library, Mode.COPY)
        killed = False
        with DestinationState.open(library.albums) as state:
            try:
                fs = FaultyFileSystem(Fault(step, kind="kill-before"))
                take_back(str(library.albums), state, run_id_of("r2"), NOW, fs=fs)
            except Killed:
                killed = True
        there = sorted(library.albums.glob("*/same.jpg"))
        photo = there[step % len(there)]
        named = photo.parent if step % 2 else photo
        meant = sorted(RealFileSystem().digest(str(path)) for path in ([photo] if named == photo else named.iterdir()))
        assert call("fix", named, "--album", "food", "--out", library.albums) == 0
        assert told_food(library.albums) == meant, (step, named)
        shutil.rmtree(library.root)
        if not killed:
            return
    pytest.fail("the undo has more steps than were tried")
