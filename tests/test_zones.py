"""Photos of which only the UTC is known, beside photos that show in which zone somebody was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from album_sort.core.trips.positions import PositionChoice
from album_sort.pipeline.records import PhotoRecord, build_records
from album_sort.pipeline.zones import in_likely_zones
from album_sort.types import (
    ContentId,
    FileEntry,
    FileKind,
    GeoPosition,
    Inspection,
    Metadata,
    PositionSource,
    TimeCandidate,
    TimeSource,
)

NOW = datetime(2026, 1, 1)
SHANGHAI, NEW_YORK = (31.23, 121.47), (40.71, -74.01)


def seen(
    name: str,
    *times: TimeCandidate,
    at: tuple[float, float] | None = None,
    camera: str = "Huawei P40",
    kind: FileKind = FileKind.PHOTO,
) -> Inspection:
    """A file that was read."""
    path = f"/photos/{name}"
    positions = () if at is None else (GeoPosition(*at, PositionSource.EXIF),)
    metadata = Metadata(time_candidates=times, positions=positions, camera_model=camera)
    return Inspection(FileEntry(path, "/photos", 1, 0, 0, 0, kind), ContentId(name), "jpeg", metadata)


def taken(name: str, local: str, at: tuple[float, float]) -> Inspection:
    """A photo of a telephone that knows where it is."""
    return seen(name, TimeCandidate(TimeSource.EXIF_ORIGINAL, local=datetime.fromisoformat(local)), at=at)


def download(utc: str) -> Inspection:
    """What WeChat names by milliseconds since 1970."""
    ms = (datetime.fromisoformat(utc) - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    return seen(f"mmexport{ms}.jpg", camera="")


def local_times(*files: Inspection) -> dict[str, tuple[datetime, int | None, str]]:
    """Wall time, offset and last reason of each file."""
    records = build_records({file.file.path: file for file in files}, now_utc=NOW).photos
    choices = [PositionChoice(_position(record)) for record in records]
    found = {}
    for record in in_likely_zones(records, choices):
        time = record.capture_time
        assert time is not None
        reason = record.time_reasons[-1].code
        found[record.group.primary.name[:8]] = (time.local, time.utc_offset_minutes, reason)
    return found


def _position(record: PhotoRecord) -> GeoPosition | None:
    return record.metadata.positions[0] if record.metadata.positions else None


@pytest.mark.parametrize(
    ("utc", "local", "offset"),
    [("2024-12-31 23:30", "2025-01-01 07:30", 480), ("2025-06-30 23:30", "2025-06-30 19:30", -240)],
)
def test_a_picture_received_is_of_the_day_it_was_where_its_owner_was(utc: str, local: str, offset: int) -> None:
    """At home in Shanghai it is New Year already; on the journey to New York it is still the evening before."""
    home = taken("home.jpg", "2025-01-02 12:00", SHANGHAI)
    journey = taken("away.jpg", "2025-06-29 12:00", NEW_YORK)
    times = local_times(home, journey, download(utc))
    assert times["mmexport"] == (datetime.fromisoformat(local), offset, "time.offset-of-neighbour")


def test_without_a_located_photo_utc_stands_in_for_the_wall_time() -> None:
    assert local_times(download("2024-12-31 23:30"))["mmexport"] == (
        datetime(2024, 12, 31, 23, 30),
        None,
        "time.utc-as-local",
    )


def test_a_cameras_video_keeps_its_time() -> None:
    """Cameras without a receiver write their wall time where the standard asks for UTC."""
    clock = TimeCandidate(TimeSource.QUICKTIME, utc=datetime(2025, 1, 1, 20))
    video = seen("MVI_0001.MOV", clock, camera="", kind=FileKind.VIDEO)
    times = local_times(taken("home.jpg", "2025-01-01 12:00", SHANGHAI), video)
    assert times["MVI_0001"][0] == datetime(2025, 1, 1, 20)
