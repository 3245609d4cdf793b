"""Moments as commands count and show them."""

from __future__ import annotations

from datetime import UTC, datetime

from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.remembered import not_before
from album_sort.state.store import DestinationState


def now_there(state: DestinationState) -> datetime:
    """This moment, but after the last run of a destination."""
    return not_before(utc_now(), max((run.started_utc for run in state.runs()), default=None))


def local_time(utc: datetime) -> datetime:
    """A moment (naive UTC) as the clock on the wall shows it."""
    return utc.replace(tzinfo=UTC).astimezone()
