"""When a photo was taken: one of the candidates, as local wall time at the place, with its offset and the reasons.

Local wall time files a photo, UTC orders it. Wall time is taken as the camera wrote it; what is looked for besides is
its offset from UTC: from its own tag, from the receiver's clock, from the time zone of the position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from album_sort.core.dates.impossible_times import why_impossible
from album_sort.core.dates.offsets import offset_text
from album_sort.core.dates.scans import SCANNER_CLOCK, is_scan
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import CaptureTime, Reason, TimeCandidate, TimePrecision, TimeSource
from album_sort.types.quickly import quickly_made

ZoneOffset = Callable[[datetime], int | None]
"""Minutes east of UTC at the photo's position; takes a naive datetime as wall time there and an aware one as that instant."""

# From most to least trustworthy: the order in which `TimeSource` names them.
_BEST = TimeSource.EXIF_ORIGINAL
_EXACT = TimePrecision.SECOND
_RANK = {source: rank for rank, source in enumerate(TimeSource)}
_FINENESS = {precision: rank for rank, precision in enumerate(TimePrecision)}

_CODE_OF = {source: f"time.from-{source.name.lower().replace('_', '-')}" for source in TimeSource}

UTC_AS_LOCAL = "time.utc-as-local"
OFFSET_OF_NEIGHBOUR = "time.offset-of-neighbour"
"""Codes of the reasons of a time of which only the UTC is known: shown as it is, and in the zone of another photo."""

# Written by the camera from its own clock, which the user may have to correct.
CAMERA_CLOCK = frozenset(
    (
        TimeSource.EXIF_ORIGINAL,
        TimeSource.EXIF_DIGITIZED,
        TimeSource.EXIF_DATETIME,
        TimeSource.QUICKTIME,
        TimeSource.FILM,
    )
)

# Films whose header says UTC, or wall time where it should be UTC; and what else the same camera wrote at that moment.
_FILM_CLOCK = frozenset((TimeSource.QUICKTIME, TimeSource.FILM))
_WITNESSES = frozenset(
    (TimeSource.FILE_NAME, TimeSource.EXIF_ORIGINAL, TimeSource.EXIF_DIGITIZED, TimeSource.EXIF_DATETIME)
)

# Said by somebody on purpose.
_TOLD = frozenset((TimeSource.PERSON, TimeSource.SIDECAR))

# Never a reason to believe in a date that better sources leave open.
_WEAK = frozenset((TimeSource.FOLDER_NAME, TimeSource.MTIME))

# The offsets in use that are not whole hours: Marquesas, Newfoundland (summer and winter), Iran (summer and winter),
# Afghanistan, India, Nepal, Myanmar, Eucla, Australia's centre (winter and summer), Lord Howe, Chatham (winter and summer).
_BROKEN_OFFSETS = frozenset((-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825))

# A phone's clock and its receiver agree within seconds, a camera set by hand within two minutes or not at all.
_CLOCK_TOLERANCE_S = 120

# How many characters of an ISO date two statements must share to agree, by the coarser one's precision.
_AGREEMENT = {TimePrecision.MINUTE: 16, TimePrecision.DAY: 10, TimePrecision.MONTH: 7, TimePrecision.YEAR: 4}


@dataclass(frozen=True, slots=True)
class RefusedTime:
    """A candidate that cannot be true, and why."""

    candidate: TimeCandidate
    reason: Reason


