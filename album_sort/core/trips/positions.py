"""Which position of a photo to believe, and where a missing one may be taken from the same camera's neighbours."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import NamedTuple

from album_sort.core.geo import distance_km, is_on_globe
from album_sort.core.trips.timeline import DAY, HOUR, TimelinePhoto, clocks
from album_sort.types import CaptureTime, ContentId, GeoPosition, PositionSource, Reason
from album_sort.types.quickly import quickly_made

NULL_ISLAND_DEG = 0.01
"""Around 0/0 lies open sea; receivers without a fix write it."""

STALE_HOURS = 2.0
"""A fix this much older than the photo is where the camera was switched off last."""

UNSURE_STALE_HOURS = 6.0
"""The same where the photo's zone is only guessed from its longitude."""

CLOCK_SAMPLES = 5
"""From so many fixes on a camera's usual lag is known: a wrong clock makes every fix look old, a stale one does not."""

ROLLOVER_S = 1024 * 7 * DAY
"""GPS counts weeks modulo 1024: old receivers date good fixes 19.6 years back."""

REPEATED_HOURS = 6.0
REPEATED_AWAY_KM = 50.0
"""The very same fix for this long while the other cameras were this far off is a frozen receiver."""

FASTEST_KMH = 1000.0
JUMP_KM = 100.0
LONGEST_JUMP_RUN = 3
"""Up to so many fixes in a row that nobody can have flown to and from are errors."""

TWO_DEVICES = 3
"""A camera that jumps more often is two devices of one name, and all their fixes are right."""

BETWEEN_HOURS = 6.0
BETWEEN_KM = 1.0
BESIDE_HOURS = 1.0
"""A photo between two fixes of its camera at one place was taken there; beside a single one only within the hour."""


TRUST = {source: rank for rank, source in enumerate(PositionSource)}
"""The order in which sources are listed is the order in which they are believed."""


@quickly_made
@dataclass(frozen=True, slots=True)
class PositionChoice:
    """The position of a photo with all that speaks about it."""

    position: GeoPosition | None
    why: tuple[Reason, ...] = ()
    """Why candidates were refused, and from what the position was inferred."""


NO_POSITION = PositionChoice(None)


def choose_positions(shots: Sequence[TimelinePhoto]) -> dict[ContentId, PositionChoice]:
    """The position of each photo; independent of the order of the shots."""
    ordered = sorted(shots, key=lambda shot: (shot.content_id, shot.camera))
    lags = [_lag_s(shot.capture_time, shot.candidates[0]) if shot.candidates else None for shot in ordered]
    usual = _usual_lags(ordered, lags)
    chosen = {
        shot.content_id: _first_plausible(shot, lag, usual.get(shot.camera, 0.0))
        for shot, lag in zip(ordered, lags, strict=True)
    }
    by_camera = _fixes(ordered, chosen)
    for find_faults in (_frozen, _jumps):
        faults = find_faults(by_camera)
        for content_id, reason in faults.items():
            chosen[content_id] = PositionChoice(None, (*chosen[content_id].why, reason))
        if faults:
            by_camera = {
                camera: [fix for fix in fixes if fix.content_id not in faults] for camera, fixes in by_camera.items()
            }
    _infer(ordered, chosen, by_camera)
    return chosen


def refusal(position: GeoPosition) -> Reason | None:
    """Why a position cannot be a true one whatever the photo, else None."""
    lat, lon = position.lat_deg, position.lon_deg
    if not is_on_globe(lat, lon):
        return Reason.of("position.off-globe", lat=str(lat), lon=str(lon))
    if abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG:
        return Reason.of("position.zero")
    if abs(lat) == 90:
        return Reason.of("position.pole")
    return None


def _first_plausible(shot: TimelinePhoto, lag_s: float | None, usual_lag_s: float) -> PositionChoice:
    """The most trustworthy candidate that nothing speaks against; `lag_s` is that of the first one given."""
    if not shot.candidates:
        return NO_POSITION
    why: list[Reason] = []
    if shot.candidates[0].source is PositionSource.PERSON:
        return PositionChoice(shot.candidates[0], (Reason("position.told"),))
    for candidate in _by_trust(shot.candidates):
        lag = lag_s if candidate is shot.candidates[0] else _lag_s(shot.capture_time, candidate)
        reason = refusal(candidate) or _stale(shot.capture_time, lag, usual_lag_s)
        if reason is None:
            return PositionChoice(candidate, tuple(why))
        why.append(reason)
    return PositionChoice(None, tuple(why))


def _by_trust(candidates: Sequence[GeoPosition]) -> Sequence[GeoPosition]:
    return candidates if len(candidates) == 1 else sorted(candidates, key=lambda position: TRUST[position.source])


