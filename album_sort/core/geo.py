"""Geometry on the globe: great-circle distances, checks of coordinates. Knows nothing of files or places."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the WGS 84 ellipsoid; a sphere is within 0.6 % of it, less than any threshold here needs."""

Degrees = NDArray[np.float64]


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance of two positions in degrees."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lat, half_lon = (phi_b - phi_a) / 2, math.radians(lon_b - lon_a) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def distances_km(lat_a: Degrees, lon_a: Degrees, lat_b: Degrees | float, lon_b: Degrees | float) -> Degrees:
    """Great-circle distances, element by element (arrays broadcast)."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half_lat, half_lon = (phi_b - phi_a) / 2, np.radians(np.subtract(lon_b, lon_a)) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lon) ** 2
    result: Degrees = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return result


def unit_vectors(lat_deg: Degrees, lon_deg: Degrees) -> Degrees:
    """Points on the unit sphere, (N, 3): there neither the poles nor the 180th meridian are special."""
    phi, lam = np.radians(lat_deg), np.radians(lon_deg)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def chord_to_km(chord: Degrees) -> Degrees:
    """Great-circle distance that belongs to a straight distance between points on the unit sphere."""
    result: Degrees = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0.0, 1.0))
    return result


def is_on_globe(lat_deg: float, lon_deg: float) -> bool:
    """Whether both are finite and within -90..90 and -180..180."""
    return abs(lat_deg) <= 90 and abs(lon_deg) <= 180
