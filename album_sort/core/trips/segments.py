"""Segments of the timeline away from home: each camera is followed until it comes home; cameras that travel together are joined."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import distance_km, distances_km
from album_sort.core.trips.timeline import DAY, HOUR, LocatedPhotos
from album_sort.core.trips.whereabouts import Whereabouts, WhereaboutsTable
from album_sort.types import Reason

GAP_DAYS = 3
"""Calendar days from one photo of a trip to the next: two empty days between are ordinary on a holiday."""

LONGEST_GAP_DAYS = 8
"""Far from home a week without located photos is still the same journey if the camera was not seen at home meanwhile, and
either the country is the same or half of the days have photos that only lack a position."""

NEAR_KM = 150.0
"""Closer to home than this one may sleep in one's own bed between two outings: days must follow each other."""

OUTING_KM = 50.0
"""How far apart the outings of two such days may be to count as one stay."""

DRIVE_KM = 800.0
"""What one drives from one day to the next at most."""

STAY_GAP_DAYS = 4
"""Where somebody often is for a weekend, a gap of a few days without a photo at home is a stay; from Sunday to Saturday it is none."""

VISIT_HOME_DAYS = 2.0
"""A visit home this long may lie inside a trip that goes on at the same place, too far away to commute."""

COMMUTE_KM = 100.0

COMPANION_KM = 100.0
FAR_KM = 1000.0
COMPANION_SHARE = 0.1
COMPANION_MOST_KM = 400.0
"""Cameras this close on the same or the next day (far from home: within GAP_DAYS) travel together. On another continent two are
together at a tenth of the way home: one is still in the city, the other already at the canyon."""

DOOR_TO_DOOR_KMH = 250.0
"""Nobody is home and back faster than this on average: such a photo is of another camera of the same name."""

FLIGHT_KMH = 900.0

STRAY_PHOTOS = 3
"""So few photos far away, with the camera at home before and after sooner than any flight, were sent by somebody else."""


@dataclass(slots=True, eq=False)
class Segment:
    """A segment away from home while it is being put together."""

    rows: list[int]
    """Rows of the located, in the order of time."""
    last_of: dict[str, int] = field(default_factory=dict)
    """Last row of each camera."""
    home_since: dict[str, int] = field(default_factory=dict)
    """Row at which a camera was seen at home after its last photo of the segment."""
    why: list[Reason] = field(default_factory=list)

    def add(self, row: int, camera: str) -> None:
        """Take in the next photo."""
        self.rows.append(row)
        self.last_of[camera] = row
        self.home_since.pop(camera, None)


def find_segments(located: LocatedPhotos, whereabouts: WhereaboutsTable, busy_days: frozenset[int]) -> list[Segment]:
    """Segments in the order of their first photos. `busy_days` are days (since 1970) with photos without a position."""
    return _together(_Follower(located, whereabouts, busy_days).follow(), located, whereabouts)


def _together(segments: list[Segment], table: LocatedPhotos, whereabouts: WhereaboutsTable) -> list[Segment]:
    """Join segments of different cameras that met: photos on the same or the next day, close to each other."""
    joined: list[Segment] = []
    for segment in segments:
        first_day = table.day[segment.rows[0]]
        met = [s for s in joined if table.day[s.rows[-1]] >= first_day - 1 and _met(s, segment, table, whereabouts)]
        if not met:
            joined.append(segment)
            continue
        whole = met[0]
        for other in (*met[1:], segment):
            whole.rows = sorted(whole.rows + other.rows)
            whole.last_of |= other.last_of
            whole.why += other.why
        joined = [s for s in joined if s not in met[1:]]
    return joined


def _met(a: Segment, b: Segment, table: LocatedPhotos, whereabouts: WhereaboutsTable) -> bool:
    """Whether two segments of different cameras have days in common on which they were close."""
    if set(a.last_of) & set(b.last_of):
        return False
    rows_of_day: defaultdict[int, list[int]] = defaultdict(list)
    for row in a.rows:
        rows_of_day[int(table.day[row])].append(row)
    for row in b.rows:
        here = rows_of_day.get(int(table.day[row]), [])
        if here and float(_gaps_km(table, here, row).min()) <= companion_km(float(whereabouts.home_km[row])):
            return True
    return False


