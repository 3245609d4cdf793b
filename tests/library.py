"""Makes libraries of several years with known truth: who lived where, which photos were taken on which journey.

What is made up follows what phones really hold: photos on some days only, positions missing for whole days and for single
photos, clocks without zones, two phones, a camera without a receiver, pictures that friends sent.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.places.gazetteer import Gazetteer
from album_sort.types import (
    CaptureTime,
    ContentId,
    GeoPosition,
    PositionSource,
    TimePrecision,
    TimeSource,
)

Spot = tuple[float, float, int]
"""Latitude, longitude, minutes ahead of UTC (winter time: enough for what is tested)."""

HOMES: tuple[Spot, ...] = (
    (48.137, 11.575, 60),
    (51.050, 13.738, 60),
    (40.690, -73.980, -300),
    (35.690, 139.700, 540),
    (-33.880, 151.200, 600),
    (31.220, 121.470, 480),
    (47.560, 7.590, 60),
    (52.370, 4.900, 60),
)

CITIES: tuple[Spot, ...] = (
    (48.857, 2.352, 60),
    (41.893, 12.483, 60),
    (41.385, 2.173, 60),
    (51.507, -0.128, 0),
    (50.088, 14.420, 60),
    (55.676, 12.568, 60),
    (37.568, 126.978, 540),
    (1.290, 103.850, 480),
    (37.775, -122.420, -480),
)

STAYS: tuple[Spot, ...] = (
    (42.805, 140.687, 540),
    (46.020, 7.749, 60),
    (36.460, 25.376, 120),
    (-33.925, 18.424, 120),
    (-45.031, 168.662, 720),
    (28.100, -15.410, 0),
    (7.890, 98.300, 420),
    (-24.995, 31.590, 120),
    (21.280, -157.830, -600),
)

TOURS: tuple[tuple[Spot, ...], ...] = (
    ((48.857, 2.352, 60), (45.764, 4.836, 60), (43.710, 7.262, 60)),
    ((43.769, 11.256, 60), (43.318, 11.331, 60), (43.467, 11.885, 60), (43.844, 10.503, 60)),
    ((35.011, 135.768, 540), (34.385, 132.455, 540), (34.694, 135.502, 540)),
    ((47.377, 8.541, 60), (45.464, 9.190, 60), (45.441, 12.316, 60)),
    ((36.170, -115.140, -480), (36.057, -112.140, -420), (37.300, -113.030, -420)),
    ((-37.814, 144.963, 600), (-38.660, 143.100, 600), (-34.929, 138.601, 570)),
)

FIRST_DAY = datetime(2019, 1, 1)

PHONE, PARTNER, COMPACT, BROKEN = "Apple iPhone 13", "Google Pixel 7", "Canon EOS R10", "Nikon D60"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How much of what a library should hold is missing or wrong."""

    name: str
    active_share: float
    """Share of ordinary days with photos."""
    per_day: float
    """Photos on an ordinary day with photos."""
    lost_photos: float
    """Share of a phone's photos without a position."""
    lost_days: float
    """Share of days on which no photo has one."""
    quiet_days: float
    """Share of a journey's days without any photo."""
    has_offsets: bool
    """Whether the phones write zone offsets."""
    has_move: bool
    has_partner: bool
    has_compact: bool
    has_broken_clock: bool
    visits_parents: bool


EASY = Difficulty("easy", 0.5, 4, 0.05, 0.0, 0.0, True, False, False, False, False, False)
ORDINARY = Difficulty("ordinary", 0.35, 3, 0.2, 0.05, 0.1, True, True, True, True, False, True)
HARD = Difficulty("hard", 0.15, 2.5, 0.5, 0.1, 0.25, False, True, True, True, True, True)
SPARSE = Difficulty("sparse", 0.07, 2, 0.3, 0.05, 0.1, True, True, True, True, False, True)
LEVELS = (EASY, ORDINARY, SPARSE, HARD)


@dataclass(frozen=True, slots=True)
class KnownHome:
    """Where the maker of a library put its home, and from when to when."""

    lat_deg: float
    lon_deg: float
    start: datetime
    end: datetime


