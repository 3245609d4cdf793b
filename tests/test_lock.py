"""One run per destination: the second one is told who holds it, and a killed holder blocks nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from album_sort.errors import DestinationError, DestinationLocked
from album_sort.fileops.lock import check_unlocked, destination_lock
from tests.destination_builders import snapshot

HOLD = """
import sys, time
from album_sort.fileops.lock import destination_lock
with destination_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(destination: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(destination)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_second_run_ends_with_11_and_names_the_first(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    with pytest.raises(DestinationLocked, match=f"process {holder.pid} on ") as locked, destination_lock(str(tmp_path)):
        pytest.fail("two runs at once")
    end(holder)
    assert int(locked.value.exit_code) == 11


def test_a_run_can_wait_for_the_other(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    start = time.monotonic()
    with pytest.raises(DestinationLocked), destination_lock(str(tmp_path), wait_seconds=0.3):
        pass
    assert time.monotonic() - start >= 0.3
    end(holder)


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path) -> None:
    end(hold(tmp_path))
    with destination_lock(str(tmp_path)):
        pass


def test_locking_again_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    with destination_lock(str(tmp_path)):
        pass
    before = {name: mark for name, mark in snapshot(tmp_path).items() if not (tmp_path / name).is_dir()}
    with destination_lock(str(tmp_path)):
        pass
    assert {name: mark for name, mark in snapshot(tmp_path).items() if not (tmp_path / name).is_dir()} == before


def test_a_destination_that_cannot_be_written_to_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DestinationError, match="cannot lock"), destination_lock(str(tmp_path / "file")):
        pass
    assert os.listdir(tmp_path) == ["file"]


def test_whoever_only_looks_waits_for_the_other_and_holds_nothing_afterwards(tmp_path: Path) -> None:
    check_unlocked(str(tmp_path))
    with destination_lock(str(tmp_path)):
        before = snapshot(tmp_path)
        for seconds in (0.0, 0.1):
            with pytest.raises(DestinationLocked, match=f"process {os.getpid()} on "):
                check_unlocked(str(tmp_path), wait_seconds=seconds)
        assert snapshot(tmp_path) == before
    check_unlocked(str(tmp_path))
    with destination_lock(str(tmp_path)):
        pass


@pytest.mark.parametrize("said", [b"", b"{}", b"[1]", b"\xff", b'{"pid": 1}'])
def test_a_holder_that_cannot_be_read_is_not_named(tmp_path: Path, said: bytes) -> None:
    with destination_lock(str(tmp_path)):
        (tmp_path / ".album-sort/lock-holder.json").write_bytes(said)
        with pytest.raises(DestinationLocked) as told:
            check_unlocked(str(tmp_path))
    assert str(told.value).endswith(str(tmp_path))


def test_a_link_under_the_name_of_the_lock_empties_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "albums/.album-sort").mkdir(parents=True)
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "albums/.album-sort/lock").symlink_to(tmp_path / "theirs")
    with (
        pytest.raises(DestinationError, match="its lock is not an ordinary file"),
        destination_lock(str(tmp_path / "albums")),
    ):
        pass
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
