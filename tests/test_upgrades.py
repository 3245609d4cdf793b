"""Albums and a cache that an older program made open in this one: nothing moves, new photos come to them, and all can be taken back.

No version is released yet: the folders of `tests/upgrades` were made by the last commits with state version 1, 2 and 3.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.builders import make_jpeg
from tests.conftest import Program
from tests.upgrades.make import HERE, ROOT
from tests.upgrades.photos import NAMES, make_photos, picture

VERSIONS = sorted(path.name for path in HERE.iterdir() if (path / "state.sql").is_file())


def bring_back(version: str, root: Path) -> Path:
    """The photos, albums and cache as the older program left them; gives the albums."""
    make_photos(root / "photos")
    albums = root / "albums"
    state = albums / ".album-sort"
    shutil.copytree(HERE / version / "runs", state / "runs")
    for path in (state / "runs").rglob("*.jsonl"):
        path.write_text(path.read_text().replace(ROOT, str(root)))
    (root / "cache").mkdir()
    for kept, database in (("state.sql", state / "state.sqlite"), ("cache.sql", root / "cache" / "inference.sqlite")):
        connection = sqlite3.connect(database)
        connection.executescript((HERE / version / kept).read_text().replace(ROOT, str(root)))
        connection.close()
    for line in (HERE / version / "filed.tsv").read_text().splitlines():
        below, name, mtime_ns = line.split("\t")
        (albums / below).parent.mkdir(parents=True, exist_ok=True)
        (albums / below).write_bytes(picture(NAMES.index(name)))
        os.utime(albums / below, ns=(int(mtime_ns), int(mtime_ns)))
    return albums


def photos_of(albums: Path) -> dict[str, bytes]:
    found = (path for path in albums.rglob("*") if path.suffix in (".bmp", ".jpg"))
    return {str(path.relative_to(albums)): path.read_bytes() for path in found if ".album-sort" not in path.parts}


def test_there_is_one_for_each_state_version_before_this_one() -> None:
    assert VERSIONS == ["v1", "v2", "v3"]


@pytest.mark.parametrize("version", VERSIONS)
def test_older_albums_go_on(version: str, tmp_path: Path, album_sort: Program) -> None:
    albums = bring_back(version, tmp_path)
    before = photos_of(albums)
    assert len(before) == len(NAMES)
    cache = {"ALBUM_SORT_CACHE_DIR": str(tmp_path / "cache")}

    def call(*words: str) -> str:
        ran = album_sort(*words, "--out", "albums", cwd=tmp_path, **cache)
        assert ran.code == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert call("verify") == "4 ok\n"
    again = call("sort", "photos", "--offline")
    assert photos_of(albums) == before
    assert "4 photos" in again
    (tmp_path / "photos" / "IMG_20240503_120000.jpg").write_bytes(make_jpeg(5))
    call("sort", "photos", "--offline")
    assert len(photos_of(albums)) == len(before) + 1
    call("undo")
    assert photos_of(albums) == before
    call("verify")
    while photos_of(albums):
        call("undo")
    assert sorted(path.name for path in (tmp_path / "photos").glob("*.bmp")) == sorted(NAMES)