@dataclass(slots=True)
class Library:
    """Photos and the truth about them."""

    photos: list[TimelinePhoto]
    trip_of: dict[ContentId, str | None]
    """Name of the journey; None for everyday photos. Pictures of which nobody can say are missing."""
    homes: list[KnownHome]
    now_utc: datetime


@dataclass(slots=True)
class Raw:
    """A photo before its place is looked up."""

    local: datetime
    offset: int | None
    lat: float
    lon: float
    has_position: bool
    camera: str
    trip: str | None
    counts: bool = True
    is_own: bool = True
    precision: TimePrecision = TimePrecision.SECOND
    source: TimeSource = TimeSource.EXIF_ORIGINAL
    altitude_m: float | None = None


@dataclass(slots=True)
class Maker:
    """Lives a life day by day and takes photos."""

    random: random.Random
    level: Difficulty
    raws: list[Raw] = field(default_factory=list)

    def moved(self, spot: Spot, km: float, bearing: float | None = None) -> Spot:
        """A spot some way off, in a direction or any."""
        angle = self.random.uniform(0, 2 * math.pi) if bearing is None else bearing
        lat = spot[0] + km * math.cos(angle) / 111.2
        lon = spot[1] + km * math.sin(angle) / (111.2 * math.cos(math.radians(spot[0])))
        return lat, (lon + 180) % 360 - 180, spot[2]

    def snap(self, when: datetime, spot: Spot, spread_km: float, camera: str, trip: str | None) -> Raw:
        """One photo near a spot."""
        lat, lon, offset = self.moved(spot, abs(self.random.gauss(0, spread_km)))
        has_receiver = camera in (PHONE, PARTNER)
        has_position = has_receiver and self.random.random() >= self.level.lost_photos
        known = offset if self.level.has_offsets and has_receiver else None
        raw = Raw(when, known, lat, lon, has_position, camera, trip)
        self.raws.append(raw)
        return raw

    def day(
        self,
        date: datetime,
        spot: Spot,
        count: int,
        camera: str,
        trip: str | None,
        *,
        spread_km: float,
        hours: tuple[float, float],
    ) -> None:
        """Some photos of one day; on some days none of them has a position."""
        is_lost = self.random.random() < self.level.lost_days
        for _ in range(count):
            when = date + timedelta(hours=self.random.uniform(*hours))
            raw = self.snap(when, spot, spread_km, camera, trip)
            raw.has_position &= not is_lost

    def number(self, mean: float) -> int:
        """A number of photos: mostly few, sometimes many."""
        return max(1, round(self.random.lognormvariate(math.log(mean), 0.6)))


@dataclass(frozen=True, slots=True)
class Life:
    """Where everyday life goes on."""

    home: Spot
    work: Spot
    parents: Spot

    @classmethod
    def around(cls, maker: Maker, home: Spot) -> Life:
        """Work within a commute, parents an hour away."""
        uniform = maker.random.uniform
        return cls(home, maker.moved(home, uniform(4, 25)), maker.moved(home, uniform(55, 80)))


def make_library(seed: int, level: Difficulty, gazetteer: Gazetteer, *, years: int = 4, busier: float = 1.0) -> Library:
    """A library of some years; equal for equal arguments. `busier` multiplies the number of photos."""
    maker = Maker(random.Random(f"{seed}-{level.name}"), level)  # noqa: S311 - made-up lives need no secrecy
    rng = maker.random
    begin = FIRST_DAY + timedelta(days=rng.randrange(300))
    days = 365 * years
    homes = _homes(maker, begin, days)
    trips = plan_trips(maker, begin, days)
    lives = [Life.around(maker, (h.lat_deg, h.lon_deg, _offset_of(h))) for h in homes]
    travel = {begin + timedelta(days=d): (name, spot) for name, plan in trips for d, spot in plan}
    leaving = {begin + timedelta(days=plan[0][0]) for _, plan in trips}
    partner_stays = {name for name, _ in trips if rng.random() < 0.3}
    for number in range(days):
        date = begin + timedelta(days=number)
        lived = next(i for i, home in enumerate(homes) if date < home.end or i == len(homes) - 1)
        if date not in travel:
            live_a_day(maker, date, lives[lived], busier)
            continue
        name, spot = travel[date]
        is_first = date in leaving
        travel_a_day(maker, date, name, spot, lives[lived].home, is_first=is_first, busier=busier)
        if level.has_partner and name in partner_stays:
            _home_day(maker, date, lives[lived], PARTNER, busier)
        elif level.has_partner and rng.random() < 0.7:
            hours = (13.0, 22.0) if is_first else (8.0, 22.0)
            maker.day(date, spot, maker.number(5 * busier), PARTNER, name, spread_km=5, hours=hours)
    _extras(maker, begin, days)
    return finished(maker, gazetteer, homes, begin + timedelta(days=days + 30))