def companion_km(home_km: float) -> float:
    """How far apart two cameras may be and still be together, so far from home; no more than usual where no home is known."""
    if home_km == np.inf:
        return COMPANION_KM
    return min(COMPANION_MOST_KM, max(COMPANION_KM, COMPANION_SHARE * home_km))


def _gaps_km(table: LocatedPhotos, rows: list[int], row: int) -> NDArray[np.float64]:
    return distances_km(table.lat_deg[rows], table.lon_deg[rows], float(table.lat_deg[row]), float(table.lon_deg[row]))


class _Follower:
    """Goes through the table once, with the segments that may still go on at hand."""

    def __init__(self, located: LocatedPhotos, whereabouts: WhereaboutsTable, busy_days: frozenset[int]) -> None:
        self.table = located
        self.busy_days = busy_days
        self.whereabouts = whereabouts
        self.cameras = [photo.camera for photo in located.photos]
        self.done: list[Segment] = []
        self.open: list[Segment] = []

    def follow(self) -> list[Segment]:
        """All segments."""
        believed = believable(self.table, self.whereabouts, self.cameras)
        seen_home: dict[str, int] = {}
        where = self.whereabouts.where.tolist()
        for row in np.flatnonzero(believed).tolist():
            camera = self.cameras[row]
            if where[row] == Whereabouts.HOME:
                seen_home[camera] = row
                for segment in self.open:
                    if camera in segment.last_of:
                        segment.home_since.setdefault(camera, row)
                continue
            self._close_old(row)
            self._place(row, camera)
        return sorted(self.done + self.open, key=lambda segment: segment.rows[0])

    def _close_old(self, row: int) -> None:
        """Segments that ended too long ago can take in nothing more."""
        day = self.table.day
        still = [s for s in self.open if day[row] - day[s.rows[-1]] <= LONGEST_GAP_DAYS]
        if len(still) < len(self.open):
            self.done += [s for s in self.open if day[row] - day[s.rows[-1]] > LONGEST_GAP_DAYS]
            self.open = still

    def _place(self, row: int, camera: str) -> None:
        """Add a photo to the segment it continues, the one with its own camera first, or begin a new one."""
        mine = [segment for segment in self.open if camera in segment.last_of]
        others = [segment for segment in self.open if camera not in segment.last_of]
        for segment in reversed(mine):
            if self._continues(segment, segment.last_of[camera], row, camera):
                segment.add(row, camera)
                return
        for segment in reversed(others + mine):
            if self._accompanies(segment, row, camera):
                segment.add(row, camera)
                return
        self.open.append(Segment([row], {camera: row}))

    def _companion_km(self, row: int) -> float:
        return companion_km(float(self.whereabouts.home_km[row]))

    def _gap_km(self, a: int, b: int) -> float:
        table = self.table
        return distance_km(
            float(table.lat_deg[a]), float(table.lon_deg[a]), float(table.lat_deg[b]), float(table.lon_deg[b])
        )

    def _continues(self, segment: Segment, last: int, row: int, camera: str) -> bool:
        """Whether a camera's next photo belongs to the segment of its last one."""
        latest = segment.rows[-1]
        # The segment may have gone on with another camera that is closer in time.
        if self.table.day[latest] > self.table.day[last] and self._gap_km(latest, row) <= self._companion_km(row):
            last = latest
        home_row = segment.home_since.get(camera)
        if home_row is not None:
            return self._returns_after_visit(segment, last, home_row, row)
        return self._same_journey(segment, last, row)

    def _returns_after_visit(self, segment: Segment, last: int, home_row: int, row: int) -> bool:
        """Whether a camera that was seen at home goes on with the same stay: shortly after, same place, too far to commute."""
        table = self.table
        km = float(min(self.whereabouts.home_km[last], self.whereabouts.home_km[row]))
        away_days = (table.utc_s[row] - table.utc_s[last]) / DAY
        if km <= COMMUTE_KM or away_days > VISIT_HOME_DAYS + 1 or self._gap_km(last, row) > OUTING_KM:
            return False
        if (table.utc_s[row] - table.utc_s[home_row]) / DAY > VISIT_HOME_DAYS:
            return False
        segment.why.append(Reason.of("trip.visit-home-inside", days=max(1, round(away_days))))
        return True

    def _same_journey(self, segment: Segment, last: int, row: int) -> bool:
        """Whether two photos away from home, with none at home between, are of one journey."""
        table, whereabouts = self.table, self.whereabouts
        days = int(table.day[row] - table.day[last])
        km = float(min(whereabouts.home_km[last], whereabouts.home_km[row]))
        country = whereabouts.country[row]
        is_abroad = bool(country) and country not in whereabouts.home_countries
        apart = self._gap_km(last, row)
        # On the way by road; who flew home overnight and is out again next day has come home meanwhile.
        is_under_way = days == 0 or (days == 1 and apart <= DRIVE_KM)
        is_leaving = float(max(whereabouts.home_km[last], whereabouts.home_km[row])) >= NEAR_KM and is_under_way
        if km < NEAR_KM and not is_leaving:
            is_usual = whereabouts.where[last] == whereabouts.where[row] == Whereabouts.RECURRING
            most_days = STAY_GAP_DAYS if is_usual else GAP_DAYS - 1
            return (days <= 1 and apart <= OUTING_KM) or (days <= most_days and apart <= OUTING_KM / 2)
        if days <= GAP_DAYS:
            return True
        if days > LONGEST_GAP_DAYS:
            return False
        # Beside a border the next village may be in another country, and a continent away the next town is near.
        is_near_by = apart <= (OUTING_KM if km < FAR_KM else self._companion_km(row))
        if is_near_by or (is_abroad and country == whereabouts.country[last]):
            segment.why.append(Reason.of("trip.gap-bridged", days=days - 1))
            return True
        between = range(int(table.day[last]) + 1, int(table.day[row]))
        if 2 * len(self.busy_days.intersection(between)) >= len(between):
            segment.why.append(Reason.of("trip.gap-without-positions", days=days - 1))
            return True
        return False

    def _accompanies(self, segment: Segment, row: int, camera: str) -> bool:
        """Whether a camera new to a segment (or long silent) was close to it in time and place."""
        if camera in segment.home_since:
            return False
        # Far from home two telephones at one place belong together even if they take turns.
        most_days = 1 if self.whereabouts.home_km[row] < NEAR_KM else GAP_DAYS
        nearby = segment.rows[-40:]
        close = [other for other in nearby if self.table.day[row] - self.table.day[other] <= most_days]
        if any(self._gap_km(other, row) <= self._companion_km(row) for other in close[-8:]):
            if camera not in segment.last_of:
                segment.why.append(Reason.of("trip.another-camera", camera=camera or "?"))
            return True
        return False


