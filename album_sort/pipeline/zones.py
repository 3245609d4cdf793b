"""Wall times of photos of which only the UTC is known: by the zone of the photo taken nearest in time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from album_sort.core.trips.positions import PositionChoice
from album_sort.pipeline.records import PhotoRecord, is_utc_shown_as_local, localised
from album_sort.types import ContentId, GeoPosition


def in_likely_zones(records: Sequence[PhotoRecord], choices: Sequence[PositionChoice]) -> list[PhotoRecord]:
    """The records, downloads and messages without a zone in that of the located photo nearest in time.

    Such a photo's evening in China, or its morning in America, would else be of another day, at New Year of another year.
    """
    unzoned = [number for number, record in enumerate(records) if is_utc_shown_as_local(record)]
    found = list(records)
    anchors = _anchors(records, choices) if unzoned else []
    for number in unzoned if anchors else ():
        time = records[number].capture_time
        assert time is not None, "is_utc_shown_as_local lets no photo without a time through"  # noqa: S101
        at = bisect_left(anchors, time.local, key=_moment)
        nearest = min(anchors[max(0, at - 1) : at + 1], key=lambda one: abs(_moment(one) - time.local))
        found[number] = localised(records[number], nearest[2])
    return found


_Anchor = tuple[datetime, ContentId, GeoPosition]


def _anchors(records: Sequence[PhotoRecord], choices: Sequence[PositionChoice]) -> list[_Anchor]:
    """UTC and position of the photos that show in which zone somebody was, in the order of time."""
    found: list[_Anchor] = []
    for record, choice in zip(records, choices, strict=True):
        time, position = record.capture_time, choice.position
        if position is not None and record.metadata.camera and time is not None and time.is_reliable and time.utc:
            found.append((time.utc, record.group.content_id, position))
    return sorted(found, key=lambda anchor: anchor[:2])


def _moment(anchor: _Anchor) -> datetime:
    return anchor[0]
