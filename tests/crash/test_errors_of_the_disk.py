"""The disk says no at any step, once or from then on: rows fail, nothing is half done, and one more run leaves the tree it should be."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.errors import AlbumSortError
from album_sort.fileops.apply import apply_plan
from album_sort.fileops.filesystem import FileSystem
from album_sort.pipeline.execute import status_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.undoing import take_back
from album_sort.state.store import DestinationState
from album_sort.types import Mode, OpStatus, RunId, run_id_of
from album_sort.types.ledger import RunRecord, RunStatus
from tests.crash.test_every_step import prepared, temporaries
from tests.destination_builders import NOW, Library, picture_of, plan_for, run, tree
from tests.doubles import Fault, FaultyFileSystem

CODES = (errno.EACCES, errno.EIO, errno.ENOENT, errno.ENOMEM, errno.ENOSPC, errno.EROFS)
LEFTOVERS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Story:
    """What fails, and what brings the tree to its end when the disk answers again."""

    prepare: Callable[[Path], Library]
    fail: Callable[[Library, FileSystem], None]
    again: Callable[[Library], object]


def second_run(library: Library, fs: FileSystem) -> None:
    """It copies, moves, links, relinks and takes away; what it says was done must be there."""
    plan, applied = run(library, "r2", fs=fs)
    for op, result in zip(plan.ops, applied.results, strict=False):
        if result.status is OpStatus.DONE and op.action.makes_a_file:
            assert (library.albums / op.target).exists(), op


def links(root: Path) -> Library:
    return prepared(root, Mode.SYMLINK, swaps=False)


def copies(root: Path) -> Library:
    return prepared(root, Mode.COPY, swaps=False)


def pruned(root: Path) -> Library:
    library = copies(root)
    run(library, "r2")
    for name in ("c/cake.jpg", "b/IMG_E1.JPG", "e/IMG_1.MOV"):
        (library.sources / name).unlink()
    return library


def prune(library: Library, fs: FileSystem) -> None:
    picture, plan = picture_of(library), plan_for(library, plan_id="r3")
    plan = with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=0.9)
    with DestinationState.open(library.albums) as state:
        record = RunRecord(plan.plan_id, "sort", NOW, None, RunStatus.RUNNING, plan.mode, "")
        applied = apply_plan(plan, fs, state.begin_run(record, plan), threads=1)
        state.finish_run(run_id_of("r3"), status_of(applied), NOW)


def prune_again(library: Library) -> None:
    with held_destination(str(library.albums), 0, lambda _event: None):
        pass
    picture, plan = picture_of(library), plan_for(library, plan_id="r4")
    plan = with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=0.9)
    with DestinationState.open(library.albums) as state:
        record = RunRecord(RunId("r4"), "sort", NOW, None, RunStatus.RUNNING, plan.mode, "")
        state.finish_run(
            run_id_of("r4"), status_of(apply_plan(plan, FaultyFileSystem(Fault()), state.begin_run(record, plan))), NOW
        )


def undoable(root: Path) -> Library:
    library = copies(root)
    run(library, "r2")
    return library


def undo(library: Library, fs: FileSystem) -> None:
    with DestinationState.open(library.albums) as state:
        take_back(str(library.albums), state, run_id_of("r2"), NOW, fs=fs)


def undo_again(library: Library) -> None:
    """As the command does it: who holds the destination finishes what is open first."""
    with held_destination(str(library.albums), 0, lambda _event: None) as state:
        if state.finished_undo is None:
            undone = take_back(str(library.albums), state, run_id_of("r2"), NOW, fs=FaultyFileSystem(Fault()))
            assert undone.is_complete


def run_again(library: Library) -> None:
    run(library, "r3")


def run_links_again(library: Library) -> None:
    run(library, "r3", Mode.SYMLINK)


def second_run_of_links(library: Library, fs: FileSystem) -> None:
    run(library, "r2", Mode.SYMLINK, fs=fs)


STORIES = {
    "run": Story(copies, second_run, run_again),
    "links": Story(links, second_run_of_links, run_links_again),
    "prune": Story(pruned, prune, prune_again),
    "undo": Story(undoable, undo, undo_again),
}


def steps_of(story: Story, root: Path) -> tuple[int, dict[str, object]]:
    library = story.prepare(root)
    fault = Fault()
    story.fail(library, FaultyFileSystem(fault))
    return fault.count, tree(library.albums)


def is_copy_of(library: Library, found: dict[str, object], path: str) -> bool:
    """Whether a photo lies where a link to it should."""
    copy = found.get(path)
    sources = [what[0] for what in tree(library.sources).values() if isinstance(what, tuple)]
    return isinstance(copy, tuple) and copy[0] in sources


def check(story: Story, root: Path, code: int, step: int, expected: dict[str, object], *, for_good: bool) -> None:
    where: tuple[object, ...] = (errno.errorcode[code], step, "for good" if for_good else "once")
    library = story.prepare(root)
    sources = tree(library.sources)
    fault = Fault(step, code=code, for_good=for_good)
    # Never an error of the system itself, which would end the program with a traceback.
    with contextlib.suppress(AlbumSortError):
        story.fail(library, FaultyFileSystem(fault))
    where = (*where, fault.names[step - 1])
    assert not [name for name in os.listdir(library.albums / ".album-sort") if name.endswith(LEFTOVERS)], where
    assert tree(library.sources) == sources, where
    story.again(library)
    found = tree(library.albums)
    # Where a link could not be made for want of permission, the photo was copied, and stays so.
    instead = (
        {}
        if code != errno.EACCES
        else {path: what for path, what in expected.items() if is_copy_of(library, found, path)}
    )
    assert found | instead == expected, where
    assert temporaries(library) == [], where
    assert tree(library.sources) == sources, where
    shutil.rmtree(library.root)


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize("name", STORIES)
def test_an_error_at_a_step_is_a_row_or_a_sentence_and_the_next_run_does_the_rest(
    fast_path: Path, name: str, for_good: bool
) -> None:
    """Another error at each step in turn; the long form tries all of them at all steps."""
    story = STORIES[name]
    steps, expected = steps_of(story, fast_path / "undisturbed")
    assert steps > 10
    for step in range(1, steps + 1, 4):
        check(story, fast_path / str(step), CODES[step // 4 % len(CODES)], step, expected, for_good=for_good)


@pytest.mark.long
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize("code", CODES, ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("name", STORIES)
def test_every_error_at_every_step(fast_path: Path, name: str, code: int, for_good: bool) -> None:
    story = STORIES[name]
    steps, expected = steps_of(story, fast_path / "undisturbed")
    for step in range(1, steps + 1):
        check(story, fast_path / str(step), code, step, expected, for_good=for_good)
