"""Which segments away from home are worth an album, and why they begin and end where they do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from album_sort.core.distinct import distinct
from album_sort.core.geo import distances_km
from album_sort.core.trips.edges import EdgeFinder
from album_sort.core.trips.homes import RECURRING_KM
from album_sort.core.trips.segments import COMPANION_MOST_KM, FLIGHT_KMH, NEAR_KM, Segment
from album_sort.core.trips.timeline import DAY, EPOCH, HOUR, LocatedPhotos
from album_sort.core.trips.unlocated import UnlocatedPhotos
from album_sort.core.trips.whereabouts import Whereabouts, WhereaboutsTable
from album_sort.types import Reason

MIN_PHOTOS = 3
MIN_PHOTOS_NEAR = 6
"""Two outings on one weekend, home in between, show less than this; a night away mostly more."""

DAY_TRIP_PHOTOS = 20
"""A single day is an album of its own from here on."""

DAY_LOCATED = 3
"""Fewer photos with a position, on a single day, may be somebody else's: the others of that day prove no place."""

FAR_KM = RECURRING_KM
FAR_DAY_PHOTOS = 5
"""A day so far from home is a journey with so few photos, too. There must have been time to get there and back, else they were sent."""

STATION_HOURS = 2.0
"""What a journey takes besides the flight, at least."""

ONE_DAY_HOURS = 14.0
"""A long evening that ends after midnight is still one day."""

LONG_STAY_DAYS = 5
"""From here on a stay at a place of recurring visits is a holiday."""

OPEN_HOURS = 48.0
"""A trip whose last photo is younger may go on."""

STRAY_PHOTOS = 3
STRAY_HOURS = 20.0
STRAY_KM = 300.0
"""Up to so many photos at an end of a trip are none of it if they lie that far off in time and place."""

STRANGER_SHARE = 0.1
"""A camera with fewer of the library's photos, never seen at home, is somebody else's while the owner is at home."""

ONLY_TRIP_DAYS = 60
ONLY_TRIP_PHOTOS = 10
ONLY_TRIP_MOVED_KM = 50.0
ONLY_TRIP_PER_DAY = 5.0
"""Without a home a segment is a trip if it is short and either moves about or is photographed as densely as holidays are."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A segment that is a trip."""

    rows: NDArray[np.intp]
    """Of the located, in the order of time."""
    cameras: frozenset[str]
    earliest_wall_s: float
    """From when on photos without a position may belong to it (wall time)."""
    latest_wall_s: float
    is_day_trip: bool
    is_open: bool
    why: tuple[Reason, ...]


