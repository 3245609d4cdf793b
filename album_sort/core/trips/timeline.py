"""The photos of a library as one table in time: what homes and trips are found from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from album_sort.types import CaptureTime, ContentId, GeoPosition, Place
from album_sort.types.quickly import quickly_made

HOUR = 3600.0
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive by definition

AIRLINER_ALTITUDE_M = 9_000.0
AIRLINER_SPEED_KMH = 400.0
"""Above either a photo was taken out of an aeroplane's window: a true position, but no place that somebody visited."""


def clocks(time: CaptureTime, position: GeoPosition | None) -> tuple[float, float]:
    """A photo's wall time and its time in UTC, in seconds since 1970; the latter without an offset by its longitude."""
    wall_s = (time.local - EPOCH).total_seconds()
    if time.utc_offset_minutes is not None:
        return wall_s, wall_s - 60 * time.utc_offset_minutes
    return wall_s, wall_s - (position.lon_deg / 15 * HOUR if position is not None else 0.0)


def has_time_of_day(time: CaptureTime) -> bool:
    """Whether the time of day is known and may be believed."""
    return time.has_hour and time.is_reliable


_UNTIMED = float("nan")


@quickly_made
@dataclass(frozen=True, slots=True)
class TimelinePhoto:
    """One photo group in time and place: first with what is said of its position, then with the one that is believed."""

    content_id: ContentId
    capture_time: CaptureTime | None
    position: GeoPosition | None = None
    """As `core.positions` left it: refused fixes are gone, inferred ones are marked."""
    place: Place | None = None
    """The place of `position`."""
    camera: str = ""
    """Empty when unknown."""
    is_own: bool = True
    """False for screenshots, messenger pictures and other pictures no camera of this library took: they may belong to a
    trip by their time, but never make, lengthen or end one, and no neighbour says where they come from."""
    candidates: tuple[GeoPosition, ...] = ()
    """What its files say of the position, before one is chosen (`positions.py`)."""

    # Each of these is asked for a dozen times of every photo.
    wall_s: float = field(init=False, compare=False, repr=False)
    """Wall time in seconds since 1970 (of a clock without zones); NaN without a capture time."""
    utc_s: float = field(init=False, compare=False, repr=False)
    """Seconds since 1970 in UTC; without an offset estimated from the longitude, without either the wall time."""
    is_timed: bool = field(init=False, compare=False, repr=False)
    """Whether the time of day is known and may be believed."""
    is_located: bool = field(init=False, compare=False, repr=False)
    """Whether it proves that one of the library's own cameras was somewhere at some time."""

    def __post_init__(self) -> None:
        """Take the time apart."""
        time, position = self.capture_time, self.position
        is_timed = time is not None and has_time_of_day(time)
        wall_s, utc_s = clocks(time, position) if time is not None else (_UNTIMED, _UNTIMED)
        set_field = object.__setattr__
        set_field(self, "wall_s", wall_s)
        set_field(self, "utc_s", utc_s)
        set_field(self, "is_timed", is_timed)
        set_field(self, "is_located", is_timed and self.is_own and position is not None and not self.is_airborne)

    @property
    def is_airborne(self) -> bool:
        """Whether it was taken on a flight."""
        position = self.position
        return position is not None and (
            (position.altitude_m or 0.0) > AIRLINER_ALTITUDE_M or (position.speed_kmh or 0.0) > AIRLINER_SPEED_KMH
        )


@dataclass(frozen=True, slots=True, eq=False)
class LocatedPhotos:
    """The photos that prove where a camera was, one row each, in the order of time; rows of one moment by content."""

    photos: tuple[TimelinePhoto, ...]
    utc_s: NDArray[np.float64]
    wall_s: NDArray[np.float64]
    day: NDArray[np.int64]
    """Local calendar day, days since 1970."""
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    is_night: NDArray[np.bool_]
    """Taken between 18 and 8 o'clock: where somebody is then, they mostly sleep."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.photos)

    @classmethod
    def of(cls, photos: Sequence[TimelinePhoto]) -> LocatedPhotos:
        """The table; photos of equal content count once, whatever order they come in."""
        distinct: dict[ContentId, TimelinePhoto] = {}
        for photo in photos:
            if photo.is_located:
                other = distinct.setdefault(photo.content_id, photo)
                if other is not photo and _rank(photo) < _rank(other):
                    distinct[photo.content_id] = photo
        ordered = tuple(sorted(distinct.values(), key=_moment))
        wall = np.array([photo.wall_s for photo in ordered], dtype=np.float64)
        hour = wall % DAY / HOUR
        return cls(
            photos=ordered,
            utc_s=np.array([photo.utc_s for photo in ordered], dtype=np.float64),
            wall_s=wall,
            day=(wall // DAY).astype(np.int64),
            lat_deg=np.array([photo.position.lat_deg for photo in ordered if photo.position], dtype=np.float64),
            lon_deg=np.array([photo.position.lon_deg for photo in ordered if photo.position], dtype=np.float64),
            is_night=(hour >= 18) | (hour < 8),
        )


def _moment(photo: TimelinePhoto) -> tuple[float, ContentId]:
    return photo.utc_s, photo.content_id


def _rank(photo: TimelinePhoto) -> tuple[float, float, float, str]:
    """Decides between two entries of one content, so that the order of the input never does."""
    lat, lon = (photo.position.lat_deg, photo.position.lon_deg) if photo.position else (0.0, 0.0)
    return photo.utc_s, lat, lon, photo.camera
