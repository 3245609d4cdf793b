"""Neighbourhoods with the days spent there: what homes and places of many visits are chosen from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.distinct import distinct
from album_sort.core.geo import distances_km
from album_sort.core.trips.timeline import LocatedPhotos

CELL_DEG = 0.05
"""About 5 km: wide enough that fixes of one neighbourhood fall together, narrow enough to tell towns apart."""

STAY_RADIUS_KM = 10.0
"""Days this close to a stay point's middle are days there."""

MOST_STAY_POINTS = 60
"""How many of the most visited stay points are looked at; the rest are holiday stops."""

MIN_STAY_DAYS = 3
"""Stay points seen on fewer days are neither homes nor places of recurring visits."""

Days = NDArray[np.int64]

_WEEK_BITS = 24
"""Of a number that names a cell (28 bits) and a week: weeks of all years that dates can have are fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class StayPoint:
    """A neighbourhood and the days spent there."""

    lat_deg: float
    lon_deg: float
    days: Days
    """Distinct, ascending."""
    nights: Days
    photos: int

    def weeks_between(self, first: int, last: int) -> int:
        """Distinct weeks with a day here, plus those with a night, plus those with a working day, from first to last.

        Weekends are spent at the parents' or in the cabin, too; an ordinary Tuesday is spent at home.
        """
        return sum(_weeks_within(days, first, last) for days in (self.days, self.nights, self.workdays))

    @property
    def workdays(self) -> Days:
        """Days from Monday to Friday."""
        return self.days[~is_weekend(self.days)]


def is_weekend(days: Days) -> NDArray[np.bool_]:
    """Saturdays and Sundays; 1970 began on a Thursday."""
    return (days + 3) % 7 >= 5


def _weeks_within(days: Days, first: int, last: int) -> int:
    """Distinct weeks of ascending days from first to last."""
    weeks = within(days, first, last) // 7
    return int(np.count_nonzero(weeks[1:] != weeks[:-1])) + 1 if len(weeks) else 0


def within(days: Days, first: int, last: int) -> Days:
    """The part of ascending days from first to last."""
    low, high = np.searchsorted(days, (first, last + 1))
    return days[low:high]


@dataclass(frozen=True, slots=True, eq=False)
class DayCells:
    """One row for each day and cell with photos."""

    cell: NDArray[np.int64]
    lat: NDArray[np.float64]
    """Mean of the day's photos in the cell."""
    lon: NDArray[np.float64]
    day: Days
    night: NDArray[np.bool_]
    photos: NDArray[np.int64]


def find_stay_points(rows: DayCells) -> list[StayPoint]:
    """Neighbourhoods by the number of weeks and nights spent there, most first."""
    alive = np.ones(len(rows.day), dtype=np.bool_)
    points: list[StayPoint] = []
    while alive.any() and len(points) < MOST_STAY_POINTS:
        inside = alive & (rows.cell == _busiest(rows, alive))
        middle_lat, middle_lon = float(np.median(rows.lat[inside])), float(np.median(rows.lon[inside]))
        near = alive & (distances_km(rows.lat, rows.lon, middle_lat, middle_lon) <= STAY_RADIUS_KM)
        near |= inside
        days = distinct(rows.day[near])
        if len(days) < MIN_STAY_DAYS:
            break
        nights = distinct(rows.day[near & rows.night])
        points.append(StayPoint(middle_lat, middle_lon, days, nights, int(rows.photos[near].sum())))
        alive &= ~near
    return points


def day_cells(located: LocatedPhotos) -> DayCells:
    """The table by day and cell: what a wedding's 2,000 photos leave is one row."""
    row = np.floor(located.lat_deg / CELL_DEG)
    width = CELL_DEG / np.maximum(0.05, np.cos(np.radians(row * CELL_DEG)))
    column = np.floor(located.lon_deg / width)
    cell = ((row + 4096) * 16384 + column + 8192).astype(np.int64)
    keys = np.stack([cell, located.day], axis=1)
    known, back, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    back, size = back.reshape(-1), len(known)
    return DayCells(
        cell=known[:, 0],
        lat=np.bincount(back, located.lat_deg, size) / count,
        lon=np.bincount(back, located.lon_deg, size) / count,
        day=known[:, 1],
        night=np.bincount(back, located.is_night, size) > 0,
        photos=count.astype(np.int64),
    )


def _busiest(rows: DayCells, alive: NDArray[np.bool_]) -> int:
    """The cell with the most distinct weeks and weeks with nights; the lowest number on a tie."""
    week = rows.day // 7
    visit = rows.cell << _WEEK_BITS | week - week.min()
    visits = [distinct(visit[chosen]) >> _WEEK_BITS for chosen in (alive, alive & rows.night)]
    cells, weeks = np.unique(np.concatenate(visits), return_counts=True)
    return int(cells[np.argmax(weeks)])
