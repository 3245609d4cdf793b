"""For each photo that proves where a camera was: at home, at a place of regular visits, or away, and how far from home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import distances_km
from album_sort.core.trips.homes import EVERYDAY_KM, Home, HomeKind, day_number
from album_sort.core.trips.timeline import LocatedPhotos

ABROAD_KM = 20.0
"""Another country counts as away from here on: who residences at a border shops beyond it, and the nearest town may lie
on the wrong side."""

BASE_KM = 25.0
"""Around a place of regular or recurring visits."""

MOVING_DAYS = 21
"""Around a move both homes are home."""


class Whereabouts(IntEnum):
    """Where a photo was taken, seen from home."""

    HOME = 0
    RECURRING = 1
    AWAY = 2


@dataclass(frozen=True, slots=True, eq=False)
class WhereaboutsTable:
    """One row for each row of the located photos."""

    where: NDArray[np.int8]
    home_km: NDArray[np.float64]
    """Distance to the home of that time; infinite where no home is known."""
    country: tuple[str, ...]
    """ISO code; empty where unknown."""
    home_countries: frozenset[str]


def find_whereabouts(located: LocatedPhotos, homes: Sequence[Home]) -> WhereaboutsTable:
    """Where each located photo was taken, given the homes of the library."""
    country = tuple(photo.place.country_code if photo.place else "" for photo in located.photos)
    home_km = np.full(len(located), np.inf)
    where = np.full(len(located), Whereabouts.AWAY, dtype=np.int8)
    home_countries: set[str] = set()
    code = np.array(country, dtype="U2") if country else np.empty(0, dtype="U2")
    residences = [home for home in homes if home.kind is HomeKind.HOME]
    for i, home in enumerate(residences):
        gap = distances_km(located.lat_deg, located.lon_deg, home.lat_deg, home.lon_deg)
        start = day_number(home.start) - MOVING_DAYS if i else day_number(date.min)
        end = day_number(home.end) + MOVING_DAYS if i + 1 < len(residences) else day_number(date.max)
        counts = (located.day >= start) & (located.day <= end)
        own = Counter(code[counts & (gap <= ABROAD_KM)].tolist()).most_common(1)
        own_country = own[0][0] if own else ""
        home_countries |= {own_country} - {""}
        abroad = (code != own_country) & (code != "") & bool(own_country) & (gap > ABROAD_KM)
        where[counts & (gap <= EVERYDAY_KM) & ~abroad] = Whereabouts.HOME
        home_km[counts] = np.minimum(home_km[counts], gap[counts])
    # Where two bases overlap, everyday life at the one is everyday life.
    bases = sorted((home for home in homes if home.kind is not HomeKind.HOME), key=lambda h: h.kind != HomeKind.REGULAR)
    for base in bases:
        gap = distances_km(located.lat_deg, located.lon_deg, base.lat_deg, base.lon_deg)
        near = (gap <= BASE_KM) & (located.day >= day_number(base.start)) & (located.day <= day_number(base.end))
        near &= where == Whereabouts.AWAY
        where[near] = Whereabouts.HOME if base.kind is HomeKind.REGULAR else Whereabouts.RECURRING
    return WhereaboutsTable(where, home_km, country, frozenset(home_countries))
