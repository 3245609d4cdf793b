"""`album-sort explain` as a process: the photo's own reasons, whatever its folder is called."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tests.builders import make_jpeg, make_tree
from tests.conftest import Program


def test_a_folder_whose_name_begins_like_a_sorted_one_is_not_taken_for_it(tmp_path: Path, album_sort: Program) -> None:
    """`P2` does not lie in `P`: its photo is explained by itself."""
    make_tree(tmp_path, {"P/a.jpg": make_jpeg(1), "P2/x.jpg": make_jpeg(2)})
    assert album_sort("P", "--out", "Albums", "--offline", cwd=tmp_path).code == 0
    told = album_sort("explain", "P2/x.jpg", "--out", "Albums", "--offline", cwd=tmp_path)
    assert (told.code, "x.jpg" in told.stdout) == (0, True), told.stderr


def test_the_report_says_why_a_date_was_believed(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path, {"P/a.jpg": make_jpeg(3, taken=datetime(2024, 5, 6, 7, 8, 9))})
    assert album_sort("P", "--out", "Albums", "--offline", cwd=tmp_path).code == 0
    (report,) = (tmp_path / "Albums/.album-sort/runs").glob("*/report.jsonl")
    (photo,) = (row for line in report.read_text().splitlines() if (row := json.loads(line))["type"] == "photo")
    assert "taken when the camera says (EXIF DateTimeOriginal)" in photo["taken"]["why"]


def test_it_speaks_the_language_that_is_asked_for(tmp_path: Path, album_sort: Program) -> None:
    """Albums in Chinese are explained in English; their folders are not translated by that, nor is that refused."""
    make_tree(tmp_path, {"P/a.jpg": make_jpeg(1), "P/b.jpg": make_jpeg(2)})
    assert album_sort("P", "--out", "Albums", "--lang", "zh", "--offline", cwd=tmp_path).code == 0
    before = sorted(path.relative_to(tmp_path) for path in (tmp_path / "Albums").rglob("*.jpg"))
    headings = {}
    for lang in ((), ("--lang", "en"), ("--lang", "zh")):
        told = album_sort("explain", "P/a.jpg", "--out", "Albums", "--offline", "--json", *lang, cwd=tmp_path)
        assert told.code == 0, told.stderr
        headings[lang[1:]] = [*json.loads(told.stdout)["sections"]]
    assert headings[()] == headings["zh",]
    assert all(heading.isascii() for heading in headings["en",])
    assert not any(heading.isascii() for heading in headings["zh",])
    assert sorted(path.relative_to(tmp_path) for path in (tmp_path / "Albums").rglob("*.jpg")) == before
