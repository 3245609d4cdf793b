"""Lives with what real libraries of many years hold and `tests/library.py` leaves out: one kind of life each, with known truth.

Each kind says which days are not ordinary and what was photographed on them; everything else is everyday life with some
journeys. Where a person could not tell either, photos do not count.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from album_sort.places.gazetteer import Gazetteer
from album_sort.types import TimePrecision, TimeSource
from tests.library import (
    CITIES,
    COMPACT,
    FIRST_DAY,
    HOMES,
    ORDINARY,
    PARTNER,
    PHONE,
    STAYS,
    KnownHome,
    Library,
    Life,
    Maker,
    Raw,
    Spot,
    finished,
    live_a_day,
    plan_trips,
    travel_a_day,
)

LIFELIKE = replace(
    ORDINARY,
    name="lifelike",
    active_share=0.3,
    lost_photos=0.15,
    has_move=False,
    has_partner=False,
    visits_parents=False,
)
YEARS = 4
DAYS = 365 * YEARS

LISBON, ATHENS, BANGKOK, HONOLULU = (38.72, -9.14, 0), (37.98, 23.73, 120), (13.75, 100.50, 420), (21.28, -157.83, -600)
CRUISE: tuple[Spot, ...] = (
    (41.38, 2.17, 60),
    (41.0, 5.6, 60),
    (43.30, 5.37, 60),
    (42.10, 11.79, 60),
    (38.12, 13.36, 60),
    (35.90, 14.51, 60),
    (36.9, 18.9, 60),
    (37.64, 21.32, 120),
    (36.42, 25.43, 120),
    (37.94, 23.64, 120),
)


@dataclass(slots=True)
class Scene:
    """A life in the making: whoever describes it takes the days that are special."""

    maker: Maker
    begin: datetime
    home: Spot
    homes: list[KnownHome]
    special: set[int] = field(default_factory=set)
    """Days (since the beginning) that are neither ordinary nor on one of the usual journeys."""
    margin: int = 7
    """Days at home between a special time and a journey: after three without a photo nobody could tell them apart."""
    journeys: bool = True
    """Whether the usual journeys happen beside."""

    @property
    def rng(self) -> random.Random:
        return self.maker.random

    def date(self, day: int) -> datetime:
        return self.begin + timedelta(days=day)

    def weekday(self, day: int) -> int:
        return self.date(day).weekday()

    def shoot(  # noqa: PLR0917 - a line of a diary
        self,
        day: int,
        spot: Spot,
        count: float,
        trip: str | None,
        camera: str = PHONE,
        hours: tuple[float, float] = (9.0, 22.0),
        spread_km: float = 3.0,
    ) -> list[Raw]:
        """Photos of a special day."""
        self.special.add(day)
        at = len(self.maker.raws)
        self.maker.day(self.date(day), spot, self.maker.number(count), camera, trip, spread_km=spread_km, hours=hours)
        return self.maker.raws[at:]

    def stay(  # noqa: PLR0917 - a line of a diary
        self, first: int, days: int, spot: Spot, count: float, trip: str | None, share: float = 0.9
    ) -> None:
        """Several days at one place; without a photo on some."""
        for day in range(first, first + days):
            self.special.add(day)
            if day == first or self.rng.random() < share:
                hours = (14.0, 22.0) if day == first else (9.0, 22.0)
                self.shoot(day, spot, count, trip, hours=hours)

    def empty_weeks(self) -> list[int]:
        """Mondays of the weeks in order."""
        return [day for day in range(20, DAYS - 60) if self.weekday(day) == 0]


def long_stays_with_the_parents(scene: Scene) -> None:
    """Two hours away: weekends are everyday life, ten days at Christmas and in summer are not."""
    parents = scene.maker.moved(scene.home, 130)
    for number, monday in enumerate(scene.empty_weeks()):
        if number % 26 in (12, 13):
            if number % 26 == 12:
                scene.stay(monday, 10, parents, 6, f"parents {monday}")
        elif number % 5 == 0:
            scene.stay(monday + 5, 2, parents, 4, None)


def work_in_another_city(scene: Scene) -> None:
    """Monday to Thursday 350 km away, for two years."""
    work = scene.maker.moved(scene.home, 350)
    for monday in scene.empty_weeks():
        if 300 < monday < 1030 and scene.rng.random() < 0.85:
            scene.stay(monday, 4, work, 2, None, share=0.35)


def years_without_positions(scene: Scene) -> None:
    """A telephone without leave to know where it is, for 500 days: nobody can tell its journeys."""
    scene.special.clear()


def flights_home_past_midnight(scene: Scene) -> None:
    """The last evening at the beach, pictures out of the window at two, home at six."""
    for at in range(60, DAYS - 60, 170):
        spot = scene.rng.choice((ATHENS, LISBON, BANGKOK))
        name = f"red eye {at}"
        scene.stay(at, 6, spot, 7, name, share=1.0)
        scene.shoot(at + 6, spot, 6, name, hours=(8.0, 22.5))
        middle = ((spot[0] + scene.home[0]) / 2, (spot[1] + scene.home[1]) / 2, scene.home[2])
        for raw in scene.shoot(at + 7, middle, 2, name, hours=(1.5, 3.0), spread_km=50):
            raw.altitude_m = 10_500.0
        scene.shoot(at + 7, scene.home, 3, None, hours=(14.0, 20.0))


def many_outings(scene: Scene) -> None:
    """Every third Sunday 40 to 90 km away, some photos each."""
    scene.margin = 2
    for number, monday in enumerate(scene.empty_weeks()):
        if number % 3 == 0:
            bearing = scene.rng.uniform(0, 6.28)
            outing = scene.maker.moved(scene.home, scene.rng.uniform(40, 90), bearing)
            photos = scene.shoot(monday + 6, outing, 6, None, hours=(10.0, 17.0))
            for raw in photos:
                raw.counts = len(photos) < 15
            if number % 9 == 0:
                # The other way: two days in one direction would be a night away.
                other = scene.maker.moved(scene.home, scene.rng.uniform(40, 90), bearing + 3.14)
                for raw in scene.shoot(monday + 5, other, 3, None, hours=(10.0, 17.0)):
                    raw.counts = len(photos) < 15


def pictures_received_on_the_way(scene: Scene) -> None:
    """Screenshots and messenger pictures on every day, also of journeys; they prove nothing."""
    for day in range(0, DAYS, 1):
        if scene.rng.random() < 0.4:
            raw = scene.maker.snap(scene.date(day) + timedelta(hours=scene.rng.uniform(8, 23)), scene.home, 1, "", None)
            raw.has_position = raw.is_own = raw.counts = False
            raw.source = TimeSource.FILE_NAME
            if scene.rng.random() < 0.5:
                raw.precision, raw.local = TimePrecision.DAY, scene.date(day)


def a_couple_apart(scene: Scene) -> None:
    """Two telephones: each travels alone at times, once both at the same time to different places."""
    for day in range(DAYS):
        if scene.rng.random() < 0.25:
            scene.maker.day(scene.date(day), scene.home, 3, PARTNER, None, spread_km=1, hours=(8.0, 22.0))
    for number, at in enumerate(range(80, DAYS - 60, 150)):
        mine, theirs = scene.rng.sample(CITIES + STAYS, 2)
        days = range(at, at + 5)
        keep = [
            raw for raw in scene.maker.raws if raw.camera == PARTNER and not 0 <= (raw.local - scene.date(at)).days < 5
        ]
        if number % 3 != 0:
            for day in days:
                scene.shoot(day, mine, 6, f"mine {at}", hours=(14.0, 22.0) if day == at else (9.0, 22.0))
        if number % 3 != 1:
            scene.maker.raws = [raw for raw in scene.maker.raws if raw.camera != PARTNER] + keep
            for day in days:
                hours = (14.0, 22.0) if day == at else (9.0, 22.0)
                photos = scene.shoot(day, theirs, 6, f"theirs {at}", PARTNER, hours=hours)
                assert photos
                if number % 3 == 0:
                    scene.shoot(day, scene.home, 3, None)


def friends_send_photos(scene: Scene) -> None:
    """Two to six photos of one day far away, from the same model or another, while the owner is at home."""
    scene.margin = 2
    for at in range(30, DAYS - 40, 25):
        spot = scene.rng.choice(CITIES + STAYS)
        camera = scene.rng.choice((PHONE, "Samsung SM-G991B"))
        scene.shoot(at, scene.home, 2, None, hours=(8.0, 10.0))
        photos = scene.shoot(at, spot, scene.rng.uniform(2, 6), None, camera, hours=(11.0, 17.0))
        for raw in photos:
            raw.has_position = True
        for raw in photos[6:]:
            scene.maker.raws.remove(raw)
        scene.shoot(at, scene.home, 2, None, hours=(18.0, 22.0))


def across_the_date_line(scene: Scene) -> None:
    """Clocks jump by nearly a day on the way."""
    scene.maker.level = replace(scene.maker.level, has_offsets=scene.rng.random() < 0.5)
    for at in range(70, DAYS - 60, 200):
        name = f"pacific {at}"
        scene.stay(at, 4, (-36.85, 174.76, 720), 7, name)
        scene.stay(at + 4, 4, HONOLULU, 7, name)
        scene.stay(at + 8, 3, (37.77, -122.42, -480), 7, name)


def clocks_off_by_an_hour(scene: Scene) -> None:
    """A camera without a receiver beside the telephone: summer time was never set; one lies a year behind."""
    for number, at in enumerate(range(60, DAYS - 60, 140)):
        spot, name = scene.rng.choice(STAYS), f"camera {at}"
        scene.stay(at, 8, spot, 6, name)
        for day in range(at, at + 8):
            for raw in scene.shoot(day, spot, 8, name, COMPACT, hours=(15.0, 21.0) if day == at else (9.0, 21.0)):
                raw.local -= timedelta(hours=1)
            if number % 2 and day > at:
                for raw in scene.shoot(day, spot, 4, name, "Olympus TG-4"):
                    raw.local -= timedelta(days=365)
                    raw.counts = False


def a_month_abroad(scene: Scene) -> None:
    """Five to eight weeks of work at a beautiful place: one journey, and no new home."""
    for at in range(150, DAYS - 100, 480):
        scene.stay(at, scene.rng.randrange(35, 56), scene.rng.choice((LISBON, ATHENS, BANGKOK)), 3, f"month {at}", 0.5)


def cruises(scene: Scene) -> None:
    """Another harbour and often another country each day, some days at sea."""
    for at in range(90, DAYS - 60, 300):
        for number, spot in enumerate(CRUISE):
            scene.shoot(at + number, spot, 8, f"cruise {at}", hours=(14.0, 22.0) if number == 0 else (8.0, 22.0))


def moving_twice(scene: Scene) -> None:
    """Three homes, the second one 25 km from the first."""
    near = scene.maker.moved(scene.home, 25)
    far = scene.rng.choice([spot for spot in HOMES if abs(spot[1] - scene.home[1]) > 1])
    first, second = scene.rng.randrange(350, 500), scene.rng.randrange(800, 1000)
    cuts, spots = (0, first, second, DAYS), (scene.home, near, far)
    scene.homes[:] = [
        KnownHome(spot[0], spot[1], scene.date(start), scene.date(end))
        for spot, start, end in zip(spots, cuts[:-1], cuts[1:], strict=True)
    ]


def two_homes_of_a_student(scene: Scene) -> None:
    """Terms in one town, breaks and every other weekend with the parents 180 km away: everyday life at both."""
    parents = scene.maker.moved(scene.home, 180)
    for number, monday in enumerate(scene.empty_weeks()):
        month = scene.date(monday).month
        if month in (8, 9, 3):
            scene.stay(monday, 7, parents, 3, None, share=0.3)
        elif number % 2 == 0:
            scene.stay(monday + 5, 2, parents, 3, None, share=0.6)
    scene.journeys = False
    scene.homes.clear()


def a_cabin(scene: Scene) -> None:
    """Summer weekends 120 km away, and three weeks in July that are a holiday."""
    cabin = scene.maker.moved(scene.home, 120)
    for number, monday in enumerate(scene.empty_weeks()):
        date = scene.date(monday)
        if date.month == 7 and date.day <= 7:
            scene.stay(monday, 21, cabin, 5, f"cabin {monday}", 0.7)
        elif date.month in (5, 6, 8, 9) and number % 2 and not (date.month == 6 and date.day > 20):
            scene.stay(monday + 5, 2, cabin, 4, None)


def slow_road_trips(scene: Scene) -> None:
    """The first night is near home, the way back is by another road."""
    for at in range(60, DAYS - 60, 160):
        name = f"road {at}"
        for number, km in enumerate((95, 230, 480, 700, 720, 500, 260, 110)):
            spot = scene.maker.moved(scene.home, km, bearing=1.0 + (0.25 if number > 4 else 0.0))
            scene.shoot(at + number, spot, 7, name, hours=(13.0, 22.0) if number == 0 else (9.0, 22.0))


CHANGES = (400, 900)


def a_new_telephone_on_the_way(scene: Scene) -> None:
    """One telephone is lost on a journey, the next one bought there; later the same again."""
    for at in CHANGES:
        spot, name = scene.rng.choice(STAYS), f"phone {at}"
        scene.stay(at - 5, 10, spot, 6, name, share=1.0)


def a_semester_abroad(scene: Scene) -> None:
    """Five months in another country, lived there; Christmas at the old home."""
    at = scene.rng.randrange(400, 700)
    spot = scene.rng.choice((LISBON, ATHENS))
    for day in range(at, at + 150):
        scene.special.add(day)
        if at + 80 <= day < at + 90:
            if scene.rng.random() < 0.7:
                for raw in scene.shoot(day, scene.home, 4, None):
                    raw.counts = False
        elif scene.rng.random() < 0.4:
            for raw in scene.shoot(day, spot, 3, None):
                # The first weeks feel like a journey, and nobody can say when that ends.
                raw.counts = False
    scene.homes[:] = [KnownHome(scene.home[0], scene.home[1], scene.date(0), scene.date(2 * at // 2))]


def a_year_abroad_and_back(scene: Scene) -> None:
    """Ten months abroad, the summer at the old home again, then another city; visits to the old home every month."""
    abroad, city = (
        scene.rng.choice((LISBON, ATHENS)),
        scene.rng.choice([spot for spot in HOMES if abs(spot[1] - scene.home[1]) > 5]),
    )
    leaves = scene.rng.randrange(450, 550)
    cuts = (0, leaves, leaves + 300, leaves + 385, DAYS)
    spots = (scene.home, abroad, scene.home, city)
    scene.homes[:] = [
        KnownHome(spot[0], spot[1], scene.date(start), scene.date(end))
        for spot, start, end in zip(spots, cuts[:-1], cuts[1:], strict=True)
    ]
    for number, monday in enumerate(scene.empty_weeks()):
        if monday > cuts[3] + 60 and number % 4 == 0:
            scene.stay(monday + 5, 2, scene.home, 3, None)


def work_where_one_was_on_a_weekend(scene: Scene) -> None:
    """A city trip, eight months later a job there: Monday to Thursday, 500 km away, evenings too."""
    work = scene.maker.moved(scene.home, 500)
    scene.stay(60, 4, work, 8, "city 60", share=1.0)
    for monday in scene.empty_weeks():
        if 300 < monday < 700 and scene.rng.random() < 0.9:
            scene.stay(monday, 4, work, 2, None, share=0.4)


def photos_received_on_journeys(scene: Scene) -> None:
    """While the owner is on a journey with a camera without a receiver, a friend sends some photos of one day elsewhere."""
    for number, at in enumerate(range(60, DAYS - 60, 140)):
        spot, name = scene.rng.choice(STAYS), f"journey {at}"
        elsewhere = max(CITIES, key=lambda city: abs(city[1] - spot[1]))
        scene.stay(at, 8, spot, 6, name, share=1.0)
        for day in range(at, at + 8):
            scene.shoot(day, spot, 6, name, COMPACT, hours=(15.0, 21.0) if day == at else (9.0, 21.0))
        for raw in scene.shoot(at + 4, elsewhere, 3, None, f"Friend {number % 4}", hours=(11.0, 15.0))[:4]:
            raw.has_position = True


KINDS: dict[str, Callable[[Scene], None]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        long_stays_with_the_parents,
        work_in_another_city,
        years_without_positions,
        flights_home_past_midnight,
        many_outings,
        pictures_received_on_the_way,
        a_couple_apart,
        friends_send_photos,
        across_the_date_line,
        clocks_off_by_an_hour,
        a_month_abroad,
        cruises,
        moving_twice,
        two_homes_of_a_student,
        a_cabin,
        slow_road_trips,
        a_new_telephone_on_the_way,
        a_semester_abroad,
        a_year_abroad_and_back,
        work_where_one_was_on_a_weekend,
        photos_received_on_journeys,
    )
}


def make_life(seed: int, kind: str, gazetteer: Gazetteer) -> Library:
    """Four years of one kind of life; equal for equal arguments."""
    maker = Maker(random.Random(f"{seed}-{kind}"), LIFELIKE)  # noqa: S311 - made-up lives need no secrecy
    rng = maker.random
    begin = FIRST_DAY + timedelta(days=rng.randrange(300))
    home = rng.choice(HOMES)
    known = [KnownHome(home[0], home[1], begin, begin + timedelta(days=DAYS))]
    scene = Scene(maker, begin, home, known)
    KINDS[kind](scene)
    _live(scene)
    for raw in maker.raws:
        day = (raw.local - begin).days
        if kind == "years without positions" and 400 <= day < 900:
            raw.has_position = False
            raw.counts = raw.trip is None
        if kind == "a new telephone on the way" and raw.camera == PHONE:
            raw.camera = (PHONE, PARTNER, "Google Pixel 9")[bisect_right(CHANGES, day)]
    return finished(maker, gazetteer, scene.homes, begin + timedelta(days=DAYS + 30))


def _live(scene: Scene) -> None:
    """Everyday life and the usual journeys on the days that are left."""
    maker = scene.maker
    homes = scene.homes or [KnownHome(scene.home[0], scene.home[1], scene.begin, scene.date(DAYS))]
    lives = [Life.around(maker, (home.lat_deg, home.lon_deg, scene.home[2])) for home in homes]
    plans = plan_trips(maker, scene.begin, DAYS) if scene.journeys else []
    usual: defaultdict[int, list[tuple[str, Spot]]] = defaultdict(list)
    leaving: set[int] = set()
    for name, plan in plans:
        days = [day for day, _ in plan]
        if not scene.special.intersection(range(days[0] - scene.margin, days[-1] + scene.margin + 1)):
            leaving.add(days[0])
            for day, spot in plan:
                usual[day].append((name, spot))
    for day in range(DAYS):
        date = scene.date(day)
        number = next((i for i, home in enumerate(homes) if date < home.end), len(homes) - 1)
        for name, spot in usual.get(day, ()):
            travel_a_day(maker, date, name, spot, lives[number].home, is_first=day in leaving, busier=1.0)
        if day not in usual and day not in scene.special:
            live_a_day(maker, date, lives[number], 1.0)
