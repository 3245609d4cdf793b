"""The gazetteer's table: towns as compact arrays in tree order, as `building.py` has made it; it ships with the package."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from album_sort.errors import AlbumSortError
from album_sort.sentences import sentence

TOWNS_FILE: Final = Path(__file__).with_name("towns.npz")


@dataclass(frozen=True, slots=True, eq=False)
class TownIndex:
    """One row for each town, in tree order. Texts are UTF-8, joined by line feeds."""

    position: NDArray[np.int32]
    """(N, 2) latitude and longitude in 1e-5 degrees, as exact as the data."""
    geoname_id: NDArray[np.int32]
    population: NDArray[np.int32]
    seat: NDArray[np.int32]
    """Row of the city whose name people use here; mostly the town itself."""
    country: NDArray[np.uint16]
    """Row in `countries`."""
    zone: NDArray[np.uint16]
    """Row in `zones`."""
    names: NDArray[np.uint8]
    names_zh: NDArray[np.uint8]
    """Chinese names; an empty line where there is none."""
    regions: NDArray[np.uint8]
    """Codes of first-level regions."""
    countries: NDArray[np.uint8]
    zones: NDArray[np.uint8]


def load_index(file: Path = TOWNS_FILE) -> TownIndex:
    """The table of this install; raises `AlbumSortError` where it is missing or damaged."""
    try:
        # Opened here: of a file that is cut off, the reader leaves its own handle open.
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return TownIndex(**{field.name: stored[field.name] for field in fields(TownIndex)})
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise AlbumSortError(
            sentence("order.the-towns-cannot-be", file=str(file)), hint=sentence("order.install-again")
        ) from error
