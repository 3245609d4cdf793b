"""Supervises the reading processes: keeps them fed, takes their answers, and replaces one that crashes or hangs.

A pool of the standard library dies as a whole with one worker; here a crash or a hang costs the file in hand, which is
reported, and its process is started anew.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Self

from album_sort.inspection.messages import Answer, Failed, ReaderSettings
from album_sort.types import FileEntry, Skipped, Stage

SECONDS_PER_FILE = 8.0
"""Most time for one file, beside the time to read its bytes: a good decoder needs a tenth of a second."""

SLOWEST_BYTES_PER_S = 4_000_000
"""A network drive at its worst; longer files get more time."""

_AHEAD = 4
"""Files handed to a process before it has answered the first: it never waits for us."""

_END = None


class _Reader:
    """One reading process, its pipe and the files it has in hand, the first of which it is working on."""

    def __init__(self, settings: ReaderSettings) -> None:
        ours, theirs = socket.socketpair()
        # One thread for numpy's libraries: there are as many processes as cores already.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        package_root = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (package_root, environment.get("PYTHONPATH"))))
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "album_sort.inspection.reader", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        self.connection = Connection(ours.detach())
        self.connection.send(settings)
        self.files: deque[FileEntry] = deque()
        self.deadline = float("inf")

    def give(self, file: FileEntry) -> None:
        """Hands over one more file."""
        if not self.files:
            self._start_clock(file)
        self.files.append(file)
        self.connection.send(file)

    def take(self) -> Answer:
        """The answer for the first file in hand; raises EOFError when the process has died."""
        answer: Answer = self.connection.recv()
        self.files.popleft()
        self.deadline = float("inf")
        if self.files:
            self._start_clock(self.files[0])
        return answer

    def _start_clock(self, file: FileEntry) -> None:
        self.deadline = time.monotonic() + SECONDS_PER_FILE + file.size_bytes / SLOWEST_BYTES_PER_S

    def end(self) -> int:
        """Kills the process; returns its exit code (negative: the signal)."""
        with contextlib.suppress(OSError):
            self.connection.close()
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()


class ReaderPool:
    """Answers for files, in no particular order; memory stays flat however many files there are."""

    def __init__(self, settings: ReaderSettings, workers: int, waiting: int) -> None:
        """`waiting`: most answers that wait to be taken before the reading pauses."""
        self._settings = settings
        self._workers = workers
        self._answers: queue.Queue[Answer | BaseException | None] = queue.Queue(maxsize=waiting)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def read(self, files: Iterable[FileEntry]) -> Iterator[Answer]:
        """One answer for each file."""
        self._thread = threading.Thread(target=self._supervise, args=(iter(files),), name="reader-pool", daemon=True)
        self._thread.start()
        while (answer := self._answers.get()) is not _END:
            if isinstance(answer, BaseException):
                raise answer
            yield answer

    def __enter__(self) -> Self:
        """The pool itself; processes start with `read`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all processes, whatever they have in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _supervise(self, files: Iterator[FileEntry]) -> None:
        readers: list[_Reader] = []
        try:
            readers = [_Reader(self._settings) for _ in range(self._workers)]
            self._feed_and_take(readers, files)
            self._put(_END)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that takes the answers
            self._put(error)
        finally:
            for reader in readers:
                reader.end()

    def _feed_and_take(self, readers: list[_Reader], files: Iterator[FileEntry]) -> None:
        again: deque[FileEntry] = deque()
        for reader in readers:
            self._feed(reader, files, again)
        while not self._stop.is_set() and any(reader.files for reader in readers):
            busy = {reader.connection: reader for reader in readers if reader.files}
            patience = max(min(reader.deadline for reader in busy.values()) - time.monotonic(), 0)
            for ready in wait(list(busy), timeout=min(patience, 0.5)):
                reader = busy[ready]  # type: ignore[index] # only our own connections are waited for
                try:
                    self._put(reader.take())
                except (EOFError, OSError):
                    self._replace(readers, reader, again, hung=False)
                    continue
                self._feed(reader, files, again)
            for reader in readers:
                if reader.files and time.monotonic() > reader.deadline:
                    self._replace(readers, reader, again, hung=True)
            for reader in readers:
                if not reader.files:
                    self._feed(reader, files, again)

    def _feed(self, reader: _Reader, files: Iterator[FileEntry], again: deque[FileEntry]) -> None:
        while len(reader.files) < _AHEAD:
            file = again.popleft() if again else next(files, None)
            if file is None:
                return
            try:
                reader.give(file)
            except OSError:
                return  # it has died; the coming `take` finds out

    def _replace(self, readers: list[_Reader], dead: _Reader, again: deque[FileEntry], *, hung: bool) -> None:
        """A new process in place of one that crashed or hangs; the file in hand is to blame, the others get a new try."""
        code = dead.end()
        culprit = dead.files.popleft()
        again.extend(dead.files)
        reason = (
            f"took longer than {SECONDS_PER_FILE:.0f} s to decode" if hung else f"crashed the decoder ({_cause(code)})"
        )
        self._put(Failed(culprit, Skipped(culprit.path, Stage.DECODE, reason), None))
        readers[readers.index(dead)] = _Reader(self._settings)

    def _put(self, answer: Answer | BaseException | None) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._answers.put(answer, timeout=0.2)
                return


def _cause(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
