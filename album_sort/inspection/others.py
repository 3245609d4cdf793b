"""Reading shared with other machines: one queue of files, from which this machine takes as they do, and does what they give up."""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Protocol

from album_sort.inspection.messages import Answer, Looked
from album_sort.inspection.pool import ReaderPool
from album_sort.types import FileEntry

CHUNK_FILES = 64
"""Most files that another machine is given at once."""

_LEAST_CHUNK = 8
"""Files that are worth a message."""

_BEAT_S = 0.25
"""Longest time without a look at the other machines."""


class Others(Protocol):
    """Other machines that read files and show them to their networks. Used by one thread; none of its methods waits for an answer."""

    @property
    def does_all(self) -> bool:
        """Whether this machine has nothing to do but what they give up."""
        ...

    @property
    def in_hand(self) -> int:
        """Files that they have, answered ones included."""
        ...

    def begin(self, files: Sequence[FileEntry], wake: Callable[[], None]) -> None:
        """Looks for them; `wake` is called, by any thread, when there is news. Raises `AlbumSortError` where they must not be used."""
        ...

    def tend(self) -> None:
        """Looks after them: those that came, those that went. Raises as `begin` does."""
        ...

    def room(self) -> int:
        """How many chunks they could begin now."""
        ...

    def give(self, files: Sequence[FileEntry]) -> None:
        """One chunk, where there is room."""
        ...

    def answered(self) -> Looked | None:
        """The next answer, which is in memory from now on; None where none waits."""
        ...

    def returned(self) -> list[FileEntry]:
        """Files that were given to a machine that is gone: for whoever takes them."""
        ...

    def given_up(self, *, is_idle: bool) -> list[FileEntry]:
        """Files that are to be read here. Where this machine is idle, also those that somebody else has had for too long."""
        ...

    def close(self) -> None:
        """Lets them go, whatever they have in hand."""
        ...


def read_with_others(
    files: Sequence[FileEntry], pool: ReaderPool, others: Others, window: int
) -> Iterator[Answer | Looked]:
    """An answer for each file, by whoever has read it; at most `window` of them are in hand here.

    Answers of others are fetched one by one, as they are asked for: never is more than one chunk of them in memory.
    """
    waiting, own = deque(files), deque[FileEntry]()
    out: set[Future[Answer]] = set()
    news: queue.SimpleQueue[Future[Answer] | None] = queue.SimpleQueue()
    others.begin(files, lambda: news.put(None))
    try:
        while True:
            others.tend()
            waiting.extendleft(reversed(others.returned()))
            own.extend(others.given_up(is_idle=not out and not own and not waiting))
            _share_out(waiting, others)
            while len(out) < window and (file := _next_here(own, waiting, others)) is not None:
                answer = pool.submit(file)
                out.add(answer)
                answer.add_done_callback(news.put)
            if not (out or own or waiting or others.in_hand):
                return
            with suppress(queue.Empty):
                done = news.get(timeout=_BEAT_S)
                if done is not None:
                    out.discard(done)
                    yield done.result()
            if (looked := others.answered()) is not None:
                yield looked
    finally:
        for answer in out:
            answer.cancel()


def _share_out(waiting: deque[FileEntry], others: Others) -> None:
    """The last chunks are smaller, so that nobody waits long for the slowest."""
    room = others.room()
    while room and waiting:
        size = min(CHUNK_FILES, max(_LEAST_CHUNK, math.ceil(len(waiting) / (2 * room + 1))))
        others.give([waiting.popleft() for _ in range(min(size, len(waiting)))])
        room = others.room()


def _next_here(own: deque[FileEntry], waiting: deque[FileEntry], others: Others) -> FileEntry | None:
    if own:
        return own.popleft()
    return waiting.popleft() if waiting and not others.does_all else None
