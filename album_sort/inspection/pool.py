"""Supervises the reading processes: keeps them fed, takes their answers, and replaces one that crashes or hangs.

A pool of the standard library dies as a whole with one worker; here a crash or a hang costs the file in hand, which is
reported, and its process is started anew. One pool serves as many requests as are made of it, from any thread: a run reads its
files through it, a server what people send.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from multiprocessing.connection import wait
from typing import Self

from album_sort.errors import AlbumSortError
from album_sort.inspection.messages import Answer, Failed, Order, ReaderSettings, ReaderTask, Request
from album_sort.inspection.process import ReaderProcess
from album_sort.inspection.uploads import Upload, Uploads
from album_sort.sentences import sentence
from album_sort.types import FileEntry, Reason, Skipped, Stage

_AHEAD = 4
"""Files handed to a process before it has answered the first: it never waits for us."""

_MOST_FAILED_STARTS = 3


class ReaderPool:
    """Answers for files, in no particular order; memory stays flat however many files there are."""

    def __init__(self, settings: ReaderSettings, workers: int, waiting: int = 96) -> None:
        """`waiting`: most answers of `read` that wait to be taken before the reading pauses."""
        self._settings = settings
        self._workers = workers
        self._waiting = waiting
        self._lock = threading.Lock()
        """Of the two below it, and of the beginning and the end of the thread."""
        self._requests: deque[Request] = deque()
        self._over: Exception | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._uploads = Uploads()
        # Used by the supervising thread alone, but for `kill` at the end.
        self._readers: list[ReaderProcess] = []
        self._failed_starts = 0

    def submit(self, file: FileEntry, task: ReaderTask | None = None) -> Future[Answer]:
        """Has one file read; the future raises `AlbumSortError` or OSError when no process can be started, or the pool has ended.

        `task`: where something else is to be done with it than with the others.
        """
        request = Request(Order(file, task))
        with self._lock:
            if self._over is not None:
                request.refuse(self._over)
                return request.answer
            self._requests.append(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._supervise, name="reader-pool", daemon=True)
                self._thread.start()
            with contextlib.suppress(BlockingIOError):  # full: then it is awake
                os.write(self._wake, b"\0")
        return request.answer

    def begin_upload(self, name: str = "") -> Upload:
        """Room for bytes that come part by part, under the name that they are sent by; raises OSError where there is none.

        A picture dates itself by its name where it says nothing else, and a suffix tells formats apart. What has come is a file to be
        read, until it is dropped or the pool is closed.
        """
        return self._uploads.begin(name)

    def keep_upload(self, data: bytes, name: str = "") -> Upload:
        """The same for bytes that are at hand."""
        return self._uploads.keep(data, name)

    def read(self, files: Iterable[FileEntry]) -> Iterator[Answer]:
        """One answer for each file; raises `AlbumSortError` when no reading process can be started."""
        waiting = iter(files)
        done: queue.SimpleQueue[Future[Answer]] = queue.SimpleQueue()
        out: set[Future[Answer]] = set()
        try:
            while True:
                while len(out) < self._waiting + self._workers * _AHEAD and (file := next(waiting, None)) is not None:
                    answer = self.submit(file)
                    out.add(answer)
                    answer.add_done_callback(done.put)
                if not out:
                    return
                answer = done.get()
                out.discard(answer)
                yield answer.result()
        finally:
            for answer in out:
                answer.cancel()

    def __enter__(self) -> Self:
        """The pool itself; processes start with the first request."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the pool."""
        self.close()

    def close(self) -> None:
        """Ends all processes, whatever they have in hand; requests that have no answer yet get an error."""
        self._end(AlbumSortError(sentence("common.the-reading-of-photos")))
        self._stop.set()
        with contextlib.suppress(OSError):  # full, or closed before
            os.write(self._wake, b"\0")
        for reader in list(self._readers):
            reader.kill()  # the supervisor may be waiting for one of them
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            for descriptor in (self._woken, self._wake):
                if descriptor >= 0:
                    os.close(descriptor)
            self._woken = self._wake = -1
        self._uploads.close()

    def _supervise(self) -> None:
        over: Exception = AlbumSortError(sentence("common.the-reading-of-photos"))
        try:
            for _ in range(self._workers):
                self._readers.append(ReaderProcess(self._settings))
            while not self._stop.is_set():
                self._feed_and_take()
        except Exception as error:  # noqa: BLE001 - handed to those who wait for answers
            over = error
        finally:
            self._end(over)
            for reader in self._readers:
                reader.end()
                for request in reader.requests:
                    request.refuse(over)

    def _end(self, over: Exception) -> None:
        """From now on nothing is taken; what nobody has begun is refused."""
        with self._lock:
            self._over = self._over or over
            left = list(self._requests)
            self._requests.clear()
        for request in left:
            request.refuse(over)

    def _feed_and_take(self) -> None:
        self._feed()
        busy = {reader.connection: reader for reader in self._readers if reader.requests}
        patience = min((reader.seconds_left for reader in busy.values()), default=None)
        timeout = None if patience is None else min(max(patience, 0.01), 0.5)
        for ready in wait([*busy, self._woken], timeout):
            if ready == self._woken:
                os.read(self._woken, 1 << 16)
            else:
                self._take(busy[ready])  # type: ignore[index] # only our own connections are waited for
        for reader in list(self._readers):
            # An answer that waits in the pipe has waited for us: the network was slower than the reading.
            if reader.requests and reader.seconds_left <= 0 and not reader.connection.poll():
                self._replace(reader, is_hung=True)

    def _feed(self) -> None:
        """To whoever has least in hand: of a few requests none waits behind another while a process is idle."""
        while len((reader := min(self._readers, key=lambda one: len(one.requests))).requests) < _AHEAD:
            with self._lock:
                request = self._requests.popleft() if self._requests else None
            if request is None:
                return
            if request.begin():
                reader.give(request)

    def _take(self, reader: ReaderProcess) -> None:
        try:
            taken = reader.take()
        except (EOFError, OSError):
            self._replace(reader, is_hung=False)
            return
        if taken is None:
            self._failed_starts = 0
        else:
            request, answer = taken
            request.settle(answer)

    def _replace(self, dead: ReaderProcess, *, is_hung: bool) -> None:
        """A new process in place of one that crashed or hangs. The file in hand is to blame, the others get a new try.

        A crash is tried once more, since others may have killed the process (the system, short of memory); a hang is not,
        since it has cost seconds already.
        """
        if self._stop.is_set():
            return
        why = dead.end()
        if not dead.is_ready:
            self._count_failed_start(why)
        elif is_hung or dead.requests[0].is_suspect:
            culprit = dead.requests.popleft()
            seconds = self._settings.seconds_per_file
            reason = Reason.of("skip.too-slow", seconds=seconds) if is_hung else Reason.of("skip.crashed", detail=why)
            skipped = Skipped(culprit.file.path, Stage.DECODE, reason)
            culprit.settle(Failed(culprit.file, skipped, None))
        else:
            dead.requests[0].is_suspect = True
        again = list(dead.requests)
        dead.requests.clear()
        self._readers[self._readers.index(dead)] = ReaderProcess(self._settings)
        with self._lock:
            self._requests.extendleft(reversed(again))

    def _count_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise AlbumSortError(
                sentence("common.processes-that-read-photos", why=why),
                hint=sentence("common.m-album-sort-inspection", executable=sys.executable),
            )
