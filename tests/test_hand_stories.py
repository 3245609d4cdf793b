"""The whole program beside a person who tidies up in the albums: trees, commands, words, reports."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from tests import pictures
from tests.builders import fingerprint, make_tree, picture_jpeg
from tests.conftest import Program
from tests.test_sort import SHIPPED, album_tree, report_rows


@pytest.fixture
def library(tmp_path: Path) -> Path:
    def taken(day: int) -> datetime:
        return datetime(2024, 5, day, 10)

    return make_tree(
        tmp_path / "Photos",
        {
            "cat.jpg": picture_jpeg(pictures.cat(), taken=taken(1)),
            "cat.jpg.xmp": "<x/>",
            "coffee.jpg": picture_jpeg(pictures.coffee(), taken=taken(2)),
            "flower.jpg": picture_jpeg(pictures.flower(), taken=taken(3)),
            "temple.jpg": picture_jpeg(pictures.temple(), taken=taken(4)),
            "hopper.jpg": picture_jpeg(pictures.portrait(), taken=taken(5)),
            "rocket.jpg": picture_jpeg(pictures.rocket(), taken=taken(6)),
        },
    )


def move(albums: Path, old: str, new: str) -> None:
    (albums / new).parent.mkdir(parents=True, exist_ok=True)
    os.rename(albums / old, albums / new)


def test_review_can_be_emptied_by_hand_and_everything_believes_it(
    library: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    move(albums, "Review/2024/rocket.jpg", "Flowers/2024/rocket.jpg")
    move(albums, "Pets/2024/cat.jpg", "Best of/cat.jpg")
    move(albums, "Food", "Yummy")
    (albums / "City/2024/temple.jpg").unlink()
    preview = album_sort(library, "--out", albums, "-n", *SHIPPED)
    ran = album_sort(library, "--out", albums, *SHIPPED)
    for told in (preview, ran):
        assert "2 photos moved by hand: kept there from now on." in told.stdout
        assert "Food is now Yummy" in told.stdout
        assert "1 photo deleted by hand: not put back." in told.stderr
        assert "0 to review" in told.stdout
    after = {
        "Best of/cat.jpg",
        "Best of/cat.jpg.xmp",
        "Flowers/2024/flower.jpg",
        "Flowers/2024/rocket.jpg",
        "People/2024/hopper.jpg",
        "Yummy/2024/coffee.jpg",
    }
    assert set(album_tree(albums)) == after
    rows = {Path(str(row["source"])).name: row for row in report_rows(albums) if row["type"] in ("photo", "skipped")}
    assert (rows["rocket.jpg"]["album"], rows["rocket.jpg"]["by_hand"]) == ("flowers", "moved")
    assert (rows["coffee.jpg"]["title"], "by_hand" in rows["coffee.jpg"]) == ("Yummy", False)
    assert (rows["temple.jpg"]["type"], rows["temple.jpg"]["problem"]) == ("skipped", False)
    (summary,) = (row for row in report_rows(albums) if row["type"] == "summary")
    assert sorted(change["kind"] for change in summary["by_hand"]) == ["deleted", "moved", "moved", "renamed"]  # type: ignore[attr-defined]
    explained = album_sort("explain", albums / "Flowers/2024/rocket.jpg", "--out", albums, *SHIPPED)
    assert "filed under “Flowers”" in explained.stdout
    assert "you put it here yourself (it was Review/2024/rocket.jpg)" in explained.stdout
    assert "food" in (listed := album_sort("albums", "list", "--out", albums).stdout)
    assert "Yummy" in listed
    before = fingerprint(albums)
    silent = album_sort(library, "--out", albums, "--quiet", *SHIPPED)
    assert (silent.code, silent.stdout, silent.stderr) == (0, "", "")
    assert fingerprint(albums) == before
    assert album_sort("verify", "--out", albums).code == 0


def test_a_deleted_photo_is_told_to_cron_once_in_the_language_of_the_albums(
    library: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, "--lang", "zh", *SHIPPED)
    (food,) = albums.glob("*/2024/coffee.jpg")
    food.unlink()
    first = album_sort(library, "--out", albums, "--quiet", *SHIPPED)
    second = album_sort(library, "--out", albums, "--quiet", *SHIPPED)
    assert "1 张照片被手动删除：不再放回" in first.stderr
    assert (first.stdout, second.stdout, second.stderr) == ("", "", "")
    listed = album_sort("fix", "--list", "--out", albums, "--json")
    assert [json.loads(line)["kind"] for line in listed.stdout.splitlines()] == ["deleted"]
    album_sort("fix", food, "--forget", "--out", albums)
    album_sort(library, "--out", albums, *SHIPPED)
    assert food.exists()


def test_fix_knows_albums_by_any_name_acts_at_once_and_undo_says_what_still_holds(
    library: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    before = album_tree(albums)
    wrong = album_sort("fix", library / "cat.jpg", "--album", "Fod", "--out", albums)
    assert (wrong.code, "did you mean 'food'?" in wrong.stderr) == (2, True)
    fixed = album_sort("fix", library / "cat.jpg", albums / "Review", "--album", "美食", "--now", "--out", albums)
    assert fixed.code == 0, fixed.stderr
    assert "Remembered: 2 photos belong to Food." in fixed.stdout
    moved = {"Food/2024/cat.jpg", "Food/2024/cat.jpg.xmp", "Food/2024/rocket.jpg"}
    assert moved <= set(album_tree(albums))
    assert "Nothing new: nothing was written." in album_sort(library, "--out", albums, *SHIPPED).stdout
    left_out = album_sort("fix", library / "coffee.jpg", "--leave-out", "--now", "--out", albums)
    assert left_out.code == 0
    assert not (albums / "Food/2024/coffee.jpg").exists()
    for _ in range(2):
        undone = album_sort("undo", "--out", albums)
        assert "3 corrections of yours still hold" in undone.stdout
    assert album_tree(albums) == before
    forgotten = album_sort("fix", library, "--forget", "--out", albums)
    assert "Taken back for 3 photos" in forgotten.stdout
    assert "Nothing new: nothing was written." in album_sort(library, "--out", albums, *SHIPPED).stdout


def test_a_part_of_the_library_takes_nothing_that_lies_there_for_moved_or_deleted(
    library: Path, tmp_path: Path, album_sort: Program
) -> None:
    """And what was done by hand with photos of the other part is in the report of the whole."""
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    move(albums, "Review/2024/rocket.jpg", "Flowers/2024/rocket.jpg")
    ran = album_sort(library / "cat.jpg", "--out", albums, *SHIPPED)
    assert "1 photo moved by hand" in ran.stdout
    assert "deleted" not in ran.stderr
    rows = {Path(str(row["source"])).name: row for row in report_rows(albums) if row["type"] == "photo"}
    assert (rows["rocket.jpg"]["album"], rows["rocket.jpg"]["by_hand"]) == ("flowers", "moved")
    assert rows["rocket.jpg"]["in_run"] is False
    assert len(rows) == 6


def test_another_layout_keeps_the_name_of_a_renamed_album(library: Path, tmp_path: Path, album_sort: Program) -> None:
    albums = tmp_path / "Albums"
    album_sort(library, "--out", albums, *SHIPPED)
    move(albums, "Food", "Yummy & co")
    ran = album_sort(library, "--out", albums, "--layout", "{year}/{album}", "--save", *SHIPPED)
    assert ran.code == 0, ran.stderr
    assert "2024/Yummy & co/coffee.jpg" in album_tree(albums)
    assert not (albums / "2024/Food").exists()
    fixed = album_sort("fix", library / "rocket.jpg", "--album", "Yummy & co", "--now", "--out", albums)
    assert fixed.code == 0, fixed.stderr
    assert "2024/Yummy & co/rocket.jpg" in album_tree(albums)
    assert "Yummy & co" in album_sort("fix", "--list", "--out", albums).stdout
    assert "Nothing new" in album_sort(library, "--out", albums, *SHIPPED).stdout


def test_review_lists_what_waits_for_a_word_and_nothing_that_was_answered(
    library: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    out = ("--out", albums)
    album_sort(library, *out, *SHIPPED)
    asked = album_sort("review", *out)
    assert asked.code == 0
    assert "1 photo to review" in asked.stdout
    assert "Review/2024/rocket.jpg" in asked.stdout
    assert f"fix --out {albums} --album ALBUM PHOTO" in " ".join(asked.stdout.split())
    # What was done a moment ago counts, before any run has read it.
    move(albums, "Review/2024/rocket.jpg", "Flowers/2024/rocket.jpg")
    (albums / "City/2024/temple.jpg").unlink()
    before = fingerprint(albums)
    listed = [json.loads(line) for line in album_sort("review", *out, "--json").stdout.splitlines()]
    assert listed == [{"kind": "deleted", "path": "City/2024/temple.jpg"}]
    assert "--leave-out PHOTO" in album_sort("review", *out).stdout
    assert fingerprint(albums) == before, "review only reads"
    assert album_sort("fix", albums / "City/2024/temple.jpg", "--leave-out", *out).code == 0
    assert album_sort("review", *out).stdout.strip() == "Nothing waits for you."
