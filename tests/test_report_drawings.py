"""The chart and the map: numbers that a person can trust."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import album_sort.report
from album_sort.report.chart import HEIGHT, SERIES, WIDTH, draw_chart
from album_sort.report.worldmap import MapPoint, draw_map, project

SHAPES = (Path(album_sort.report.__file__).parent / "static" / "world.json").read_text(encoding="utf-8")
NISEKO = MapPoint("a", "2025-12 Niseko, Japan", "Niseko", 42.8, 140.7, 100)
LISBON = MapPoint("b", "2025-08 Lisbon, Portugal", "Lisbon", 38.7, -9.1, 10)

MONTHS = st.tuples(st.integers(1990, 2030), st.integers(1, 12))
COUNTS = st.dictionaries(
    st.tuples(st.sampled_from("abcdefghij"), MONTHS), st.integers(1, 5000), min_size=1, max_size=40
)


@given(counts=COUNTS)
def test_the_bars_add_up_to_all_photos_and_stay_inside(counts: dict[tuple[str, tuple[int, int]], int]) -> None:
    chart = draw_chart(counts)
    assert chart is not None
    assert sum(bar.photos for bar in chart.bars) == sum(counts.values())
    assert sum(sum(bar.by_series) for bar in chart.bars) == sum(counts.values())
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert all(segment.y >= 0 and segment.y + segment.height <= HEIGHT for segment in bar.segments)


def test_the_albums_with_most_photos_have_colours_of_their_own() -> None:
    counts = Counter({(album, (2025, 1)): number for number, album in enumerate("abcdefghij", start=1)})
    chart = draw_chart(counts)
    assert chart is not None
    assert chart.albums == tuple("jihgfed")
    assert chart.bars[0].by_series[SERIES] == 1 + 2 + 3


@pytest.mark.parametrize(
    ("last", "label"), [((2021, 12), "2020-01"), ((2026, 1), "2020 Q1"), ((2040, 1), "2020")]
)  # fmt: skip
def test_a_bar_is_a_month_a_quarter_or_a_year(last: tuple[int, int], label: str) -> None:
    chart = draw_chart({("pets", (2020, 1)): 1, ("pets", last): 2})
    assert chart is not None
    assert chart.bars[0].label == label


def test_without_dates_there_is_no_chart_and_without_trips_no_map() -> None:
    assert draw_chart({}) is None
    assert draw_map([], SHAPES) is None


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180))
def test_every_place_on_earth_has_a_position_on_the_map(lat: float, lon: float) -> None:
    drawing = draw_map([MapPoint("x", "x", "x", lat, lon, 1)], SHAPES)
    assert drawing is not None
    left, top, width, height = (float(number) for number in drawing.view_box.split())
    [marker] = drawing.markers
    assert left - 1 <= marker.x <= left + width + 1
    if -55 < lat < 79:
        assert top - 1 <= marker.y <= top + height + 1


def test_the_map_shows_the_part_of_the_world_that_is_needed() -> None:
    def width_of(*points: MapPoint) -> float:
        drawing = draw_map(points, SHAPES)
        assert drawing is not None
        return float(drawing.view_box.split()[2])

    assert width_of(NISEKO) < width_of(NISEKO, LISBON)


def test_the_larger_trip_has_the_larger_marker() -> None:
    drawing = draw_map([LISBON, NISEKO], SHAPES)
    assert drawing is not None
    large, small = drawing.markers
    assert (large.point, small.point) == (NISEKO, LISBON)
    assert large.radius > small.radius


def test_labels_never_lie_on_each_other() -> None:
    twins = [MapPoint(str(n), "x", "Chamonix", 45.9 + n / 100, 6.9, 5) for n in range(4)]
    drawing = draw_map(twins, SHAPES)
    assert drawing is not None
    assert sum(marker.is_labelled for marker in drawing.markers) == 1


def test_north_is_up_and_east_is_right() -> None:
    assert project(60, 0)[1] < project(0, 0)[1] < project(-60, 0)[1]
    assert project(0, 10)[0] < project(0, 20)[0]
