"""Reading processes for tests: the reader of photos imported once, forked for each process that a pool asks for.

Two thirds of the time of a run with a new photo went into the imports of its readers. A fork is a process of its own all the same, which
can be killed, crashes alone and has its own limits; what is proved of starting a reader starts it really (`own_readers` in conftest.py).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import NoReturn

from album_sort.inspection.process import reader_environment, start_reader
from tests import forking, measured_readers

AT_RUN_TIME = ("ALBUM_SORT_", "XDG_", "PYTEST_", "COLUMNS", "LINES", "KMP_INIT_AT_FORK")
"""Beginnings of the names of variables that a process reads while it runs: others may matter to the interpreter's start.

The last ones are set by readline and torch where pytest or a test imports them: they must not send all that follows to interpreters
of their own."""
_LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)


class ServedReader:
    """A forked reader, as its supervisor knows a `subprocess.Popen`."""

    def __init__(self, status: int) -> None:
        """`status`: a pipe on which its number comes at once, and its exit code at its end."""
        self._status = status
        self._heard = b""
        self._lock = threading.Lock()
        self.returncode: int | None = None
        while b"\n" not in self._heard:
            self._listen(None)
        self.pid = int(self._heard.partition(b"\n")[0])

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; raises `subprocess.TimeoutExpired`."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            if not self._listen(None if end is None else max(0, end - time.monotonic())):
                raise subprocess.TimeoutExpired("reader", timeout or 0)
        return self.returncode

    def kill(self) -> None:
        """At once, whatever it does."""
        if self.poll() is None and measured_readers.is_measuring():
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.kill(self.pid, signal.SIGTERM)
                self.wait(measured_readers.MOST_SECONDS)
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended this moment
                os.kill(self.pid, signal.SIGKILL)

    def _listen(self, seconds: float | None) -> bool:
        """Whether there was a word in that time; at the pipe's end the code is known. Whoever ends a pool may wait beside its thread."""
        with self._lock:
            return self.returncode is not None or self._heard_more(seconds)

    def _heard_more(self, seconds: float | None) -> bool:
        if not select.select([self._status], [], [], seconds)[0]:
            return False
        part = os.read(self._status, 100)
        self._heard += part
        if not part:
            os.close(self._status)
            if not self._heard:
                raise OSError("the server of readers has gone")
            self.returncode = int(self._heard.partition(b"\n")[2] or 1)
        return True


class ReaderServer:
    """The server as tests, and programs that tests have forked, see it."""

    def __init__(self, connection: socket.socket | None = None) -> None:
        """`connection`: to a server that has been started in this process's environment; otherwise the first reader starts one."""
        self._socket = connection
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = reader_environment()
        self._limits = _limits()
        self._lock = threading.Lock()

    @property
    def connection(self) -> socket.socket:
        """To the server, which ends when nobody holds its owner's any more."""
        with self._lock:
            return self._socket or self.start_server()

    def start_server(self, listener: socket.socket | None = None) -> socket.socket:
        """Others may ask it by the listener."""
        self._socket, self._process = forking.start(
            [sys.executable, "-m", "tests.reader_server"], self._environment, listener
        )
        return self._socket

    def close(self) -> None:
        """Lets the server go."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.wait()

    def start(self, descriptor: int) -> ServedReader | subprocess.Popen[bytes]:
        """In the place of `start_reader`; starts one really where a fork would differ from it."""
        environment = reader_environment()
        changed = dict(environment.items() ^ self._environment.items())
        if not all(name.startswith(AT_RUN_TIME) for name in changed) or _limits() != self._limits:
            return start_reader(descriptor)
        try:
            folder = os.getcwd()
        except OSError:  # it is gone
            return start_reader(descriptor)
        request = {"environment": environment, "folder": folder, "nice": os.getpriority(os.PRIO_PROCESS, 0)}
        reading, writing = os.pipe()
        try:
            forking.ask(self.connection, request, [descriptor, writing])
        except OSError:
            os.close(reading)
            return start_reader(descriptor)
        finally:
            os.close(writing)
        return ServedReader(reading)


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(limit) for limit in _LIMITS]


def _read(request: Mapping[str, object], connection: int) -> NoReturn:
    """Is the reader: as `python -m album_sort.inspection.reader`, from here to its exit code."""
    from album_sort.inspection.reader import serve  # noqa: PLC0415 - has been imported by the server

    environment = request["environment"]
    assert isinstance(environment, dict)
    code = 1
    try:
        os.chdir(str(request["folder"]))
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        os.nice(int(str(request["nice"])) - os.getpriority(os.PRIO_PROCESS, 0))
        with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
            serve(Connection(connection))
        code = 0
    finally:
        os._exit(code)


def _import_reader() -> None:
    """With what the first photo makes it load: four fifths of the time of a reader that looks at one."""
    from album_sort.classifier.efficientnet_lite0 import EFFICIENTNET_LITE0  # noqa: PLC0415 - only in the server
    from album_sort.images import decode_picture  # noqa: PLC0415 - likewise
    from album_sort.metadata.files import read_metadata  # noqa: PLC0415 - likewise
    from tests.builders import make_jpeg  # noqa: PLC0415 - likewise

    importlib.import_module("album_sort.inspection.reader")
    importlib.import_module("numpy.fft")
    photo, before = make_jpeg(1), native_threads()
    picture = decode_picture(photo, EFFICIENTNET_LITE0.preprocessing, suffix=".jpg", thumbnail_px=64)
    read_metadata(photo, picture.media_format)
    assert native_threads() == before, "a fork would miss a thread that has been started"
    # What is there stays: a fork that looks for circles among it would copy it all.
    gc.collect()
    gc.freeze()


def native_threads() -> int:
    """Those of libraries, too; none where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


if __name__ == "__main__":
    _import_reader()
    owner, listener = map(int, sys.argv[1:])
    forking.ForkServer(owner, listener, descriptors=2, become=_read).serve()
