"""What speaks for and against night skies and sunsets: the sky's colours and lights, the sun's height, the exposure. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from album_sort.core.dates.sun import is_sun_rising, sun_elevation_deg
from album_sort.core.evidence.ramps import ramp, round_weight
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts
from album_sort.types.metadata import TimeSource
from album_sort.types.statistics import ImageStatistics

SUNSETS = AlbumId("sunsets")
NIGHT_SKY = AlbumId("night-sky")

THINGS = tuple(
    AlbumId(name)
    for name in ("pets", "wildlife", "birds", "farm-animals", "food", "flowers", "home", "sports", "people",
                 "documents", "screenshots")
)  # fmt: skip
"""Albums of what stands before a sky or has none: a warm wall behind a cat is not a sunset."""

_SEEN_FROM = 0.05
"""An album of the sky that the network takes for less likely needs nothing said against it."""

_BRIGHT = Evidence.of(NIGHT_SKY, -3.0, "evidence.night.bright")


class _Sun(NamedTuple):
    """Where the sun stood when a photo was taken."""

    utc: datetime
    lon_deg: float
    elevation_deg: float

    @property
    def is_rising(self) -> bool:
        return is_sun_rising(self.utc, self.lon_deg)


def sky_evidence(facts: PhotoFacts, album_scores: Mapping[AlbumId, float]) -> Iterator[Evidence]:
    """Evidence for and against the albums of night skies and sunsets."""
    pixels = facts.statistics
    if pixels is None:
        return
    scenery = 1.0 - min(1.0, sum([album_scores.get(album, 0.0) for album in THINGS]))
    sun = _sun(facts)
    yield from _sunset(facts, pixels, scenery, sun)
    yield from _against(pixels, album_scores)
    if pixels.mean_luminance > 0.40:
        yield _BRIGHT
    else:
        yield from _night(facts, pixels, scenery, sun)


def sunset_degree(pixels: ImageStatistics) -> float:
    """0 to 1: a smooth sky, bright over a dark land, and warm: all of it, or where it is brightest."""
    smooth = ramp(pixels.upper_smooth_share, 0.20, 0.50)
    backlit = ramp(pixels.upper_luminance - pixels.lower_luminance, 0.08, 0.25) * ramp(
        pixels.lower_luminance, 0.45, 0.30
    )
    return smooth * backlit * warm_degree(pixels)


def warm_degree(pixels: ImageStatistics) -> float:
    """0 to 1: orange, pink or red above, or where the picture is brightest."""
    return max(ramp(pixels.upper_warm_share, 0.10, 0.35), ramp(pixels.glow_warmth, 0.03, 0.18))


def night_degree(pixels: ImageStatistics) -> float:
    """0 to 1: a dark picture, dark and smooth above, without large lights."""
    dark = ramp(pixels.mean_luminance, 0.25, 0.12) * ramp(pixels.upper_luminance, 0.25, 0.12)
    return dark * ramp(pixels.bright_luminance, 0.75, 0.45) * ramp(pixels.upper_dark_share, 0.25, 0.50)


def _against(pixels: ImageStatistics, album_scores: Mapping[AlbumId, float]) -> Iterator[Evidence]:
    """What the colours and the light refute of what the network takes for a sky: a beach at noon, a lit screen."""
    if album_scores.get(SUNSETS, 0.0) >= _SEEN_FROM and (cold := 1.0 - warm_degree(pixels)) > 0.1:
        yield Evidence.of(SUNSETS, round_weight(-3.0 * cold), "evidence.sunset.not-warm")
    if album_scores.get(NIGHT_SKY, 0.0) >= _SEEN_FROM and 0.25 < pixels.mean_luminance <= 0.40:
        weight = round_weight(-1.5 * ramp(pixels.mean_luminance, 0.25, 0.40))
        yield Evidence.of(NIGHT_SKY, weight, "evidence.night.not-dark")


def _sunset(facts: PhotoFacts, pixels: ImageStatistics, scenery: float, sun: _Sun | None) -> Iterator[Evidence]:
    """Pixels first; the sun's height confirms or refutes them."""
    degree = sunset_degree(pixels)
    weight = 6.0 * degree * scenery
    if weight >= 0.3:
        percent = round(100 * pixels.upper_warm_share)
        yield Evidence.of(SUNSETS, round_weight(weight), "evidence.sunset.sky", percent=percent)
    if sun is None:
        hour = _hour(facts)
        if weight >= 0.3 and hour is not None and 10 <= hour < 15:
            yield Evidence.of(SUNSETS, -2.0, "evidence.sunset.noon", hour=hour)
        return
    elevation = round(sun.elevation_deg)
    if elevation > 15:
        yield Evidence.of(SUNSETS, -4.0, "evidence.sunset.sun-high", degrees=elevation)
    elif -8 <= elevation <= 6 and degree * scenery > 0.1:
        code = "evidence.sunset.sun-rises" if sun.is_rising else "evidence.sunset.sun-sets"
        yield Evidence.of(SUNSETS, 2.5, code, degrees=elevation)


def _night(facts: PhotoFacts, pixels: ImageStatistics, scenery: float, sun: _Sun | None) -> Iterator[Evidence]:
    """Of a dark picture: stars, a long exposure; daylight refutes it."""
    if sun is not None and sun.elevation_deg > 2:
        degrees = round(sun.elevation_deg)
        yield Evidence.of(NIGHT_SKY, -4.0, "evidence.night.sun-up", degrees=degrees)
        return
    degree = night_degree(pixels) * scenery
    if degree < 0.1:
        return
    stars = ramp(pixels.light_point_share, 0.05, 0.5)
    yield Evidence.of(NIGHT_SKY, round_weight(degree * (2.0 + 3.5 * stars)), "evidence.night.dark-sky")
    exposure = facts.metadata.exposure_s
    if exposure is not None and exposure >= 2.0:
        seconds = round(exposure, 1)
        yield Evidence.of(NIGHT_SKY, 3.0, "evidence.night.long-exposure", seconds=seconds)
    if sun is not None and sun.elevation_deg < -9:
        yield Evidence.of(NIGHT_SKY, 1.5, "evidence.night.sun-down", degrees=round(sun.elevation_deg))
    if facts.metadata.flash_fired:
        yield Evidence.of(NIGHT_SKY, -3.0, "evidence.night.flash")


def _sun(facts: PhotoFacts) -> _Sun | None:
    """The sun at the photo's place and time; None when either is unknown or too vague."""
    position, time = facts.position, facts.capture_time
    if position is None or time is None or not _is_exact(facts):
        return None
    utc = time.utc
    if utc is None:
        return None
    return _Sun(utc, position.lon_deg, sun_elevation_deg(utc, position.lat_deg, position.lon_deg))


def _hour(facts: PhotoFacts) -> int | None:
    """Hour of the wall clock, when the time of day is known."""
    return facts.capture_time.local.hour if facts.capture_time and _is_exact(facts) else None


def _is_exact(facts: PhotoFacts) -> bool:
    """Whether the time of day is the camera's: a file's time of modification may be that of a copy."""
    time = facts.capture_time
    return time is not None and time.source is not TimeSource.MTIME and time.has_hour
