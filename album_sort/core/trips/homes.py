"""Where somebody lives, from where they keep coming back to: weeks and nights count, numbers of photos do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from album_sort.core.distinct import distinct
from album_sort.core.geo import distance_km, distances_km
from album_sort.core.trips.stay_points import (
    STAY_RADIUS_KM,
    DayCells,
    Days,
    StayPoint,
    day_cells,
    find_stay_points,
    is_weekend,
    within,
)
from album_sort.core.trips.timeline import LocatedPhotos, TimelinePhoto

MIN_PHOTOS = 10
MIN_SPAN_DAYS = 90
"""A home is lived in for a season at least; a stay of weeks is a trip."""

SHORT_SPAN_DAYS = 21
SHORT_SHARE = 0.4
"""A library younger than MIN_SPAN_DAYS has a home where 40 % of its days are spent in three weeks or more."""

HALF_WINDOW_DAYS = 91
"""A month's home is the stay point most weeks and nights were spent at within half a year around it: a holiday is shorter."""

EVERYDAY_KM = 40.0
"""Everyday life (work, shops, Sunday walks) happens within; what is farther from home is an outing or a trip."""

INTERLUDE_SHARE = 0.34
"""Who moves out and back again is hardly seen at the old home meanwhile; otherwise the other stay point was only a busy one."""

REGULAR_SHARE = 0.25
WORK_LEISURE = 0.3
SECOND_HOME_SHARE = 0.5
"""A stay point visited in a quarter of all weeks, hardly by night or on weekends, is where somebody works; one visited in every other
week is a second home."""

RECURRING_VISITS = 6
RECURRING_WITHIN_DAYS = 365
ALONE_DAYS = 182
VISIT_GAP_DAYS = 3
LONGEST_GAP_DAYS = 21
LONGEST_VISIT_DAYS = 4.0
RECURRING_KM = 250.0
"""Six short visits within a year make a place that one returns to: the parents, the allotment, the cabin. Farther away
each visit is a journey, unless somebody is there every few weeks."""


Period = tuple[StayPoint, int, int]
"""Somebody lived there from this day to that one, both included (days since 1970)."""


class HomeKind(StrEnum):
    """How somebody belongs to a place."""

    HOME = "home"
    REGULAR = "regular"
    """Everyday life goes on here too: no stay here is a trip."""
    RECURRING = "recurring"
    """Short visits are everyday life, a long stay may be a trip."""


@dataclass(frozen=True, slots=True)
class Home:
    """A place somebody lived at or kept coming back to, and when. The report does not print the coordinates unless asked."""

    lat_deg: float
    lon_deg: float
    start: date
    """First day that counts; the first home of a library reaches back to its beginning."""
    end: date
    days: int
    """Distinct days with photos here between start and end."""
    nights: int
    """Of these, days with a photo between 18 and 8 o'clock."""
    kind: HomeKind = HomeKind.HOME


def find_homes(
    photos: Sequence[TimelinePhoto],
    override: tuple[float, float] | None = None,
    *,
    located: LocatedPhotos | None = None,
) -> tuple[Home, ...]:
    """Homes in the order of time, then the places of regular and recurring visits; empty where nothing can be told.

    `override` is the latitude and longitude of a home given by the user: it holds for the whole library.
    `located` are those of the photos, where they are known already.
    """
    located = LocatedPhotos.of(photos) if located is None else located
    if not len(located):
        return () if override is None else (_given(override, date.min, date.max),)
    rows = day_cells(located)
    points = find_stay_points(rows)
    residences = _find_residences(points, located) if override is None else (_given(override, date.min, date.max),)
    if not residences:
        return ()
    others = [base for point in points for base in _returns(point, residences, rows)]
    return (*residences, *sorted(others, key=lambda base: (base.start, base.lat_deg, base.lon_deg)))


def _given(position: tuple[float, float], start: date, end: date) -> Home:
    return Home(position[0], position[1], start, end, days=0, nights=0)


def _find_residences(points: list[StayPoint], located: LocatedPhotos) -> tuple[Home, ...]:
    """The homes one after another, without gaps."""
    first, last = int(located.day.min()), int(located.day.max())
    all_days = len(distinct(located.day))
    settled = [point for point in points if _is_settled(point, first, last, all_days)]
    if not settled:
        return ()
    periods = _periods(settled, first, last)
    return tuple(_residence(point, start, end) for point, start, end in periods)


