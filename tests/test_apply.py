"""Applying a plan: photos appear, complete and unchanged, under the planned names; nothing that exists is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from album_sort.types import Mode, OpStatus
from tests.destination_builders import Library, files, plan_for, run, snapshot, tree, undo


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a/IMG_1.JPG", b"cat" * 1000, "Pets/2024")
    library.add("a/IMG_1.JPG.xmp", b"<x/>", "Pets/2024", primary="a/IMG_1.JPG")
    library.add("b/IMG_1.JPG", b"dog" * 1000, "Pets/2024")
    library.add("b/IMG_1.xmp", b"<y/>", "Pets/2024", primary="b/IMG_1.JPG")
    library.add("c/dinner.jpg", b"noodles", "Food/2023")
    library.also.append(("c/dinner.jpg", "City/2023"))
    return library


@pytest.mark.parametrize("mode", list(Mode))
def test_a_second_run_finds_nothing_to_do_and_writes_nothing(library: Library, mode: Mode) -> None:
    run(library, mode=mode)
    before = snapshot(library.albums)
    plan = plan_for(library, mode, "r2")
    assert plan.effects == ()
    assert snapshot(library.albums) == before


@pytest.mark.parametrize("mode", list(Mode))
def test_undo_takes_everything_back(library: Library, mode: Mode) -> None:
    library.albums.mkdir()
    (library.albums / "Pets").mkdir()
    (library.albums / "Pets" / "mine.txt").write_text("mine")
    before, sources = tree(library.albums), snapshot(library.sources)
    run(library, mode=mode)
    assert len(files(library.albums)) == 7
    undone = undo(library)
    assert undone.is_complete, undone
    assert tree(library.albums) == before
    if mode is not Mode.HARDLINK:
        assert snapshot(library.sources) == sources


def test_a_photo_whose_album_changed_is_moved_with_its_sidecar_and_its_links_follow(library: Library) -> None:
    run(library)
    first = tree(library.albums)
    library.assign("b/IMG_1.JPG", "Dogs/2024")
    library.assign("c/dinner.jpg", "Fest/2023")
    _, applied = run(library, "r2")
    assert all(result.status is OpStatus.DONE for result in applied.results), applied
    assert files(library.albums) == [
        "City/2023/dinner.jpg",
        "Dogs/2024/IMG_1.JPG",
        "Dogs/2024/IMG_1.xmp",
        "Fest/2023/dinner.jpg",
        "Pets/2024/IMG_1.JPG",
        "Pets/2024/IMG_1.JPG.xmp",
    ]
    assert (library.albums / "City/2023/dinner.jpg").read_bytes() == b"noodles"
    assert not plan_for(library).effects
    undo(library, "r2")
    assert tree(library.albums) == first
    undo(library, "r1")
    assert tree(library.albums) == {}
