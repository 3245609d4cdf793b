"""From when to when photos without a position belong to a trip: told by the photos at home and by how busy the days beside it were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from album_sort.core.distinct import distinct
from album_sort.core.trips.segments import GAP_DAYS
from album_sort.core.trips.timeline import DAY, HOUR, LocatedPhotos
from album_sort.core.trips.unlocated import UnlocatedPhotos

EDGE_HOURS = 8.0
"""How far before its first and after its last located photo a trip may take in photos without a position."""

BUSY_PHOTOS = 5
BUSY_OWN_PHOTOS = 2
"""A time without positions beside the trip is one of its own if it has so many photos, some of them from a telephone that was
along, and is busier than lies half-way (by ratio) between an ordinary day and the trip's days."""

BUSY_SHARE = 0.5
"""The same where no day at home is known: this share of the trip's days."""

HOME_HOURS = 1.0
"""Photos so soon after one at home, or so soon before, were taken there too."""


class EdgeFinder:
    """Knows how many photos an ordinary day has."""

    def __init__(self, table: LocatedPhotos, unlocated: UnlocatedPhotos, home_rows: NDArray[np.intp]) -> None:
        self.table = table
        self.unlocated = unlocated
        self.ordinary = _photos_on(distinct(table.day[home_rows]), table, unlocated)

    def edges(
        self,
        rows: NDArray[np.intp],
        cameras: frozenset[str],
        before: int | None,
        after: int | None,
        *,
        is_far: bool,
    ) -> tuple[float, float]:
        """Wall times between which photos without a position belong to the trip.

        `before` and `after` are the rows of the photos at home between which it lies. Near home only the next day is
        looked at, since one may have slept there.
        """
        first, last = int(rows[0]), int(rows[-1])
        start, end = self._half_way(first, before, sign=-1), self._half_way(last, after, sign=1)
        busy = self._busy(rows, cameras)
        reach = GAP_DAYS if is_far else 1
        wall_s = self.table.wall_s
        left_s = float(wall_s[before]) + HOME_HOURS * HOUR if before is not None else -np.inf
        back_s = float(wall_s[after]) - HOME_HOURS * HOUR if after is not None else np.inf
        morning, night = float(DAY * self.table.day[first]), float(DAY * (self.table.day[last] + 1))
        for step in range(1, reach + 1):
            # The day of leaving counts from the last photo at home on, that of coming home up to the first one.
            early = max(morning - step * DAY, left_s)
            if self._is_busy(early, morning - (step - 1) * DAY, cameras, busy):
                start = min(start, early)
            late = min(night + step * DAY, back_s)
            if self._is_busy(night + (step - 1) * DAY, late, cameras, busy):
                end = max(end, late)
        return start, end

    def _busy(self, rows: NDArray[np.intp], cameras: frozenset[str]) -> float:
        """From how many photos on a day without positions is the trip's rather than an ordinary one."""
        wall_s = self.table.wall_s[rows]
        along = self.unlocated.count(cameras | self.unlocated.beside, float(wall_s[0]), float(wall_s[-1]))
        per_day = (len(rows) + along) / len(distinct(self.table.day[rows]))
        return max(BUSY_PHOTOS, np.sqrt(self.ordinary * per_day) if self.ordinary else BUSY_SHARE * per_day)

    def _is_busy(self, start_s: float, end_s: float, cameras: frozenset[str], busy: float) -> bool:
        if end_s <= start_s:
            return False
        own = self.unlocated.count(cameras, start_s, end_s)
        beside = self.unlocated.count(self.unlocated.beside - cameras, start_s, end_s)
        return own >= BUSY_OWN_PHOTOS and own + beside >= busy

    def _half_way(self, row: int, home_row: int | None, *, sign: int) -> float:
        """Half the way to the photo at home, but no more than EDGE_HOURS."""
        here, most = float(self.table.wall_s[row]), EDGE_HOURS * HOUR
        if home_row is None:
            return here + sign * most
        half = abs(float(self.table.utc_s[home_row] - self.table.utc_s[row])) / 2
        return here + sign * min(most, half)


def _photos_on(days: NDArray[np.int64], table: LocatedPhotos, unlocated: UnlocatedPhotos) -> float:
    """How many photos of own cameras one of these days has, by the median; 0 without days."""
    if not len(days):
        return 0.0
    unlocated_days = [(walls // DAY).astype(np.int64) for walls in unlocated.wall_s.values()]
    everything = np.concatenate([table.day, *unlocated_days])
    found, counts = np.unique(everything[np.isin(everything, days)], return_counts=True)
    return float(np.median(counts)) if len(found) else 0.0
