"""Latitudes and longitudes as text: degrees with minutes, signs, letters or whole words for the side of the globe."""

from __future__ import annotations

import re
from typing import NamedTuple

from album_sort.core.bounded import altitude

_NUMBER = r"\d{1,12}(?:\.\d{1,30})?"
_BETWEEN = r"\s*(?:,|:|°|º|deg(?:rees)?|['′’]|\s)\s*"
_SIDE = r"(n|s|e|w|north|south|east|west)"
_AXIS = re.compile(
    rf"\s*(?:{_SIDE}\s*)?([+-])?({_NUMBER})(?:{_BETWEEN}({_NUMBER})(?:{_BETWEEN}({_NUMBER}))?)?"
    rf"\s*(?:°|º|deg|''|\"|″|”|'|′|’)?\s*,?\s*{_SIDE}?\s*",
    re.I | re.A,
)
_ISO6709 = re.compile(rf"\s*([+-])({_NUMBER})([+-])({_NUMBER})(?:([+-])(\d+(?:\.\d+)?))?", re.A)

_SIDES = {"n": 1, "e": 1, "s": -1, "w": -1}
LATITUDE, LONGITUDE = "ns", "ew"
_LIMITS = {LATITUDE: 90, LONGITUDE: 180}


class Axis(NamedTuple):
    """One coordinate in degrees, and whether it says on which side of the equator or of Greenwich it lies."""

    degrees: float
    has_side: bool


def parse_axis(text: str, reference: str, letters: str) -> Axis | None:
    """A coordinate from its text and its reference (`N`, `south`, empty); `letters` is LATITUDE or LONGITUDE.

    None where there is none: minutes beyond 60, off the globe, a letter of the other axis, or two that contradict.
    """
    match = _AXIS.fullmatch(text)
    if match is None:
        return None
    before, sign, degrees, minutes, seconds, after = match.groups()
    named = [side[0].lower() for side in (before, after, reference.strip()) if side]
    if any(side not in letters for side in named) or len(set(named)) > 1:
        return None
    size = _size(float(degrees), float(minutes or 0), float(seconds or 0))
    if size is None or size > _LIMITS[letters]:
        return None
    side = _SIDES[named[0]] if named else -1 if sign == "-" else 1
    return Axis(side * size, bool(named or sign))


def parse_pair(latitude: tuple[str, str], longitude: tuple[str, str]) -> tuple[float, float] | None:
    """Latitude and longitude from (text, reference) each; None where one may be on the wrong side of the globe.

    Software that writes signed numbers leaves out both references: a minus on one of them speaks for both.
    """
    lat, lon = parse_axis(*latitude, LATITUDE), parse_axis(*longitude, LONGITUDE)
    if lat is None or lon is None or (lat.degrees == 0 and lon.degrees == 0):
        return None
    is_signed = "-" in latitude[0] or "-" in longitude[0]
    if not is_signed and not (lat.has_side and lon.has_side):
        return None
    return lat.degrees, lon.degrees


def parse_iso6709(text: str) -> tuple[float, float, float | None] | None:
    """`+34.7309-086.5869+191.3/`, also in degrees and minutes (`+3443.85-08635.21`), with seconds or without."""
    match = _ISO6709.match(text)
    if match is None:
        return None
    lat, lon = _packed(match[2], 2), _packed(match[4], 3)
    if lat is None or lon is None or (lat, lon) == (0, 0) or lat > 90 or lon > 180:
        return None
    height = match[6] and altitude(match[5] + match[6])
    return (-lat if match[1] == "-" else lat), (-lon if match[3] == "-" else lon), height or None


def _packed(text: str, degree_digits: int) -> float | None:
    """Degrees of `DD.D`, `DDMM.M` or `DDMMSS.S`: how many digits there are tells which."""
    whole, _, fraction = text.partition(".")
    minute_digits = len(whole) - degree_digits
    if minute_digits not in (2, 4):
        return float(text)
    degrees, rest = whole[:degree_digits], whole[degree_digits:]
    if minute_digits == 2:
        return _size(float(degrees), float(f"{rest}.{fraction or 0}"), 0)
    return _size(float(degrees), float(rest[:2]), float(f"{rest[2:]}.{fraction or 0}"))


def _size(degrees: float, minutes: float, seconds: float) -> float | None:
    """Decimal degrees. 60 itself comes from rounding up; beyond it the numbers mean something else."""
    if minutes > 60 or seconds > 60:
        return None
    return degrees + minutes / 60 + seconds / 3600
