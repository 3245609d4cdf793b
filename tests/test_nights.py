"""Night after night: what needs a person is told once, and what a disk takes away stays in the albums."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from album_sort.operations.known_problems import KnownProblems
from album_sort.pipeline.absent import with_absent, without_missing
from album_sort.pipeline.remembered import Remembered
from album_sort.scan import scan
from tests import pictures
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import Program, Ran

CAMERA = ("Canon", "EOS 450D")


def test_a_broken_file_and_a_missing_disk_are_told_once(tmp_path: Path, album_sort: Program) -> None:
    cat = picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10), camera=CAMERA)
    make_tree(tmp_path, {"Photos/cat.jpg": cat, "Photos/broken.jpg": b"\xff\xd8\xff\xe0 nothing"})
    make_tree(tmp_path, {"Disk/coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2025, 6, 1), camera=CAMERA)})
    log = tmp_path / "log"

    def night() -> Ran:
        options = ("--model", "efficientnet-lite0", "--offline", "--quiet", "--log-file", log)
        return album_sort("Photos", "Disk", "--out", "Albums", *options, cwd=tmp_path)

    first = night()
    assert (first.code, first.stdout) == (3, "")
    assert "broken.jpg" in first.stderr
    assert "cat.jpg -> Pets/2024/cat.jpg" in log.read_text()
    assert "2 photos, 2 filed, 0 moved, 1 could not be processed (0 of them known), exit code 3" in log.read_text()
    albums = read_tree(tmp_path / "Albums")
    log.unlink()
    again = night()
    assert (again.code, again.stdout, again.stderr) == (3, "", ""), "cron sends no mail"
    assert "WARNING" not in log.read_text()
    assert "nothing new: 2 photos, 0 filed" in log.read_text()
    (tmp_path / "Photos/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 something else")
    assert "broken.jpg" in night().stderr
    (tmp_path / "Photos/broken.jpg").unlink()
    # The disk is gone: first its folder is empty, then there is none.
    (tmp_path / "Disk").rename(tmp_path / "cupboard")
    (tmp_path / "Disk").mkdir()
    gone = night()
    assert gone.code == 3
    assert "the albums have files from here (1); they stay there" in gone.stderr
    assert (night().stderr, night().code) == ("", 3)
    (tmp_path / "Disk").rmdir()
    assert night().code == 3
    assert {name for name in read_tree(tmp_path / "Albums") if name.endswith(".jpg")} == {
        name for name in albums if name.endswith(".jpg")
    }
    (tmp_path / "cupboard").rename(tmp_path / "Disk")
    back = night()
    assert (back.code, back.stderr) == (0, "")


def problems(tmp_path: Path, *sources: str, known: tuple[str, ...]) -> list[str]:
    remembered = Remembered(sources=frozenset(str(tmp_path / path) for path in known))
    given = [str(tmp_path / source) for source in sources]
    found = with_absent(scan(without_missing(given, remembered)), given, remembered)
    return [Path(one.path).name for one in found.skipped if one.is_problem]


def test_only_sources_that_had_photos_and_have_nothing_now_are_absent(tmp_path: Path) -> None:
    make_tree(
        tmp_path,
        {"full/a.jpg": "x", "junk/.DS_Store": "x", "new/.keep": "", "ignored/.albumignore": "*.jpg", "ignored/b.jpg": "x"},
    )  # fmt: skip
    known = ("full/a.jpg", "junk/b.jpg", "missing/c.jpg", "single.jpg", "ignored/b.jpg", "junk2/d.jpg")
    sources = ("full", "junk", "missing", "single.jpg", "ignored", "new")
    assert problems(tmp_path, *sources, known=known) == ["junk", "missing", "single.jpg"]
    assert problems(tmp_path, "full", "new", known=()) == []


def test_what_was_told_is_known_until_it_changes(tmp_path: Path) -> None:
    file = make_tree(tmp_path, {"a/broken.jpg": "x", "b/broken.jpg": "x"}) / "a/broken.jpg"
    other = tmp_path / "b/broken.jpg"
    known = KnownProblems.read(tmp_path / "cache", str(tmp_path / "Albums"))
    assert not known.knows(str(file), "decode", "damaged")
    known.keep([(str(path), "decode", "damaged") for path in (file, other)], [str(tmp_path)])

    def read() -> KnownProblems:
        return KnownProblems.read(tmp_path / "cache", str(tmp_path / "Albums"))

    assert read().knows(str(file), "decode", "damaged")
    assert not read().knows(str(file), "decode", "cut off")
    assert not read().knows(str(file), "apply", "damaged"), "what the disk refused is told each time"
    read().keep([], [str(tmp_path / "a")])
    # A run may have looked at a part of the folder only: what has not changed is as broken as it was.
    assert read().knows(str(file), "decode", "damaged")
    assert read().knows(str(other), "decode", "damaged")
    other.write_text("longer")
    assert not read().knows(str(other), "decode", "damaged")
    for nonsense in ("", "[]", '{"a": 1}', "\x00", "[" * 100_000):
        read().file.write_text(nonsense)
        assert read().marks == {}
