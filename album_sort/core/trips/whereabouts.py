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
from album_sort.core.trips.timeline import Witnesses

ABROAD_KM = 20.0
"""Another country counts as away from here on: who lives at a border shops beyond it, and the nearest town may lie
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
class Positions:
    """One row for each row of the witnesses."""

    where: NDArray[np.int8]
    home_km: NDArray[np.float64]
    """Distance to the home of that time; infinite where no home is known."""
    country: tuple[str, ...]
    """ISO code; empty where unknown."""
    home_countries: frozenset[str]


def whereabouts(witnesses: Witnesses, homes: Sequence[Home]) -> Positions:
    """Where each witness was, given the homes of the library."""
    country = tuple(photo.place.country_code if photo.place else "" for photo in witnesses.photos)
    home_km = np.full(len(witnesses), np.inf)
    where = np.full(len(witnesses), Whereabouts.AWAY, dtype=np.int8)
    home_countries: set[str] = set()
    code = np.array(country, dtype="U2") if country else np.empty(0, dtype="U2")
    lives = [home for home in homes if home.kind is HomeKind.HOME]
    for i, home in enumerate(lives):
        gap = distances_km(witnesses.lat_deg, witnesses.lon_deg, home.lat_deg, home.lon_deg)
        start = day_number(home.start) - MOVING_DAYS if i else day_number(date.min)
        end = day_number(home.end) + MOVING_DAYS if i + 1 < len(lives) else day_number(date.max)
        counts = (witnesses.day >= start) & (witnesses.day <= end)
        own = Counter(code[counts & (gap <= ABROAD_KM)].tolist()).most_common(1)
        own_country = own[0][0] if own else ""
        home_countries |= {own_country} - {""}
        abroad = (code != own_country) & (code != "") & bool(own_country) & (gap > ABROAD_KM)
        where[counts & (gap <= EVERYDAY_KM) & ~abroad] = Whereabouts.HOME
        home_km[counts] = np.minimum(home_km[counts], gap[counts])
    # Where two bases overlap, everyday life at the one is everyday life.
    bases = sorted((home for home in homes if home.kind is not HomeKind.HOME), key=lambda h: h.kind != HomeKind.REGULAR)
    for base in bases:
        gap = distances_km(witnesses.lat_deg, witnesses.lon_deg, base.lat_deg, base.lon_deg)
        near = (gap <= BASE_KM) & (witnesses.day >= day_number(base.start)) & (witnesses.day <= day_number(base.end))
        near &= where == Whereabouts.AWAY
        where[near] = Whereabouts.HOME if base.kind is HomeKind.REGULAR else Whereabouts.RECURRING
    return Positions(where, home_km, country, frozenset(home_countries))