class TripJudge:
    """Knows the whole table, judges one segment after another."""

    def __init__(
        self,
        table: LocatedPhotos,
        whereabouts: WhereaboutsTable,
        unlocated: UnlocatedPhotos,
        *,
        has_home: bool,
        now_s: float,
    ) -> None:
        self.table = table
        self.whereabouts = whereabouts
        self.unlocated = unlocated
        self.has_home = has_home
        self.now_s = now_s
        self.cameras = [photo.camera for photo in table.photos]
        self.camera_photos = Counter(self.cameras)
        self.home_rows = np.flatnonzero(whereabouts.where == Whereabouts.HOME)
        self.home_cameras = frozenset(self.cameras[row] for row in self.home_rows.tolist())
        self.edge_finder = EdgeFinder(table, unlocated, self.home_rows)

    def judge(self, segment: Segment) -> Candidate | None:
        """The segment as a trip, or None where it is everyday life, an outing, or somebody else's."""
        rows = np.array(segment.rows, dtype=np.intp)
        why = list(dict.fromkeys(segment.why))
        # Visits first: after a weekend at the parents' two days with three photos in London are the journey, not strays.
        trimmed = self._without_visits_at_ends(rows)
        rows = self._without_strays(trimmed if len(trimmed) else rows)
        if not len(trimmed) and self._is_long_stay(rows):
            why.append(Reason.of("trip.long-stay", days=self._days(rows)))
        elif not len(trimmed):
            return None
        cameras = frozenset(self.cameras[row] for row in rows.tolist())
        before, after = self._home_before(rows, cameras), self._home_after(rows, cameras)
        if self._is_of_strangers(rows, cameras) or not self._was_there(rows, before, after):
            return None
        is_far = float(self.whereabouts.home_km[rows].max()) >= NEAR_KM
        edges = self.edge_finder.edges(rows, cameras, before, after, is_far=is_far)
        is_day_trip = self._is_one_day(rows, cameras, edges)
        if not self._is_worth_it(rows, cameras, edges, is_day_trip=is_day_trip):
            return None
        if is_day_trip:
            why.append(Reason.of("trip.day-trip", photos=len(rows)))
        is_open = after is None and self.now_s - float(self.table.utc_s[rows[-1]]) <= OPEN_HOURS * HOUR
        return Candidate(
            rows=rows,
            cameras=cameras,
            earliest_wall_s=edges[0],
            latest_wall_s=edges[1],
            is_day_trip=is_day_trip,
            is_open=is_open,
            why=(self._start_reason(rows, before), self._end_reason(rows, after, is_open=is_open), *why),
        )

    def _without_strays(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Without a few photos at either end that lie a day and a flight off: sent by somebody, or another errand."""
        for _ in range(2):
            lat, lon, utc = self.table.lat_deg[rows], self.table.lon_deg[rows], self.table.utc_s[rows]
            for cut in range(len(rows) - 1, max(0, len(rows) - 1 - STRAY_PHOTOS), -1):
                if abs(float(utc[cut] - utc[cut - 1])) < STRAY_HOURS * HOUR:
                    continue
                # From any to any: who comes back to one of the trip's places was on it all the time.
                km = float(distances_km(lat[cut:, None], lon[cut:, None], lat[:cut], lon[:cut]).min())
                if km >= STRAY_KM:
                    rows = rows[:cut]
                    break
            rows = rows[::-1]
        return rows

    def _days(self, rows: NDArray[np.intp]) -> int:
        """Calendar days from first to last."""
        return int(self.table.day[rows[-1]] - self.table.day[rows[0]]) + 1

    def _without_visits_at_ends(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Without the photos at places of recurring visits that come before or after the journey itself."""
        away = np.flatnonzero(self.whereabouts.where[rows] == Whereabouts.AWAY)
        if len(away) in (0, len(rows)):
            return rows if len(away) else rows[:0]
        if len(away) < MIN_PHOTOS:
            return rows[:0]  # sent by somebody, or taken on the way
        # A few photos farther off do not turn a weekend at the parents' into a journey, unless they are from very far.
        is_outing = len(distinct(self.table.day[rows[away]])) < 2 and len(away) < DAY_TRIP_PHOTOS
        if is_outing and float(self.whereabouts.home_km[rows[away]].min()) < FAR_KM:
            return rows[:0]
        return rows[away[0] : away[-1] + 1]

    def _is_long_stay(self, rows: NDArray[np.intp]) -> bool:
        """Whether a visit to a place of recurring visits is as long as a holiday."""
        days = self.table.day[rows]
        return self._days(rows) >= LONG_STAY_DAYS and len(distinct(days)) >= LONG_STAY_DAYS - 1

    def _is_of_strangers(self, rows: NDArray[np.intp], cameras: frozenset[str]) -> bool:
        """Whether only cameras that are never seen at home were here, while the others were at home or on another journey."""
        if cameras & self.home_cameras or not self.home_cameras:
            return False
        share = sum(self.camera_photos[camera] for camera in cameras) / len(self.cameras)
        if share >= STRANGER_SHARE:
            return False
        # The others were elsewhere meanwhile, or so shortly before or after that they cannot have come along.
        away_s = _journey_s(float(self.whereabouts.home_km[rows].min()))
        begin, end = self.table.utc_s[rows[[0, -1]]] + (-away_s, away_s)
        low, high = np.searchsorted(self.table.utc_s[self.home_rows], (begin, end))
        return bool(high > low) or self._others_were_far(rows)

    def _others_were_far(self, rows: NDArray[np.intp]) -> bool:
        """Whether all that cameras known at home took meanwhile was taken too far off for a common journey."""
        low, high = np.searchsorted(self.table.utc_s, self.table.utc_s[rows[[0, -1]]] + (-DAY, DAY))
        others = [row for row in range(int(low), int(high)) if self.cameras[row] in self.home_cameras]
        if not others:
            return False
        lat, lon = self.table.lat_deg, self.table.lon_deg
        gaps = distances_km(lat[others][:, None], lon[others][:, None], lat[rows], lon[rows])
        return float(gaps.min()) > COMPANION_MOST_KM

    def _is_one_day(self, rows: NDArray[np.intp], cameras: frozenset[str], edges: tuple[float, float]) -> bool:
        days = set(self.table.day[rows].tolist()) | self.unlocated.days(cameras, *edges)
        span_s = float(self.table.wall_s[rows[-1]] - self.table.wall_s[rows[0]])
        return len(days) == 1 or (len(days) == 2 and self._days(rows) == 2 and abs(span_s) <= ONE_DAY_HOURS * HOUR)

    def _is_worth_it(
        self, rows: NDArray[np.intp], cameras: frozenset[str], edges: tuple[float, float], *, is_day_trip: bool
    ) -> bool:
        if not self.has_home:
            return self._is_only_trip(rows)
        km = self.whereabouts.home_km[rows]
        is_near = float(km.max()) < NEAR_KM
        if is_near and not is_day_trip:
            return len(distinct(self.table.day[rows])) > 1 and len(rows) >= MIN_PHOTOS_NEAR
        # Near home a day's photos without positions may as well be from home.
        photos = len(rows) if is_near else len(rows) + self.unlocated.count(cameras | self.unlocated.beside, *edges)
        if is_day_trip:
            return photos >= (FAR_DAY_PHOTOS if float(km.min()) >= FAR_KM else DAY_TRIP_PHOTOS)
        return photos >= MIN_PHOTOS

    def _was_there(self, rows: NDArray[np.intp], before: int | None, after: int | None) -> bool:
        """Whether photos with a position of a single day show that one of the cameras was there; of several days they do."""
        if self._days(rows) > 1:
            return True
        km, utc = float(self.whereabouts.home_km[rows].min()), self.table.utc_s
        there = np.inf if before is None else float(utc[rows[0]] - utc[before])
        back = np.inf if after is None else float(utc[after] - utc[rows[-1]])
        if not self.has_home or km < FAR_KM:
            return len(rows) >= DAY_LOCATED
        # One photo at home may be of another telephone of the same name: against many photos it takes one on either side.
        time_s = min(there, back) if len(rows) < DAY_TRIP_PHOTOS else max(there, back)
        return len(rows) >= DAY_LOCATED and time_s >= _journey_s(km)

    def _is_only_trip(self, rows: NDArray[np.intp]) -> bool:
        """Whether a segment of a library without a known home looks like a journey."""
        days = self._days(rows)
        if days < 2 or days > ONLY_TRIP_DAYS or len(rows) < ONLY_TRIP_PHOTOS:
            return False
        lat, lon = self.table.lat_deg[rows], self.table.lon_deg[rows]
        gaps = distances_km(lat, lon, float(lat[0]), float(lon[0]))
        active = len(distinct(self.table.day[rows]))
        return float(gaps.max()) >= ONLY_TRIP_MOVED_KM or len(rows) >= ONLY_TRIP_PER_DAY * active

    def _home_before(self, rows: NDArray[np.intp], cameras: frozenset[str]) -> int | None:
        """Row at which one of the cameras was last at home before."""
        at = int(np.searchsorted(self.home_rows, rows[0]))
        earlier = self.home_rows[max(0, at - 400) : at].tolist()
        return next((row for row in reversed(earlier) if self.cameras[row] in cameras), None)

    def _home_after(self, rows: NDArray[np.intp], cameras: frozenset[str]) -> int | None:
        """Row at which one of the cameras was first at home afterwards."""
        at = int(np.searchsorted(self.home_rows, rows[-1]))
        return next((row for row in self.home_rows[at : at + 400].tolist() if self.cameras[row] in cameras), None)

    def _start_reason(self, rows: NDArray[np.intp], home_row: int | None) -> Reason:
        first = int(rows[0])
        if not self.has_home:
            return Reason.of("trip.starts-without-home", date=self._date(first))
        km = round(float(self.whereabouts.home_km[first]))
        if home_row is None:
            return Reason.of("trip.starts-library", date=self._date(first), km=km)
        return Reason.of("trip.starts-away", date=self._date(first), home_date=self._date(home_row), km=km)

    def _end_reason(self, rows: NDArray[np.intp], home_row: int | None, *, is_open: bool) -> Reason:
        last = int(rows[-1])
        if is_open:
            return Reason.of("trip.open", date=self._date(last))
        if home_row is None:
            return Reason.of("trip.ends-without-home", date=self._date(last))
        return Reason.of("trip.ends-home", date=self._date(last), home_date=self._date(home_row))

    def _date(self, row: int) -> str:
        return (EPOCH + timedelta(seconds=float(self.table.wall_s[row]))).date().isoformat()


def _journey_s(km: float) -> float:
    """The least time that a journey takes, in seconds; none where no home is known."""
    return (STATION_HOURS + km / FLIGHT_KMH) * HOUR if np.isfinite(km) else 0.0
