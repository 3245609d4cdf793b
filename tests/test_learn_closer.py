"""`learn --fine`: cartons of one maker that differ by what is printed on them, told apart by a closer look, in real runs of the network."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from album_sort.config import resolve_settings
from album_sort.events import silent
from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.pipeline.closer import CloserLooks
from album_sort.pipeline.engine import SteadyClassifier, make_engine
from album_sort.pipeline.stages import Stages
from album_sort.scan import scan
from album_sort.types import CLOSER_VIEWS, ContentId
from tests.builders import make_tree
from tests.conftest import Program, Ran
from tests.learn_pictures import OTHERS, as_jpeg, crop
from tests.network_builders import FakeClassifier
from tests.product_pictures import KINDS, SHIPPED, product_photo

FIRST, SECOND = KINDS[0], KINDS[6]
SHOWN = 8


def photos(folder: Path) -> None:
    """Twelve photos of each of two cartons, and some of other things."""
    files = {
        f"P/{KINDS[kind]}/{KINDS[kind][0]}{seed:02}.jpg": product_photo(
            kind, seed, backgrounds=SHIPPED, by_word_alone=False, scales=(1.2, 1.5)
        )
        for kind in (0, 6)
        for seed in range(12)
    }
    for number, of_what in enumerate(OTHERS):
        files |= {
            f"P/other/{number}-{seed:02}.jpg": as_jpeg(crop(of_what(), 100 * number + seed)) for seed in range(12)
        }
    shown = {path.replace("P/", "S/", 1): data for path, data in files.items() if int(path[-6:-4]) < SHOWN}
    make_tree(folder, files | {path: data for path, data in shown.items() if "other" not in path})


class Home:
    """Photos, which all tests read, and albums of one test's own."""

    def __init__(self, folder: Path, photos_: Path, program: Program) -> None:
        self.folder, self.photos, self.program = folder, photos_, program

    def sort(self, *more: str) -> Ran:
        return self.call(str(self.photos / "P"), "--offline", "--precision-target", "0.8", *more)

    def call(self, *words: str, code: int = 0) -> Ran:
        ran = self.program(*words, "--out", "A", cwd=self.folder)
        assert ran.code == code, ran.stdout + ran.stderr
        return ran

    def learn(self, *more: str, code: int = 0) -> Ran:
        return self.call("learn", str(self.photos / "S" / FIRST), str(self.photos / "S" / SECOND), *more, code=code)

    def filed(self, album: str) -> set[str]:
        return {path.name for path in (self.folder / "A" / album).rglob("*.jpg")}

    def answered(self, sent: Mapping[str, bytes]) -> dict[str, str]:
        """The album of each picture, as a server of these albums answers."""
        albums = str(self.folder / "A")
        live = LiveAlbums(albums, settings_here(albums, lambda kept: (kept,) if kept else ()))
        with closing(live), live.predictor() as predictor:
            return {name: predictor.predict(data, name)[1].album for name, data in sent.items()}

    @property
    def looks(self) -> int:
        """Photos that were ever looked at closer, in the cache of all tests of this file."""
        with sqlite3.connect(self.cache / "inference.sqlite") as cache:
            query = "SELECT count(*) FROM predictions JOIN models USING (model) WHERE model_key LIKE '%-closer1'"
            found: int = cache.execute(query).fetchone()[0]
        cache.close()
        return found

    def forget_looks(self) -> None:
        with sqlite3.connect(self.cache / "inference.sqlite") as cache:
            cache.execute(
                "DELETE FROM predictions WHERE model IN (SELECT model FROM models WHERE model_key LIKE '%-closer1')"
            )
        cache.close()

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
        Home(sorted_once, sorted_once, album_sort).sort("--save")  # the albums keep the precision that is asked for
    shutil.copytree(sorted_once / "A", tmp_path / "A", symlinks=True)
    home = Home(tmp_path, sorted_once, album_sort)
    home.cache = sorted_once / "cache"
    return home


