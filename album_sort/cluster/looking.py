"""A machine that looks: chunks of files in, answers out, with the reading processes and the network of any run. It keeps nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from album_sort.cached_file import write_cached
from album_sort.classifier.runner import converted_files
from album_sort.cluster.identity import Identity
from album_sort.cluster.messages import Wanted, pack_found, row_of_failed, row_of_seen
from album_sort.core.checked import NONSENSE
from album_sort.errors import AlbumSortError
from album_sort.inspection.messages import Answer, Failed, Read, Seen
from album_sort.inspection.pool import ReaderPool
from album_sort.pipeline.engine import Engine
from album_sort.sentences import sentence
from album_sort.state import codec
from album_sort.types import FileEntry

_NO_CACHE = Path(os.devnull) / "none"
"""Where nothing is remembered: what a machine has seen before makes no difference to what it says."""

_DEPENDS_ON_THE_MACHINE = ("skip.memory-to-read", "skip.memory-to-decode")
"""What another machine may be able to do."""

_HEAD_BYTES = 1 << 16
_PART_BYTES = 4 << 20

_LENT = "lent-"
"""Beginning of the names of folders, in the cache folder, with networks that runs have lent."""


class ChunkUnwanted(AlbumSortError):
    """Nobody waits for this chunk any more."""


class Looker:
    """The network and the reading processes of one machine; chunks may come from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._own = self._engine = engine.lasting()
        """`_engine` is what it looks with: its own, or one with a network that a run has lent."""
        self._pool: ReaderPool | None = None
        self._lock = threading.Lock()
        self._in_hand: dict[str, queue.SimpleQueue[tuple[int, Future[Answer]] | None]] = {}
        self._lent: dict[str, list[bytes]] = {}
        self.is_closed = False

    # ---- who it is

    @property
    def cores(self) -> int:
        """Reading processes that it has."""
        return self._engine.split.workers

    def lacks(self, kept: dict[str, str]) -> list[str]:
        """Names of those converted networks of a run (each with its digest) that are not here: from now on it looks with the run's.

        Converting anew would take half a minute and a gigabyte, and round otherwise on another kind of processor.
        """
        # In another precision nothing of it would be loaded: then the two differ in that, and are told so.
        loads = {path.name for path in _converted(self._own)}
        kept = {name: digest for name, digest in kept.items() if name in loads}
        if kept == kept_digests(self._own):
            self._engine = self._own
            return []
        named = hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:16]
        shelf = self._own.cache_folder / f"{_LENT}{named}"
        if self._engine.cache_folder != shelf:
            self._engine = replace(self._own, cache_folder=shelf, held=None).lasting()
        here = kept_digests(self._engine)
        return [name for name, digest in kept.items() if here.get(name) != digest]

    def take_lent(self, name: str, part: bytes, *, is_last: bool) -> None:
        """A converted network, part by part, as the run has it; raises `AlbumSortError` for one that nobody here would load."""
        shelf = self._engine.cache_folder
        if name not in {path.name for path in _converted(self._engine)} or not shelf.name.startswith(_LENT):
            raise AlbumSortError(sentence("cluster.network-not-asked-for", name=name))
        self._lent.setdefault(name, []).append(part)
        if not is_last:
            return
        for old in shelf.parent.glob(f"{_LENT}*"):
            if old != shelf:
                shutil.rmtree(old, ignore_errors=True)
        # As it was kept there: its digest in front, which is looked at when it is loaded.
        content = b"".join(self._lent.pop(name))
        write_cached(shelf / "weights" / name, lambda sink: sink.write(content))

    def identity(self) -> Identity:
        """With the network at work: it is made now, if it was not."""
        weights = self._engine.weights
        return Identity.of(weights.backbone, weights.sha256, self._engine.steady.precision)

    @property
    def network_names(self) -> tuple[str, str]:
        """Title and hash of the network, without making it."""
        return self._engine.weights.backbone.title, self._engine.weights.sha256[:16]

    # ---- what it does

    def look(self, key: str, chunk: Sequence[Wanted]) -> bytes:
        """The answer to a chunk; raises `ChunkUnwanted` as soon as nobody waits for it."""
        news: queue.SimpleQueue[tuple[int, Future[Answer]] | None] = queue.SimpleQueue()
        with self._lock:
            if self.is_closed:
                raise ChunkUnwanted(sentence("cluster.nobody-waits"))
            self._in_hand[key] = news
        out: list[Future[Answer]] = []
        try:
            for number, wanted in enumerate(chunk):
                if (file := _as_it_is_here(wanted)) is not None:
                    future = self._reading.submit(file)
                    out.append(future)
                    future.add_done_callback(partial(_put, news, number))
            return pack_found(list(self._rows(news, len(out))))
        finally:
            with self._lock:
                self._in_hand.pop(key, None)
            for future in out:
                future.cancel()

    def _rows(self, news: queue.SimpleQueue[tuple[int, Future[Answer]] | None], count: int) -> Iterator[list[Any]]:
        batch: list[tuple[int, Read]] = []
        for _ in range(count):
            one = news.get()
            if one is None:
                raise ChunkUnwanted(sentence("cluster.nobody-waits"))
            number, future = one
            match future.result():
                case Read(views=None) as read:
                    yield row_of_seen(number, read.inspection.file, Seen(read.inspection, None, b""))
                case Read() as read:
                    batch.append((number, read))
                    if len(batch) == self._engine.settings.batch_size:
                        yield from self._classified(batch)
                        batch = []
                case Failed() as failed if _is_everywhere(failed):
                    yield row_of_failed(number, failed)
        yield from self._classified(batch)

    def _classified(self, batch: Sequence[tuple[int, Read]]) -> Iterator[list[Any]]:
        answers = self._engine.steady.classify([read.views for _, read in batch if read.views is not None])
        for (number, read), answer in zip(batch, answers, strict=True):
            inspection = replace(read.inspection, prediction=answer.prediction)
            yield row_of_seen(
                number, inspection.file, Seen(inspection, codec.pack_embedding(answer.embedding), read.thumbnail)
            )

    @property
    def _reading(self) -> ReaderPool:
        with self._lock:
            if self._pool is None:
                reader = replace(self._engine.reader, cache_folder=_NO_CACHE)
                self._pool = ReaderPool(reader, self._engine.split.workers)
            return self._pool

    # ---- when it ends

    def stop(self, key: str) -> None:
        """Nobody waits for this chunk any more."""
        with self._lock:
            news = self._in_hand.get(key)
        if news is not None:
            news.put(None)

    def stop_all(self) -> None:
        """Nobody waits for anything any more."""
        with self._lock:
            keys = list(self._in_hand)
        for key in keys:
            self.stop(key)

    def close(self) -> None:
        """Ends the reading processes."""
        with self._lock:
            self.is_closed = True
            pool = self._pool
        self.stop_all()
        if pool is not None:
            pool.close()