def _is_settled(point: StayPoint, first: int, last: int, all_days: int) -> bool:
    """Whether somebody may have lived here."""
    span = int(point.days[-1] - point.days[0])
    if point.photos < MIN_PHOTOS:
        return False
    if last - first >= MIN_SPAN_DAYS:
        return span >= MIN_SPAN_DAYS and len(distinct(point.days // 7)) >= 4
    weeks = len(distinct(point.days // 7))
    return span >= SHORT_SPAN_DAYS and weeks >= 3 and len(point.days) >= SHORT_SHARE * all_days


def _periods(points: list[StayPoint], first: int, last: int) -> list[Period]:
    """The residence periods one after another: a winner for each month, short periods dropped, ends made exact."""
    winners: list[StayPoint] = []
    for month in range(first, last + 1, 30):
        low, high = month - HALF_WINDOW_DAYS, month + HALF_WINDOW_DAYS
        scores = [point.weeks_between(low, high) for point in points]
        best = int(np.argmax(scores))
        # Months without photos belong to whoever lived there before.
        winners.append(points[best] if scores[best] > 0 or not winners else winners[-1])
    periods: list[Period] = []
    for i, point in enumerate(winners):
        start, end = first + 30 * i, min(last, first + 30 * i + 29)
        if periods and periods[-1][0] is point:
            periods[-1] = (point, periods[-1][1], end)
        else:
            periods.append((point, start, end))
    periods = _without_short(periods)
    for i in range(1, len(periods)):
        (before, start, _), (after, turn, end) = periods[i - 1], periods[i]
        # Around the turn only: who spends each winter in the south would else have stayed there until the last one.
        cut = _moving_day(before, after, max(start, turn - 2 * HALF_WINDOW_DAYS), min(end, turn + 2 * HALF_WINDOW_DAYS))
        periods[i - 1], periods[i] = (before, start, cut - 1), (after, cut, end)
    return periods


def _without_short(periods: list[Period]) -> list[Period]:
    """Periods of a season or more; the time of shorter ones goes to the one before (the first one's to the one after)."""
    lasting = [period for period in periods if _is_lasting(*period)] or [
        max(periods, key=lambda period: period[2] - period[1])
    ]
    lasting = _with_returns(_without_interludes(lasting), periods)
    kept: list[Period] = []
    for point, start, _ in lasting:
        if not kept or kept[-1][0] is not point:
            kept.append((point, start if kept else periods[0][1], periods[-1][2]))
    return [
        (point, start, kept[i + 1][1] - 1 if i + 1 < len(kept) else end) for i, (point, start, end) in enumerate(kept)
    ]


def _with_returns(lasting: list[Period], periods: list[Period]) -> list[Period]:
    """With the short periods between two homes of a stay point that was home at another time: the summer after a year abroad."""
    homes = {id(point) for point, _, _ in lasting}
    kept = list(lasting)
    for before, after in pairwise(lasting):
        between = [period for period in periods if before[2] < period[1] and period[2] < after[1]]
        kept += [period for period in between if id(period[0]) in homes - {id(before[0]), id(after[0])}]
    return sorted(kept, key=lambda period: period[1])


def _is_lasting(point: StayPoint, start: int, end: int) -> bool:
    stays = within(point.days, start, end)
    return end - start + 1 >= MIN_SPAN_DAYS and len(stays) > 1 and int(stays[-1] - stays[0]) >= MIN_SPAN_DAYS // 2


def _without_interludes(lasting: list[Period]) -> list[Period]:
    """Without periods that only seem to part two at another stay point, which never quite ended: the one seen less was busy.

    That may be the outer one: where somebody works and photographs much for a season, before and after two years at home.
    """
    dropped: set[int] = set()
    for at in range(1, len(lasting) - 1):
        (outer, first, _), (middle, start, end), (other, _, last) = lasting[at - 1 : at + 2]
        if outer is not other or outer.weeks_between(start, end) <= INTERLUDE_SHARE * middle.weeks_between(start, end):
            continue
        is_middle_busier = middle.weeks_between(first, last) > outer.weeks_between(first, last)
        dropped |= {at - 1, at + 1} if is_middle_busier else {at}
    return [period for at, period in enumerate(lasting) if at not in dropped] or lasting


def _moving_day(before: StayPoint, after: StayPoint, start: int, end: int) -> int:
    """The day that best parts the days (nights count twice) at one home from those at the next."""
    old = np.concatenate([within(before.days, start, end), within(before.nights, start, end)])
    new = np.concatenate([within(after.days, start, end), within(after.nights, start, end)])
    choices = distinct(np.concatenate([old + 1, new]))
    if not len(choices):
        return end
    old, new = np.sort(old), np.sort(new)
    right = np.searchsorted(old, choices) + len(new) - np.searchsorted(new, choices)
    return int(choices[np.argmax(right)])


def _residence(point: StayPoint, start: int, end: int) -> Home:
    days = within(point.days, start, end)
    nights = within(point.nights, start, end)
    return Home(point.lat_deg, point.lon_deg, _date(start), _date(end), len(days), len(nights))


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - date(1970, 1, 1)).days


def _returns(point: StayPoint, residences: tuple[Home, ...], rows: DayCells) -> list[Home]:
    """The stay point as a place of regular or recurring visits, outside the times when it was home; at most one entry."""
    days = point.days
    for home in residences:
        if _km_to(point, home) <= 2 * STAY_RADIUS_KM:
            days = days[(days < day_number(home.start)) | (days > day_number(home.end))]
    if len(days) < RECURRING_VISITS:
        return []
    opens = _first_days(days, point, rows)
    starts, ends = days[opens], days[np.append(opens[1:], len(days)) - 1]
    if len(starts) < RECURRING_VISITS:
        return []
    busy = _frequent(starts)
    if not busy.any():
        return []
    first, last = int(starts[busy][0]), int(ends[busy][-1])
    stays, nights = within(days, first, last), within(point.nights, first, last)
    kind = _kind(
        weeks_share=len(distinct(stays // 7)) / ((last - first) / 7 + 1),
        leisure_share=len(np.union1d(nights, stays[is_weekend(stays)])) / len(stays),
        usual_days=float(np.median(ends[busy] - starts[busy] + 1)),
        # To where somebody lived then: who visits the town they moved away from has come from the new one.
        home_km=min(
            _km_to(point, home)
            for home in residences
            if day_number(home.start) <= last and day_number(home.end) >= first
        ),
        was_home=any(_km_to(point, home) <= 2 * STAY_RADIUS_KM for home in residences),
    )
    if kind is None:
        return []
    return [Home(point.lat_deg, point.lon_deg, _date(first), _date(last), len(stays), len(nights), kind)]


def _frequent(starts: Days) -> NDArray[np.bool_]:
    """Which visits lie in some window of a year with enough of them.

    Without one that stands alone at either end: a weekend in a city, long before somebody began to work there, is not a part of it.
    """
    busy = np.zeros(len(starts), dtype=np.bool_)
    wide = starts[RECURRING_VISITS - 1 :] - starts[: -RECURRING_VISITS + 1] <= RECURRING_WITHIN_DAYS
    for at in np.flatnonzero(wide).tolist():
        busy[at : at + RECURRING_VISITS] = True
    rows = np.flatnonzero(busy)
    if len(rows) > 1:
        busy[rows[0]] = starts[rows[1]] - starts[rows[0]] <= ALONE_DAYS
        busy[rows[-1]] = starts[rows[-1]] - starts[rows[-2]] <= ALONE_DAYS
    return busy


def _first_days(days: Days, point: StayPoint, rows: DayCells) -> NDArray[np.intp]:
    """Indices of the days on which a visit begins: after some without a photo here, of which one has some from elsewhere.

    Who photographs once a week in a month abroad is there once, not four times.
    """
    gaps = distances_km(rows.lat, rows.lon, point.lat_deg, point.lon_deg)
    elsewhere = distinct(rows.day[gaps > EVERYDAY_KM])
    seen = np.diff(np.searchsorted(elsewhere, days), prepend=0) > 0
    after_days = np.diff(days, prepend=days[0] - LONGEST_GAP_DAYS - 1)
    is_first = (after_days > VISIT_GAP_DAYS) & (seen | (after_days > LONGEST_GAP_DAYS))
    is_first[0] = True
    return np.flatnonzero(is_first)


def _kind(
    *, weeks_share: float, leisure_share: float, usual_days: float, home_km: float, was_home: bool
) -> HomeKind | None:
    """What a place of many visits is to somebody; None where each visit is a journey of its own.

    Whoever moved away comes back to friends and parents, however far that is.
    """
    if home_km <= EVERYDAY_KM:
        return HomeKind.REGULAR
    is_regular = weeks_share >= REGULAR_SHARE
    if usual_days > LONGEST_VISIT_DAYS:
        return HomeKind.REGULAR if is_regular else None
    if is_regular and (leisure_share < WORK_LEISURE or weeks_share >= SECOND_HOME_SHARE):
        return HomeKind.REGULAR
    return HomeKind.RECURRING if is_regular or was_home or home_km <= RECURRING_KM else None


def _km_to(point: StayPoint, home: Home) -> float:
    return distance_km(point.lat_deg, point.lon_deg, home.lat_deg, home.lon_deg)
