"""Offline reverse geocoding: the town a person would name for a position. Data: GeoNames (CC BY 4.0)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from album_sort.core.geo import distances_km, unit_vectors
from album_sort.places._index import TownIndex, load_index
from album_sort.places.names import country_name, region_name
from album_sort.places.spheretree import SphereTree
from album_sort.types import LANGUAGES, Place


class Gazetteer:
    """Towns of 1,000 people and more with their names in one language."""

    def __init__(self, index: TownIndex, lang: str = "en") -> None:
        if lang not in LANGUAGES:
            raise ValueError(f"no place names in {lang!r}; choose one of {', '.join(LANGUAGES)}")
        self.lang = lang
        self._index = index
        self._lat = index.position[:, 0] / 1e5
        self._lon = index.position[:, 1] / 1e5
        self._names = index.names.tobytes().split(b"\n")
        self._names_zh = index.names_zh.tobytes().split(b"\n") if lang == "zh" else []
        self._regions = index.regions.tobytes().split(b"\n")
        self._countries = index.countries.tobytes().decode().split("\n")
        self._zones = index.zones.tobytes().decode().split("\n")
        self._described: dict[int, tuple[str, str, str, str, str]] = {}

    @classmethod
    def load(cls, lang: str = "en") -> Gazetteer:
        """From the table that ships with the package: 0.02 s."""
        return cls(load_index(), lang)

    @cached_property
    def _tree(self) -> SphereTree:
        """Built with the first question: 0.1 s that a run without positions need not spend."""
        return SphereTree.of(unit_vectors(self._lat, self._lon))

    def nearest(self, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]) -> list[Place]:
        """The place of each position, in the order given; raises ValueError for a coordinate that is not on the globe.

        It is the town nearest by great circle, or the city to which that town belongs in people's speech; `distance_km` is
        measured to the place named.
        """
        lat, lon = np.asarray(lat_deg, dtype=np.float64), np.asarray(lon_deg, dtype=np.float64)
        wrong = ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"position {lat[at]}, {lon[at]} is not on the globe; refuse it before asking for its place"
            )
        # Bursts and indoor fixes repeat: look each position up once. As complex numbers they sort fastest.
        distinct, back = np.unique(lat + 1j * lon, return_inverse=True)
        lat, lon = distinct.real, distinct.imag
        rows, _ = self._tree.nearest(unit_vectors(lat, lon))
        seats = self._index.seat[rows]
        metres = np.round(100 * distances_km(lat, lon, self._lat[seats], self._lon[seats])).astype(np.int64)
        # Many positions are as far from the same town to the metre that is kept: one place serves them all.
        alike, place_of = np.unique(seats.astype(np.int64) << 32 | metres, return_inverse=True)
        places = [self._place(code >> 32, (code & 0xFFFFFFFF) / 100) for code in alike.tolist()]
        return [places[i] for i in place_of[back].tolist()]

    def place_at(self, lat_deg: float, lon_deg: float) -> Place:
        """The place of one position."""
        return self.nearest(np.array([lat_deg]), np.array([lon_deg]))[0]

    def find(self, text: str) -> Place | None:
        """The largest town of a name (`Munich`, `慕尼黑`), of one country or region if that is named, too (`Paris, Texas`)."""
        return next(iter(self.find_all(text)), None)

    def find_all(self, text: str) -> list[Place]:
        """All towns of a name, the largest first."""
        name, _, within = (part.strip().casefold() for part in text.partition(","))
        if not name:
            # An empty line is that of a town without a Chinese name.
            return []
        wanted = {
            row for names in self._all_names() for row, held in enumerate(names) if held.decode().casefold() == name
        }
        found = [self._place(row, 0.0) for row in wanted]
        if within:
            found = [
                place
                for place in found
                if within in {part.casefold() for part in (place.country_code, place.country, place.admin1)}
            ]
        return sorted(found, key=lambda place: (-place.population, place.geoname_id))

    def _all_names(self) -> tuple[list[bytes], list[bytes]]:
        return self._names, self._names_zh or self._index.names_zh.tobytes().split(b"\n")

    def _place(self, row: int, distance_km: float) -> Place:
        """Row of the index as a place at a distance."""
        described = self._described.get(row)
        if described is None:
            described = self._described[row] = self._describe(row)
        name, country, code, zone, region = described
        return Place(
            name=name,
            country=country,
            country_code=code,
            distance_km=distance_km,
            geoname_id=int(self._index.geoname_id[row]),
            lat_deg=float(self._lat[row]),
            lon_deg=float(self._lon[row]),
            time_zone=zone,
            population=int(self._index.population[row]),
            admin1=region,
        )

    def _describe(self, row: int) -> tuple[str, str, str, str, str]:
        """Name, country, country code, time zone and region of a row, in our language."""
        code = self._countries[self._index.country[row]]
        chinese = self._names_zh[row].decode() if self._names_zh else ""
        return (
            chinese or self._names[row].decode(),
            country_name(code, self.lang),
            code,
            self._zones[self._index.zone[row]],
            region_name(code, self._regions[row].decode(), self.lang),
        )
