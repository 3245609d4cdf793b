"""`learn --fine`: cartons of one maker that differ by what is printed on them, told apart by a closer look, in real runs of the network."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.builders import make_tree
from tests.conftest import Program, Ran
from tests.learn_pictures import OTHERS, as_jpeg, crop
from tests.product_pictures import KINDS, SHIPPED, product_photo

FIRST, SECOND = KINDS[0], KINDS[6]
SHOWN = 10


def photos(folder: Path) -> None:
    """Sixteen photos of each of two cartons, and sixty of other things."""
    files = {
        f"P/{KINDS[kind]}/{KINDS[kind][0]}{seed:02}.jpg": product_photo(
            kind, seed, backgrounds=SHIPPED, by_word_alone=False
        )
        for kind in (0, 6)
        for seed in range(16)
    }
    for number, of_what in enumerate(OTHERS):
        files |= {f"P/other/{number}-{seed:02}.jpg": as_jpeg(crop(of_what(), 100 * number + seed)) for seed in range(12)}
    shown = {path.replace("P/", "S/", 1): data for path, data in files.items() if int(path[-6:-4]) < SHOWN}
    make_tree(folder, files | {path: data for path, data in shown.items() if "other" not in path})


class Home:
    """Photos, which all tests read, and albums of one test's own."""

    def __init__(self, folder: Path, photos_: Path, program: Program) -> None:
        self.folder, self.photos, self.program = folder, photos_, program

    def sort(self, *more: str) -> Ran:
        return self.call(str(self.photos / "P"), "--offline", *more)

    def call(self, *words: str, code: int = 0) -> Ran:
        ran = self.program(*words, "--out", "A", cwd=self.folder)
        assert ran.code == code, ran.stdout + ran.stderr
        return ran

    def learn(self, *more: str, code: int = 0) -> Ran:
        return self.call("learn", str(self.photos / "S" / FIRST), str(self.photos / "S" / SECOND), *more, code=code)

    def filed(self, album: str) -> set[str]:
        return {path.name for path in (self.folder / "A" / album).rglob("*.jpg")}

    @property
    def looks(self) -> int:
        """Photos that were ever looked at closer, in the cache of all tests of this file."""
        with sqlite3.connect(self.cache / "inference.sqlite") as cache:
            query = "SELECT count(*) FROM predictions JOIN models USING (model) WHERE model_key LIKE '%-closer1'"
            found: int = cache.execute(query).fetchone()[0]
        cache.close()
        return found

    cache: Path


@pytest.fixture(scope="module")
def sorted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closer")
    photos(folder)
    return folder


@pytest.fixture
def home(sorted_once: Path, tmp_path: Path, album_sort: Program, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("ALBUM_SORT_CACHE_DIR", str(sorted_once / "cache"))
    if not (sorted_once / "A").is_dir():
        Home(sorted_once, sorted_once, album_sort).sort()
    shutil.copytree(sorted_once / "A", tmp_path / "A", symlinks=True)
    home = Home(tmp_path, sorted_once, album_sort)
    home.cache = sorted_once / "cache"
    return home


def test_what_differs_by_print_is_told_apart_by_a_closer_look(home: Home) -> None:
    told = json.loads(home.learn("--fine", "--json").stdout.splitlines()[-1])
    print(json.dumps(told, indent=1))
    assert told["looks_closer"]
    follow = {one["title"]: {Path(each["path"]).name for each in one["follow"]} for one in told["albums"]}
    assert sum(map(len, follow.values())) >= 6
    before = home.looks
    preview = home.sort("--dry-run", "--json").stdout
    home.sort()
    for title, followers in follow.items():
        assert {name for name in home.filed(title) if int(name[1:3]) >= SHOWN} == followers, "what it said came true"
        assert {name[0] for name in home.filed(title)} == {title[0]}
    after = home.looks
    home.sort()
    assert home.looks == after, "nothing is looked at twice"
    assert before >= 2 * SHOWN
    print(before, after, preview[-300:])
