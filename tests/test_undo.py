"""Undo takes back what a run made and what is still as it left it, and tells about the rest."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.undo import undo_run
from album_sort.state.store import DestinationState
from album_sort.types import Action, Mode, OpStatus, RunId
from album_sort.types.ledger import Phase
from tests.destination_builders import Library, apply_saved, files, picture_of, plan_for, run, tree, undo


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("b.jpg", b"dog", "Pets/2024")
    library.add("c.jpg", b"soup", "Food/2024")
    return library


def test_a_file_that_was_edited_since_is_left_and_told(library: Library) -> None:
    run(library)
    edited = library.albums / "Pets/2024/a.jpg"
    stamp = edited.stat().st_mtime_ns
    edited.write_bytes(b"CAT")
    os.utime(edited, ns=(stamp, stamp))
    undone = undo(library)
    assert not undone.is_complete
    left = [result for result in undone.results if result.status is OpStatus.FAILED]
    assert ["has been changed since" in result.error for result in left] == [True]
    assert files(library.albums) == ["Pets/2024/a.jpg"]


@pytest.mark.parametrize("mode", list(Mode))
def test_what_may_be_the_only_copy_is_left_and_told(library: Library, mode: Mode) -> None:
    """Who deletes the photos once they are sorted must not lose them to an undo; a link holds nothing that could be lost."""
    run(library, mode=mode)
    (library.sources / "a.jpg").unlink()
    (library.sources / "b.jpg").write_bytes(b"DOG")
    undone = undo(library)
    left = sorted(result.error for result in undone.results if result.status is OpStatus.FAILED)
    match mode:
        case Mode.SYMLINK:
            assert (left, files(library.albums)) == ([], [])
        case Mode.HARDLINK:
            # The second was edited through its source: it is one file with two names.
            assert "may be the only one" in left[0]
            assert "has been changed since" in left[1]
        case _:
            assert ["may be the only one" in error for error in left] == [True, True]
            assert [(library.albums / path).read_bytes() for path in files(library.albums)] == [b"cat", b"dog"]
    if left:
        (library.sources / "a.jpg").write_bytes(b"cat")
        (library.sources / "b.jpg").write_bytes(b"dog")
        assert undo(library).is_complete
        assert tree(library.albums) == {}


def test_a_source_that_is_a_link_into_the_albums_is_no_second_copy(library: Library) -> None:
    """As programs that look for duplicates leave it."""
    run(library)
    (library.sources / "a.jpg").unlink()
    (library.sources / "a.jpg").symlink_to(library.albums / "Pets/2024/a.jpg")
    assert not undo(library).is_complete
    assert (library.sources / "a.jpg").read_bytes() == b"cat"
    assert files(library.albums) == ["Pets/2024/a.jpg"]


def test_a_file_that_the_user_has_deleted_is_no_hindrance(library: Library) -> None:
    run(library)
    (library.albums / "Pets/2024/a.jpg").unlink()
    assert undo(library).is_complete
    assert tree(library.albums) == {}


def test_foreign_files_and_their_folders_stay(library: Library) -> None:
    run(library)
    (library.albums / "Pets/2024/mine.jpg").write_bytes(b"mine")
    assert undo(library).is_complete
    assert files(library.albums) == ["Pets/2024/mine.jpg"]


def test_undoing_twice_is_harmless(library: Library) -> None:
    run(library)
    undo(library)
    assert undo(library).results == ()


def test_a_photo_that_a_later_run_has_moved_is_left_to_that_run(library: Library) -> None:
    run(library)
    library.assign("a.jpg", "Cats/2024")
    run(library, "r2")
    undone = undo(library, "r1")
    (left,) = [result for result in undone.results if result.status is OpStatus.FAILED]
    assert "later run r2" in left.error
    assert files(library.albums) == ["Cats/2024/a.jpg"]
    assert undo(library, "r2").is_complete
    assert undo(library, "r1").is_complete
    assert tree(library.albums) == {}


@pytest.mark.parametrize("mode", list(Mode))
def test_relocations_are_taken_back_one_after_the_other(library: Library, mode: Mode) -> None:
    """Each to where the photo was before it, its links with it; out of turn, a run is told that a later one stands in its way."""
    library.also.append(("a.jpg", "Home/2024"))
    trees = [tree(library.albums)]
    for number, album in enumerate(("Pets/2024", "Cats/2024", "Felines/2024"), 1):
        library.assign("a.jpg", album)
        run(library, f"r{number}", mode)
        trees.append(tree(library.albums))
    left = [result.error for result in undo(library, "r2").results if result.status is OpStatus.FAILED]
    assert left
    assert all("later run r3" in error for error in left)
    assert tree(library.albums) == trees[3]
    for number in (3, 2, 1):
        assert undo(library, f"r{number}").is_complete
        assert tree(library.albums) == trees[number - 1]


def test_a_file_that_the_user_renamed_is_found_and_taken_back(library: Library) -> None:
    run(library)
    os.rename(library.albums / "Pets", library.albums / "Our pets")
    run(library, "r2")
    assert undo(library).is_complete
    assert files(library.albums) == []


def test_undo_never_touches_a_source(library: Library) -> None:
    before = tree(library.sources)
    for number, mode in enumerate(Mode):
        run(library, f"r{number}", mode)
        undo(library, f"r{number}")
    assert tree(library.sources) == before


def test_a_source_that_rotted_under_its_old_date_is_no_second_copy(library: Library) -> None:
    run(library)
    source = library.sources / "a.jpg"
    status, data = source.stat(), source.read_bytes()
    source.write_bytes(b"\0" + data[1:])
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    undone = undo(library)
    assert [result.status for result in undone.results].count(OpStatus.FAILED) == 1
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == data


def test_a_link_that_points_elsewhere_by_now_is_left(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    link = library.albums / "Pets/2024/a.jpg"
    link.unlink()
    link.symlink_to("/etc/hostname")
    undone = undo(library)
    assert [result.status for result in undone.results].count(OpStatus.FAILED) == 1
    assert link.is_symlink()


def test_an_undo_that_is_stopped_goes_on_when_it_is_repeated(library: Library) -> None:
    run(library)
    before = tree(library.albums)
    with DestinationState.open(library.albums) as state:
        undone = undo_run(str(library.albums), RealFileSystem(), state.journal(RunId("r1")), stop=lambda: True)
    assert (undone.stopped, undone.is_complete, undone.results) == (True, False, ())
    assert tree(library.albums) == before
    assert undo(library).is_complete
    assert files(library.albums) == []


def test_a_photo_of_the_user_that_was_taken_over_is_theirs_again(library: Library) -> None:
    own = library.albums / "Pets/2024/own name.jpg"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"cat")
    run(library)
    assert undo(library).is_complete
    assert files(library.albums) == ["Pets/2024/own name.jpg"]
    assert Action.ADOPT in {op.action for op in plan_for(library).effects}


def pruned(library: Library) -> Path:
    """A photo in the trash, by run r2; its path there."""
    run(library)
    picture = picture_of(library)
    (library.sources / "c.jpg").unlink()
    plan = plan_for(library, plan_id="r2")
    apply_saved(library, with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=1), "r2")
    return library.albums / ".album-sort/trash/r2/Food/2024/c.jpg"


def test_a_photo_whose_trash_was_emptied_cannot_come_back_and_is_told(library: Library) -> None:
    pruned(library).unlink()
    undone = undo(library, "r2")
    assert not undone.is_complete
    assert ["is no more in the trash" in result.error for result in undone.results] == [True]


def test_a_photo_that_its_owner_has_taken_out_of_the_trash_is_back(library: Library) -> None:
    trash = pruned(library)
    back = library.albums / "Food/2024/c.jpg"
    back.parent.mkdir(parents=True)
    trash.rename(back)
    assert undo(library, "r2").is_complete
    assert back.read_bytes() == b"soup"


def test_a_hard_link_that_was_pointed_anew_stays_the_same_file(library: Library) -> None:
    run(library, mode=Mode.HARDLINK)
    with (library.sources / "a.jpg").open("ab") as stream:
        stream.write(b" edited")
    plan, _ = run(library, "r2", Mode.HARDLINK)
    assert {op.action for op in plan.effects} == {Action.RELINK}
    assert undo(library, "r2").is_complete
    assert (library.albums / "Pets/2024/a.jpg").samefile(library.sources / "a.jpg")


def test_a_link_that_the_user_has_pointed_elsewhere_since_it_was_pointed_anew_is_theirs(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    (library.sources / "a.jpg").rename(library.sources / "renamed.jpg")
    library.register("renamed.jpg", "Pets/2024")
    run(library, "r2", Mode.SYMLINK)
    link = library.albums / "Pets/2024/a.jpg"
    assert link.read_bytes() == b"cat"
    link.unlink()
    link.symlink_to(library.sources / "b.jpg")
    undone = undo(library, "r2")
    assert ["has been changed since" in result.error for result in undone.results] == [True]
    assert link.readlink() == library.sources / "b.jpg"


def test_a_row_of_which_a_damaged_journal_says_nothing_more_is_told_and_its_photo_stays(library: Library) -> None:
    run(library)
    with DestinationState.open(library.albums) as state:
        journal = state.journal(RunId("r1"))
        journal.settle([(replace(entry, after=None), "") for entry in journal.entries(Phase.DONE)])
    undone = undo(library)
    assert {result.status for result in undone.results} == {OpStatus.FAILED}
    assert len(files(library.albums)) == 3
