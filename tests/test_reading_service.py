"""A reading pool that lives: it serves whoever asks, files and bytes, from any thread, and one bad picture costs itself alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from album_sort.classifier.resnet18 import RESNET18
from album_sort.errors import AlbumSortError
from album_sort.inspection.messages import Answer, Failed, Known, LookedCloser, Read, ReaderSettings, ReaderTask
from album_sort.inspection.pool import ReaderPool
from album_sort.inspection.uploads import Uploads, usable_name
from album_sort.types import CLOSER_VIEWS, FileKind
from tests.builders import make_jpeg, make_tree
from tests.test_inspection import entries
from tests.test_inspection_pool import readers

pytestmark = [
    pytest.mark.alone,
    pytest.mark.usefixtures("own_readers"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the reading processes through /proc"),
]


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReaderPool]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    settings = ReaderSettings(RESNET18.preprocessing, 64, tmp_path / "cache", "key", 1 << 30, 30.0)
    with ReaderPool(settings, workers=2) as service:
        yield service


def send(pool: ReaderPool, data: bytes, name: str = "") -> Future[Answer]:
    return pool.submit(pool.keep_upload(data, name).done())


def read(answer: Future[Answer]) -> Read:
    found = answer.result(timeout=60)
    assert isinstance(found, Read)
    return found


def test_bytes_are_read_as_the_file_would_be(pool: ReaderPool, tmp_path: Path) -> None:
    photos = make_tree(tmp_path / "photos", {"IMG_20240501_101500.jpg": make_jpeg(1)})
    (file,) = entries(photos)
    of_file = read(pool.submit(file))
    of_bytes = read(send(pool, make_jpeg(1), "IMG_20240501_101500.jpg"))
    assert of_bytes.inspection.content_id == of_file.inspection.content_id
    assert of_bytes.inspection.file.name == of_file.inspection.file.name
    assert of_bytes.views is not None
    assert of_file.views is not None
    assert (of_bytes.views == of_file.views).all()


def test_what_a_killed_server_has_left_is_taken_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not what another one holds."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("album_sort.inspection.held_folders._SECONDS_TO_BE_HELD", 0.0)
    held = Uploads()
    kept = held.keep(b"picture", "a.jpg").done()
    killed = Uploads()
    left = killed.keep(b"picture", "b.jpg").done()
    assert killed._folder is not None
    os.close(killed._folder._held)  # as the system does
    Uploads().keep(b"picture", "c.jpg").done()
    assert Path(kept.path).exists()
    assert not Path(left.path).exists()
    held.close()


def test_what_was_sent_is_gone_when_it_is_dropped_and_when_all_ends(pool: ReaderPool, tmp_path: Path) -> None:
    """Not before: it may be read for something else once more."""
    sent = [pool.keep_upload(make_jpeg(seed), "a.jpg") for seed in (2, 3)]
    content = read(pool.submit(sent[0].done())).inspection.content_id
    closer = pool.submit(sent[0].done(), ReaderTask.LOOK_CLOSER).result(timeout=60)
    assert isinstance(closer, LookedCloser)
    assert closer.content_id == content
    assert closer.views.shape == (CLOSER_VIEWS, 224, 224, 3)
    sent[1].done()
    sent[0].drop()
    assert [path.read_bytes() for path in (tmp_path / "temporary").rglob("*.jpg")] == [make_jpeg(3)]
    pool.close()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_many_threads_are_served_by_the_same_processes(pool: ReaderPool) -> None:
    read(send(pool, make_jpeg(0)))
    before = readers()
    found: dict[int, str] = {}

    def ask(seed: int) -> None:
        found[seed] = read(send(pool, make_jpeg(seed), f"{seed}.jpg")).inspection.file.name

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert found == {seed: f"{seed}.jpg" for seed in range(12)}
    assert readers() == before
    assert len(before) == 2


def test_what_cannot_be_read_is_an_answer_and_the_next_is_served(pool: ReaderPool) -> None:
    broken = send(pool, make_jpeg(3)[:200], "half.jpg").result(timeout=60)
    nonsense = send(pool, b"no picture at all", "text.jpg").result(timeout=60)
    assert isinstance(broken, Failed)
    assert isinstance(nonsense, Failed)
    assert broken.skipped.reason.code.startswith("skip.")
    assert read(send(pool, make_jpeg(3))).views is not None


def test_processes_that_died_while_nobody_asked_are_replaced(pool: ReaderPool) -> None:
    read(send(pool, make_jpeg(4)))
    for reader in readers():
        os.kill(reader, signal.SIGKILL)
    assert read(send(pool, make_jpeg(5))).views is not None


def test_a_process_that_hangs_over_an_upload_is_given_up(tmp_path: Path) -> None:
    settings = ReaderSettings(RESNET18.preprocessing, 64, tmp_path / "cache", "key", 1 << 30, 1.0)
    with ReaderPool(settings, workers=1) as service:
        read(send(service, make_jpeg(6)))
        (reader,) = readers()
        os.kill(reader, signal.SIGSTOP)
        hung = send(service, make_jpeg(7), "slow.jpg").result(timeout=60)
        assert isinstance(hung, Failed)
        assert hung.skipped.reason.code == "skip.too-slow"
        assert read(send(service, make_jpeg(8))).views is not None


def test_a_run_and_single_requests_share_a_pool(pool: ReaderPool, tmp_path: Path) -> None:
    photos = make_tree(tmp_path / "photos", {f"{seed}.jpg": make_jpeg(seed) for seed in range(8)})
    answers = pool.read(entries(photos))
    first = next(answers)
    assert isinstance(first, Read | Known)
    assert read(send(pool, make_jpeg(99))).views is not None
    assert len([*answers]) == 7


def test_an_ended_pool_refuses_and_keeps_nobody_waiting(pool: ReaderPool) -> None:
    waiting = [send(pool, make_jpeg(seed)) for seed in range(20)]
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 30
    for answer in waiting:
        assert answer.done()
    with pytest.raises(AlbumSortError, match="was ended"):
        send(pool, make_jpeg(0)).result(timeout=60)
    assert not readers()
    pool.close()


@pytest.mark.parametrize(
    ("sent", "used"),
    [
        ("IMG_1.JPG", "IMG_1.JPG"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Photos\\cat.jpg", "cat.jpg"),
        ("..", "upload"),
        ("", "upload"),
        ("a/", "upload"),
        ("x" * 300, "upload"),
        ("nul\0l.jpg", "null.jpg"),
        ("二世古.jpg", "二世古.jpg"),
    ],
)
def test_a_name_that_was_sent_never_leads_anywhere(sent: str, used: str) -> None:
    assert usable_name(sent) == used


def test_a_sidecar_or_a_film_that_was_sent_is_what_its_name_says(pool: ReaderPool) -> None:
    film = send(pool, b"\0\0\0\x14ftypqt  " + bytes(64), "film.mov").result(timeout=60)
    assert isinstance(film, Read)
    assert film.inspection.file.kind is FileKind.VIDEO
    assert film.views is None
