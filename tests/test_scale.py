"""What a large library costs does not grow faster than the library: counted, not timed, on made-up photos without pixels.

benchmarks/bench_million.py makes them, and measures the same with up to a million.
"""

from __future__ import annotations

import cProfile
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from benchmarks.bench_million import make_all

_NOISE_BYTES = 8192
"""A photo may hold that much, however little the ones before it did: caches grow in steps."""

NETWORK: dict[str, Any] = {"model": "efficientnet-lite0", "offline": True, "mode": "hardlink", "previews": False}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred photos of some months."""
    folder = tmp_path_factory.mktemp("scale")
    make_all(folder, 300, ())
    return folder


def sorted_into(albums: Path, library: Path, folders: Sequence[Path]) -> Outcome:
    """A run, as the command does it, whose answer for each photo is in the cache."""
    destination = str(albums)
    call = Layer("call", dict(NETWORK))
    here = settings_here(destination, lambda kept: [call] if kept is None else [kept, call])
    order = order_for(list(map(str, folders)), destination, here, is_preview=False)
    known = KnownProblems.read(library / "cache", destination)
    return sort_photos(order, known, sink=silent, stop=StopRequest())


@pytest.fixture
def sort(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Outcome]:
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(library / "cache"))

    return lambda: sorted_into(tmp_path / "albums", library, [library / "photos" / "2019"])


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
    assert second.summary.photos == first.summary.photos > 200


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


@dataclass
class Effort:
    """What a run took, by counts that do not depend on the machine."""

    photos: int
    calls: int = 0
    """Of functions, by the thread that runs it."""
    held_bytes: int = 0
    """Most memory at once."""


def effort(albums: Path, library: Path, folders: Sequence[Path]) -> Effort:
    found = Effort(sum(path.suffix != ".mov" for folder in folders for path in folder.rglob("*.*")))

    counter = cProfile.Profile()
    tracemalloc.start()
    try:
        counter.enable()
        sorted_into(albums, library, folders)
    finally:
        counter.disable()
        found.held_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    found.calls = sum(each.callcount for each in counter.getstats())
    return found


def test_a_run_over_more_photos_takes_no_more_for_each(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filing and report included: what a hundred more photos take is the same, however many there are already."""
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(library / "cache"))
    months = sorted((library / "photos").glob("2*/*"))
    sorted_into(tmp_path / "first", library, months)  # what is loaded once is loaded
    third = len(months) // 3
    few, more, many = (
        effort(tmp_path / str(part), library, months[: part * third] if part < 3 else months) for part in (1, 2, 3)
    )
    assert few.photos < more.photos < many.photos
    for what in ("calls", "held_bytes"):
        early = (getattr(more, what) - getattr(few, what)) / (more.photos - few.photos)
        late = (getattr(many, what) - getattr(more, what)) / (many.photos - more.photos)
        least = _NOISE_BYTES if what == "held_bytes" else 0
        assert late < max(1.4 * early, least), (what, few, more, many)
