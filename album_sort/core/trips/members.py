"""Which photos belong to a trip: those that prove it, and those beside them in time that prove nothing to the contrary."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.distinct import distinct
from album_sort.core.geo import distances_km
from album_sort.core.trips.judge import Candidate
from album_sort.core.trips.timeline import DAY, LocatedPhotos, TimelinePhoto
from album_sort.core.trips.unlocated import UnlocatedPhotos
from album_sort.core.trips.whereabouts import Whereabouts, WhereaboutsTable
from album_sort.types import ContentId, TimePrecision

BESIDE_KM = 150.0
"""A photo with a position belongs to a trip in whose time it falls if it lies this close to one of the trip's places."""


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """A candidate's time and places."""

    number: int
    """Among the candidates."""
    first_day: int
    last_day: int
    earliest_wall_s: float
    latest_wall_s: float
    cameras: frozenset[str]
    along: frozenset[str]
    """Cameras without a receiver that were used on its days, day by day."""
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]

    @property
    def photos(self) -> int:
        """How many photos prove the trip."""
        return len(self.lat_deg)

    def is_open_to(self, photo: TimelinePhoto, unlocated: UnlocatedPhotos) -> bool:
        """Whether the photo's camera can have been along.

        A telephone that was along shows it by a position; one without may as well have stayed at home. Pictures without
        a camera's name were received on the way.
        """
        if photo.position is not None or not photo.camera or not photo.is_own:
            return True
        return photo.camera in self.cameras or photo.camera in unlocated.beside or photo.camera in self.along

    def takes(self, photo: TimelinePhoto, home_days: Set[int]) -> bool:
        """Whether a photo that proves nothing itself belongs here by its time, and by its position if it has one."""
        if photo.capture_time is not None and photo.capture_time.precision is TimePrecision.DAY:
            day = int(photo.wall_s // DAY)
            # On the days of leaving and of coming home, which part of the day it was is not known.
            if not (self.first_day <= day <= self.last_day) or (
                day in (self.first_day, self.last_day) and day in home_days
            ):
                return False
        elif not self.earliest_wall_s <= photo.wall_s <= self.latest_wall_s:
            return False
        # Out of the window of the aeroplane home one sees no place of the trip.
        if photo.position is None or photo.is_airborne:
            return True
        gaps = distances_km(self.lat_deg, self.lon_deg, photo.position.lat_deg, photo.position.lon_deg)
        return float(gaps.min()) <= BESIDE_KM


def assign_members(
    photos: Sequence[TimelinePhoto],
    table: LocatedPhotos,
    whereabouts: WhereaboutsTable,
    unlocated: UnlocatedPhotos,
    candidates: Sequence[Candidate],
) -> list[frozenset[ContentId]]:
    """The members of each candidate; every photo belongs to one at most."""
    members: list[set[ContentId]] = [
        {table.photos[row].content_id for row in candidate.rows.tolist()} for candidate in candidates
    ]
    if not candidates:
        return []
    # A stay at the parents' is not a journey that a camera for travelling is taken along on.
    journeys = [c.rows for c in candidates if (whereabouts.where[c.rows] == Whereabouts.AWAY).any()]
    travellers = unlocated.travellers([distinct(table.day[rows]) for rows in journeys])
    by_start = sorted(
        (_reach(number, table, unlocated, travellers, c) for number, c in enumerate(candidates)),
        key=lambda r: r.earliest_wall_s,
    )
    home_days = {int(day) for day in table.day[whereabouts.where == Whereabouts.HOME]}
    at_home = {table.photos[row].content_id for row in np.flatnonzero(whereabouts.where == Whereabouts.HOME).tolist()}
    settled = at_home.union(*members)
    starts = [reach.earliest_wall_s for reach in by_start]
    longest = max(reach.latest_wall_s - reach.earliest_wall_s for reach in by_start)
    for photo in photos:
        if photo.content_id in settled or photo.capture_time is None or not photo.capture_time.is_reliable:
            continue
        # A day without a time of day stands at midnight: look a day farther.
        low = bisect_left(starts, photo.wall_s - longest - DAY)
        high = bisect_right(starts, photo.wall_s + DAY)
        fitting = [
            reach
            for reach in by_start[low:high]
            if reach.is_open_to(photo, unlocated) and reach.takes(photo, home_days)
        ]
        if fitting:
            best = min(fitting, key=lambda reach: (photo.camera not in reach.cameras, -reach.photos, reach.number))
            members[best.number].add(photo.content_id)
    return [frozenset(own) for own in members]


def _reach(
    number: int, table: LocatedPhotos, unlocated: UnlocatedPhotos, travellers: frozenset[str], candidate: Candidate
) -> _Reach:
    days = distinct(table.day[candidate.rows])
    return _Reach(
        number,
        int(days.min()),
        int(days.max()),
        candidate.earliest_wall_s,
        candidate.latest_wall_s,
        candidate.cameras,
        travellers | unlocated.along(days),
        table.lat_deg[candidate.rows],
        table.lon_deg[candidate.rows],
    )
