"""What a large library costs does not grow faster than the library: counted, not timed, on made-up photos without pixels.

benchmarks/bench_million.py makes them, and measures the same with up to a million.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from album_sort.config import Layer
from album_sort.events import silent
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.order import order_for, settings_here
from album_sort.operations.outcome import Outcome
from album_sort.operations.sort import sort as sort_photos
from album_sort.operations.stop import StopRequest
from album_sort.places.gazetteer import Gazetteer
from benchmarks.bench_million import make_all

NETWORK: dict[str, Any] = {"model": "efficientnet-lite0", "offline": True, "mode": "hardlink", "previews": False}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, session_cache: Path) -> Path:
    """Two hundred photos, and three that wait."""
    folder = tmp_path_factory.mktemp("scale")
    Gazetteer.load("en", session_cache)
    (folder / "cache").mkdir()
    for index in session_cache.glob("towns*"):
        shutil.copy(index, folder / "cache")
    make_all(folder, 200, (3,))
    return folder


@pytest.fixture
def sort(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Outcome]:
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(library / "cache"))

    def run() -> Outcome:
        destination = str(tmp_path / "albums")
        call = Layer("call", dict(NETWORK))
        here = settings_here(destination, lambda kept: [call] if kept is None else [kept, call])
        order = order_for([str(library / "photos")], destination, here, is_preview=False)
        known = KnownProblems.read(library / "cache", destination)
        return sort_photos(order, known, sink=silent, stop=StopRequest())

    return run


def is_told_at_a_glance(outcome: Outcome) -> bool:
    return outcome.known_summary is not None


def some_file(albums: Path) -> Path:
    return min(path for path in albums.rglob("IMG_*.jpg"))


def rename(albums: Path) -> None:
    path = some_file(albums)
    path.rename(path.with_name("renamed.jpg"))


def test_a_run_with_nothing_new_is_told_at_a_glance(sort: Callable[[], Outcome]) -> None:
    """Already the second one over a new library, whose first was not told the language that is remembered since."""
    first = sort()
    second = sort()
    assert not is_told_at_a_glance(first)
    assert is_told_at_a_glance(second)
    assert second.summary.photos == first.summary.photos > 190


@pytest.mark.parametrize("disturb", [rename, lambda albums: some_file(albums).unlink()], ids=["renamed", "deleted"])
def test_what_a_person_has_done_is_seen_at_a_glance(
    sort: Callable[[], Outcome], tmp_path: Path, disturb: Callable[[Path], None]
) -> None:
    sort()
    disturb(tmp_path / "albums")
    assert not is_told_at_a_glance(sort())
    assert is_told_at_a_glance(sort())


def test_a_foreign_file_among_the_albums_changes_nothing(sort: Callable[[], Outcome], tmp_path: Path) -> None:
    sort()
    (tmp_path / "albums" / "notes.txt").write_text("mine")
    assert is_told_at_a_glance(sort())
    assert is_told_at_a_glance(sort())


def test_a_photo_that_comes_back_after_it_was_deleted_is_seen(sort: Callable[[], Outcome], tmp_path: Path) -> None:
    """Elsewhere among the albums: no file that is remembered has changed."""
    sort()
    path = some_file(tmp_path / "albums")
    path.rename(tmp_path / "kept.jpg")
    sort()
    assert is_told_at_a_glance(sort())
    (tmp_path / "kept.jpg").rename(tmp_path / "albums" / "kept.jpg")
    assert not is_told_at_a_glance(sort())
