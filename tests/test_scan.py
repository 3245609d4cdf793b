"""What a scan finds and what it leaves out, with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from album_sort.classifier.labels import load_wording
from album_sort.core.ignore import ScanFilter
from album_sort.errors import UsageError
from album_sort.scan import ScanResult, scan
from album_sort.types import FileKind
from tests.builders import make_jpeg, make_tree

JPEG = make_jpeg()


def found(result: ScanResult, root: Path) -> list[str]:
    return [os.path.relpath(file.path, root) for file in result.files]


def reasons(result: ScanResult, root: Path) -> dict[str, str]:
    """By path, as a person reads them."""
    return {os.path.relpath(one.path, root): load_wording().say(one.reason, "en") for one in result.skipped}


def test_files_come_in_path_order_from_all_depths(tmp_path: Path) -> None:
    make_tree(tmp_path, {"b/2.jpg": JPEG, "b/1.JPG": JPEG, "a.png": JPEG, "b/c/d/3.heic": JPEG})
    assert found(scan([str(tmp_path)]), tmp_path) == ["a.png", "b/1.JPG", "b/2.jpg", "b/c/d/3.heic"]


def test_a_picture_without_suffix_is_recognised_by_content_and_a_text_is_not(tmp_path: Path) -> None:
    make_tree(tmp_path, {"picture": JPEG, "notes": "hello", "list.txt": "milk"})
    result = scan([str(tmp_path)])
    assert found(result, tmp_path) == ["picture"]
    assert result.files[0].kind is FileKind.PHOTO
    assert "text" in reasons(result, tmp_path)["notes"]
    assert not any(skipped.is_problem for skipped in result.skipped)


@pytest.mark.parametrize("junk", [".cache", "@eaDir", "Library.photoslibrary", "Previews.lrdata", "$RECYCLE.BIN"])
def test_folders_of_other_programs_are_left_out_with_a_reason(tmp_path: Path, junk: str) -> None:
    make_tree(tmp_path, {f"{junk}/1.jpg": JPEG, "2.jpg": JPEG})
    result = scan([str(tmp_path)])
    assert found(result, tmp_path) == ["2.jpg"]
    assert reasons(result, tmp_path)[junk]


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    make_tree(tmp_path, {"._1.jpg": JPEG, "1.jpg": JPEG})
    assert reasons(scan([str(tmp_path)]), tmp_path) == {"._1.jpg": "hidden"}


def test_an_albumignore_leaves_out_what_it_names_and_an_empty_one_its_whole_folder(tmp_path: Path) -> None:
    make_tree(
        tmp_path,
        {
            "work/.albumignore": "# not for albums\n*.png\nscans/\n",
            "work/1.jpg": JPEG,
            "work/2.png": JPEG,
            "work/deep/3.png": JPEG,
            "work/scans/4.jpg": JPEG,
            "secret/.albumignore": "",
            "secret/5.jpg": JPEG,
        },
    )
    result = scan([str(tmp_path)])
    assert found(result, tmp_path) == ["work/1.jpg"]
    assert ".albumignore" in reasons(result, tmp_path)["secret"]
    assert ".albumignore" in reasons(result, tmp_path)["work/scans"]


def test_a_loop_of_links_ends_and_a_linked_folder_is_walked_once(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a/1.jpg": JPEG})
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    result = scan([str(tmp_path)])
    assert found(result, tmp_path) == ["a/1.jpg"]
    assert "already scanned" in reasons(result, tmp_path)["again"]


def test_the_destination_is_never_entered_even_through_a_link(tmp_path: Path) -> None:
    make_tree(tmp_path, {"1.jpg": JPEG, "Albums/Pets/2.jpg": JPEG})
    (tmp_path / "link").symlink_to(tmp_path / "Albums")
    result = scan([str(tmp_path)], destination=str(tmp_path / "Albums"))
    assert found(result, tmp_path) == ["1.jpg"]
    assert set(reasons(result, tmp_path)) == {"Albums", "link"}


def test_another_destination_of_ours_is_left_out(tmp_path: Path) -> None:
    make_tree(tmp_path, {"Old albums/.album-sort/state.sqlite": b"", "Old albums/Pets/1.jpg": JPEG, "2.jpg": JPEG})
    assert found(scan([str(tmp_path)]), tmp_path) == ["2.jpg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_a_problem_with_its_path(tmp_path: Path) -> None:
    make_tree(tmp_path, {"locked/1.jpg": JPEG, "2.jpg": JPEG})
    (tmp_path / "locked").chmod(0)
    result = scan([str(tmp_path)])
    (tmp_path / "locked").chmod(0o755)
    assert found(result, tmp_path) == ["2.jpg"]
    assert [skipped.is_problem for skipped in result.skipped] == [True]


def test_special_files_and_dead_links_are_no_photos(tmp_path: Path) -> None:
    make_tree(tmp_path, {"1.jpg": JPEG})
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "gone.jpg")
    result = scan([str(tmp_path)])
    assert found(result, tmp_path) == ["1.jpg"]
    assert reasons(result, tmp_path) == {"pipe.jpg": "no regular file", "dead.jpg": "a link that leads nowhere"}


def test_several_sources_may_overlap_and_a_source_may_be_a_file(tmp_path: Path) -> None:
    make_tree(tmp_path, {"a/1.jpg": JPEG, "a/b/2.jpg": JPEG, "3.jpg": JPEG})
    result = scan([str(tmp_path / "a" / "b"), str(tmp_path / "a"), str(tmp_path / "3.jpg")])
    assert found(result, tmp_path) == ["3.jpg", "a/1.jpg", "a/b/2.jpg"]


def test_a_missing_source_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Fotos"):
        scan([str(tmp_path / "Fotos")])


def test_include_and_exclude_work_on_paths_below_the_source(tmp_path: Path) -> None:
    make_tree(tmp_path, {"2023/1.jpg": JPEG, "2024/1.jpg": JPEG, "2024/2.png": JPEG})
    result = scan([str(tmp_path)], filters=ScanFilter.of(["2024/"], ["*.png"]))
    assert found(result, tmp_path) == ["2024/1.jpg"]


def test_a_name_that_is_no_utf8_survives(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(name, "wb") as target:
        target.write(JPEG)
    (file,) = scan([str(tmp_path)]).files
    assert os.fsencode(file.path) == name


@pytest.mark.parametrize("pattern", ["*.JPG", "*.jpg", "ALBUM/", "album/*", "*/Album/*", "/album/A.Jpg"])
def test_the_case_of_a_pattern_does_not_count(pattern: str, tmp_path: Path) -> None:
    """Cameras write `.JPG`, phones `.jpg`: one pattern means both, for `--include` as for `--exclude`."""
    make_tree(tmp_path, {"Album/a.jpg": JPEG, "Album/b.JPG": JPEG, "c.png": JPEG})
    chosen = found(scan([str(tmp_path)], filters=ScanFilter.of([pattern], [])), tmp_path)
    left = found(scan([str(tmp_path)], filters=ScanFilter.of([], [pattern])), tmp_path)
    assert chosen
    assert sorted([*chosen, *left]) == ["Album/a.jpg", "Album/b.JPG", "c.png"]
    assert set(chosen) <= {"Album/a.jpg", "Album/b.JPG"}
