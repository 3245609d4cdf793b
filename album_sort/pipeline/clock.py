"""The one clock of the program."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This moment, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
