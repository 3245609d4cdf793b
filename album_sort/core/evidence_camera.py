"""What the camera's settings tell of the scene: how much light there was, whether the flash fired, a macro lens. Pure.

Weights are small: settings narrow a scene down, they do not show it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from album_sort.core.evidence_words import ramp, round_weight
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts
from album_sort.types.metadata import Metadata

HOME = AlbumId("home")
FLOWERS = AlbumId("flowers")
NIGHT_SKY = AlbumId("night-sky")
FAR_SCENES = tuple(AlbumId(name) for name in ("beach-sea", "mountains", "winter-travel", "forest-nature"))
"""Landscapes: sunlit as a rule, and out of reach of any flash."""

USUAL_F_NUMBER = 2.2
"""Of phones, which often do not tell it with their other settings."""


def camera_evidence(facts: PhotoFacts, album_scores: Mapping[AlbumId, float]) -> Iterator[Evidence]:
    """Evidence from exposure, flash and lens."""
    light = light_value(facts.metadata)
    if light is not None:
        yield from _light(light)
    if facts.metadata.flash_fired:
        for album in FAR_SCENES:
            yield Evidence.of(album, -1.0, "evidence.camera.flash")
    lens = facts.metadata.lens_model
    if "macro" in lens.casefold() and album_scores.get(FLOWERS, 0.0) > 0.05:
        yield Evidence.of(FLOWERS, 0.8, "evidence.camera.macro", lens=lens.strip())


def light_value(metadata: Metadata) -> float | None:
    """Exposure value at ISO 100 (EV): 15 is full sun, 12 a cloudy day, 5 to 8 a lit room, below 0 night; None when unknown."""
    if not metadata.exposure_s or not metadata.iso or metadata.exposure_s <= 0 or metadata.iso <= 0:
        return None
    f_number = metadata.f_number or USUAL_F_NUMBER
    return math.log2(f_number**2 / metadata.exposure_s) - math.log2(metadata.iso / 100)


def _light(light: float) -> Iterator[Evidence]:
    """Daylight speaks against rooms and night skies, dimness against landscapes."""
    shown = round(light, 1)
    daylight = ramp(light, 11.0, 13.0)
    if daylight > 0.0:
        yield Evidence.of(HOME, round_weight(-1.5 * daylight), "evidence.camera.daylight", light=shown)
        yield Evidence.of(NIGHT_SKY, round_weight(-3.0 * daylight), "evidence.camera.daylight", light=shown)
    dim = ramp(light, 8.0, 6.0) * ramp(light, 0.0, 2.0)
    if dim > 0.0:
        for album in FAR_SCENES:
            yield Evidence.of(album, round_weight(-0.8 * dim), "evidence.camera.dim", light=shown)
