"""Photos that have a time but no position: they prove nothing about a place, yet a busy day without positions is no idle one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.trips.timeline import DAY, TimelinePhoto

CLOCK_DAYS = 4
"""A camera seen on fewer days gives no measure of its clock."""

CLOCK_SHARE = 0.5
"""A camera without positions whose clock is right is mostly used on days on which others are used too."""

LOCATED_SHARE = 0.1
"""A camera with fewer positions has no receiver: the few are from its owner's map."""


PACE_DAYS = 2
PACE_SHARE = 0.5
"""A camera that is used on so many and such a share of a trip's days, and not on those around it, was there."""

TRAVELLER_TRIPS = 2
TRAVELLER_SHARE = 0.5
TRAVELLER_DAYS = 1 / 3
"""A camera that was used on so many and such a share of the trips, on a third of the days of each, is one for travelling, and its
clock is right."""


@dataclass(frozen=True, slots=True, eq=False)
class UnlocatedPhotos:
    """Timed photos of own cameras without a position, by camera."""

    wall_s: dict[str, NDArray[np.float64]]
    """Ascending wall times of each camera."""
    beside: frozenset[str]
    """Cameras without a receiver whose clocks can be believed: they go where the others go."""
    distrusted: frozenset[str]
    """Cameras without a receiver whose clocks are wrong."""

    @classmethod
    def of(cls, photos: Sequence[TimelinePhoto]) -> UnlocatedPhotos:
        """Sort a library's photos; the order they come in does not matter."""
        walls: defaultdict[str, list[float]] = defaultdict(list)
        days_of: defaultdict[str, set[int]] = defaultdict(set)
        count: Counter[str] = Counter()
        for photo in photos:
            if not photo.is_own or not photo.is_timed:
                continue
            count[photo.camera] += 1
            days_of[photo.camera].add(int(photo.wall_s // DAY))
            if photo.position is None:
                walls[photo.camera].append(photo.wall_s)
        without = {c for c in count if c and len(walls[c]) > (1 - LOCATED_SHARE) * count[c]}
        common = set().union(*(days for camera, days in days_of.items() if camera not in without))
        distrusted = {c for c in without if len(days_of[c]) >= CLOCK_DAYS and _is_alone(days_of[c], common)}
        arrays = {camera: np.sort(np.array(values)) for camera, values in walls.items()}
        return cls(arrays, frozenset(without - distrusted), frozenset(distrusted))

    def travellers(self, trips: Sequence[NDArray[np.int64]]) -> frozenset[str]:
        """Cameras of doubtful clocks that were used on most trips (each given by its ascending days): their clocks are right.

        Who takes a camera along and at home leaves it in a drawer for weeks has no other way to show it.
        """
        found = set()
        for camera in self.distrusted:
            era = self.wall_s[camera][[0, -1]] // DAY
            during = [days for days in trips if len(days) > 1 and era[0] <= days[0] and days[-1] <= era[1]]
            used = sum(
                len(self._used(camera, days) & set(days.tolist())) >= TRAVELLER_DAYS * len(days) for days in during
            )
            if used >= max(TRAVELLER_TRIPS, TRAVELLER_SHARE * len(during)):
                found.add(camera)
        return frozenset(found)

    def along(self, days: NDArray[np.int64]) -> frozenset[str]:
        """Cameras of doubtful clocks that kept pace with a trip on these (ascending) days.

        They were used on half of its days at least, and neither shortly before nor shortly after it. A clock that is wrong
        hardly ever puts another time of use exactly there.
        """
        found = set()
        for camera in self.distrusted:
            used = self._used(camera, days)
            is_inside = all(days[0] <= day <= days[-1] for day in used)
            if is_inside and len(used) >= max(PACE_DAYS, PACE_SHARE * len(days)):
                found.add(camera)
        return frozenset(found)

    def _used(self, camera: str, days: NDArray[np.int64]) -> set[int]:
        """Days around these on which a camera was used."""
        return self.days((camera,), float(days[0] - PACE_DAYS) * DAY, float(days[-1] + PACE_DAYS + 1) * DAY)

    def count(self, cameras: Iterable[str], start_s: float, end_s: float) -> int:
        """How many photos some cameras took from start to end (wall time, end excluded)."""
        bounds = (start_s, end_s)
        return sum(int(np.diff(np.searchsorted(self.wall_s[c], bounds))[0]) for c in cameras if c in self.wall_s)

    def days(self, cameras: Iterable[str], start_s: float, end_s: float) -> set[int]:
        """Days on which some cameras took photos between start and end."""
        found: set[int] = set()
        for camera in cameras:
            walls = self.wall_s.get(camera)
            if walls is not None:
                low, high = np.searchsorted(walls, (start_s, end_s))
                found.update((walls[low:high] // DAY).astype(int).tolist())
        return found


def _is_alone(days: set[int], common: set[int]) -> bool:
    """Whether a camera's days hardly meet those of the cameras with receivers: its clock is wrong.

    A clock that was never set puts a ski holiday into some week of everyday life, and everyday photos into a holiday.
    """
    return len(days & common) < CLOCK_SHARE * len(days)
