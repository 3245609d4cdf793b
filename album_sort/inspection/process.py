"""One reading process as its supervisor sees it: its pipe, the files it has in hand, and the clock of the first of them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path

from album_sort.inspection.messages import Answer, ReaderSettings, Ready, Request
from album_sort.sentences import sentence
from album_sort.types import FileEntry

SLOWEST_BYTES_PER_S = 4_000_000
"""A network drive at its worst; longer files get more time."""

SECONDS_TO_START = 60.0
"""For an interpreter and its libraries from a cold disk."""


class ReaderProcess:
    """The files in hand are worked on in order; the first of them is the one to blame for a crash."""

    def __init__(self, settings: ReaderSettings) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start_reader(theirs.fileno())
        self.connection = Connection(ours.detach())
        self.requests: deque[Request] = deque()
        self.is_ready = False
        self._seconds_per_file = settings.seconds_per_file
        self._start_clock(SECONDS_TO_START)
        with contextlib.suppress(OSError):  # it has died at once: the first `take` finds out
            self.connection.send(settings)

    def give(self, request: Request) -> None:
        """Hands over one more file; a process that has died takes it too, and is found out by the next `take`."""
        self.requests.append(request)
        if len(self.requests) == 1 and self.is_ready:
            self._start_clock_for(request.file)
        with contextlib.suppress(OSError):
            self.connection.send(request.order)

    def take(self) -> tuple[Request, Answer] | None:
        """The first request in hand with its answer, None for the first word; raises EOFError or OSError when it has died."""
        answer: Answer | Ready = self.connection.recv()
        request = None
        if isinstance(answer, Ready):
            self.is_ready = True
        else:
            request = self.requests.popleft()
        if self.requests:
            self._start_clock_for(self.requests[0].file)
        return None if isinstance(answer, Ready) or request is None else (request, answer)

    @property
    def seconds_left(self) -> float:
        """Until it is overdue; time in which the system gave it no processor does not count (a busy machine, a cron job)."""
        passed = time.monotonic() - self._started
        if passed > self._allowed:
            passed -= _starved_s(self._process.pid) - self._starved_before
        return self._allowed - passed

    def _start_clock_for(self, file: FileEntry) -> None:
        self._start_clock(self._seconds_per_file + file.size_bytes / SLOWEST_BYTES_PER_S)

    def _start_clock(self, allowed_s: float) -> None:
        self._allowed = allowed_s
        self._started = time.monotonic()
        self._starved_before = _starved_s(self._process.pid)

    def kill(self) -> None:
        """Ends the process, whatever it has in hand; the pipe stays open to be read to its end."""
        if self._process.poll() is None:
            self._process.kill()

    def end(self) -> str:
        """Kills the process and closes its pipe; returns why it had ended, in words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.1)  # one that has just closed its pipe is about to end on its own
        self.kill()
        code = self._process.wait()
        self.connection.close()
        if code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return sentence("common.exit-code", code=code)


def start_reader(descriptor: int) -> subprocess.Popen[bytes]:
    """A new process that reads files; `descriptor` is its end of a socket, which it inherits."""
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "album_sort.inspection.reader", str(descriptor)],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=reader_environment(),
    )


def reader_environment() -> dict[str, str]:
    """Our own, with what its libraries are to know."""
    package_root = str(Path(__file__).resolve().parents[2])
    return {
        **os.environ,
        # One thread for numpy's libraries: there are as many processes as cores already.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH")))),
    }


def _starved_s(pid: int) -> float:
    """Seconds that a process has waited for a processor in all; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as source:
            return int(source.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
