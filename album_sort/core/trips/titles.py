"""Titles of trips: absolute (`2025-12 Niseko, Japan`), from the places by distinct days, in English or Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
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

STOP_SHARE = 0.2
"""Countries and regions with fewer of the days are stops on the way."""

MOST_NAMES = 3
MOST_REGIONS = 2
"""More than these make a title nobody reads; the first ones by days stand for the journey."""


@dataclass(frozen=True, slots=True)
class TripPlaces:
    """Where a trip went, ready to be put into words."""

    main: Place | None
    """The place that names it or its most frequent one; None without places."""
    names_main: bool
    """Whether `main` holds enough of the days to name the trip."""
    regions: tuple[str, ...]
    """The first-level region that holds most of the days; in the home country else those that count, most days first."""
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


def trip_places(places_of_day: dict[date, list[Place]], home_countries: Collection[str] = ()) -> TripPlaces:
    """Where a trip went, each day counting once; `home_countries` are codes of countries whose name would say nothing."""
    days = {day: day_place(places) for day, places in sorted(places_of_day.items()) if places}
    photos = Counter(place.country_code for places in places_of_day.values() for place in places)
    codes = tuple(sorted(photos, key=lambda code: (-photos[code], code)))
    if not days:
        return TripPlaces(None, names_main=False, regions=(), countries=(), country_codes=codes)
    main = _most(days.values())
    share = sum(place.geoname_id == main.geoname_id for place in days.values()) / len(days)
    countries = _counting([place.country_code for place in days.values()])
    names = {place.country_code: place.country for place in days.values()}
    return TripPlaces(
        main=main,
        names_main=share >= MAIN_SHARE and main.distance_km <= REMOTE_KM,
        regions=_regions([place.admin1 for place in days.values()], is_at_home=set(countries) <= set(home_countries)),
        countries=tuple(names[code] for code in countries) or (main.country,),
        country_codes=codes,
    )


def _counting(of_days: Sequence[str]) -> list[str]:
    """Of what each day (in order) was spent in: all that is not a mere stop on the way, most days first."""
    days = Counter(filter(None, of_days))
    counted = [name for name in days if days[name] >= STOP_SHARE * len(of_days)]
    return sorted(counted, key=lambda name: (-days[name], of_days.index(name)))[:MOST_NAMES]


def _regions(of_days: Sequence[str], *, is_at_home: bool) -> tuple[str, ...]:
    """The region of most days. Who tours their own country wants to know where: there all that count."""
    counted = _counting(of_days)
    if counted and of_days.count(counted[0]) >= REGION_SHARE * len(of_days):
        return (counted[0],)
    return tuple(counted[:MOST_REGIONS]) if is_at_home else ()


def trip_title(start: date, places: TripPlaces, lang: str = "en", *, with_day: bool = False) -> str:
    """The title of a trip that started on a day; `with_day` tells two trips of one month to one place apart."""
    when = start.isoformat() if with_day else start.isoformat()[:7]
    main = places.main
    if main is None:
        return f"{when} 旅行" if lang == "zh" else f"{when} Trip"
    if places.names_main:
        return f"{when} {_town_and_country(main.name, main.country, lang, is_near=main.distance_km > NEAR_KM)}"
    if len(places.countries) == 1 and places.regions:
        return f"{when} {_town_and_country(_listed(places.regions, lang), places.countries[0], lang, is_near=False)}"
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
