"""Rows of earlier reports that go on in a new one: the report is of the whole destination, whatever part of it a run has sorted."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from album_sort.pipeline.rest import is_below
from album_sort.types import AlbumId, AlbumRelPath, ContentId, PhotoRow, ReportRow, Role, RowAction, SkippedRow, TripRow
from album_sort.types.corrections import CorrectionKind
from album_sort.types.ledger import DestinationPicture, LedgerRow


@dataclass(slots=True)
class ThisRun:
    """What the rows of a run speak of, gathered while they pass."""

    contents: set[ContentId] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    def add(self, row: ReportRow) -> None:
        """Takes note of one row."""
        self.sources.add(row.source)
        if isinstance(row, PhotoRow):
            self.contents.add(row.sha256)


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Makes the rows of what is in the destination and not in a run."""

    picture: DestinationPicture
    title: Callable[[AlbumId], str]
    trips: Mapping[str, TripRow]
    """Those of the run, by id: they may have grown."""
    scanned: Sequence[str]
    """Folders that the run has looked through: what it says of the files in them is the newest."""
    unexplained: str
    """Said of a photo that no report knows."""
    by_hand: Mapping[ContentId, tuple[AlbumId, str]] = field(default_factory=dict)
    """Photos that a person put where they are: the album, empty where it is that of the ledger, and the sentence on it."""

    def rows(self, run: ThisRun, earlier: Iterable[Iterable[ReportRow]]) -> Iterator[ReportRow]:
        """One row at a time; `earlier` are the rows of earlier reports, the newest first, and may repeat each other."""
        wanted = self._photos(run.contents)
        also = self._also()
        told = set(run.sources)
        for report in earlier:
            for row in report:
                if isinstance(row, PhotoRow) and row.action is not RowAction.DUPLICATE:
                    found = wanted.pop(row.sha256, None)
                    if found is not None:
                        yield self._photo(row, found, also)
                elif row.source not in told and self._still_holds(row):
                    yield replace(row, in_run=False)
                told.add(row.source)
            if not wanted:
                break
        for lies in wanted.values():
            nothing = PhotoRow(
                lies.source, lies.album, "", lies.path, RowAction.KEEP, lies.content_id, (self.unexplained,)
            )
            yield self._photo(nothing, lies, also)

    def _photos(self, contents: Set[ContentId]) -> dict[ContentId, LedgerRow]:
        """The photos that lie in the albums and are not of this run."""
        return {
            row.content_id: row
            for path, row in self.picture.ledger.items()
            if row.role is Role.PRIMARY and row.content_id not in contents and path in self.picture.present
        }

    def _also(self) -> Mapping[ContentId, list[AlbumRelPath]]:
        found: defaultdict[ContentId, list[AlbumRelPath]] = defaultdict(list)
        for path, row in sorted(self.picture.ledger.items()):
            if row.role is Role.ALSO and path in self.picture.present:
                found[row.content_id].append(path)
        return found

    def _still_holds(self, row: ReportRow) -> bool:
        """Whether what was said of a duplicate, or of a file that was left out, is true today, as far as anybody has looked."""
        is_looked_at = isinstance(row, SkippedRow) and any(is_below(row.source, folder) for folder in self.scanned)
        return not is_looked_at and os.path.lexists(row.source)

    def _photo(self, known: PhotoRow, row: LedgerRow, also: Mapping[ContentId, list[AlbumRelPath]]) -> PhotoRow:
        told = self.by_hand.get(row.content_id)
        album = (told and told[0]) or row.album
        return replace(
            known,
            album=album,
            title=self.title(album),
            why=(told[1],) if told and told[0] else known.why,
            by_hand=CorrectionKind.MOVED if told else "",
            path=row.path,
            action=RowAction.KEEP,
            trip=known.trip and self.trips.get(known.trip.trip_id, known.trip),
            also=tuple(also.get(row.content_id, ())),
            in_run=False,
        )
