"""Supervises the reading processes: keeps them fed, takes their answers, and replaces one that crashes or hangs.

A pool of the standard library dies as a whole with one worker; here a crash or a hang costs the file in hand, which is
reported, and its process is started anew.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from typing import Self

from album_sort.errors import AlbumSortError
from album_sort.inspection.messages import Answer, Failed, ReaderSettings
from album_sort.inspection.process import ReaderProcess
from album_sort.types import FileEntry, Reason, Skipped, Stage

_AHEAD = 4
"""Files handed to a process before it has answered the first: it never waits for us."""

_MOST_FAILED_STARTS = 3

_END = None


class ReaderPool:
    """Answers for files, in no particular order; memory stays flat however many files there are."""

    def __init__(self, settings: ReaderSettings, workers: int, waiting: int) -> None:
        """`waiting`: most answers that wait to be taken before the reading pauses."""
        self._settings = settings
        self._workers = workers
        self._answers: queue.Queue[Answer | BaseException | None] = queue.Queue(maxsize=waiting)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # Used by the supervising thread alone, but for `kill` at the end.
        self._readers: list[ReaderProcess] = []
        self._again: deque[FileEntry] = deque()
        self._suspects: set[str] = set()
        self._failed_starts = 0

    def read(self, files: Iterable[FileEntry]) -> Iterator[Answer]:
        """One answer for each file; raises `AlbumSortError` when no reading process can be started."""
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
        for reader in list(self._readers):
            reader.kill()  # the supervisor may be waiting for one of them
        if self._thread is not None:
            self._thread.join()

    def _supervise(self, files: Iterator[FileEntry]) -> None:
        try:
            for _ in range(self._workers):
                self._readers.append(ReaderProcess(self._settings))
            self._feed_and_take(files)
            self._put(_END)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that takes the answers
            self._put(error)
        finally:
            for reader in self._readers:
                reader.end()

    def _feed_and_take(self, files: Iterator[FileEntry]) -> None:
        while not self._stop.is_set():
            for reader in self._readers:
                self._feed(reader, files)
            busy = {reader.connection: reader for reader in self._readers if reader.files}
            if not busy:
                return
            patience = min(reader.seconds_left for reader in busy.values())
            for ready in wait(list(busy), timeout=min(max(patience, 0.01), 0.5)):
                self._take(busy[ready])  # type: ignore[index] # only our own connections are waited for
            for reader in list(self._readers):
                # An answer that waits in the pipe has waited for us: the network was slower than the reading.
                if reader.files and reader.seconds_left <= 0 and not reader.connection.poll():
                    self._replace(reader, is_hung=True)

    def _feed(self, reader: ReaderProcess, files: Iterator[FileEntry]) -> None:
        while len(reader.files) < _AHEAD:
            file = self._again.popleft() if self._again else next(files, None)
            if file is None:
                return
            reader.give(file)

    def _take(self, reader: ReaderProcess) -> None:
        try:
            answer = reader.take()
        except (EOFError, OSError):
            self._replace(reader, is_hung=False)
            return
        if answer is None:
            self._failed_starts = 0
        else:
            self._put(answer)

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
        elif is_hung or dead.files[0].path in self._suspects:
            culprit = dead.files.popleft()
            seconds = self._settings.seconds_per_file
            reason = Reason.of("skip.too-slow", seconds=seconds) if is_hung else Reason.of("skip.crashed", detail=why)
            self._put(Failed(culprit, Skipped(culprit.path, Stage.DECODE, reason), None))
        else:
            self._suspects.add(dead.files[0].path)
        self._again.extend(dead.files)
        self._readers[self._readers.index(dead)] = ReaderProcess(self._settings)

    def _count_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise AlbumSortError(
                f"processes that read photos cannot be started ({why})",
                hint=f"`{sys.executable} -m album_sort.inspection.reader` says why; reinstalling may help",
            )

    def _put(self, answer: Answer | BaseException | None) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._answers.put(answer, timeout=0.2)
                return
