"""The page's data of the newest run, kept in a file of the cache: made ahead, so that nobody who opens the page waits for it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from album_sort import __version__
from album_sort.cached_file import write_cached
from album_sort.classifier.labels import label_text, load_labels
from album_sort.errors import AlbumSortError, DestinationError
from album_sort.inspection.memory import give_memory_back
from album_sort.operations.pages import newest_shown_report
from album_sort.report import WORDS_FILE, Page, PageData, PageFile, Setting, parse_words, read_report, write_page_file
from album_sort.sentences import sentence
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import LANGUAGES, ContentId, PhotoRow

_WATCH_S = 3.0
"""Between two looks for a run that somebody else has made."""

_MAKERS = ("report", "report/templates", "operations", "web")
"""Folders of what makes a page."""

Stamp = tuple[str, int, int]
"""Path, time and size of the report that is shown."""

SettingOf = Callable[[str], Setting]
"""Where the parts of a page of some version are found."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The albums as they were after one run."""

    version: str
    """Another one as soon as anything may look otherwise: part of the addresses of data, which can be kept for ever."""
    page: PageFile

    def place(self, short: str) -> tuple[ContentId, str] | None:
        """The whole content and where it lies in the albums, by its first digits."""
        found = self.page.place(short)
        return None if found is None else (ContentId(found[0]), found[1])


class LivePages:
    """The pages of one destination. `begin` it, and `close` it at the end."""

    def __init__(self, destination: str, cache: Path, folder: Path) -> None:
        """`cache` is our cache folder; `folder` takes what is only temporary."""
        self._destination = destination
        self._cache = cache
        self._folder = folder
        name = hashlib.sha256(os.path.realpath(destination).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._kept = cache / "serve" / f"{name}.page"
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._watcher: threading.Thread | None = None
        self._stamp: Stamp | None = None
        self._setting_of: SettingOf = lambda _: Setting(lambda _: "")
        self.known: Shown | None = None
        """What was shown last; there may have been a run since."""

    def begin(self, setting_of: SettingOf) -> None:
        """From now on the page is made ahead, also when others have sorted."""
        self._setting_of = setting_of
        self._watcher = threading.Thread(target=self._watch, name="pages", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Ends the watch; a page that is being made is not waited for long."""
        self._ends.set()
        if self._watcher is not None:
            self._watcher.join(5)

    def newest(self) -> Shown:
        """The albums as they are now, from any thread. Raises `DestinationError` without a readable report."""
        report = newest_shown_report(self._destination)
        if report is None:
            raise DestinationError(
                sentence("order.nothing-has-been-sorted", destination=self._destination),
                hint=sentence("order.album-sort-photos-out"),
            )
        found = report.lstat()
        stamp = (str(report), found.st_mtime_ns, found.st_size)
        with self._lock:
            if self.known is None or stamp != self._stamp:
                self.known, self._stamp = self._show(report, stamp), stamp
            return self.known

    def _watch(self) -> None:
        while True:
            # It will be said to whoever asks for the page.
            with contextlib.suppress(AlbumSortError, OSError):
                self.newest()
            if self._ends.wait(_WATCH_S):
                return

    def _show(self, report: Path, stamp: Stamp) -> Shown:
        version = hashlib.sha256(repr(stamp).encode()).hexdigest()[:12]
        key = f"{version} {_make()}"
        with contextlib.suppress(OSError, ValueError):
            return Shown(version, PageFile(self._kept, key))
        self._write(report, version, key)
        with contextlib.suppress(OSError, ValueError):
            return Shown(version, PageFile(self._kept, key))
        # A cache that takes nothing: the file lives as long as the server.
        self._kept = self._folder / self._kept.name
        self._write(report, version, key)
        return Shown(version, PageFile(self._kept, key))

    def _write(self, report: Path, version: str, key: str) -> None:
        read = read_report(report)
        language = read.info.language if read.info.language in LANGUAGES else LANGUAGES[0]
        info = replace(read.info, destination=self._destination, language=language)
        words = parse_words(label_text(WORDS_FILE), language)
        with contextlib.closing(ThumbnailStore(self._cache)) as thumbnails:
            data = PageData(info, words, thumbnail=thumbnails.get, spool_folder=self._folder, labels=load_labels())
            with contextlib.closing(data):
                places: list[tuple[bytes, str]] = []
                for row in read.rows:
                    data.add(row)
                    if isinstance(row, PhotoRow):
                        places.append((bytes.fromhex(row.sha256), row.path))
                data.arrange()
                page = Page(data, read.outcome, self._setting_of(version))
                write_cached(self._kept, lambda sink: write_page_file(sink, key, data, page.pieces(), places))
        give_memory_back()


@functools.cache
def _make() -> str:
    """Tells this program's pages from those of another version, and of the same one while somebody works on it."""
    told = hashlib.sha256(f"{__version__} {label_text(WORDS_FILE)}".encode())
    package = Path(__file__).parent.parent
    for path in sorted(path for folder in _MAKERS for path in (package / folder).iterdir() if path.is_file()):
        found = path.stat()
        told.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return told.hexdigest()[:16]
