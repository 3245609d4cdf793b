"""Google Takeout's JSON beside a picture: when and where it was taken, its description and its people."""

from __future__ import annotations

import json
from typing import Any

from album_sort.core.bounded import altitude, finite
from album_sort.metadata.dates import from_timestamp
from album_sort.metadata.tags import clean
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimeSource

MAX_BYTES = 1 << 20


def read_takeout(data: bytes) -> Metadata:
    """What a Takeout JSON says; a warning where it is not JSON or none of a photo (an album's `metadata.json`)."""
    if len(data) > MAX_BYTES:
        return Metadata(warnings=(f"JSON of {len(data):,} bytes is larger than {MAX_BYTES:,}: not read",))
    try:
        row = json.loads(data)
    except (ValueError, RecursionError) as error:
        return Metadata(warnings=(f"JSON cannot be read ({type(error).__name__}: {error})",))
    if not isinstance(row, dict) or "photoTakenTime" not in row:
        return Metadata(warnings=("JSON without photoTakenTime: not of a photo",))
    return Metadata(
        time_candidates=_times(row),
        positions=_positions(row),
        description=_text(row.get("description")),
        people=tuple(dict.fromkeys(filter(None, (_text(_held(person, "name")) for person in _items(row, "people"))))),
    )


def _held(row: object, key: str) -> Any:  # noqa: ANN401  # JSON holds anything; each use checks its type
    return row.get(key) if isinstance(row, dict) else None


def _items(row: dict[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    return value[:200] if isinstance(value, list) else []


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _times(row: dict[str, Any]) -> tuple[TimeCandidate, ...]:
    taken = from_timestamp(finite(_held(row.get("photoTakenTime"), "timestamp")) or 0)
    return () if taken is None else (TimeCandidate(TimeSource.TAKEOUT, utc=taken, note="photoTakenTime"),)


def _positions(row: dict[str, Any]) -> tuple[GeoPosition, ...]:
    """`geoDataExif` is the camera's own, `geoData` may be corrected by hand or guessed; 0/0 means none."""
    for key in ("geoDataExif", "geoData"):
        lat = finite(_held(row.get(key), "latitude"), -90, 90)
        lon = finite(_held(row.get(key), "longitude"), -180, 180)
        if lat is not None and lon is not None and (lat, lon) != (0, 0):
            # 0.0 is what Takeout writes for an unknown altitude.
            height = altitude(_held(row.get(key), "altitude")) or None
            return (GeoPosition(lat, lon, PositionSource.TAKEOUT, height),)
    return ()
