"""Titles of trips: absolute (`2025-12 Niseko, Japan`), from the places by distinct days, in English or Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from album_sort.types import Place

NEAR_KM = 30.0
"""Farther than this from the town it is `near` it."""

REMOTE_KM = 150.0
"""Farther than this the town says nothing: the country stands alone."""

MAIN_SHARE = 0.5
"""A place that holds half of the days names the trip."""

REGION_SHARE = 0.6
"""Else a region that holds most of the days does."""

COUNTRY_SHARE = 0.2
"""Countries with fewer of the days are stops on the way."""

MOST_COUNTRIES = 3
"""More than these make a title nobody reads; the first ones by days stand for the journey."""


@dataclass(frozen=True, slots=True)
class TripPlaces:
    """Where a trip went, ready to be put into words."""

    main: Place | None
    """The place that names it or its most frequent one; None without places."""
    names_main: bool
    """Whether `main` holds enough of the days to name the trip."""
    region: str
    """First-level region that holds most of the days; empty where none does."""
    countries: tuple[str, ...]
    """Names of the countries that count, most days first."""
    country_codes: tuple[str, ...]
    """Of all countries, by number of photos, most first."""


def day_place(places: Sequence[Place]) -> Place:
    """The place of a day: in the country of most of its photos, the town most of these were taken at.

    The country is decided first, since near a border the nearest town may lie on the wrong side for some of them.
    """
    country = majority_country(places)
    return _most(place for place in places if place.country_code == country)


def majority_country(places: Iterable[Place]) -> str:
    """ISO code of the country most of the places lie in; the first in the alphabet on a tie."""
    counts = Counter(place.country_code for place in places)
    return min(counts, key=lambda code: (-counts[code], code))


def _most(places: Iterable[Place]) -> Place:
    """The most frequent town; of equal ones the larger. Its nearest occurrence stands for it."""
    rows = list(places)
    counts = Counter(place.geoname_id for place in rows)
    return min(
        rows, key=lambda place: (-counts[place.geoname_id], -place.population, place.geoname_id, place.distance_km)
    )


def trip_places(places_of_day: dict[date, list[Place]]) -> TripPlaces:
    """Where a trip went, each day counting once."""
    days = {day: day_place(places) for day, places in sorted(places_of_day.items()) if places}
    photos = Counter(place.country_code for places in places_of_day.values() for place in places)
    codes = tuple(sorted(photos, key=lambda code: (-photos[code], code)))
    if not days:
        return TripPlaces(None, names_main=False, region="", countries=(), country_codes=codes)
    main = _most(days.values())
    share = sum(place.geoname_id == main.geoname_id for place in days.values()) / len(days)
    by_country = Counter(place.country_code for place in days.values())
    counted = [code for code in by_country if by_country[code] >= COUNTRY_SHARE * len(days)]
    counted.sort(key=lambda code: (-by_country[code], min(day for day in days if days[day].country_code == code)))
    names = {place.country_code: place.country for place in days.values()}
    regions = Counter(place.admin1 for place in days.values() if place.admin1)
    region = min(regions, key=lambda name: (-regions[name], name)) if regions else ""
    return TripPlaces(
        main=main,
        names_main=share >= MAIN_SHARE and main.distance_km <= REMOTE_KM,
        region=region if region and regions[region] >= REGION_SHARE * len(days) else "",
        countries=tuple(names[code] for code in counted[:MOST_COUNTRIES]) or (main.country,),
        country_codes=codes,
    )


def trip_title(start: date, places: TripPlaces, lang: str = "en", *, with_day: bool = False) -> str:
    """The title of a trip that started on a day; `with_day` tells two trips of one month to one place apart."""
    when = start.isoformat() if with_day else start.isoformat()[:7]
    main = places.main
    if main is None:
        return f"{when} 旅行" if lang == "zh" else f"{when} Trip"
    if places.names_main:
        return f"{when} {_town_and_country(main.name, main.country, lang, is_near=main.distance_km > NEAR_KM)}"
    if len(places.countries) == 1 and places.region:
        return f"{when} {_town_and_country(places.region, places.countries[0], lang, is_near=False)}"
    return f"{when} {_listed(places.countries, lang)}"


def _town_and_country(name: str, country: str, lang: str, *, is_near: bool) -> str:
    """`Niseko, Japan`, `日本新雪谷`; a city state is named once."""
    if lang == "zh":
        town = f"{name}附近" if is_near else name
        # A space where Latin letters would run into Chinese characters.
        joint = " " if name[:1].isascii() else ""
        return town if name == country else f"{country}{joint}{town}"
    town = f"near {name}" if is_near else name
    return town if name == country else f"{town}, {country}"


def _listed(names: Sequence[str], lang: str) -> str:
    """`France, Italy and Spain`; `法国、意大利和西班牙`."""
    if len(names) == 1:
        return names[0]
    comma, last = ("、", "和") if lang == "zh" else (", ", " and ")
    return f"{comma.join(names[:-1])}{last}{names[-1]}"
