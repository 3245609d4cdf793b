"""The page of the last run shows every photo where it lies now, also after commands that tell no report of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests import pictures
from tests.builders import make_tree, picture_jpeg
from tests.conftest import Program
from tests.test_odd_destinations import as_somebody, powerless
from tests.test_report_html import data_block
from tests.test_sort import SHIPPED, album_tree

KINDS = {"cat": pictures.cat(), "coffee": pictures.coffee(), "flower": pictures.flower()}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    taken = datetime(2024, 5, 1, 10)
    files = {f"{name}.jpg": picture_jpeg(kind, taken=taken) for name, kind in KINDS.items()}
    return make_tree(tmp_path / "Photos", {**files, "coffee again.jpg": files["coffee.jpg"]})


def page_of(albums: Path) -> str:
    """The page to which that at the top leads."""
    leads = re.search(r'href="([^"]+)"', (albums / "album-report.html").read_text(encoding="utf-8"))
    assert leads
    return (albums / leads[1]).read_text(encoding="utf-8")


def shown(albums: Path) -> dict[str, str]:
    """Titles by the paths of the photos that the page shows; each lies there."""
    html = page_of(albums)
    albums_of_page, index, cards = (data_block(html, name) for name in ("page", "index", "photos-0"))
    titles = [one["title"] for one in albums_of_page["albums"]]
    found = {card["p"]: titles[at] for card, at in zip(cards, index["album"], strict=True)}
    assert len({(card["p"], at) for card, at in zip(cards, index["album"], strict=True)}) == len(found)
    assert all((albums / path).is_file() for path in found)
    return found


def test_the_page_follows_what_is_put_right_and_taken_back(photos: Path, tmp_path: Path, album_sort: Program) -> None:
    albums, plan = tmp_path / "Albums", tmp_path / "plan.jsonl"
    album_sort(photos, "--out", albums, *SHIPPED)
    as_sorted = {"Pets/2024/cat.jpg": "Pets", "Food/2024/coffee.jpg": "Food", "Flowers/2024/flower.jpg": "Flowers"}
    assert shown(albums) == as_sorted

    album_sort("fix", albums / "Food/2024/coffee.jpg", "--album", "home", "--out", albums, "--now")
    assert shown(albums) == {
        "Pets/2024/cat.jpg": "Pets",
        "Home/2024/coffee.jpg": "Home",
        "Flowers/2024/flower.jpg": "Flowers",
    }
    assert "you filed it under “Home” yourself" in page_of(albums)
    album_sort("fix", albums / "Pets/2024/cat.jpg", "--leave-out", "--out", albums, "--now")
    assert set(shown(albums)) == {"Home/2024/coffee.jpg", "Flowers/2024/flower.jpg"} == set(album_tree(albums))
    for _ in range(2):
        album_sort("undo", "--out", albums)
    assert shown(albums) == as_sorted
    assert "you filed it" not in page_of(albums)

    make_tree(photos, {"temple.jpg": picture_jpeg(pictures.temple(), taken=datetime(2024, 5, 2, 10))})
    album_sort("fix", "--forget", albums / "Food/2024/coffee.jpg", albums / "Pets/2024/cat.jpg", "--out", albums)
    album_sort(photos, "--out", albums, *SHIPPED, "-n", "--save-plan", plan)
    album_sort("apply", plan)
    assert set(shown(albums)) == set(album_tree(albums)) > set(as_sorted)
    album_sort("undo", "--out", albums)
    assert shown(albums) == as_sorted


def test_the_page_follows_files_that_a_person_moved_as_soon_as_a_command_sees_it(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    (albums / "Best of").mkdir()
    (albums / "Pets/2024/cat.jpg").rename(albums / "Best of/cat.jpg")
    album_sort("fix", albums / "Food/2024/coffee.jpg", "--album", "home", "--out", albums)
    assert set(shown(albums)) == {"Best of/cat.jpg", "Food/2024/coffee.jpg", "Flowers/2024/flower.jpg"}
    plan = tmp_path / "plan.jsonl"
    album_sort(photos, "--out", albums, *SHIPPED, "-n", "--save-plan", plan)
    album_sort("apply", plan)
    (albums / "Best of/cat.jpg").rename(albums / "Pets/cat.jpg")
    assert "Nothing is left to do" in album_sort("apply", plan).stdout
    assert "Pets/cat.jpg" in shown(albums)


@as_somebody
def test_a_page_that_cannot_be_made_ends_no_command_whose_work_is_done(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "Albums"
    album_sort(photos, "--out", albums, *SHIPPED)
    coffee = str(albums / "Food/2024/coffee.jpg")
    command = ("-m", "album_sort", "fix", coffee, "--album", "pets", "--out", str(albums), "--now")
    albums.chmod(0o555)
    try:
        done = subprocess.run(
            powerless(sys.executable, *command), capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        albums.chmod(0o755)
    assert (done.returncode, "1 file moved" in done.stdout) == (3, True)
    assert "album-report" not in done.stderr
