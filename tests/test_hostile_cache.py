"""What lies in the user's cache, and files that albums from elsewhere name: bounded, never waited for, never repeated, made anew."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from album_sort.classifier.kept import keep, read_kept
from album_sort.classifier.weights import file_sha256
from album_sort.config import ALBUMS_ORIGIN, Layer, resolve_settings
from album_sort.errors import ModelError, UsageError
from album_sort.fileops.destination import Destination
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.operations.known_problems import KnownProblems
from album_sort.pipeline.policy import check_kept_rules, load_rules
from album_sort.pipeline.unchanged import LastRun, keep_last_run, recall_last_run
from album_sort.reading import sha256_of
from album_sort.state.cache import CACHE_FILE, CacheReader, InferenceCache
from album_sort.state.database import Damaged, check_files
from album_sort.types import Skipped, Stage
from album_sort.types.inner_paths import NO_RUN
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.test_cache import KEY, NO_HEADER, content, entry
from tests.test_special_files import hole, pipe

Maker = Callable[[Path], None]


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """A reader that waits does so for ever: then the tests end here."""
    signal.alarm(120)
    yield
    signal.alarm(0)


def link(path: Path) -> None:
    other = path.with_name("precious.sqlite")
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    path.symlink_to(other)


def trigger(path: Path) -> None:
    with InferenceCache.open(path.parent, KEY):
        pass
    connection = sqlite3.connect(path)
    connection.execute("CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM contents; END")
    connection.close()


def nonsense(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)


@pytest.mark.parametrize("make", [pipe, hole, link, trigger, nonsense], ids=lambda make: make.__name__)
def test_a_cache_that_is_none_of_ours_is_made_anew_and_says_so(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / CACHE_FILE)
    assert CacheReader(tmp_path, KEY).find_content(entry(), content(1)) is None
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.find_all([entry()])
        assert cache.is_made_anew
        assert not cache.has_read("/photos/a.jpg")
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert not cache.is_made_anew
    precious = tmp_path / "precious.sqlite"
    if precious.exists():
        connection = sqlite3.connect(precious)
        assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["mine"]
        connection.close()


@pytest.mark.parametrize("make", [pipe, hole], ids=lambda make: make.__name__)
def test_files_beside_the_cache_are_never_waited_for(tmp_path: Path, make: Maker) -> None:
    keep_last_run(tmp_path, "/albums", LastRun("a", "b"))
    assert recall_last_run(tmp_path, "/albums") == LastRun("a", "b")
    known = KnownProblems.read(tmp_path, "/albums")
    for path in (*(tmp_path / "runs").iterdir(), known.file, tmp_path / "weights"):
        path.unlink(missing_ok=True)
        make(path)
    assert recall_last_run(tmp_path, "/albums") is None
    assert KnownProblems.read(tmp_path, "/albums").marks == {}
    assert read_kept(tmp_path / "weights") is None
    with pytest.raises(ModelError, match="cannot read weights file"):
        file_sha256(tmp_path / "weights")
    # Writing replaces them.
    keep_last_run(tmp_path, "/albums", LastRun("a", "b"))
    keep(b"content", tmp_path / "weights")
    assert recall_last_run(tmp_path, "/albums") == LastRun("a", "b")
    assert bytes(read_kept(tmp_path / "weights") or b"") == b"content"


# --- a file of ours that has become as large as the disk ------------------------------------------------------------------


def test_a_hole_in_the_place_of_a_photo_is_not_read(tmp_path: Path) -> None:
    hole(tmp_path / "photo.jpg")
    with pytest.raises(OSError, match="1,024 GB but is empty"):
        RealFileSystem().digest(str(tmp_path / "photo.jpg"))
    dest = Destination(RealFileSystem(), str(tmp_path), NO_RUN)
    assert not dest.holds(str(tmp_path / "photo.jpg"), content(1), 1 << 40)


def test_a_file_of_another_size_is_not_read_to_know_that_it_is_another(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"x" * 1000)
    descriptor = os.open(photo, os.O_RDONLY)
    digest, _ = sha256_of(descriptor, photo)
    os.close(descriptor)
    dest = Destination(RealFileSystem(), str(tmp_path), NO_RUN)
    assert dest.holds(str(photo), digest, 1000)  # type: ignore[arg-type] # a content id is a text
    assert not dest.holds(str(photo), digest, 999)  # type: ignore[arg-type]


def test_a_database_that_is_a_hole_is_not_copied(tmp_path: Path) -> None:
    hole(tmp_path / "state.sqlite")
    with pytest.raises(Damaged, match="hole"):
        check_files(tmp_path / "state.sqlite")


# --- what albums from elsewhere name -----------------------------------------------------------------------------------------


def kept(path: Path) -> Layer:
    return Layer(ALBUMS_ORIGIN, {"albums": str(path)})


def secret(path: Path) -> None:
    path.write_text("password = 'hunter2'\n[albums.pets]\ntitle = 3\n")


@pytest.mark.parametrize("make", [pipe, hole, secret], ids=lambda make: make.__name__)
def test_rules_that_the_albums_name_are_neither_waited_for_nor_repeated(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "rules")
    with pytest.raises(UsageError, match="these albums were made with the rules in") as refused:
        check_kept_rules(resolve_settings((kept(tmp_path / "rules"),)))
    assert "hunter2" not in f"{refused.value}{refused.value.hint}"
    assert refused.value.__cause__ is None
    with pytest.raises(UsageError):
        load_rules(str(tmp_path / "rules"), is_kept=True)


def test_explain_reads_no_other_file_than_the_photo_because_the_albums_say_so(
    tmp_path: Path, album_sort: Program
) -> None:
    """The albums may have come from elsewhere, and name any file of this machine as the source of a photo."""

    make_tree(tmp_path, {"P/a.jpg": make_jpeg(1), "private/b.jpg": make_jpeg(2)})
    assert album_sort("P", "--out", "Albums", "--offline", cwd=tmp_path).code == 0
    (filed,) = (path for path in (tmp_path / "Albums").rglob("a.jpg"))
    database = sqlite3.connect(tmp_path / "Albums/.album-sort/state.sqlite")
    database.execute("UPDATE outputs SET source = ?", (str(tmp_path / "private/b.jpg"),))
    database.commit()
    database.close()
    told = album_sort("explain", str(filed), "--out", "Albums", "--offline", cwd=tmp_path)
    assert (told.code, told.stdout) == (2, "")
    assert "holds another picture" in told.stderr


def test_a_sound_cache_with_all_its_tables_is_kept_without_a_word(tmp_path: Path) -> None:
    """Some of its tables are made when they are first written to."""
    for _ in range(2):
        with InferenceCache.open(tmp_path, KEY) as cache:
            cache.add_failure(entry(), content(1), Skipped("/photos/a.jpg", Stage.DECODE, NO_HEADER))
            cache.commit()
            # Makes every table.
            cache.forget_oldest(most=1_000)
            cache.add_failure(entry("/photos/b.jpg"), content(2), Skipped("/photos/b.jpg", Stage.DECODE, NO_HEADER))
            cache.commit()
            assert cache.forget_oldest(most=1) == 1
            assert not cache.is_made_anew
    connection = sqlite3.connect(tmp_path / CACHE_FILE)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'readings'").fetchone() == (1,)
    connection.close()
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert not cache.is_made_anew