def kept_digests(engine: Engine) -> dict[str, str]:
    """The files of converted networks that this one begins with, by name, each with the digest that it carries in front."""
    found = {}
    for path in _converted(engine):
        with contextlib.suppress(OSError), path.open("rb") as source:
            found[path.name] = source.read(32).hex()
    return found


def kept_parts(engine: Engine, name: str) -> Iterator[tuple[bytes, bool]]:
    """Such a file in parts, each with whether it is the last; raises OSError where it is gone."""
    with (engine.cache_folder / "weights" / name).open("rb") as source:
        part = source.read(_PART_BYTES)
        while part:
            following = source.read(_PART_BYTES)
            yield part, not following
            part = following


def _converted(engine: Engine) -> tuple[Path, ...]:
    return converted_files(engine.weights, engine.settings.precision, engine.cache_folder / "weights")


def head_digest(path: bytes) -> bytes:
    """Of the first bytes of a file, to tell two of the same name and size apart; empty for one that cannot be read."""
    try:
        with open(path, "rb") as source:
            return hashlib.sha256(source.read(_HEAD_BYTES)).digest()
    except OSError:
        return b""


def _put(news: queue.SimpleQueue[tuple[int, Future[Answer]] | None], number: int, done: Future[Answer]) -> None:
    news.put((number, done))


def _as_it_is_here(wanted: Wanted) -> FileEntry | None:
    """None for what is not there, or another file than is wanted."""
    try:
        found = os.stat(wanted.path)
    except (OSError, ValueError):
        return None
    if not wanted.is_like(found.st_size, found.st_mtime_ns):
        return None
    path = os.fsdecode(wanted.path)
    return FileEntry(path, "", found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, wanted.kind)


def _is_everywhere(failed: Failed) -> bool:
    """Whether it would fail on any machine: its content is known, and the reason can be told."""
    if failed.content_id is None or failed.skipped.reason.code in _DEPENDS_ON_THE_MACHINE:
        return False
    try:
        codec.unpack_reason(codec.pack_reason(failed.skipped.reason))
    except NONSENSE:
        return False
    return True
