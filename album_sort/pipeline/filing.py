"""From assignments to filings: the folder of each file by the layout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from album_sort.core.dates.capture_time import logical_day
from album_sort.core.planning.layout import FIELDS, Layout
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    Assignment,
    CaptureTime,
    FiledContent,
    Filing,
    Inspection,
    PhotoFacts,
    Role,
    TimePrecision,
    TimeSource,
)


@dataclass(frozen=True, slots=True)
class FilingWords:
    """Names of folders in the destination's language."""

    title: Callable[[AlbumId], str]
    season: Callable[[date, str], str]
    """Day and season with its year: `winter 2025-26`."""
    undated: str


def file_photo(
    facts: PhotoFacts,
    assignment: Assignment,
    inspections: Mapping[str, Inspection],
    layout: Layout,
    words: FilingWords,
    *,
    with_also: bool,
    day_begins: int,
) -> Iterator[Filing]:
    """A filing for each file of the group, and for its primary in each secondary album."""
    folder = layout.render(layout_fields(facts, assignment.album, words, day_begins, layout.asked))
    for file in facts.group.files:
        role = Role.PRIMARY if file is facts.group.primary else Role.MEMBER
        inspection = inspections[file.path]
        filed = FiledContent(inspection.content_id, facts.group.content_id, assignment.album, folder, role, file.path)
        yield Filing(file, filed, inspection.media_format)
    if with_also:
        for album in assignment.also:
            also_folder = layout.render(layout_fields(facts, album, words, day_begins, layout.asked))
            if also_folder != folder:
                content_id, primary = facts.group.content_id, facts.group.primary
                filed = FiledContent(content_id, content_id, album, AlbumRelPath(also_folder), Role.ALSO, primary.path)
                yield Filing(primary, filed)


def layout_fields(
    facts: PhotoFacts, album: AlbumId, words: FilingWords, day_begins: int, asked: Collection[str] = FIELDS
) -> dict[str, str]:
    """Values of the layout's fields; what is not known is left out, so that the layout falls back.

    Seasons take time to name: they are only there when they are among the fields `asked` for.
    """
    fields = {"album": words.title(album), "undated": words.undated, "camera": facts.metadata.camera}
    fields.update(_date_fields(facts.capture_time, day_begins))
    if facts.trip is not None:
        fields["trip"] = facts.trip.title
    if facts.place is not None:
        fields["country"] = facts.place.country
        fields["city"] = facts.place.name
    if "season" in asked and facts.season is not None and facts.capture_time is not None and "year" in fields:
        # Of the calendar day, as the season itself: a night in December belongs to no winter of the year before.
        fields["season"] = words.season(facts.capture_time.local.date(), facts.season)
    return fields


def _date_fields(time: CaptureTime | None, day_begins: int) -> Mapping[str, str]:
    """Year, month and day as far as they are known.

    A file's modification time says when it was copied: it dates nothing,
    and a folder must not change because a file was touched.
    """
    if time is None or time.source is TimeSource.MTIME:
        return {}
    return _fields_of_day(logical_day(time.local, day_begins if time.has_hour else 0), time.precision)


@lru_cache(maxsize=1 << 14)
def _fields_of_day(day: date, precision: TimePrecision) -> Mapping[str, str]:
    fields = {"year": f"{day:%Y}"}
    if precision is not TimePrecision.YEAR:
        fields["month"] = f"{day:%Y-%m}"
        if precision is not TimePrecision.MONTH:
            fields["day"] = f"{day:%Y-%m-%d}"
    return fields
