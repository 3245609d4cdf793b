"""The map of trips: country shapes and markers as SVG numbers, drawn without any network. Pure; the shapes are passed in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_UNITS_PER_DEGREE = 10
_WEST, _EAST = -1690, 1910
"""The map's own edges in tenths of a degree: it is cut in the Bering Strait, where nobody lives."""

_NORTH_DEG, _SOUTH_DEG = 80.0, -56.0
_SMALLEST_WIDTH = 360
"""36 degrees: closer, the shapes of 1:110 million look like paper cuttings."""

_ASPECT = 0.5
"""Height to width."""

_LABELS = 10


@dataclass(frozen=True, slots=True)
class MapPoint:
    """One trip or town on the map."""

    key: str
    """Where a click leads to."""
    title: str
    label: str
    """Name of the town."""
    lat_deg: float
    lon_deg: float
    photos: int


@dataclass(frozen=True, slots=True)
class Marker:
    """Where and how large a point is drawn."""

    point: MapPoint
    x: float
    y: float
    radius: float
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class WorldMap:
    """All that the template needs."""

    view_box: str
    land: str
    """SVG path."""
    borders: str
    markers: tuple[Marker, ...]
    font_size: float


@dataclass(frozen=True, slots=True)
class _Window:
    left: float
    top: float
    width: float
    height: float


def project(lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Miller's cylindrical projection: true shapes where people are, and no endless poles. y grows downwards."""
    x = lon_deg * _UNITS_PER_DEGREE
    y = -math.degrees(1.25 * math.log(math.tan(math.pi / 4 + 0.4 * math.radians(lat_deg)))) * _UNITS_PER_DEGREE
    return (x if x >= _WEST else x + 3600), y


def draw_map(points: Sequence[MapPoint], shapes_json: str) -> WorldMap | None:
    """A map round these points, with the rest of the world for whoever zooms out; None without any. The largest are labelled."""
    if not points:
        return None
    placed = [(point, *project(point.lat_deg, point.lon_deg)) for point in points]
    window = _window([(x, y) for _, x, y in placed])
    shapes = json.loads(shapes_json)
    most = max(point.photos for point in points)
    font_size = window.width * 0.017
    markers: list[Marker] = []
    boxes: list[tuple[float, float, float, float]] = []
    # the largest first: they get their label; drawn last to first, so that small markers lie on top
    for point, x, y in sorted(placed, key=lambda item: (-item[0].photos, item[0].key)):
        radius = window.width * (0.0055 + 0.0085 * math.sqrt(point.photos / most))
        box = (
            x + radius,
            y - font_size * 0.6,
            x + radius * 1.5 + font_size * _text_width(point.label),
            y + font_size * 0.6,
        )
        fits = box[2] < window.left + window.width and not any(_meet(box, other) for other in boxes)
        is_labelled = bool(point.label) and fits and len(boxes) < _LABELS
        if is_labelled:
            boxes.append(box)
        markers.append(Marker(point, round(x, 1), round(y, 1), round(radius, 1), is_labelled))
    return WorldMap(
        view_box=f"{window.left:.0f} {window.top:.0f} {window.width:.0f} {window.height:.0f}",
        land="".join(_path(line, closed=True) for line in _lines(shapes["land"])),
        borders="".join(_path(line, closed=False) for line in _lines(shapes["borders"])),
        markers=tuple(markers),
        font_size=round(font_size, 1),
    )


def _window(positions: Sequence[tuple[float, float]]) -> _Window:
    """A part of the world with all positions and some air round them, never beyond the edges of the map."""
    north, south = project(_NORTH_DEG, 0)[1], project(_SOUTH_DEG, 0)[1]
    xs, ys = [x for x, _ in positions], [y for _, y in positions]
    width = max((max(xs) - min(xs)) * 1.35, (max(ys) - min(ys)) * 1.5 / _ASPECT, _SMALLEST_WIDTH)
    if width > (_EAST - _WEST) * 0.6:
        return _Window(_WEST, north, _EAST - _WEST, south - north)
    height = width * _ASPECT
    left = min(max((max(xs) + min(xs) - width) / 2, _WEST), _EAST - width)
    top = min(max((max(ys) + min(ys) - height) / 2, north), max(south, *ys) - height)
    return _Window(left, top, width, height)


def _text_width(label: str) -> float:
    """About how many font sizes a label is wide: a Chinese character one, a Latin letter half of one."""
    return sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in label)


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _lines(shapes: Sequence[Sequence[int]]) -> Iterator[list[tuple[int, int]]]:
    """Lines in map units from first points and steps in tenths of a degree."""
    for numbers in shapes:
        lon = lat = 0
        line = []
        for step_lon, step_lat in zip(numbers[::2], numbers[1::2], strict=True):
            lon, lat = lon + step_lon, lat + step_lat
            line.append((lon, round(project(lat / _UNITS_PER_DEGREE, 0)[1])))
        yield line


def _path(line: Sequence[tuple[int, int]], *, closed: bool) -> str:
    (x, y), steps = line[0], []
    for next_x, next_y in line[1:]:
        steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return f"M{line[0][0]} {line[0][1]}l{' '.join(steps)}{'z' if closed else ''}"
