"""What a person corrected in a sidecar, told apart from what a program only copied there from the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from album_sort.core.dates.capture_time import civil_offset
from album_sort.core.geo import distance_km, is_on_globe
from album_sort.types import GeoPosition, PositionSource, TimeCandidate, TimePrecision, TimeSource

_CAMERAS_DATES = (TimeSource.EXIF_ORIGINAL, TimeSource.QUICKTIME, TimeSource.FILM)
_CAMERAS_PLACES = (PositionSource.EXIF, PositionSource.QUICKTIME)

_FINENESS = {precision: rank for rank, precision in enumerate(TimePrecision)}
_SAME = timedelta(seconds=2)
"""Copies lose fractions of a second, and FAT's clocks know even seconds only."""

_SAME_PLACE_KM = 0.1
"""Copies are rounded; nobody moves a pin by less."""


def settled_times(candidates: Sequence[TimeCandidate]) -> tuple[TimeCandidate, ...]:
    """The same candidates; a sidecar's date that repeats the camera's is not a correction and counts as any other XMP."""
    cameras = [one for one in candidates if one.source in _CAMERAS_DATES]
    return tuple(
        replace(one, source=TimeSource.XMP)
        if one.source is TimeSource.SIDECAR and any(_repeats(one, camera) for camera in cameras)
        else one
        for one in candidates
    )


def _repeats(sidecar: TimeCandidate, camera: TimeCandidate) -> bool:
    """Whether a sidecar says no more than the camera: the same moment, no finer, perhaps with the offset beside it."""
    local = sidecar.local
    if local is None or _FINENESS[sidecar.precision] < _FINENESS[camera.precision]:
        return False
    if camera.local is None:
        # Copied from a film's header as it stands there, without the word that it is UTC.
        return camera.utc is not None and _agree(local, camera.utc, sidecar.precision)
    if _agree(local, camera.local, sidecar.precision):
        return True
    if sidecar.utc_offset_minutes != 0 or sidecar.precision is not TimePrecision.SECOND:
        return False
    # Brought to UTC on the way. (With another offset the same instant is a correction of the zone.)
    if camera.utc is not None:
        return abs(local - camera.utc) <= _SAME
    ahead = camera.local - local
    minutes = civil_offset(ahead)
    return minutes is not None and abs(ahead - timedelta(minutes=minutes)) <= _SAME


def _agree(one: datetime, other: datetime, precision: TimePrecision) -> bool:
    """Whether two moments are the same as far as the coarser of them is known."""
    match precision:
        case TimePrecision.SECOND:
            return abs(one - other) <= _SAME
        case TimePrecision.MINUTE:
            return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)
        case TimePrecision.DAY:
            return one.date() == other.date()
        case TimePrecision.MONTH:
            return (one.year, one.month) == (other.year, other.month)
        case TimePrecision.YEAR:
            return one.year == other.year


def settled_positions(positions: Sequence[GeoPosition]) -> tuple[GeoPosition, ...]:
    """Most trustworthy first, without copies in XMP of the camera's own: with the fix's time and height these say more.

    A copy must not stand in for a fix that is refused, because it is stale or frozen, either.
    """
    cameras = [one for one in positions if one.source in _CAMERAS_PLACES]
    kept = [
        one
        for one in positions
        if one.source not in (PositionSource.SIDECAR, PositionSource.XMP)
        or not any(_same_place(one, camera) for camera in cameras)
    ]
    rank = {source: number for number, source in enumerate(PositionSource)}
    return tuple(sorted(kept, key=lambda one: rank[one.source]))


def _same_place(one: GeoPosition, other: GeoPosition) -> bool:
    places = [(position.lat_deg, position.lon_deg) for position in (one, other)]
    if not all(is_on_globe(*place) for place in places):
        return False
    return distance_km(*places[0], *places[1]) <= _SAME_PLACE_KM
