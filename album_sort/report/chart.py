"""Photos over time by album: numbers for a stacked bar chart in SVG. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

SERIES = 7
"""Albums with a colour of their own; the others share one: more colours nobody can tell apart."""

WIDTH, HEIGHT = 960, 240
_LEFT, _BOTTOM = 48, 24

Month = tuple[int, int]
"""Year and month."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One album's part of a bar."""

    series: int
    """0 to SERIES; SERIES means all other albums."""
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of time."""

    label: str
    when: str
    """The same as the page's addresses have it: `2023`, `2023-08`, `2023-07..2023-09`."""
    x: float
    width: float
    photos: int
    segments: tuple[Segment, ...]
    by_series: tuple[int, ...]
    is_ticked: bool
    """Whether its label stands below the axis."""


@dataclass(frozen=True, slots=True)
class GridLine:
    """One horizontal line with its number."""

    y: float
    photos: int


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template needs."""

    albums: tuple[str, ...]
    """Album ids of the series, most photos first."""
    has_others: bool
    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]


def draw_chart(counts: Mapping[tuple[str, Month], int]) -> Chart | None:
    """A chart of photos by album and month; months, quarters or years as the span asks for; None without dates."""
    if not counts:
        return None
    totals: Counter[str] = Counter()
    for (album, _), photos in counts.items():
        totals[album] += photos
    albums = [album for album, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))][:SERIES]
    number = {album: series for series, album in enumerate(albums)}
    months = sorted(month for _, month in counts)
    step = _months_per_bar(_index(months[-1]) - _index(months[0]) + 1)
    first, last = _index(months[0]) // step, _index(months[-1]) // step
    heights: dict[int, Counter[int]] = {bin_: Counter() for bin_ in range(first, last + 1)}
    for (album, month), photos in counts.items():
        heights[_index(month) // step][number.get(album, SERIES)] += photos
    most = max(bin_.total() for bin_ in heights.values())
    top = _round_up(most)
    return Chart(
        albums=tuple(albums),
        has_others=len(totals) > SERIES,
        bars=_bars(heights, step=step, top=top),
        grid=tuple(GridLine(_y(photos, top), photos) for photos in dict.fromkeys((0, top // 2, top))),
    )


def _bars(heights: Mapping[int, Counter[int]], *, step: int, top: int) -> tuple[Bar, ...]:
    pitch = (WIDTH - _LEFT) / len(heights)
    every = -(-len(heights) // 12)
    bars = []
    for position, (bin_, by_series) in enumerate(heights.items()):
        segments, below = [], 0
        for series in sorted(by_series):
            below += by_series[series]
            segments.append(Segment(series, _y(below, top), round(_y(0, top) - _y(by_series[series], top), 2)))
        bars.append(
            Bar(
                label=_label(bin_, step),
                when=_when(bin_, step),
                x=round(_LEFT + position * pitch + min(pitch * 0.15, 6), 2),
                width=round(min(pitch * 0.7, max(pitch - 12, pitch * 0.7), 64), 2),
                photos=by_series.total(),
                segments=tuple(segments),
                by_series=tuple(by_series[series] for series in range(SERIES + 1)),
                is_ticked=position % every == 0,
            )
        )
    return tuple(bars)


def _index(month: Month) -> int:
    return month[0] * 12 + month[1] - 1


def _months_per_bar(span: int) -> int:
    if span <= 36:
        return 1
    return 3 if span <= 144 else 12


def _label(bin_: int, step: int) -> str:
    year, month = divmod(bin_ * step, 12)
    if step == 12:
        return str(year)
    return f"{year}-{month + 1:02d}" if step == 1 else f"{year} Q{month // 3 + 1}"


def _when(bin_: int, step: int) -> str:
    if step == 12:
        return str(bin_)
    ends = (f"{month // 12}-{month % 12 + 1:02d}" for month in (bin_ * step, bin_ * step + step - 1))
    return "..".join(dict.fromkeys(ends))


def _round_up(most: int) -> int:
    """The next of 2, 4, 6, 8, 10, 20, 40 ...: half of it is a whole number too."""
    size = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if factor * size >= most:
                return factor * size
        size *= 10


def _y(photos: int, top: int) -> float:
    return round((HEIGHT - _BOTTOM) * (1 - photos / top) * 0.94 + 12, 2)
