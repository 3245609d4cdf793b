"""How near a photo was to the place that names it: at it, near it, or too far for its name to mean anything."""

from __future__ import annotations

from album_sort.core.triptitles import NEAR_KM, REMOTE_KM
from album_sort.types import Place, PositionSource, Reason


def place_reason(place: Place) -> Reason:
    """The place in words, with the distance kept; marked where the position was taken from neighbours."""
    inferred = ".inferred" if place.source is PositionSource.INFERRED else ""
    km = round(place.distance_km)
    if place.distance_km > REMOTE_KM:
        return Reason.of("place.remote" + inferred, country=place.country, km=km)
    if place.distance_km > NEAR_KM:
        return Reason.of("place.near" + inferred, name=place.name, country=place.country, km=km)
    return Reason.of("place.at" + inferred, name=place.name, country=place.country, km=km)
