"""Time zones: which one a position lies in and what it makes of a moment. Loads its data only when asked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_at(lat_deg: float, lon_deg: float) -> str | None:
    """IANA zone of a position; `Etc/GMT+2` and the like out at sea; None where the data has none."""
    import tzfpy  # noqa: PLC0415 - 40 MB of polygons that most commands never need

    return tzfpy.get_tz(lon_deg, lat_deg) or None


@lru_cache(maxsize=64)
def _zone_info(zone: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def offset_minutes(zone: str, *, utc: datetime | None = None, local: datetime | None = None) -> int | None:
    """Minutes that a zone is ahead of UTC at a moment, given as naive UTC or as naive wall time; None for an unknown zone.

    A wall time that occurs twice (end of summer time) is taken as its first occurrence; one that never occurs (its
    beginning) as if the clock had not been changed yet. Raises ValueError unless exactly one of both is given.
    """
    if (utc is None) == (local is None):
        raise ValueError(f"one of utc and local is needed, not utc={utc} and local={local}")
    info = _zone_info(zone)
    if info is None:
        return None
    moment = (
        utc.replace(tzinfo=UTC).astimezone(info) if utc is not None else local.replace(tzinfo=info) if local else None
    )
    offset = moment.utcoffset() if moment is not None else None
    return None if offset is None else round(offset.total_seconds() / 60)
