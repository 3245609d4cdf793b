"""Counts rows as they pass: the numbers that the terminal, every report format, the preview and the real run share. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from album_sort.types import REVIEW, AlbumId, PhotoRow, ReportRow, RowAction


@dataclass(slots=True)
class Tally:
    """Totals of the rows added so far. `filed + review + skipped == photos`: every photo is in exactly one of them."""

    albums: Counter[AlbumId] = field(default_factory=Counter)
    """Photos by album, `review` included, duplicates counted where their content is."""
    titles: dict[AlbumId, str] = field(default_factory=dict)
    actions: Counter[RowAction] = field(default_factory=Counter)
    skipped: int = 0
    """Files that could not be processed."""
    left_out: int = 0
    """Files left out on purpose; no photos to us."""
    in_run: int = 0
    """Photos that the run has dealt with; the others lie in the albums since earlier runs."""
    new: int = 0
    """Photos that the run has filed."""
    freed_bytes: int = 0
    """What deleting the duplicates among the sources would free."""
    damaged: int = 0
    """Photos of which a part is missing; duplicates counted where their content is."""

    def add(self, row: ReportRow) -> None:
        """Counts one row."""
        if isinstance(row, PhotoRow):
            self.albums[row.album] += 1
            self.titles.setdefault(row.album, row.title)
            self.actions[row.action] += 1
            self.in_run += row.in_run
            self.new += row.is_new
            self.freed_bytes += row.freed_bytes
            self.damaged += row.damaged_share is not None
        elif row.is_problem:
            self.skipped += 1
        else:
            self.left_out += 1

    @property
    def review(self) -> int:
        """Photos of which we were not sure."""
        return self.albums[REVIEW]

    @property
    def filed(self) -> int:
        """Photos with an album."""
        return self.albums.total() - self.review

    @property
    def photos(self) -> int:
        """All photos found: filed, to review and skipped."""
        return self.albums.total() + self.skipped

    @property
    def album_count(self) -> int:
        """Albums that have photos, `review` aside."""
        return sum(1 for album, photos in self.albums.items() if photos and album != REVIEW)

    @property
    def duplicates(self) -> int:
        """Photos whose content is already filed in the same folder."""
        return self.actions[RowAction.DUPLICATE]

    def as_json(self) -> dict[str, int | dict[str, int]]:
        """The totals of the summary row."""
        return {
            "photos": self.photos,
            "filed": self.filed,
            "albums": self.album_count,
            "review": self.review,
            "duplicates": self.duplicates,
            "duplicate_bytes": self.freed_bytes,
            "damaged": self.damaged,
            "skipped": self.skipped,
            "left_out": self.left_out,
            "in_run": self.in_run,
            "new": self.new,
            "by_album": {str(album): count for album, count in sorted(self.albums.items())},
            "by_action": {str(action): count for action, count in sorted(self.actions.items())},
        }