def _lag_s(time: CaptureTime | None, position: GeoPosition) -> float | None:
    """By how much a photo is younger than its fix; None where one of both is unknown."""
    if time is None or position.fix_utc is None or not is_on_globe(position.lat_deg, position.lon_deg):
        return None
    taken: datetime | None = time.utc
    guess_s = 0.0 if taken is not None else position.lon_deg / 15 * HOUR
    lag = ((taken or time.local) - position.fix_utc).total_seconds() - guess_s
    weeks = round(lag / ROLLOVER_S)
    return lag - weeks * ROLLOVER_S if weeks and abs(lag - weeks * ROLLOVER_S) < 2 * DAY else lag


def _usual_lags(shots: Sequence[TimelinePhoto], lags_s: Sequence[float | None]) -> dict[str, float]:
    """For each camera with enough fixes the median age of a fix, in seconds: the error of its clock."""
    of_camera: defaultdict[str, list[float]] = defaultdict(list)
    for shot, lag_s in zip(shots, lags_s, strict=True):
        if lag_s is not None:
            of_camera[shot.camera].append(lag_s)
    return {camera: median(values) for camera, values in of_camera.items() if len(values) >= CLOCK_SAMPLES}


def _stale(time: CaptureTime | None, lag_s: float | None, usual_lag_s: float) -> Reason | None:
    """Whether a fix is older than its photo by more than its camera's clock explains."""
    if lag_s is None or time is None or not time.is_reliable:
        return None
    limit = STALE_HOURS if time.utc_offset_minutes is not None else UNSURE_STALE_HOURS
    hours = (lag_s - usual_lag_s) / HOUR
    return Reason.of("position.stale", hours=round(hours)) if hours > limit else None


class _Fix(NamedTuple):
    """A believed position with its time."""

    content_id: ContentId
    wall_s: float
    utc_s: float
    is_utc_known: bool
    position: GeoPosition


def _fixes(shots: Sequence[TimelinePhoto], chosen: dict[ContentId, PositionChoice]) -> dict[str, list[_Fix]]:
    """Believed positions of each camera in the order of time."""
    by_camera: defaultdict[str, list[_Fix]] = defaultdict(list)
    for shot in shots:
        position, time = chosen[shot.content_id].position, shot.capture_time
        if position is None or not shot.camera or time is None or position.source is PositionSource.PERSON:
            continue  # what a person says of a photo is doubted by no other, and says nothing of them
        if shot.is_timed:
            wall_s, utc_s = clocks(time, position)
            is_known = time.utc_offset_minutes is not None
            by_camera[shot.camera].append(_Fix(shot.content_id, wall_s, utc_s, is_known, position))
    for fixes in by_camera.values():
        fixes.sort(key=lambda fix: (fix.utc_s, fix.content_id))
    return by_camera


def _km(a: GeoPosition, b: GeoPosition) -> float:
    return distance_km(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)


def _frozen(by_camera: Mapping[str, Sequence[_Fix]]) -> dict[ContentId, Reason]:
    """Fixes that repeat to the last digit for hours while other cameras were elsewhere."""
    faults: dict[ContentId, Reason] = {}
    for camera, fixes in by_camera.items():
        for run in _equal_runs(fixes):
            hours = (run[-1].utc_s - run[0].utc_s) / HOUR
            if hours < REPEATED_HOURS:
                continue
            # Without the hour around its beginning: the first fix of a frozen receiver is a true one.
            beside = _taken_between(by_camera, camera, run[0].utc_s + HOUR, run[-1].utc_s + HOUR)
            far = [fix for fix in beside if _km(fix.position, run[0].position) > REPEATED_AWAY_KM]
            if len(far) >= 2 and 2 * len(far) > len(beside):
                reason = Reason.of("position.repeated", hours=round(hours))
                faults |= {fix.content_id: reason for fix in run[1:]}
    return faults


def _taken_between(by_camera: Mapping[str, Sequence[_Fix]], camera: str, start_s: float, end_s: float) -> list[_Fix]:
    """Fixes of the other cameras from start to end (UTC, end excluded)."""
    found: list[_Fix] = []
    for name, fixes in by_camera.items():
        if name != camera:
            low, high = (bisect_left(fixes, at, key=lambda fix: fix.utc_s) for at in (start_s, end_s))
            found += fixes[low:high]
    return found


def _equal_runs(fixes: Sequence[_Fix]) -> list[list[_Fix]]:
    """Runs of more than one fix with the very same coordinates."""
    runs: list[list[_Fix]] = []
    last: GeoPosition | None = None
    run: list[_Fix] = []
    for fix in fixes:
        here = fix.position
        if last is not None and here.lat_deg == last.lat_deg and here.lon_deg == last.lon_deg:
            run.append(fix)
        else:
            if len(run) > 1:
                runs.append(run)
            run = [fix]
        last = here
    return [*runs, run] if len(run) > 1 else runs


