"""The machine's clock is set back between two runs: as happens with an empty battery, or on a NAS before it has found the net."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from album_sort.pipeline.remembered import not_before
from tests import pictures
from tests.builders import make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.test_sort import SHIPPED, album_tree

IN_2001 = """
from datetime import datetime
import album_sort.operations.{verb} as verb
verb.utc_now = lambda: datetime(2001, 1, 1, 10)
from album_sort.cli.app import main
main()
"""


def in_2001(verb: str, *arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-c", IN_2001.format(verb=verb), verb, *map(str, arguments)], cwd=REPOSITORY, check=True
    )


def runs(album_sort: Program, albums: Path) -> list[str]:
    lines = album_sort("runs", "--out", albums, "--json").stdout.splitlines()
    return [json.loads(line)["run"] for line in lines]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "photos", {"cat.jpg": picture_jpeg(pictures.cat(), taken=datetime(2024, 5, 1, 10))})


def test_a_run_with_the_clock_set_back_moves_no_photo_and_is_the_last_one(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums = tmp_path / "albums"
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    before, first = album_tree(albums), runs(album_sort, albums)
    make_tree(photos, {"coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2024, 6, 1, 10))})
    in_2001("sort", photos, "--out", albums, "--quiet", *SHIPPED)
    assert set(album_tree(albums)) == {*before, "Food/2024/coffee.jpg"}
    assert runs(album_sort, albums)[:-1] == first
    assert album_sort("undo", "--out", albums).code == 0
    assert album_tree(albums) == before


def test_an_applied_plan_with_the_clock_set_back_is_the_last_run(
    photos: Path, tmp_path: Path, album_sort: Program
) -> None:
    albums, plan = tmp_path / "albums", tmp_path / "plan"
    assert album_sort(photos, "--out", albums, *SHIPPED).code == 0
    before, first = album_tree(albums), runs(album_sort, albums)
    make_tree(photos, {"coffee.jpg": picture_jpeg(pictures.coffee(), taken=datetime(2024, 6, 1, 10))})
    assert album_sort(photos, "--out", albums, "--save-plan", plan, *SHIPPED).code == 0
    in_2001("apply", plan, "--quiet")
    assert runs(album_sort, albums)[:-1] == first
    assert album_sort("undo", "--out", albums).code == 0
    assert album_tree(albums) == before


def test_a_clock_that_goes_right_is_believed() -> None:
    earlier, now = datetime(2026, 1, 1, 10), datetime(2026, 1, 1, 11)
    assert not_before(now, earlier) == not_before(now, None) == now
    assert not_before(earlier, now) > now
    assert not_before(now, now) > now