@pytest.mark.long
def test_what_differs_by_print_is_told_apart_by_a_closer_look(home: Home, tmp_path: Path) -> None:
    told = json.loads(home.learn("--fine", "--json").stdout.splitlines()[-1])
    assert told["looks_closer"]
    assert all(one["found"] >= 0.7 * SHOWN and one["files"] for one in told["albums"]), told
    follow = {one["title"]: {Path(each["path"]).name for each in one["follow"]} for one in told["albums"]}
    names = [(name[0], title[0]) for title, some in follow.items() for name in some]
    assert len(names) >= 3
    assert sum(name == title for name, title in names) >= 0.75 * len(names)
    known = home.looks
    # What is carried elsewhere has been looked at by nobody there: the run looks for itself, and only where it may matter.
    home.call("learn", "export", FIRST, "both.json")
    home.call("learn", "forget", FIRST)
    home.call("learn", "import", "both.json")
    home.forget_looks()
    home.sort()
    filed = {title: {name for name in home.filed(title) if int(name[1:3]) >= SHOWN} for title in follow}
    assert all(filed[title] <= followers for title, followers in follow.items())
    assert any(filed.values())
    looks = home.looks
    assert len(names) <= looks <= known
    home.sort("--dry-run")
    home.sort()
    assert home.looks == looks, "nothing is looked at twice"
    assert "looked at closer" in home.call("learn", "show", FIRST).stdout
    title, follower = next((title, min(some)) for title, some in follow.items() if some)
    source = next((home.photos / "P").rglob(follower))
    assert f"of your {SHOWN} examples of “{title}”" in home.call("explain", str(source), "--offline").stdout
    sent = {
        f"{KINDS[kind][0]}{seed}.jpg": product_photo(
            kind, seed, backgrounds=SHIPPED, by_word_alone=False, scales=(1.2, 1.5)
        )
        for kind in (0, 6)
        for seed in range(40, 46)
    }
    answered = home.answered(sent)
    make_tree(tmp_path / "sent", sent)
    home.call("sort", str(tmp_path / "sent"), "--offline", "--no-previews")
    went = {title: {name for name in sent if answered[name] == title.lower()} for title in (FIRST, SECOND)}
    assert went == {title: home.filed(title) & set(sent) for title in went}
    assert all(went.values()), went
    text = (tmp_path / "both.json").read_text().replace("album-sort lesson 2", "album-sort lesson 7")
    (tmp_path / "later.json").write_text(text)
    assert "newer album-sort" in home.call("learn", "import", "later.json", code=2).stderr


def test_one_album_alone_is_refused_with_what_to_do(home: Home) -> None:
    said = home.call("learn", "Cocoa", str(home.photos / "S" / FIRST), "--fine", code=2).stderr
    assert "taught alone" in said
    assert "learn FOLDER FOLDER... --fine" in said


def test_any_file_that_holds_the_photo_is_looked_at_and_no_other(tmp_path: Path) -> None:
    """A file that is gone, damaged or another one by now is passed over; what was looked at is not looked at again."""
    engine = make_engine(resolve_settings([]).settings, tmp_path / "cache")
    held = make_tree(tmp_path / "P", {f"{n}.jpg": as_jpeg(crop(of_what(), 1)) for n, of_what in enumerate(OTHERS[:4])})
    paths = [str(held / f"{n}.jpg") for n in range(4)]
    content, other, gone, unasked = (ContentId(hashlib.sha256(Path(path).read_bytes()).hexdigest()) for path in paths)
    lost, broken = str(held / "lost.jpg"), str(held / "broken.jpg")
    Path(broken).write_bytes(b"\xff\xd8\xff\xe0 no picture")
    files = {content: [lost, broken, paths[3], paths[0]], other: [paths[0]], gone: [lost], unasked: []}
    classifier = FakeClassifier(engine.model_key)
    engine = replace(engine, held=SteadyClassifier(lambda: classifier))  # type: ignore[arg-type, return-value] # a double
    with engine.open_cache() as cache:
        engine.inspect(scan((str(held),), destination=None).files, cache, lambda *_: None, lambda _: None)
        before = classifier.shown
        for _ in range(2):
            looker = CloserLooks(engine, cache, Stages(silent), files)
            found = looker.looks([content, other, gone])
            assert {one: rows.shape for one, rows in found.items()} == {content: (CLOSER_VIEWS, 512)}
            assert classifier.shown == before + CLOSER_VIEWS
        assert len({*cache.embeddings_of([content])}) == 1, "the look at the whole stays what it was"