def _is_too_fast(a: _Fix, b: _Fix) -> bool:
    """Whether nobody can get from one fix to the other in the time between."""
    here, there = a.position, b.position
    # Half a degree is less than JUMP_KM everywhere: most pairs need no trigonometry.
    if abs(here.lat_deg - there.lat_deg) < 0.5 and abs(here.lon_deg - there.lon_deg) < 0.5:
        return False
    km = _km(here, there)
    if km < JUMP_KM:
        return False
    hours = abs(b.utc_s - a.utc_s) / HOUR + (0.0 if a.is_utc_known and b.is_utc_known else 2.0)
    return km > FASTEST_KMH * hours


def _jumps(by_camera: Mapping[str, Sequence[_Fix]]) -> dict[ContentId, Reason]:
    """Fixes in short runs that the camera can neither have reached nor left."""
    faults: dict[ContentId, Reason] = {}
    for fixes in by_camera.values():
        jumps = _jump_runs(fixes)
        if len(jumps) <= TWO_DEVICES:
            faults |= {fix.content_id: Reason.of("position.too-fast") for run in jumps for fix in run}
    return faults


def _jump_runs(fixes: Sequence[_Fix]) -> list[Sequence[_Fix]]:
    """Runs of at most LONGEST_JUMP_RUN fixes between two that fit together."""
    jumps: list[Sequence[_Fix]] = []
    last, at = 0, 1
    while at < len(fixes):
        if _is_too_fast(fixes[last], fixes[at]):
            for back in range(at + 1, min(at + LONGEST_JUMP_RUN, len(fixes) - 1) + 1):
                returns = not _is_too_fast(fixes[last], fixes[back])
                if returns and all(_is_too_fast(fix, fixes[back]) for fix in fixes[at:back]):
                    jumps.append(fixes[at:back])
                    at = back
                    break
        last, at = at, at + 1
    return jumps


def _infer(
    shots: Sequence[TimelinePhoto], chosen: dict[ContentId, PositionChoice], by_camera: Mapping[str, Sequence[_Fix]]
) -> None:
    """Give photos without a position that of their camera's neighbours, where these leave no doubt."""
    # By wall times: photos without a position have no zone to be guessed from.
    walls = {camera: sorted(fixes, key=lambda fix: (fix.wall_s, fix.content_id)) for camera, fixes in by_camera.items()}
    times = {camera: [fix.wall_s for fix in fixes] for camera, fixes in walls.items()}
    for shot in shots:
        choice = chosen[shot.content_id]
        if choice.position is not None or not shot.is_own or shot.camera not in walls:
            continue
        if not shot.is_timed:
            continue
        wall_s = shot.wall_s
        fixes = walls[shot.camera]
        at = bisect_left(times[shot.camera], wall_s)
        inferred = _between(wall_s, fixes[max(0, at - 1) : at], fixes[at : at + 1])
        if inferred is not None:
            chosen[shot.content_id] = PositionChoice(inferred.position, (*choice.why, *inferred.why))


def _between(wall_s: float, before: Sequence[_Fix], after: Sequence[_Fix]) -> PositionChoice | None:
    """The position at a time between the last fix before and the first one after (each a list of one or none)."""
    if before and after:
        a, b = before[0], after[0]
        gap_a, gap_b = wall_s - a.wall_s, b.wall_s - wall_s
        if max(gap_a, gap_b) <= BETWEEN_HOURS * HOUR and _km(a.position, b.position) <= BETWEEN_KM:
            part = gap_a / (gap_a + gap_b) if gap_a + gap_b else 0.0
            lon_step = (b.position.lon_deg - a.position.lon_deg + 180) % 360 - 180
            lat = a.position.lat_deg + part * (b.position.lat_deg - a.position.lat_deg)
            lon = (a.position.lon_deg + part * lon_step + 180) % 360 - 180
            minutes = round(max(gap_a, gap_b) / 60)
            return _inferred(lat, lon, Reason.of("position.inferred-between", minutes=minutes))
    nearest = min((*before, *after), key=lambda fix: abs(fix.wall_s - wall_s), default=None)
    if nearest is None or abs(nearest.wall_s - wall_s) > BESIDE_HOURS * HOUR:
        return None
    minutes = round(abs(nearest.wall_s - wall_s) / 60)
    reason = Reason.of("position.inferred-beside", minutes=minutes)
    return _inferred(nearest.position.lat_deg, nearest.position.lon_deg, reason)


def _inferred(lat: float, lon: float, reason: Reason) -> PositionChoice:
    return PositionChoice(GeoPosition(lat, lon, PositionSource.INFERRED), (reason,))
