"""At the door: what a plan says is compared with what is there at the moment at which it is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from album_sort.fileops.destination import Destination, RowRefused
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.types import Action, AlbumRelPath, OpStatus, RunId
from tests.builders import read_tree
from tests.destination_builders import Library, apply_saved, plan_for, run, undo


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a/IMG_1.JPG", b"cat" * 1000, "Pets/2024")
    library.add("c/dinner.jpg", b"noodles", "Food/2023")
    return library


def tree_of(library: Library) -> dict[str, str]:
    return {path: said for path, said in read_tree(library.albums).items() if not path.startswith(".album-sort")}


def test_a_saved_plan_does_not_move_what_was_edited_since(library: Library) -> None:
    """An edit of the very same length: only its bytes tell."""
    run(library)
    library.assign("c/dinner.jpg", "Feast/2023")
    plan = plan_for(library, plan_id="r2")
    edited = library.albums / "Food/2023/dinner.jpg"
    edited.write_bytes(b"N" + edited.read_bytes()[1:])
    applied = apply_saved(library, plan)
    assert [result.status for result in applied.results if result.action is Action.MOVE] == [OpStatus.FAILED]
    assert edited.read_bytes().startswith(b"N")


def test_a_found_file_that_changed_since_is_not_taken_over(library: Library) -> None:
    found = library.albums / "Food/2023/own name.jpg"
    found.parent.mkdir(parents=True)
    found.write_bytes((library.sources / "c/dinner.jpg").read_bytes())
    plan = plan_for(library)
    assert Action.ADOPT in {op.action for op in plan.ops}
    found.write_bytes(b"something else by now")
    applied = apply_saved(library, plan)
    assert [result.status for result in applied.results if result.action is Action.ADOPT] == [OpStatus.FAILED]


@pytest.mark.parametrize("path", ["../a.jpg", "/etc/a.jpg", ".album-sort/a.jpg", "Pets/../../a.jpg"])
def test_a_path_that_leaves_the_destination_is_refused_at_the_door(tmp_path: Path, path: str) -> None:
    """Whoever made the row: the door does not trust that it was checked before."""
    dest = Destination(RealFileSystem(), str(tmp_path), RunId("r"))
    with pytest.raises(RowRefused, match="does not stay inside"):
        dest.absolute(AlbumRelPath(path))


def test_an_undo_goes_backwards(library: Library) -> None:
    """Two photos of one name that have changed places go back the way they came."""
    library.add("x/same.jpg", b"first", "Left")
    library.add("y/same.jpg", b"second", "Right")
    run(library)
    before = tree_of(library)
    library.assign("x/same.jpg", "Right")
    library.assign("y/same.jpg", "Left")
    run(library, "r2")
    assert tree_of(library) != before
    assert undo(library, "r2").is_complete
    assert tree_of(library) == before


def test_a_row_that_was_not_made_by_us_is_refused_at_the_door(library: Library) -> None:
    run(library)
    library.assign("c/dinner.jpg", "Feast/2023")
    (library.albums / "mine.jpg").write_bytes(b"mine")
    plan = plan_for(library, plan_id="r2")
    ops = tuple(replace(op, origin=AlbumRelPath("mine.jpg")) if op.action is Action.MOVE else op for op in plan.ops)
    applied = apply_saved(library, replace(plan, ops=ops))
    assert [result.status for result in applied.results if result.action is Action.MOVE] == [OpStatus.FAILED]
    assert (library.albums / "mine.jpg").read_bytes() == b"mine"


def test_a_folder_that_a_person_calls_by_a_backslash_is_used_as_any_other(library: Library) -> None:
    """No other run would be possible: each plan for that folder would be refused as a whole."""
    run(library)
    (library.albums / "Pets").rename(library.albums / "Cats\\Dogs")
    library.add("b/new.jpg", b"new", "Pets/2024")
    library.assign("c/dinner.jpg", "Pets/2024")
    (library.albums / "Food/2023/dinner.jpg").rename(library.albums / "Food/2023/soup \\o.jpg")
    run(library, "r2")
    assert {path for path in tree_of(library) if path.endswith(".jpg")} == {
        "Cats\\Dogs/2024/new.jpg",
        "Cats\\Dogs/2024/soup _o.jpg",
    }
    assert plan_for(library).effects == ()
    assert undo(library, "r2").is_complete
    assert {path for path in tree_of(library) if path.endswith(".jpg")} == {"Food/2023/soup \\o.jpg"}
