"""A run is killed, or fails, at every single step of the file system and the journal, in every mode; one more run repairs it."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import pytest

from album_sort.state.store import DestinationState
from album_sort.types import Mode
from tests.destination_builders import Library, plan_for, recover_all, run, snapshot, tree, undo
from tests.doubles import Fault, FaultyFileSystem, FaultyJournal, Killed

KILLS = ("kill-before", "kill-half", "kill-after")
FAULTS = (*KILLS, "fail", "full")

# Killed after a step is killed before the next one: each of both in other modes than the third.
# From which step, and each how manyth: a step that cannot be done and one for which the disk is full are tried in turn.
SHORT = [
    (Mode.COPY, "kill-after", 1, 1),
    (Mode.COPY, "kill-half", 1, 2),
    (Mode.COPY, "fail", 1, 2),
    (Mode.COPY, "full", 2, 2),
    (Mode.HARDLINK, "kill-before", 1, 2),
]
LONG = [(mode, kind, 1, 1) for mode in Mode for kind in FAULTS]


def prepared(root: Path, mode: Mode, *, swaps: bool = True) -> Library:
    """A destination that has seen one run, and a library whose next run copies, moves, links, relinks and trashes."""
    library = Library(root)
    library.add("a/IMG_1.JPG", b"cat" * 500, "Pets/2024")
    library.add("a/IMG_1.JPG.xmp", b"<x/>", "Pets/2024", primary="a/IMG_1.JPG")
    library.add("c/dinner.jpg", b"noodles" * 100, "Food/2023")
    library.add("c/cake.jpg", b"cake" * 100, "Food/2022")
    library.also += [("c/dinner.jpg", "City/2023"), ("c/cake.jpg", "City/2022")]
    for album in ("One", "Two", "Three") if swaps else ():
        library.add(f"{album}/same.jpg", album.encode() * 50, album)
    run(library, "r1", mode)
    # Three photos of one name change places: each takes the name that another leaves.
    for album, other in (("One", "Two"), ("Two", "Three"), ("Three", "One")) if swaps else ():
        library.assign(f"{album}/same.jpg", other)
    library.add("b/IMG_1.JPG", b"dog" * 500, "Pets/2024")
    library.add("b/IMG_1.CR2", b"raw dog" * 500, "Pets/2024", primary="b/IMG_1.JPG")
    library.add("b/IMG_E1.JPG", b"edited dog" * 500, "Pets/2024", primary="b/IMG_1.JPG")
    library.add("e/IMG_1.JPG", b"fox" * 500, "Pets/2024")
    library.add("e/IMG_1.MOV", b"fox film" * 500, "Pets/2024", primary="e/IMG_1.JPG")
    library.add("b/empty.jpg", b"", "Pets/2024")
    library.add("d/copy of cat.jpg", b"cat" * 500, "Pets/2024")
    library.assign("c/dinner.jpg", "Feast/2023")
    library.assign("a/IMG_1.JPG", "Cats/2024")
    library.assign("d/copy of cat.jpg", "Cats/2024")
    library.also[1] = ("c/cake.jpg", "Home/2022")
    return library


def disturbed_run(library: Library, mode: Mode, fault: Fault, run_id: str = "r2") -> None:
    run(
        library,
        run_id,
        mode,
        fs=FaultyFileSystem(fault),
        wrap_journal=lambda journal: FaultyJournal(journal, fault),
    )


def undisturbed(root: Path, mode: Mode, *, swaps: bool = True) -> tuple[int, dict[str, object]]:
    """Steps of the second run, and the tree that it leaves."""
    library = prepared(root, mode, swaps=swaps)
    fault = Fault()
    disturbed_run(library, mode, fault)
    assert not plan_for(library, mode).effects
    return fault.count, tree(library.albums)


def temporaries(library: Library) -> list[str]:
    return [name for _, _, names in os.walk(library.albums) for name in names if name.startswith(".album-sort-tmp-")]


@pytest.mark.parametrize(
    ("mode", "kind", "first", "stride"), [*SHORT, *(pytest.param(*case, marks=pytest.mark.long) for case in LONG)]
)
def test_a_run_disturbed_at_any_step_is_finished_by_the_next_one(
    fast_path: Path, mode: Mode, kind: str, first: int, stride: int
) -> None:
    """Killed before, within or after a step, or told that the step failed or that the disk is full."""
    # Where one move of a ring fails and the others do not, a name may come out with a suffix: rings are for the kills.
    swaps = kind in KILLS
    steps, expected = undisturbed(fast_path / "undisturbed", mode, swaps=swaps)
    assert steps > 25
    for step in range(first, steps + 1, stride):
        library = prepared(fast_path / str(step), mode, swaps=swaps)
        sources = tree(library.sources)
        fault = Fault(step, kind=kind)
        if kind in KILLS:
            with pytest.raises(Killed):
                disturbed_run(library, mode, fault)
        else:
            # A folder that cannot be made ends a run like a kill; any other failure is one row's.
            with contextlib.suppress(OSError):
                disturbed_run(library, mode, fault)
                assert temporaries(library) == [] or fault.names[step - 1] == "remove"
        run(library, "r3", mode)
        assert tree(library.albums) == expected, (step, fault.names[step - 1])
        assert temporaries(library) == []
        assert not plan_for(library, mode, "r4").effects, (step, fault.names[step - 1])
        assert tree(library.sources) == sources
        shutil.rmtree(library.root)


@pytest.mark.parametrize(
    ("kind", "stride"), [("kill-after", 9), *(pytest.param(kind, 4, marks=pytest.mark.long) for kind in KILLS)]
)
def test_a_recovery_that_is_killed_itself_can_be_repeated(fast_path: Path, kind: str, stride: int) -> None:
    steps, expected = undisturbed(fast_path / "undisturbed", Mode.COPY)
    for first in range(2, steps + 1, stride):
        for second in range(1, 10):
            library = prepared(fast_path / f"{first}-{second}", Mode.COPY)
            with pytest.raises(Killed):
                disturbed_run(library, Mode.COPY, Fault(first, kind="kill-after"))
            with DestinationState.open(library.albums) as state, contextlib.suppress(Killed):
                recover_all(library, state, FaultyFileSystem(Fault(second, kind=kind)))
            run(library, "r3")
            assert tree(library.albums) == expected, (first, second)
            shutil.rmtree(library.root)


@pytest.mark.parametrize("mode", [Mode.COPY, *(pytest.param(mode, marks=pytest.mark.long) for mode in list(Mode)[1:])])
def test_an_undo_killed_at_any_step_is_finished_and_leaves_nothing(fast_path: Path, mode: Mode) -> None:
    library = prepared(fast_path / "0", mode)
    before = tree(library.albums)
    for step in range(1, 100):
        library = prepared(fast_path / str(step), mode)
        run(library, "r2", mode)
        fault = Fault(step, kind="kill-after")
        killed = undo_killed(library, fault)
        undo_again(library)
        assert tree(library.albums) == before, (step, fault.names[-1:])
        shutil.rmtree(library.root)
        if not killed:
            return
    pytest.fail("the undo has more steps than were tried")


def undo_killed(library: Library, fault: Fault) -> bool:
    try:
        undo(library, "r2", FaultyFileSystem(fault))
    except Killed:
        return True
    return False


def undo_again(library: Library) -> None:
    with DestinationState.open(library.albums) as state:
        recover_all(library, state)
    assert undo(library, "r2").is_complete


def test_a_dry_run_after_a_kill_writes_nothing(fast_path: Path) -> None:
    library = prepared(fast_path, Mode.COPY)
    with pytest.raises(Killed):
        disturbed_run(library, Mode.COPY, Fault(9, kind="kill-half"))
    before = snapshot(library.albums)
    plan_for(library)
    assert snapshot(library.albums) == before
