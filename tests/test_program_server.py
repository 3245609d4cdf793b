"""A forked program answers as a newly started one does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.program_server import ProgramServer
from tests.reader_server import ReaderServer, ServedReader


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["sort", "--help"], ["nonsense"], ["undo", "--out", "nowhere"], ["config", "show"]],
    ids=" ".join,
)
def test_a_fork_says_what_a_new_interpreter_says(
    program_server: ProgramServer, tmp_path: Path, arguments: list[str]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "ALBUM_SORT_LANG": "en"}
    assert program_server.can_serve(environment, str(tmp_path))
    forked = program_server.run(arguments, environment, str(tmp_path), 240)
    started = subprocess.run(
        [sys.executable, "-m", "album_sort", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)


def test_what_an_interpreter_reads_at_its_start_needs_a_new_one(program_server: ProgramServer, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    assert not program_server.can_serve(environment | {"PYTHONUTF8": "0"}, str(tmp_path))
    assert not program_server.can_serve(environment | {"LC_ALL": "ja_JP.EUC-JP"}, str(tmp_path))
    assert not program_server.can_serve(environment, str(tmp_path / "missing"))


def test_a_program_that_takes_too_long_is_killed(program_server: ProgramServer, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with pytest.raises(subprocess.TimeoutExpired):
        program_server.run(["--help"], environment, str(tmp_path), 0.0)
    assert program_server.run(["--version"], environment, str(tmp_path), 240).returncode == 0


@pytest.mark.parametrize("name", ["", "KMP_INIT_AT_FORK", "COLUMNS"])
def test_what_torch_and_a_terminal_set_costs_no_interpreter_for_each_reader(
    reader_server: ReaderServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It did where one process's server was asked by another: twice the time of a run with a new photo."""
    if name:
        monkeypatch.setenv(name, "80")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader = reader_server.start(theirs.fileno())
        assert isinstance(reader, ServedReader)
        reader.kill()
        assert reader.wait(60) == -9


def test_a_fork_of_a_server_holds_nothing_of_another_fork(program_server: ProgramServer, tmp_path: Path) -> None:
    """Its end would not be heard before that of the other."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with ThreadPoolExecutor(4) as together:
        calls = [
            together.submit(program_server.run, [*call], environment, str(tmp_path), 240)
            for call in [("--version",), ("sort", "--help"), ("nonsense",), ("--version",)] * 3
        ]
        assert [call.result().returncode for call in calls] == [0, 0, 2, 0] * 3