def believable(table: LocatedPhotos, whereabouts: WhereaboutsTable, cameras: list[str]) -> NDArray[np.bool_]:
    """Rows that may speak: without photos that a camera could not have taken between those before and after.

    Two phones of one model have one name: while one travels, the other may be at home. And a friend's photo may carry the
    name of one's own camera.
    """
    believed = np.ones(len(table), dtype=np.bool_)
    by_camera: defaultdict[str, list[int]] = defaultdict(list)
    for row, camera in enumerate(cameras):
        by_camera[camera].append(row)
    for rows in by_camera.values():
        runs = _runs(rows, whereabouts.where.tolist())
        for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
            if not _is_possible(table, whereabouts, before[-1], run, after[0]):
                believed[run] = False
    return believed


def _is_possible(table: LocatedPhotos, whereabouts: WhereaboutsTable, before: int, run: list[int], after: int) -> bool:
    """Whether a camera can have been where a run was, between the photos before and after it."""
    hours = float(min(table.utc_s[run[0]] - table.utc_s[before], table.utc_s[after] - table.utc_s[run[-1]])) / HOUR
    if whereabouts.where[run[0]] == Whereabouts.HOME:
        km = float(min(whereabouts.home_km[before], whereabouts.home_km[after]))
        return km <= COMMUTE_KM or hours >= km / DOOR_TO_DOOR_KMH
    km = float(np.min(whereabouts.home_km[run]))
    return len(run) > STRAY_PHOTOS or hours >= km / FLIGHT_KMH


def _runs(rows: list[int], where: list[int]) -> list[list[int]]:
    """A camera's rows cut wherever it comes home or leaves."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and (where[runs[-1][-1]] == Whereabouts.HOME) == (where[row] == Whereabouts.HOME):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs
