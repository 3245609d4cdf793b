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
from album_sort.fileops.lock import destination_lock
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
