"""Prints that were scanned: their files hold the date of the scan, and somebody has said when they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from album_sort.types import TimeCandidate, TimePrecision, TimeSource

# What a scanner writes of itself, who else speaks of the shot, and how long after such a date (a month's, a year's) it
# is certain that a scanner spoke. A folder may hold photos of a whole year.
SCANNER_CLOCK = frozenset((TimeSource.EXIF_DIGITIZED, TimeSource.EXIF_DATETIME))
_TOLD_BY_HAND = frozenset(
    (TimeSource.EXIF_ORIGINAL, TimeSource.XMP, TimeSource.IPTC, TimeSource.FILE_NAME, TimeSource.FOLDER_NAME)
)
_SCAN_AFTER_DAYS = {TimePrecision.YEAR: 367, TimePrecision.MONTH: 62}
_SCAN_AFTER_FOLDER_DAYS = 367


def is_scan(plausible: Sequence[TimeCandidate]) -> bool:
    """Whether a picture was made digital long after the day, month or year that somebody gave it: a print that was scanned.

    Who scans a print has no date of the shot, only those of the scan; who describes it often knows but a year.
    """
    if any(one.source is TimeSource.EXIF_ORIGINAL and one.precision not in _SCAN_AFTER_DAYS for one in plausible):
        return False
    scanned = _earliest(plausible, TimeSource.EXIF_DIGITIZED)
    changed = scanned or _earliest(plausible, TimeSource.EXIF_DATETIME)
    # When a file was changed outweighs a folder's name, but no word on the photo itself.
    told = (one for one in plausible if scanned is not None or one.source is not TimeSource.FOLDER_NAME)
    return changed is not None and any(_is_long_before(one, changed) for one in told)


def _earliest(plausible: Sequence[TimeCandidate], source: TimeSource) -> datetime | None:
    return min((one.local for one in plausible if one.source is source and one.local), default=None)


def _is_long_before(told: TimeCandidate, scanned: datetime) -> bool:
    """Whether what somebody said of the shot is so far before the scanner's date that both cannot be meant."""
    if told.source not in _TOLD_BY_HAND or told.local is None:
        return False
    days = _SCAN_AFTER_DAYS.get(told.precision, 32)
    if told.source is TimeSource.FOLDER_NAME:
        days = max(days, _SCAN_AFTER_FOLDER_DAYS)
    return scanned - told.local > timedelta(days=days)
