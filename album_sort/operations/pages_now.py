"""The newest page, with every photo where it lies now.

`fix --now`, `undo`, `apply` and `learn` move files, or hear of moved ones, and have no report of their own: the report of the last run
stays what it is, the record of that run, and its page is made anew from it and from what is remembered of each file. Pages come after
everything else, and nothing depends on them: where one cannot be made, the next run makes its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from album_sort.classifier.labels import label_text, load_labels, load_wording
from album_sort.config import cache_folder
from album_sort.core.checked import NONSENSE
from album_sort.errors import AlbumSortError
from album_sort.operations.pages import earlier_rows, lead_to_newest_page, newest_shown_report
from album_sort.pipeline.carried import Carried, ThisRun
from album_sort.pipeline.hand import moved_by_hand
from album_sort.report import WORDS_FILE, parse_words, read_report, write_reports
from album_sort.state.store import DestinationState
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import (
    LANGUAGES,
    AlbumId,
    AlbumRelPath,
    ContentId,
    PhotoRow,
    Reason,
    ReportRow,
    Role,
    RowAction,
    RunReport,
)
from album_sort.types.corrections import KEPT, Correction, CorrectionKind
from album_sort.types.ledger import CHANGE, DestinationPicture, LedgerRow, PresentFile

_WITH_REPORTS = frozenset({"sort", CHANGE})
"""Commands of the runs that tell a report of their own."""


@dataclass(frozen=True, eq=False)
class Lying:
    """What a destination remembers of its files, as far as a page shows it."""

    destination: str
    ledger: Mapping[AlbumRelPath, LedgerRow]
    corrections: Mapping[ContentId, Correction]
    later: tuple[str, ...]
    """Ids of the runs without a report, also of those that were taken back: after each of them a page may have been made anew."""

    @classmethod
    def of(cls, destination: str, state: DestinationState) -> Lying:
        """As it is now."""
        later = tuple(run.run_id for run in state.runs() if run.command not in _WITH_REPORTS)
        return cls(destination, state.records().ledger, state.corrections(), later)

    def is_later(self, run_id: str) -> bool:
        """Whether anything was done since that run of which no report tells."""
        return any(one > run_id for one in self.later)

    @cached_property
    def present(self) -> Mapping[AlbumRelPath, LedgerRow]:
        """What is where it is remembered."""
        return {path: row for path, row in self.ledger.items() if os.path.lexists(os.path.join(self.destination, path))}

    @cached_property
    def primaries(self) -> Mapping[ContentId, LedgerRow]:
        """The photos that are there, by content."""
        return {row.content_id: row for row in self.present.values() if row.role is Role.PRIMARY}


@dataclass(frozen=True, eq=False)
class RowsNow:
    """The rows of a report as they hold now, as often as wanted."""

    report: RunReport
    lying: Lying

    def __iter__(self) -> Iterator[ReportRow]:
        """Those of the report, then those of photos that are there and that it does not know."""
        told = ThisRun()
        for row in self.report.rows:
            told.add(row)
            now = self._now(row) if isinstance(row, PhotoRow) and row.path else row
            if now is not None:
                yield now
        yield from self._carried.rows(told, earlier_rows(self.lying.destination, self.report.info.run_id))

    def _now(self, row: PhotoRow) -> PhotoRow | None:
        """None for a photo that is not there any more."""
        lies = self.lying.primaries.get(row.sha256)
        if lies is None:
            return None
        if lies.path == row.path and (row.action is RowAction.DUPLICATE or lies.album == row.album):
            return row
        said = self.lying.corrections.get(row.sha256)
        album = said.album if said is not None and said.album not in ("", KEPT) else lies.album
        if album == row.album:
            return replace(row, path=lies.path)
        title = self._title(album)
        why = (self._say(Reason.of("albums.correction", album=title)),) if said is not None else row.why
        by_hand = CorrectionKind.MOVED if said is not None and said.kind is CorrectionKind.MOVED else ""
        return replace(row, path=lies.path, album=album, title=title, why=why, by_hand=by_hand)

    def _title(self, album: AlbumId) -> str:
        return dict(self.report.info.albums).get(album) or load_labels().title(album, self._language)

    @property
    def _language(self) -> str:
        said = self.report.info.language
        return said if said in LANGUAGES else LANGUAGES[0]

    def _say(self, reason: Reason) -> str:
        return load_wording().say(reason, self._language)

    @property
    def _carried(self) -> Carried:
        nobody_asks = PresentFile(0, 0, 0)
        present = MappingProxyType(dict.fromkeys(self.lying.present, nobody_asks))
        return Carried(
            picture=DestinationPicture(present=present, ledger=self.lying.ledger),
            title=self._title,
            trips={trip.trip_id: trip for trip in (self.report.outcome.trips if self.report.outcome else ())},
            scanned=(),
            unexplained=self._say(Reason.of("albums.unexplained")),
            by_hand={
                content: (AlbumId(said.album if said.album != KEPT else ""), self._say(moved_by_hand(said)))
                for content, said in self.lying.corrections.items()
                if said.kind is CorrectionKind.MOVED
            },
        )


def report_now(report: Path, lying: Lying) -> RunReport:
    """A report as it holds now: itself where nothing was done since of which none tells. Raises as `read_report` does."""
    told = read_report(report)
    return _as_it_lies(told, lying) if lying.is_later(told.info.run_id) else told


def _as_it_lies(told: RunReport, lying: Lying) -> RunReport:
    return replace(told, rows=RowsNow(told, lying))


def show_as_they_lie(destination: str, state: DestinationState) -> None:
    """Makes the newest page anew where anything lies otherwise than it shows; what leads to it from the top, too."""
    with contextlib.suppress(AlbumSortError, OSError, *NONSENSE):
        _show(destination, Lying.of(destination, state))
    lead_to_newest_page(destination)


def _show(destination: str, lying: Lying) -> None:
    report = newest_shown_report(destination)
    if report is None:
        return
    told = read_report(report)
    if not (lying.is_later(report.parent.name) or _differs(told, lying)):
        return
    now = _as_it_lies(told, lying)
    language = told.info.language if told.info.language in LANGUAGES else LANGUAGES[0]
    words = parse_words(label_text(WORDS_FILE), language)
    with contextlib.closing(ThumbnailStore(cache_folder())) as thumbnails:
        write_reports(
            now, report.parent, thumbnail=thumbnails.get, words=words, labels=load_labels(), formats=("html",)
        )


def _differs(told: RunReport, lying: Lying) -> bool:
    """Whether a photo of the report lies elsewhere, or one that lies there is none of the report's."""
    shown = {(row.sha256, row.path) for row in told.rows if isinstance(row, PhotoRow) and row.path}
    return shown != {(content, row.path) for content, row in lying.primaries.items()}