@quickly_made
@dataclass(frozen=True, slots=True)
class CaptureChoice:
    """The capture time decided on, and what was refused on the way."""

    capture_time: CaptureTime | None
    refused: tuple[RefusedTime, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Where the time comes from and how its offset is known."""


class _Placed(NamedTuple):
    """A candidate brought to wall time at the place."""

    candidate: TimeCandidate
    local: datetime
    offset: int | None
    offset_reason: Reason
    is_utc_shown_as_local: bool = False
    is_confirmed_by_gps: bool = False
    """The receiver's clock shows that this is the moment of the shot and not of a later edit."""


def choose_capture_time(
    candidates: Iterable[TimeCandidate],
    *,
    now_utc: datetime,
    zone_offset: ZoneOffset | None = None,
    clock_correction_minutes: int = 0,
) -> CaptureChoice:
    """The capture time of a photo from all that its files and names say.

    `now_utc` (naive UTC) bounds the future; `clock_correction_minutes` is added to what the camera's own clock wrote.
    The candidates of one source count in the order given: the primary's before its sidecars'.
    """
    refused: list[RefusedTime] = []
    plausible: list[TimeCandidate] = []
    for candidate in candidates:
        corrected = _corrected(candidate, clock_correction_minutes) if clock_correction_minutes else candidate
        reason = why_impossible(corrected, now_utc)
        if reason is None:
            plausible.append(corrected)
        else:
            refused.append(RefusedTime(corrected, reason))
    if not plausible:
        return CaptureChoice(None, tuple(refused))
    chosen, finer = _chosen(plausible, zone_offset)
    shown = finer or chosen
    source = chosen.candidate.source
    reasons = _reasons(
        source,
        chosen.candidate.note,
        finer.candidate.source if finer else None,
        shown.offset_reason,
        clock_correction_minutes if source in CAMERA_CLOCK else 0,
    )
    time = CaptureTime(shown.local, shown.offset, source, shown.candidate.precision)
    return CaptureChoice(time, tuple(refused), reasons)


# Most photos of a library have the same few reasons: a tuple for each of them took ten megabytes of a hundred thousand.
@lru_cache(maxsize=1 << 12)
def _reasons(
    source: TimeSource, note: str, refined_by: TimeSource | None, offset_reason: Reason, correction_minutes: int
) -> tuple[Reason, ...]:
    """Where the time comes from and how its offset is known."""
    reasons = [Reason.of(_CODE_OF[source], note=note)]
    if refined_by is not None:
        reasons.append(Reason.of("time.refined", source=refined_by.value))
    reasons.append(offset_reason)
    if correction_minutes:
        reasons.append(Reason.of("time.clock-corrected", minutes=correction_minutes))
    return tuple(reasons)


@lru_cache(maxsize=1 << 12)
def _only(note: str) -> tuple[str, ...]:
    return (note,)


def _chosen(plausible: Sequence[TimeCandidate], zone_offset: ZoneOffset | None) -> tuple[_Placed, _Placed | None]:
    """The candidate to believe, and one that adds the time of day to it."""
    for best in () if any(one.source in _TOLD for one in plausible) else plausible:
        if best.source is _BEST and best.precision is _EXACT:
            if best.local is None:
                break
            # Nothing comes before it and nothing adds to it. So it is with most photos, and each offset asked for costs time.
            return _placed(best, plausible, zone_offset), None
    is_scanned = is_scan(plausible)
    placed = sorted(
        (_placed(one, plausible, zone_offset) for one in plausible),
        key=lambda one: (is_scanned and one.candidate.source in SCANNER_CLOCK, *_order(one)),
    )
    return placed[0], _finer(placed)


def _corrected(candidate: TimeCandidate, minutes: int) -> TimeCandidate:
    """The candidate as the camera would have written it with its clock set right."""
    if candidate.source not in CAMERA_CLOCK:
        return candidate
    shift = timedelta(minutes=minutes)
    local, utc = candidate.local, candidate.utc
    return replace(candidate, local=local and local + shift, utc=utc and utc + shift)


def _placed(candidate: TimeCandidate, plausible: Sequence[TimeCandidate], zone_offset: ZoneOffset | None) -> _Placed:
    if candidate.local is not None:
        by_gps = _compared(candidate.local, plausible, TimeSource.GPS)
        offset, reason = _offset_of_wall_time(candidate, candidate.local, plausible, zone_offset, by_gps)
        is_confirmed = candidate.source in CAMERA_CLOCK and by_gps is not None
        return _Placed(candidate, candidate.local, offset, reason, is_confirmed_by_gps=is_confirmed)
    utc = candidate.utc
    assert utc is not None, "why_impossible lets no candidate without a time through"  # noqa: S101
    if _is_wall_time(candidate, utc, plausible):
        offset = zone_offset(utc) if zone_offset else None
        return _Placed(candidate, utc, offset, Reason.of("time.film-clock-is-local"))
    zone = zone_offset(utc.replace(tzinfo=UTC)) if zone_offset else None
    if zone is not None:
        return _Placed(candidate, _shift(utc, zone), zone, Reason.of("time.offset-of-place", offset=offset_text(zone)))
    for other in plausible:
        if other.local and other.precision is TimePrecision.SECOND and other.source not in _WEAK:
            revealed = other.utc_offset_minutes
            revealed = civil_offset(other.local - utc) if revealed is None else revealed
            if revealed is not None:
                reason = Reason.of("time.offset-compared", offset=offset_text(revealed), other=other.note)
                return _Placed(candidate, _shift(utc, revealed), revealed, reason)
    return _Placed(candidate, utc, None, Reason.of(UTC_AS_LOCAL), is_utc_shown_as_local=True)


def _is_wall_time(candidate: TimeCandidate, utc: datetime, plausible: Sequence[TimeCandidate]) -> bool:
    """Whether a film's UTC is wall time in truth: its name, or the thumbnail beside it, has the same clock as wall time.

    Were it UTC, the name would be whole hours away from it (or none in a zone where that makes no difference).
    """
    return candidate.source in _FILM_CLOCK and any(
        one.source in _WITNESSES
        and one.local is not None
        and one.precision is _EXACT
        and one.utc_offset_minutes != 0
        and civil_offset(one.local - utc) == 0
        for one in plausible
    )


def _offset_of_wall_time(
    candidate: TimeCandidate,
    local: datetime,
    plausible: Sequence[TimeCandidate],
    zone_offset: ZoneOffset | None,
    by_gps: int | None,
) -> tuple[int | None, Reason]:
    """The offset behind a wall time: as written, by the place, by the receiver's clock, by other clocks."""
    written = candidate.utc_offset_minutes
    if written is None:
        written = next(
            (
                one.utc_offset_minutes
                for one in plausible
                if one.utc_offset_minutes is not None and _is_same_wall_time(one, local)
            ),
            None,
        )
    if written is not None:
        return written, Reason.of("time.offset-written", offset=offset_text(written))
    place = zone_offset(local) if zone_offset else None
    is_exact = candidate.precision is _EXACT
    if not is_exact:
        by_gps = None
    if place is not None and by_gps is not None and by_gps not in (0, place) and (by_gps - place) % 60 == 0:
        # Whole hours apart: the camera was left on another zone's time. (Zero is something else: there the device
        # wrote its wall time where the standard asks for UTC.)
        return by_gps, Reason.of("time.offset-gps-not-place", offset=offset_text(by_gps), place=offset_text(place))
    if place is not None:
        return place, Reason.of("time.offset-of-place", offset=offset_text(place))
    if by_gps is not None:
        return by_gps, Reason.of("time.offset-gps", offset=offset_text(by_gps))
    for source in (TimeSource.QUICKTIME, TimeSource.FILE_NAME, TimeSource.TAKEOUT):
        other = _compared(local, plausible, source) if is_exact else None
        # Google Photos takes wall time for UTC where it knows no zone: zero proves nothing there.
        if other is not None and not (source is TimeSource.TAKEOUT and other == 0):
            return other, Reason.of("time.offset-compared", offset=offset_text(other), other=source.value)
    return None, Reason.of("time.offset-unknown")


def _is_same_wall_time(other: TimeCandidate, local: datetime) -> bool:
    """Whether another candidate states the same moment."""
    return other.local is not None and abs((other.local - local).total_seconds()) <= _CLOCK_TOLERANCE_S


def _compared(local: datetime, plausible: Sequence[TimeCandidate], source: TimeSource) -> int | None:
    """The offset between a wall time and what a source gives as UTC, if both are of the same moment."""
    for other in plausible:
        if other.source is source and other.local is None and other.utc is not None:
            return civil_offset(local - other.utc)
    return None


def civil_offset(difference: timedelta) -> int | None:
    """The offset from UTC, in minutes, that a difference between wall time and UTC shows; None where no zone has it.

    A receiver's old fix is caught by this: its difference is most often no zone's offset.
    """
    minutes = round(difference.total_seconds() / 900) * 15
    if abs(difference.total_seconds() - minutes * 60) > _CLOCK_TOLERANCE_S or not -720 <= minutes <= 840:
        return None
    return minutes if minutes % 60 == 0 or minutes in _BROKEN_OFFSETS else None


def _order(placed: _Placed) -> tuple[int, int, int]:
    """Trust first; within one source the finer statement. Weak sources last, whatever they say."""
    candidate = placed.candidate
    if candidate.source in _WEAK:
        distrust = 3
    elif candidate.source in _TOLD:
        distrust = 0  # a correction counts, also one to a mere year
    elif placed.is_utc_shown_as_local:
        distrust = 2  # hours off, perhaps on another day: any wall time is better
    else:
        distrust = 1 if candidate.precision in (TimePrecision.MONTH, TimePrecision.YEAR) else 0
    rank = 2 * _RANK[candidate.source]
    if placed.is_confirmed_by_gps:
        # As sure as the receiver, and before it: wall time that was written beats wall time that is computed.
        rank = min(rank, 2 * _RANK[TimeSource.GPS] - 1)
    return distrust, rank, _FINENESS[candidate.precision]


def _finer(placed: Sequence[_Placed]) -> _Placed | None:
    """A less trusted statement that agrees with the chosen one and adds the time of day to it."""
    chosen = placed[0]
    digits = _AGREEMENT.get(chosen.candidate.precision, 0)
    for other in placed[1:] if digits else ():
        is_usable = other.candidate.source not in _WEAK and not other.is_utc_shown_as_local
        is_finer = _FINENESS[other.candidate.precision] < _FINENESS[chosen.candidate.precision]
        if is_usable and is_finer and other.local.isoformat()[:digits] == chosen.local.isoformat()[:digits]:
            return other
    return None


def _shift(utc: datetime, offset_minutes: int) -> datetime:
    return utc + timedelta(minutes=offset_minutes)


def logical_day(local: datetime, day_begins_hour: int) -> date:
    """The day a photo belongs to: what was taken before `day_begins_hour` ends the night before."""
    return (local - timedelta(hours=day_begins_hour)).date()


_CORRECTION = re.compile(r"([+-])(?=\d)(?:(\d{1,5})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?", re.ASCII)
_CLOCK = re.compile(r"([+-])()(\d{1,2}):(\d{2})", re.ASCII)


def parse_clock_correction(text: str) -> tuple[str, int]:
    """Camera and minutes of `--clock CAMERA=+1h30m` (also `-2d`, `+05:30`); raises `UsageError` naming the value."""
    camera, _, amount = (part.strip() for part in text.rpartition("="))
    match = _CORRECTION.fullmatch(amount) or _CLOCK.fullmatch(amount)
    if not camera or match is None:
        raise UsageError(
            sentence("time.clock-is-not-a", text=text),
            hint=sentence("time.write-the-camera-s"),
        )
    days, hours, minutes = (int(match[part] or 0) for part in (2, 3, 4))
    total = (days * 24 + hours) * 60 + minutes
    return camera, -total if match[1] == "-" else total
