"""Photos that have a time but no position: they prove nothing about a place, yet a busy day without positions is no idle one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.timeline import DAY, TimelinePhoto

CLOCK_DAYS = 4
"""A camera seen on fewer days gives no measure of its clock."""

CLOCK_SHARE = 0.5
"""A camera without positions whose clock is right is mostly used on days on which others are used too."""

LOCATED_SHARE = 0.1
"""A camera with fewer positions has no receiver: the few are from its owner's map."""


@dataclass(frozen=True, slots=True, eq=False)
class LoosePhotos:
    """Timed photos of own cameras without a position, by camera."""

    wall_s: dict[str, NDArray[np.float64]]
    """Ascending wall times of each camera."""
    beside: frozenset[str]
    """Cameras without a receiver whose clocks can be believed: they go where the others go."""
    distrusted: frozenset[str]
    """Cameras without a receiver whose clocks are wrong."""

    @classmethod
    def of(cls, photos: Sequence[TimelinePhoto]) -> LoosePhotos:
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
