"""The one clock of the commands."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This moment, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def local_time(utc: datetime) -> datetime:
    """A moment (naive UTC) as the clock on the wall shows it."""
    return utc.replace(tzinfo=UTC).astimezone()
