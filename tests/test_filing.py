"""From an assignment to a folder: what the layout's fields say, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from album_sort.core.planning.layout import Layout
from album_sort.pipeline.filing import FilingWords, file_photo, layout_fields
from album_sort.types import (
    AlbumId,
    Assignment,
    CaptureTime,
    ContentId,
    FileEntry,
    FileKind,
    Inspection,
    Metadata,
    PhotoFacts,
    PhotoGroup,
    Role,
    TimePrecision,
    TimeSource,
)

WORDS = FilingWords(
    title=lambda album: album.capitalize(), season=lambda day, season: f"{season} of {day}", undated="undated"
)
CONTENT = ContentId("a" * 64)


def entry(path: str, kind: FileKind = FileKind.PHOTO) -> FileEntry:
    return FileEntry(path, "/photos", 10, 1, 2, 3, kind)


def photo(time: CaptureTime | None, *members: FileEntry) -> PhotoFacts:
    return PhotoFacts(
        group=PhotoGroup(entry("/photos/a.jpg"), CONTENT, members),
        metadata=Metadata(camera_model="EOS 450D"),
        capture_time=time,
        position=None,
        place=None,
        season=None,
        away_from_home=None,
        trip=None,
        statistics=None,
        prediction=None,
    )


def taken(
    source: TimeSource = TimeSource.EXIF_ORIGINAL, precision: TimePrecision = TimePrecision.SECOND
) -> CaptureTime:
    return CaptureTime(datetime(2024, 1, 1, 2, 30), None, source, precision)


@pytest.mark.parametrize(
    ("time", "day_begins", "expected"),
    [
        (taken(), 0, {"year": "2024", "month": "2024-01", "day": "2024-01-01"}),
        (taken(), 4, {"year": "2023", "month": "2023-12", "day": "2023-12-31"}),
        (taken(precision=TimePrecision.DAY), 4, {"year": "2024", "month": "2024-01", "day": "2024-01-01"}),
        (taken(precision=TimePrecision.MONTH), 0, {"year": "2024", "month": "2024-01"}),
        (taken(precision=TimePrecision.YEAR), 0, {"year": "2024"}),
        (taken(source=TimeSource.MTIME), 0, {}),
        (None, 0, {}),
    ],
)
def test_a_date_fills_the_fields_as_far_as_it_is_known(
    time: CaptureTime | None, day_begins: int, expected: dict[str, str]
) -> None:
    fields = layout_fields(photo(time), AlbumId("pets"), WORDS, day_begins)
    assert {name: value for name, value in fields.items() if name in ("year", "month", "day")} == expected


def test_all_files_of_a_group_go_into_one_folder_and_secondary_albums_get_the_primary() -> None:
    movie = entry("/photos/a.mov", FileKind.VIDEO)
    facts = photo(taken(), movie)
    inspections = {
        "/photos/a.jpg": Inspection(facts.group.primary, CONTENT, "jpeg", Metadata()),
        "/photos/a.mov": Inspection(movie, ContentId("b" * 64), "mov", Metadata()),
    }
    assignment = Assignment(CONTENT, AlbumId("pets"), 0.9, (), also=(AlbumId("food"),))
    layout = Layout.parse("{album}/{trip|year|undated}")
    filings = list(file_photo(facts, assignment, inspections, layout, WORDS, with_also=True, day_begins=0))
    assert [(filing.file.name, filing.folder, filing.role) for filing in filings] == [
        ("a.jpg", "Pets/2024", Role.PRIMARY),
        ("a.mov", "Pets/2024", Role.MEMBER),
        ("a.jpg", "Food/2024", Role.ALSO),
    ]


def test_a_season_in_the_layout_is_that_of_the_calendar_day_with_its_year() -> None:
    """The night of 1 December belongs to the winter that begins, even where a day begins at four."""
    night = CaptureTime(datetime(2025, 12, 1, 2, 30), None, TimeSource.EXIF_ORIGINAL, TimePrecision.SECOND)
    fields = layout_fields(replace(photo(night), season="winter"), AlbumId("pets"), WORDS, day_begins=4)
    assert (fields["day"], fields["season"]) == ("2025-11-30", "winter of 2025-12-01")
    assert "season" not in layout_fields(replace(photo(None), season="winter"), AlbumId("pets"), WORDS, 0)
