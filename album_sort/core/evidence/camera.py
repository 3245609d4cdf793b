"""What the camera's settings tell of the scene: how much light there was, whether the flash fired, a macro lens. Pure.

Weights are small: settings narrow a scene down, they do not show it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache

from album_sort.core.evidence.ramps import ramp, round_weight
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts

HOME = AlbumId("home")
FLOWERS = AlbumId("flowers")
NIGHT_SKY = AlbumId("night-sky")
FAR_SCENES = tuple(AlbumId(name) for name in ("beach-sea", "mountains", "winter-travel", "forest-nature"))
"""Landscapes: sunlit as a rule, and out of reach of any flash."""

USUAL_F_NUMBER = 2.2
"""Of phones, which often do not tell it with their other settings."""


def camera_evidence(facts: PhotoFacts, album_scores: Mapping[AlbumId, float]) -> Iterator[Evidence]:
    """Evidence from exposure, flash and lens."""
    metadata = facts.metadata
    yield from _light(metadata.exposure_s, metadata.iso, metadata.f_number)
    if metadata.flash_fired:
        yield from _FLASH
    lens = metadata.lens_model
    if album_scores.get(FLOWERS, 0.0) > 0.05 and "macro" in lens.casefold():
        yield Evidence.of(FLOWERS, 0.8, "evidence.camera.macro", lens=lens.strip())


def light_value(exposure_s: float | None, iso: int | None, f_number: float | None) -> float | None:
    """Exposure value at ISO 100 (EV): 15 is full sun, 12 a cloudy day, 5 to 8 a lit room, below 0 night; None when unknown."""
    if not exposure_s or not iso or exposure_s <= 0 or iso <= 0:
        return None
    return math.log2((f_number or USUAL_F_NUMBER) ** 2 / exposure_s) - math.log2(iso / 100)


@lru_cache(maxsize=1 << 14)  # cameras know few steps of each
def _light(exposure_s: float | None, iso: int | None, f_number: float | None) -> tuple[Evidence, ...]:
    """Daylight speaks against rooms and night skies, dimness against landscapes."""
    light = light_value(exposure_s, iso, f_number)
    if light is None:
        return ()
    shown = round(light, 1)
    daylight = ramp(light, 11.0, 13.0)
    dim = ramp(light, 8.0, 6.0) * ramp(light, 0.0, 2.0)
    if daylight > 0.0:
        weights, code = {HOME: -1.5 * daylight, NIGHT_SKY: -3.0 * daylight}, "evidence.camera.daylight"
    else:
        weights, code = dict.fromkeys(FAR_SCENES if dim > 0.0 else (), -0.8 * dim), "evidence.camera.dim"
    return tuple(Evidence.of(album, round_weight(weight), code, light=shown) for album, weight in weights.items())


_FLASH = tuple(Evidence.of(album, -1.0, "evidence.camera.flash") for album in FAR_SCENES)
