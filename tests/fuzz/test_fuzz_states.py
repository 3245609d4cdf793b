"""Whatever a state folder holds, no verb ends with a traceback, hangs, eats the memory or changes anything beside its destination."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import MEMORY
from tests.fuzz.damaged_states import try_all
from tests.hostile import World, build


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """In memory where there is some: thousands of destinations are made and used up."""
    folder = Path(MEMORY if os.access(MEMORY, os.W_OK) else tmp_path) / f"album-sort-fuzz-{os.getpid()}"
    folder.mkdir()
    # A cache of its own, since that is damaged as well.
    (folder / "cache").mkdir()
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(folder / "cache"))
    yield build(folder)
    shutil.rmtree(folder)


def test_forty_damaged_states_are_used_without_harm(world: World) -> None:
    found, _ = try_all(world, range(40))
    assert found == []


@pytest.mark.long
def test_five_thousand_damaged_states_are_used_without_harm(world: World) -> None:
    found, ended = try_all(world, range(1000, 6000))
    assert found == []
    assert ended["sound"] == 5000
