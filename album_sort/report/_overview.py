"""What the first page of a report needs, gathered while the rows pass: covers, trips, months, groups of skipped files. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from album_sort.report._covers import Covers
from album_sort.report.chart import Month
from album_sort.report.tally import Tally
from album_sort.types import PhotoRow, ReportRow, RowAction, SkippedRow, TimeSource, TripRow

EXAMPLES = 40
"""Files named for each reason to skip; report.csv has them all."""

REASONS = 100
"""Different reasons named; a reason may carry a value of its file, and then every file has its own."""

DAMAGED = 1000
"""Damaged photos named on the page; all of them are in the other two reports."""

STRIP = 5
"""Pictures of a trip."""

_VAGUE = (TimeSource.MTIME, TimeSource.FOLDER_NAME)
"""Sources of a date that say when a file was made, not when a photo was taken: not on the chart."""


@dataclass(slots=True)
class TripSummary:
    """What the rows tell of a trip."""

    trip: TripRow
    photos: int = 0
    strip: list[str] = field(default_factory=list)
    """Contents of some photos, spread over the trip as they come."""
    stride: int = 1
    """Every how manieth photo was kept."""

    def add(self, sha256: str) -> None:
        """Counts a photo and keeps some of them, evenly spread, without knowing how many will come."""
        if self.photos % self.stride == 0:
            self.strip.append(sha256)
            if len(self.strip) == 2 * STRIP:
                self.strip, self.stride = self.strip[::2], self.stride * 2
        self.photos += 1


@dataclass(slots=True)
class SkippedGroup:
    """Files left out for one reason."""

    stage: str
    reason: str
    is_problem: bool
    files: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DamagedPhoto:
    """A photo of which a part is missing."""

    source: str
    path: str
    """Inside the destination."""
    reason: str
    share: float


@dataclass(slots=True)
class Overview:
    """Everything that is told about all photos together."""

    tally: Tally = field(default_factory=Tally)
    covers: Covers = field(default_factory=Covers)
    spans: dict[str, tuple[date, date]] = field(default_factory=dict)
    """First and last day of each album."""
    trips: dict[str, TripSummary] = field(default_factory=dict)
    duplicates: Counter[str] = field(default_factory=Counter)
    """Of the photos of each album those whose content lies there already."""
    undated: int = 0
    """Photos that are not on the chart."""
    months: Counter[tuple[str, Month]] = field(default_factory=Counter)
    skipped: dict[tuple[str, str], SkippedGroup] = field(default_factory=dict)
    damaged: list[DamagedPhoto] = field(default_factory=list)
    """The first DAMAGED of them, in the order of the rows."""
    unnamed_reasons: int = 0
    """Files whose reason is not among the named ones."""

    def add(self, row: ReportRow) -> None:
        """Takes one row."""
        self.tally.add(row)
        if isinstance(row, SkippedRow):
            self._add_skipped(row)
            return
        if row.damaged_share is not None and len(self.damaged) < DAMAGED:
            # The sentence about the damage is the last one: what decided about the album comes first.
            said = row.why[-1] if row.why else ""
            self.damaged.append(DamagedPhoto(row.source, row.path, said, row.damaged_share))
        if row.action is RowAction.DUPLICATE:
            self.duplicates[row.album] += 1
        else:
            self._add_photo(row)

    def _add_skipped(self, row: SkippedRow) -> None:
        key = (str(row.stage), row.reason)
        group = self.skipped.get(key)
        if group is None:
            if len(self.skipped) == REASONS:
                self.unnamed_reasons += 1
                return
            group = self.skipped[key] = SkippedGroup(*key, row.is_problem)
        group.files += 1
        if len(group.examples) < EXAMPLES:
            group.examples.append(row.source)

    def _add_photo(self, row: PhotoRow) -> None:
        self.covers.add(row)
        if row.trip is not None:
            self.trips.setdefault(row.trip.trip_id, TripSummary(row.trip)).add(row.sha256)
        if row.taken is None or row.taken.source in _VAGUE:
            self.undated += 1
            return
        day = row.taken.local.date()
        self.months[row.album, (day.year, day.month)] += 1
        span = self.spans.get(row.album)
        if span is None or not span[0] <= day <= span[1]:
            first, last = span or (day, day)
            self.spans[row.album] = min(first, day), max(last, day)

    @property
    def span(self) -> tuple[date, date] | None:
        """First and last day of all photos with a date of their own."""
        if not self.spans:
            return None
        return min(first for first, _ in self.spans.values()), max(last for _, last in self.spans.values())
