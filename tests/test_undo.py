"""Undo takes back what a run made and what is still as it left it, and tells about the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from album_sort.types import Mode, OpStatus
from tests.destination_builders import Library, files, run, tree, undo


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
