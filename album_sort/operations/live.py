"""The albums as a server shows them: the page's data of the newest run, thumbnails, larger pictures and films, all by content.

What lies in a destination may come from elsewhere. A photo is shown as a reading process has decoded and encoded it anew; a film is a
regular file whose first bytes are a film's. Clients name contents; the paths are those of the report's rows, which have been checked.
"""

from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from album_sort.config import cache_folder
from album_sort.core.formats import HEAD_BYTES, sniff
from album_sort.errors import AlbumSortError
from album_sort.fileops.lock import check_unlocked
from album_sort.inspection.held_folders import HeldFolder
from album_sort.inspection.messages import Answer, Previewed, ReaderTask
from album_sort.inspection.pool import ReaderPool
from album_sort.operations.live_pages import LivePages
from album_sort.operations.order import SettingsHere
from album_sort.operations.predict import Predictor
from album_sort.operations.runs import must_be_ours
from album_sort.pipeline.bearings import Bearings
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.pipeline.remembered import Remembered, open_to_read, remember_nothing_written
from album_sort.pipeline.unchanged import looks_of_state
from album_sort.reading import open_regular
from album_sort.settings import Settings
from album_sort.state.previews import previews_of
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import ContentId, FileEntry, FileKind


@dataclass(frozen=True, slots=True)
class Film:
    """A film's file, open to be read."""

    descriptor: int
    size_bytes: int
    media_format: str


class LiveBearings:
    """What decides about single pictures by the albums as they are: read again when a run has written there. From any thread."""

    def __init__(self, destination: str, settings: Settings, engine: Engine) -> None:
        """Raises as `Bearings.of` does."""
        self._destination, self._settings, self._engine = destination, settings, engine
        self._lock = threading.Lock()
        self._looks, self._bearings = looks_of_state(destination), self._read()

    def __call__(self) -> Bearings:
        """Those of now; while a run writes, and should they be readable no more, those of before."""
        with self._lock:
            looks = looks_of_state(self._destination)
            if looks and looks != self._looks:
                self._looks = looks
                with suppress(AlbumSortError, OSError):
                    self._bearings = self._read()
            return self._bearings

    def _read(self) -> Bearings:
        remembered = remember_nothing_written(self._destination, with_photos=False)
        return Bearings.of(self._settings, remembered, self._engine.weights.sha256, self._engine.model_key)


class LiveAlbums:
    """A destination that is being shown. To be closed; thumbnails are asked for by one thread alone."""

    def __init__(self, destination: str, here: SettingsHere) -> None:
        """Raises `DestinationError` where there are no albums of ours, `UsageError` and others as a run does."""
        must_be_ours(destination)
        self.destination = destination
        self.here = here
        remembered = remember_nothing_written(destination)
        self.engine = _engine(here, remembered)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="albums")
        self._thumbnails: ThumbnailStore | None = None
        self._pool = ReaderPool(replace(self.engine.reader, task=ReaderTask.PREVIEW), 1)
        self._folder = HeldFolder("album-sort-page-")
        self.pages = LivePages(destination, self.engine.cache_folder, Path(self._folder.path))

    def close(self) -> None:
        """Ends all that was begun for it."""
        self.pages.close()
        self._pool.close()
        self.thread.submit(self._let_go).result()
        self.thread.shutdown()
        self._folder.close()

    def predictor(self) -> Predictor:
        """For single pictures, with the network and the rules of these albums, and what they were taught until then."""
        return Predictor(
            self.engine, LiveBearings(self.destination, self.here.settings, self.engine), lang=self.here.lang
        )

    def check_free(self) -> None:
        """Raises `DestinationLocked`, saying who it is, where another run holds the albums."""
        check_unlocked(self.destination)

    def roots(self) -> tuple[str, ...]:
        """Folders that were sorted into these albums."""
        return remember_nothing_written(self.destination).roots

    def thumbnail(self, content: str) -> bytes | None:
        """A small JPEG of a content; None where there is none. In the thread of its own."""
        if self._thumbnails is None:
            self._thumbnails = ThumbnailStore(self.engine.cache_folder)
        return self._thumbnails.get(content)

    def _let_go(self) -> None:
        if self._thumbnails is not None:
            self._thumbnails.close()

    # From any thread.

    def large(self, content: ContentId, path: str) -> Future[Answer] | None:
        """A JPEG of at most 2048 px for a browser (`picture_of` takes it from the answer); None where its file is not there."""
        kept = previews_of(self.destination)
        preview = kept.folder / content[:2] / f"{content}.jpg"
        file = _entry(str(preview), self.destination) or _entry(self._place(content, path), self.destination)
        return None if file is None else self._pool.submit(file)

    def _place(self, content: ContentId, path: str) -> str:
        """Where a photo of the page lies: it may have been put right since, by a command that tells no report."""
        told = os.path.join(self.destination, path)
        if os.path.lexists(told):
            return told
        with suppress(AlbumSortError, OSError), open_to_read(self.destination) as state:
            rows = state.records().ledger.values()
            return next((os.path.join(self.destination, row.path) for row in rows if row.content_id == content), told)
        return told

    def film(self, content: ContentId, path: str) -> Film | None:
        """The file of a film; None for what is none, or is not there."""
        try:
            descriptor = open_regular(self._place(content, path))
        except OSError:
            return None
        media = sniff(os.pread(descriptor, HEAD_BYTES, 0))
        if media is None or media.kind is not FileKind.VIDEO:
            os.close(descriptor)
            return None
        return Film(descriptor, os.fstat(descriptor).st_size, media.name)


def picture_of(answer: Answer, content: ContentId, destination: str) -> bytes:
    """The JPEG of an answer; empty where there can be none, or the file is another one by now."""
    if not isinstance(answer, Previewed):
        return b""
    is_kept = answer.file.path.startswith(str(previews_of(destination).folder))
    return answer.jpeg if is_kept or answer.content_id in (content, None) else b""


def _engine(here: SettingsHere, remembered: Remembered) -> Engine:
    return make_engine(
        here.settings, cache_folder(), remembered_model=remembered.model, remembered_weights=remembered.weights
    )


def _entry(path: str, root: str) -> FileEntry | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileEntry(path, root, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, FileKind.PHOTO)
