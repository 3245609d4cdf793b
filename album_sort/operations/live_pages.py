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
from album_sort.core.quoting import out_option
from album_sort.errors import AlbumSortError, DestinationError
from album_sort.inspection.memory import give_memory_back
from album_sort.operations.pages import KEPT_PAGES, newest_shown_report, runs_folder, told_runs
from album_sort.operations.pages_now import Lying, report_now
from album_sort.pipeline.remembered import open_to_read
from album_sort.report import WORDS_FILE, Page, PageData, PageFile, Setting, parse_words, read_report, write_page_file
from album_sort.sentences import sentence
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import LANGUAGES, ContentId, PhotoRow, RunReport

_WATCH_S = 3.0
"""Between two looks for a run that somebody else has made."""

_MOST_EARLIER = 4
"""Pages of earlier runs that are open at once: who compares more looks at one after the other."""

_MAKERS = ("report", "report/templates", "operations", "web")
"""Folders of what makes a page."""

Stamp = tuple[str, int, int, int]
"""Path, time and size of the report that is shown; and when its page was made, which is made anew when something was put right."""

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
        self._earlier: dict[str, Shown] = {}
        self._earlier_lock = threading.Lock()
        self._setting_of_earlier: SettingOf = self._setting_of
        self.known: Shown | None = None
        """What was shown last; there may have been a run since."""

    def begin(self, setting_of: SettingOf, setting_of_earlier: SettingOf | None = None) -> None:
        """From now on the page is made ahead, also when others have sorted. Pages of earlier runs may have other settings."""
        self._setting_of, self._setting_of_earlier = setting_of, setting_of_earlier or setting_of
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
                hint=sentence("order.album-sort-photos-out", out=out_option(self._destination)),
            )
        stamp = _stamp_of(report)
        with self._lock:
            if self.known is None or stamp != self._stamp:
                self.known, self._stamp = self._show(report, stamp), stamp
            return self.known

    def earlier(self, run_id: str) -> Shown | None:
        """The albums as they were after an earlier run, from any thread; None for one that has told no report.

        It is made when it is asked for, and again after a few others were.
        """
        if run_id not in told_runs(self._destination):
            return None
        report = runs_folder(self._destination) / run_id / "report.jsonl"
        version, kept = _version_of(_stamp_of(report)), self._folder / f"{run_id}.page"
        with self._earlier_lock:
            shown = self._earlier.pop(version, None)
            if shown is None:
                self._write(report, read_report(report), kept, version, self._setting_of_earlier(version))
                shown = Shown(version, PageFile(kept, version))
            self._earlier[version] = shown
            for old in list(self._earlier)[:-_MOST_EARLIER]:
                del self._earlier[old]
            # Open, it is read on; nobody else needs it.
            kept.unlink(missing_ok=True)
        return shown

    def of_version(self, version: str) -> Shown | None:
        """What is shown of a version that is known now; None for any other."""
        known = self.known
        return known if known is not None and known.version == version else self._earlier.get(version)

    def _watch(self) -> None:
        while True:
            # It will be said to whoever asks for the page.
            with contextlib.suppress(AlbumSortError, OSError):
                self.newest()
            if self._ends.wait(_WATCH_S):
                return

    def _show(self, report: Path, stamp: Stamp) -> Shown:
        version = _version_of(stamp)
        key = f"{version} {_make()} {' '.join(self._before(report))}"
        with contextlib.suppress(OSError, ValueError):
            return Shown(version, PageFile(self._kept, key))
        setting = self._setting_of(version)
        self._write(report, self._as_it_holds_now(report), self._kept, key, setting)
        with contextlib.suppress(OSError, ValueError):
            return Shown(version, PageFile(self._kept, key))
        # A cache that takes nothing: the file lives as long as the server.
        self._kept = self._folder / self._kept.name
        self._write(report, self._as_it_holds_now(report), self._kept, key, setting)
        return Shown(version, PageFile(self._kept, key))

    def _before(self, report: Path) -> tuple[str, ...]:
        """The runs before that of this report, newest first, as many as a page leads to."""
        name = report.parent.name
        return tuple(run for run in told_runs(self._destination) if run < name)[: KEPT_PAGES - 1]

    def _as_it_holds_now(self, report: Path) -> RunReport:
        """With what was put right since by commands that tell no report."""
        with contextlib.suppress(AlbumSortError, OSError), open_to_read(self._destination) as state:
            return report_now(report, Lying.of(self._destination, state))
        return read_report(report)

    def _write(self, report: Path, read: RunReport, kept: Path, key: str, setting: Setting) -> None:
        language = read.info.language if read.info.language in LANGUAGES else LANGUAGES[0]
        info = replace(read.info, destination=self._destination, language=language, earlier=self._before(report))
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
                page = Page(data, read.outcome, setting)
                write_cached(kept, lambda sink: write_page_file(sink, key, data, page.pieces(), places))
        give_memory_back()


def _stamp_of(report: Path) -> Stamp:
    found = report.lstat()
    page_ns = 0
    with contextlib.suppress(OSError):
        page_ns = report.with_suffix(".html").lstat().st_mtime_ns
    return str(report), found.st_mtime_ns, found.st_size, page_ns


def _version_of(stamp: Stamp) -> str:
    return hashlib.sha256(repr(stamp).encode()).hexdigest()[:12]


@functools.cache
def _make() -> str:
    """Tells this program's pages from those of another version, and of the same one while somebody works on it."""
    told = hashlib.sha256(f"{__version__} {label_text(WORDS_FILE)}".encode())
    package = Path(__file__).parent.parent
    for path in sorted(path for folder in _MAKERS for path in (package / folder).iterdir() if path.is_file()):
        found = path.stat()
        told.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return told.hexdigest()[:16]
