"""The GPS directory of EXIF: position and the receiver's clock, through the quirks that cameras write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from album_sort.core.bounded import altitude
from album_sort.metadata.dates import parse_moment
from album_sort.metadata.tags import Tags, first_number, numbers, text
from album_sort.types import GeoPosition, PositionSource, TimeCandidate, TimePrecision, TimeSource

GPS_NAMES = {
    0x0001: "GPSLatitudeRef",
    0x0002: "GPSLatitude",
    0x0003: "GPSLongitudeRef",
    0x0004: "GPSLongitude",
    0x0005: "GPSAltitudeRef",
    0x0006: "GPSAltitude",
    0x0007: "GPSTimeStamp",
    0x000C: "GPSSpeedRef",
    0x000D: "GPSSpeed",
    0x001D: "GPSDate",
}
"""Tag numbers to the names that ExifRead gives them."""

_KMH = {"K": 1.0, "M": 1.609344, "N": 1.852}


def gps_positions(tags: Tags, warnings: list[str]) -> tuple[GeoPosition, ...]:
    """The position, if there is one that can be trusted to be on the right side of the globe."""
    lat = _degrees(numbers(tags, "GPS GPSLatitude"))
    lon = _degrees(numbers(tags, "GPS GPSLongitude"))
    if lat is None or lon is None:
        if "GPS GPSLatitude" in tags or "GPS GPSLongitude" in tags:
            warnings.append("the GPS position is incomplete or impossible")
        return ()
    if lat == 0 and lon == 0:
        return ()  # what receivers write before they have a fix
    signs = _signs(lat, lon, text(tags, "GPS GPSLatitudeRef"), text(tags, "GPS GPSLongitudeRef"))
    if signs is None:
        warnings.append("the GPS position lacks its N/S or E/W reference")
        return ()
    lat, lon = abs(lat) * signs[0], abs(lon) * signs[1]
    if abs(lat) > 90 or abs(lon) > 180:
        warnings.append(f"the GPS position is off the globe: {lat:.4f}, {lon:.4f}")
        return ()
    return (GeoPosition(lat, lon, PositionSource.EXIF, _altitude(tags), _fix_utc(tags), _speed(tags)),)


def gps_candidates(tags: Tags) -> tuple[TimeCandidate, ...]:
    """The receiver's date and time, which is UTC and so reveals the camera's offset."""
    fix = _fix_utc(tags)
    if fix is None:
        return ()
    return (TimeCandidate(TimeSource.GPS, utc=fix, note="EXIF GPSDateStamp and GPSTimeStamp"),)


def _degrees(parts: Sequence[float | None]) -> float | None:
    """Decimal degrees of degrees, minutes and seconds; decimals are allowed in each, minutes and seconds may be missing."""
    if not parts or parts[0] is None:
        return None
    degrees = parts[0]
    # Written as 0/0 where the receiver gives no seconds.
    minutes = (parts[1] if len(parts) > 1 else 0) or 0.0
    seconds = (parts[2] if len(parts) > 2 else 0) or 0.0
    # 60 itself comes from rounding 59.999 up; beyond it the numbers mean something else, and guessing moves the photo.
    if not (0 <= minutes <= 60 and 0 <= seconds <= 60):
        return None
    size = abs(degrees) + minutes / 60 + seconds / 3600
    return -size if degrees < 0 else size


def _signs(lat: float, lon: float, lat_ref: str, lon_ref: str) -> tuple[int, int] | None:
    """+1 north and east, -1 south and west; None where the references are missing and no sign stands in for them."""
    north = {"N": 1, "S": -1}.get(lat_ref[:1].upper())
    east = {"E": 1, "W": -1}.get(lon_ref[:1].upper())
    if north is None and east is None and (lat < 0 or lon < 0):
        # Software that writes signed numbers leaves out both references.
        return (-1 if lat < 0 else 1), (-1 if lon < 0 else 1)
    if (north is None and lat >= 0) or (east is None and lon >= 0):
        return None
    return north or -1, east or -1


def _altitude(tags: Tags) -> float | None:
    return altitude(first_number(tags, "GPS GPSAltitude"), is_below=first_number(tags, "GPS GPSAltitudeRef") == 1)


def _speed(tags: Tags) -> float | None:
    speed = first_number(tags, "GPS GPSSpeed")
    factor = _KMH.get(text(tags, "GPS GPSSpeedRef")[:1].upper(), 1.0)
    return speed * factor if speed is not None and speed >= 0 else None


def _fix_utc(tags: Tags) -> datetime | None:
    """Date and time of the fix; a date alone is no time."""
    day = parse_moment(text(tags, "GPS GPSDate"))
    clock = numbers(tags, "GPS GPSTimeStamp")
    if day is None or day.precision in (TimePrecision.MONTH, TimePrecision.YEAR) or len(clock) < 2:
        return None
    hours, minutes, seconds = clock[0], clock[1], (clock[2] if len(clock) > 2 else 0.0) or 0.0
    if hours is None or minutes is None or not (0 <= hours <= 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    # Some write the whole time into the date stamp as well.
    midnight = day.local.replace(hour=0, minute=0, second=0, microsecond=0)
    # Some call the first hour of a day 24, as in the other dates.
    return midnight + timedelta(hours=hours % 24, minutes=minutes, seconds=seconds)
