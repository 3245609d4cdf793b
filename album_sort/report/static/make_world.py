"""Makes `world.json` beside this file from Natural Earth 1:110m (public domain).

The input is `countries-110m.json` of the npm package `world-atlas` 2.0.2 (TopoJSON; package ISC, data public domain):

    npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
    python make_world.py package/countries-110m.json

Positions become tenths of a degree: at the largest map a report draws that is half a pixel.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

Point = tuple[int, int]

_SCALE = 10
_CIRCLE = 360 * _SCALE
_WESTERNMOST = -1690
_SOUTHERNMOST = -600
"""Tenths of a degree: without Antarctica the map is a third smaller and loses no photo but a few."""


def arcs_of(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs in tenths of a degree, repeated points left out."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        xs, ys = accumulate(step[0] for step in deltas), accumulate(step[1] for step in deltas)
        points = [
            (round((x * scale_x + move_x) * _SCALE), round((y * scale_y + move_y) * _SCALE))
            for x, y in zip(xs, ys, strict=True)
        ]
        arcs.append([point for number, point in enumerate(points) if number == 0 or point != points[number - 1]])
    return arcs


def rings_of(geometry: dict[str, Any]) -> list[list[int]]:
    """The rings of a country as lists of arc numbers (`~n` is arc n backwards)."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    return [ring for polygon in polygons for ring in polygon]


def unwrapped(points: list[Point]) -> list[Point]:
    """The same line without a jump at 180 degrees: the map runs from 169 degrees west to 191 degrees east, round Chukotka."""
    xs = [points[0][0] if points[0][0] > _WESTERNMOST else points[0][0] + _CIRCLE]
    for (before, _), (after, _) in pairwise(points):
        step = after - before
        xs.append(xs[-1] + step - _CIRCLE * round(step / _CIRCLE))
    shift = _CIRCLE if max(xs) <= _WESTERNMOST else -_CIRCLE if min(xs) >= _WESTERNMOST + _CIRCLE else 0
    return [(x + shift, y) for x, (_, y) in zip(xs, points, strict=True)]


def flat(points: list[Point]) -> list[int]:
    """First point, then steps: small numbers make a small file."""
    steps = [points[0]] + [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    return [value for step in steps for value in step]


def main(source: Path) -> None:
    """Writes the outlines of all countries and the borders between them."""
    topology = json.loads(source.read_text(encoding="utf-8"))
    arcs = arcs_of(topology)
    used: Counter[int] = Counter()
    land = []
    for country in topology["objects"]["countries"]["geometries"]:
        for ring in rings_of(country):
            used.update(arc if arc >= 0 else ~arc for arc in ring)
            points: list[Point] = []
            for arc in ring:
                line = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
                points += line[1:] if points and points[-1] == line[0] else line
            if max(y for _, y in points) > _SOUTHERNMOST and len(set(points)) > 2:
                land.append(flat(unwrapped(points)[:-1]))
    borders = [flat(unwrapped(arcs[arc])) for arc, count in sorted(used.items()) if count > 1 and len(arcs[arc]) > 1]
    note = "Natural Earth 1:110m countries, public domain, by way of world-atlas 2.0.2; made by make_world.py; tenths of a degree"
    target = Path(__file__).with_name("world.json")
    target.write_text(
        json.dumps({"note": note, "land": land, "borders": borders}, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
