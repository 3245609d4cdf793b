"""Small made-up lives for the tests of homes and trips: a few lines each, with places that need no gazetteer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from album_sort.core.trips.find import Timeline, find_trips
from album_sort.core.trips.homes import find_homes
from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.types import (
    CaptureTime,
    ContentId,
    GeoPosition,
    KnownTrip,
    Place,
    PositionSource,
    TimePrecision,
    TimeSource,
)


def place(  # noqa: PLR0917 - a table of places reads best as rows
    number: int, name: str, region: str, country: str, code: str, lat: float, lon: float
) -> Place:
    return Place(name, country, code, 1.0, number, lat, lon, "UTC", 10_000 * number, region)


MUNICH = place(1, "Munich", "Bavaria", "Germany", "DE", 48.137, 11.575)
ULM = place(2, "Ulm", "Baden-Württemberg", "Germany", "DE", 48.400, 9.990)
ROSENHEIM = place(3, "Rosenheim", "Bavaria", "Germany", "DE", 47.856, 12.128)
BASEL = place(4, "Basel", "Basel-City", "Switzerland", "CH", 47.558, 7.587)
LOERRACH = place(5, "Lörrach", "Baden-Württemberg", "Germany", "DE", 47.615, 7.661)
PARIS = place(6, "Paris", "Île-de-France", "France", "FR", 48.857, 2.352)
LYON = place(7, "Lyon", "Auvergne-Rhône-Alpes", "France", "FR", 45.764, 4.836)
NICE = place(8, "Nice", "Provence-Alpes-Côte d'Azur", "France", "FR", 43.710, 7.262)
FLORENCE = place(9, "Florence", "Tuscany", "Italy", "IT", 43.769, 11.256)
SIENA = place(10, "Siena", "Tuscany", "Italy", "IT", 43.318, 11.331)
AREZZO = place(11, "Arezzo", "Tuscany", "Italy", "IT", 43.467, 11.885)
MILAN = place(12, "Milan", "Lombardy", "Italy", "IT", 45.464, 9.190)
ZURICH = place(13, "Zürich", "Zurich", "Switzerland", "CH", 47.377, 8.541)
NISEKO = place(14, "Niseko", "Hokkaido", "Japan", "JP", 42.805, 140.687)
SUVA = place(15, "Suva", "Central", "Fiji", "FJ", -18.142, 178.442)
TAVEUNI = place(16, "Taveuni", "Northern", "Fiji", "FJ", -16.85, -179.97)
NEW_YORK = place(17, "New York City", "New York", "United States", "US", 40.713, -74.006)
KIEL = place(18, "Kiel", "Schleswig-Holstein", "Germany", "DE", 54.323, 10.123)
BERLIN = place(19, "Berlin", "Berlin", "Germany", "DE", 52.520, 13.405)
DRESDEN = place(20, "Dresden", "Saxony", "Germany", "DE", 51.051, 13.738)
VERSAILLES = place(21, "Versailles", "Île-de-France", "France", "FR", 48.804, 2.130)

PHONE, PARTNER, COMPACT = "Apple iPhone 13", "Google Pixel 7", "Canon EOS R10"
MUCH_LATER = datetime(2030, 1, 1)


def day(text: str) -> datetime:
    """`2024-07-03` or `2024-07-03 14:30`."""
    return datetime.fromisoformat(text)


def known(trip_id: str, title: str, members: frozenset[ContentId]) -> KnownTrip:
    """A trip as a destination remembers it."""
    return KnownTrip(trip_id, title, date(2024, 1, 1), date(2024, 1, 2), members)


@dataclass
class Life:
    """Photos in the making; every photo has its own content."""

    photos: list[TimelinePhoto] = field(default_factory=list)

    def shoot(
        self,
        when: datetime,
        where: Place | None,
        *,
        camera: str = PHONE,
        source: TimeSource = TimeSource.EXIF_ORIGINAL,
        precision: TimePrecision = TimePrecision.SECOND,
        is_own: bool = True,
    ) -> ContentId:
        """One photo at a place, or one without a position."""
        number = len(self.photos)
        content_id = ContentId(hashlib.sha256(f"photo {number}".encode()).hexdigest())
        position = None
        if where is not None:
            # A few hundred metres about, always the same for the same photo.
            shift = (number % 7 - 3) / 1000
            position = GeoPosition(where.lat_deg + shift, where.lon_deg + shift, PositionSource.EXIF)
        time = CaptureTime(when, None, source, precision)
        self.photos.append(TimelinePhoto(content_id, time, position, where, camera, is_own=is_own))
        return content_id

    def spend(
        self, first: str, days: int, where: Place | None, *, per_day: int = 4, camera: str = PHONE, every: int = 1
    ) -> list[ContentId]:
        """Photos from nine in the morning on, every two hours; `every` leaves days out."""
        return [
            self.shoot(day(first) + timedelta(days=d, hours=9 + 2 * i), where, camera=camera)
            for d in range(0, days, every)
            for i in range(per_day)
        ]

    def live(self, first: str, days: int, where: Place = MUNICH, *, camera: str = PHONE, every: int = 3) -> None:
        """Everyday life: some photos every third day, one of them in the evening."""
        for d in range(0, days, every):
            for hour in (8, 13, 20):
                self.shoot(day(first) + timedelta(days=d, hours=hour), where, camera=camera)

    def timeline(
        self,
        *,
        now: datetime = MUCH_LATER,
        previous: tuple[KnownTrip, ...] = (),
        home: tuple[float, float] | None = None,
        lang: str = "en",
    ) -> Timeline:
        """The trips of this life."""
        return find_trips(self.photos, find_homes(self.photos, home), now_utc=now, previous=previous, lang=lang)

    def titles(self) -> list[str]:
        """Titles in the order of time."""
        return [trip.title for trip in self.timeline().trips]


def year_at_home() -> Life:
    """Half a year in Munich before July 2024, and half a year after it."""
    life = Life()
    life.live("2024-01-01", 180)
    life.live("2024-08-01", 180)
    return life
