"""What every report format has in common: what it is made with, and what it does with rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from album_sort.report.pagedata import Thumbnail
from album_sort.report.words import Words
from album_sort.types import LabelSet, ReportFooter, ReportHeader, ReportRow


@dataclass(frozen=True, slots=True)
class ReportBrief:
    """What a report is made with, its rows aside."""

    info: ReportHeader
    words: Words
    """In the run's language."""
    thumbnail: Thumbnail
    """The small JPEG of a content, where one is kept."""
    labels: LabelSet | None = None
    """Names of classes and albums in all languages, for the search."""


class ReportSink(Protocol):
    """A report being written: every row once, in the order of the run, then `finish`."""

    def add(self, row: ReportRow) -> None:
        """Takes one row; keeps no more of it than it needs, since there may be a million."""
        ...

    def finish(self, outcome: ReportFooter | None) -> None:
        """Writes what comes last; None for a run that was killed and has no outcome."""
        ...


OpenSink = Callable[[Path, ReportBrief], AbstractContextManager[ReportSink]]
"""Opens a report that will have this path, and closes it whatever happens.

Raises `DestinationError` where the path cannot be written to, or where somebody else's file is: that one stays as it is.
"""
