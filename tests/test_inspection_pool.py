"""A decoder that crashes or hangs costs one file at most; Ctrl-C ends within two seconds and keeps what was done."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from album_sort.classifier.resnet18 import RESNET18
from album_sort.errors import AlbumSortError
from album_sort.inspection.messages import Failed, Read, ReaderSettings
from album_sort.inspection.pool import ReaderPool
from album_sort.types import FileEntry, Reason
from tests.builders import make_jpeg, make_tree
from tests.test_inspection import Inspector, entries

ROOT = Path(__file__).resolve().parent.parent

pytestmark = [
    pytest.mark.alone,
    pytest.mark.usefixtures("own_readers"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the reading processes through /proc"),
]


def readers(of: int | None = None) -> list[int]:
    """The reading processes of a run, by process id."""
    found = []
    for children in Path(f"/proc/{of or os.getpid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            for child in children.read_text().split():
                with contextlib.suppress(OSError):
                    if b"album_sort.inspection.reader" in Path(f"/proc/{child}/cmdline").read_bytes():
                        found.append(int(child))
    return found


def has_picture_in_hand(reader: int) -> bool:
    """Whether it holds the pixels of the slow picture: it takes 50 MB more than after its start."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{reader}/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE") > 100 << 20
    return False


@contextlib.contextmanager
def signalling(number: signal.Signals, *, most: int = 1_000_000) -> Iterator[list[int]]:
    """Sends a signal to up to so many reading processes, each while it works on the slow picture."""
    hit: list[int] = []
    done = threading.Event()

    def hunt() -> None:
        while not done.wait(0.002):
            for reader in readers():
                if reader not in hit and len(hit) < most and has_picture_in_hand(reader):
                    hit.append(reader)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(reader, number)

    thread = threading.Thread(target=hunt)
    thread.start()
    try:
        yield hit
    finally:
        done.set()
        thread.join()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "photos", {f"{seed:02}.jpg": make_jpeg(seed) for seed in range(12)})


@pytest.fixture(scope="module")
def slow_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a PNG that takes a decoder a second: 60 megapixels."""
    folder = tmp_path_factory.mktemp("slow")
    noise = np.random.default_rng(0).integers(0, 64, (600, 800), np.uint8)
    Image.fromarray(np.tile(noise, (12, 10))).save(folder / "slow.png", compress_level=1)
    return folder


def settings(tmp_path: Path, seconds_per_file: float = 8.0) -> ReaderSettings:
    return ReaderSettings(RESNET18.preprocessing, 64, tmp_path / "cache", "key", 1 << 30, seconds_per_file)


def test_a_process_killed_by_others_costs_no_file(tmp_path: Path, slow_picture: Path, photos: Path) -> None:
    """The system may kill it when memory is short: its file is tried once more in a new process."""
    files = [*entries(slow_picture), *entries(photos)]
    with signalling(signal.SIGKILL, most=1) as killed:
        result = Inspector(tmp_path / "cache")(files)
    assert len(killed) == 1
    assert (len(result.inspections), result.failed) == (13, {})


def test_a_file_that_crashes_every_process_is_reported_and_the_others_are_not(
    tmp_path: Path, slow_picture: Path, photos: Path
) -> None:
    inspector = Inspector(tmp_path / "cache")
    with signalling(signal.SIGSEGV):
        result = inspector(entries(slow_picture))
    (skipped,) = result.failed.values()
    assert skipped.reason == Reason.of("skip.crashed", detail="SIGSEGV")
    again = inspector([*entries(slow_picture), *entries(photos)])
    assert (len(again.inspections), again.failed) == (13, {}), "a crash is not held against the content for ever"


def test_a_process_that_hangs_is_given_up_and_its_file_reported(
    tmp_path: Path, slow_picture: Path, photos: Path
) -> None:
    """A stopped process stands for a decoder in an endless wait."""
    inspector = Inspector(tmp_path / "cache", seconds_per_file=1.0)
    began = time.monotonic()
    with signalling(signal.SIGSTOP, most=1) as stopped:
        result = inspector([*entries(slow_picture), *entries(photos)])
    assert len(stopped) == 1
    assert [skipped.reason for skipped in result.failed.values()] == [Reason.of("skip.too-slow", seconds=1.0)]
    assert len(result.inspections) == 12
    assert time.monotonic() - began < 60
    assert not readers()


def test_processes_that_cannot_start_are_an_error_and_not_a_list_of_bad_photos(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(AlbumSortError, match="cannot be started") as caught:
        Inspector(tmp_path / "cache")(entries(photos))
    assert "album_sort.inspection.reader" in caught.value.hint


def test_reading_pauses_when_nobody_takes_the_answers(tmp_path: Path, photos: Path) -> None:
    """Memory stays flat: with three answers waiting, no more than those and what is in the pipes has been read."""
    taken = 0
    with ReaderPool(settings(tmp_path), workers=1, waiting=3) as pool:
        for _ in pool.read(_counted(entries(photos), counter := [0])):
            taken += 1
            time.sleep(0.1)
            assert counter[0] <= taken + 3 + 4 + 2
    assert taken == 12


def _counted(files: list[FileEntry], counter: list[int]) -> Iterator[FileEntry]:
    for file in files:
        counter[0] += 1
        yield file


def test_leaving_early_ends_all_processes_at_once(tmp_path: Path, photos: Path, slow_picture: Path) -> None:
    with ReaderPool(settings(tmp_path), workers=2, waiting=64) as pool:
        answers = pool.read([*entries(photos), *entries(slow_picture) * 100])
        assert isinstance(next(answers), Read | Failed)
        left = time.monotonic()
    # All that is left would take the better part of a minute, and far more where the machine is slow.
    assert time.monotonic() - left < 15
    assert not readers()


RUN = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background ignores it
from tests.test_inspection import Inspector, entries
def progress(done, path):
    print(done, flush=True)
try:
    Inspector(Path(sys.argv[2]))(entries(Path(sys.argv[1])), on_progress=progress)
except KeyboardInterrupt:
    sys.exit(130)
"""


def start(photos: Path, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(photos), str(cache)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(run: subprocess.Popen[str], done: int) -> None:
    assert run.stdout
    for line in run.stdout:
        if int(line) >= done:
            return


@pytest.mark.parametrize("after", [1, 30])
def test_ctrl_c_ends_within_two_seconds_and_keeps_all_but_a_batch(tmp_path: Path, after: int) -> None:
    photos = make_tree(tmp_path / "many", {f"{seed:03}.jpg": make_jpeg(seed, (1600, 1200)) for seed in range(150)})
    begun = time.monotonic()
    run = start(photos, tmp_path / "cache")
    wait_for(run, after)
    children = readers(run.pid)
    began = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the run and its reading processes
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 130
    # Two seconds on a machine on which it takes one to begin.
    assert time.monotonic() - began < 2 * max(1.0, began - begun)
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    done = max([after, *(int(line) for line in output.split())])
    assert Inspector(tmp_path / "cache")(entries(photos)).read_count <= 150 - done + 4


def test_a_killed_run_leaves_no_process_behind(tmp_path: Path) -> None:
    photos = make_tree(tmp_path / "many", {f"{seed:03}.jpg": make_jpeg(seed, (1600, 1200)) for seed in range(100)})
    run = start(photos, tmp_path / "cache")
    wait_for(run, 5)
    children = readers(run.pid)
    run.kill()
    run.communicate()
    for _ in range(600):
        if not any(Path(f"/proc/{child}").exists() for child in children):
            break
        time.sleep(0.1)
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