def _offset_of(home: KnownHome) -> int:
    return next(offset for lat, lon, offset in HOMES if (lat, lon) == (round(home.lat_deg, 3), round(home.lon_deg, 3)))


def _homes(maker: Maker, begin: datetime, days: int) -> list[KnownHome]:
    """One home, or two with a move somewhere in the middle."""
    end = begin + timedelta(days=days)
    first, second = maker.random.sample(HOMES, 2)
    if not maker.level.has_move:
        return [KnownHome(first[0], first[1], begin, end)]
    move = begin + timedelta(days=int(days * maker.random.uniform(0.3, 0.7)))
    return [KnownHome(first[0], first[1], begin, move), KnownHome(second[0], second[1], move, end)]


def plan_trips(maker: Maker, begin: datetime, days: int) -> list[tuple[str, list[tuple[int, Spot]]]]:
    """Journeys with the spot of each of their days; at least two weeks lie between two of them."""
    rng = maker.random
    trips: list[tuple[str, list[tuple[int, Spot]]]] = []
    at = rng.randrange(20, 70)
    while at < days - 40:
        kind = rng.choices(("city", "stay", "tour", "business"), (0.3, 0.35, 0.25, 0.1))[0]
        if kind == "city":
            plan = [(at + i, rng.choice(CITIES)) for i in range(rng.randrange(2, 5))]
            plan = [(day, plan[0][1]) for day, _ in plan]
        elif kind == "stay":
            spot = rng.choice(STAYS)
            plan = [(at + i, maker.moved(spot, rng.uniform(0, 25))) for i in range(rng.randrange(6, 17))]
        elif kind == "tour":
            legs = rng.choice(TOURS)
            each = rng.randrange(2, 5)
            plan = [(at + i, legs[i // each]) for i in range(each * len(legs))]
        else:
            spot = rng.choice(CITIES)
            plan = [(at + i, spot) for i in range(2)]
        trips.append((f"{kind} {(begin + timedelta(days=at)).date()}", plan))
        at += len(plan) + rng.randrange(14, 150)
    return trips


def travel_a_day(
    maker: Maker, date: datetime, name: str, spot: Spot, home: Spot, *, is_first: bool, busier: float
) -> None:
    """A day on a journey; on the first one the morning is still spent at home."""
    rng, level = maker.random, maker.level
    if is_first and rng.random() < 0.4:
        maker.day(date, home, 1, PHONE, None, spread_km=1, hours=(6.5, 8.5))
    if not is_first and rng.random() < level.quiet_days:
        return
    hours = (13.0, 22.0) if is_first else (8.0, 22.0)
    mean = 4 if name.startswith("business") else 10
    maker.day(date, spot, maker.number(mean * busier), PHONE, name, spread_km=6, hours=hours)
    if level.has_compact and rng.random() < 0.6:
        maker.day(date, spot, maker.number(8 * busier), COMPACT, name, spread_km=6, hours=hours)
    if level.has_broken_clock and rng.random() < 0.3:
        # Its clock was never set: eight months and some hours behind.
        wrong = date - timedelta(days=243, hours=7)
        for _ in range(maker.number(4)):
            when = wrong + timedelta(hours=rng.uniform(*hours))
            maker.snap(when, spot, 6, BROKEN, name).counts = False


def _home_day(maker: Maker, date: datetime, life: Life, camera: str, busier: float) -> None:
    """An ordinary day: at home, sometimes at work or about town."""
    rng = maker.random
    if rng.random() >= maker.level.active_share:
        return
    is_at_work = date.weekday() < 5 and rng.random() < 0.3
    spot, spread = (life.work, 1.0) if is_at_work else (life.home, rng.choice((0.5, 0.5, 6.0)))
    maker.day(date, spot, maker.number(maker.level.per_day * busier), camera, None, spread_km=spread, hours=(7.0, 23.0))


def live_a_day(maker: Maker, date: datetime, life: Life, busier: float) -> None:
    """An ordinary day, a weekend at the parents' every third week, now and then a small outing."""
    rng, level = maker.random, maker.level
    if level.visits_parents and date.weekday() >= 5 and date.isocalendar().week % 3 == 0:
        if rng.random() < 0.7:
            maker.day(date, life.parents, maker.number(3 * busier), PHONE, None, spread_km=1.5, hours=(9.0, 22.0))
        return
    if date.weekday() == 6 and rng.random() < 0.06:
        outing = maker.moved(life.home, rng.uniform(45, 110))
        maker.day(date, outing, min(12, maker.number(5)), PHONE, None, spread_km=2, hours=(10.0, 17.0))
        return
    _home_day(maker, date, life, PHONE, busier)
    if level.has_partner:
        _home_day(maker, date, life, PARTNER, busier)
    if level.has_compact and rng.random() < 0.02:
        maker.day(date, life.home, maker.number(10), COMPACT, None, spread_km=1, hours=(9.0, 20.0))


def _extras(maker: Maker, begin: datetime, days: int) -> None:
    """What nobody of the house photographed: friends' pictures, messenger pictures, screenshots."""
    rng = maker.random
    for _ in range(days // 25):
        date = begin + timedelta(days=rng.randrange(days), hours=rng.uniform(9, 22))
        spot = rng.choice(CITIES + STAYS)
        # Some friends have the same telephone.
        camera = rng.choice(("Samsung SM-G991B", PARTNER, PHONE))
        raw = maker.snap(date, spot, 2, camera, None)
        raw.has_position = True
    for _ in range(days // 4):
        date = begin + timedelta(days=rng.randrange(days))
        raw = maker.snap(date, (0.0, 0.0, 0), 1, "", None)
        raw.has_position, raw.is_own, raw.counts = False, False, False
        raw.precision, raw.source = TimePrecision.DAY, TimeSource.FILE_NAME
    for _ in range(days // 8):
        date = begin + timedelta(days=rng.randrange(days), hours=rng.uniform(8, 23))
        raw = maker.snap(date, (0.0, 0.0, 0), 1, "", None)
        raw.has_position, raw.is_own, raw.counts, raw.source = False, False, False, TimeSource.FILE_NAME


def finished(maker: Maker, gazetteer: Gazetteer, homes: list[KnownHome], now_utc: datetime) -> Library:
    """Photos with their places, in an order that tells nothing."""
    raws = maker.raws
    located = [raw for raw in raws if raw.has_position]
    places = gazetteer.nearest(np.array([raw.lat for raw in located]), np.array([raw.lon for raw in located]))
    place_of = dict(zip(map(id, located), places, strict=True))
    photos: list[TimelinePhoto] = []
    trip_of: dict[ContentId, str | None] = {}
    for number, raw in enumerate(raws):
        content_id = ContentId(hashlib.sha256(f"{number}-{raw.local}".encode()).hexdigest())
        time = CaptureTime(raw.local, raw.offset, raw.source, raw.precision)
        position = GeoPosition(raw.lat, raw.lon, PositionSource.EXIF, raw.altitude_m) if raw.has_position else None
        photos.append(TimelinePhoto(content_id, time, position, place_of.get(id(raw)), raw.camera, is_own=raw.is_own))
        if raw.counts:
            trip_of[content_id] = raw.trip
    maker.random.shuffle(photos)
    return Library(photos, trip_of, homes, now_utc)
