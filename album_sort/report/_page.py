"""The page itself: template, style and script put together under a strict Content-Security-Policy."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from album_sort.core.quoting import shell_word, visible
from album_sort.report._overview import STRIP
from album_sort.report._spool import to_script
from album_sort.report.chart import draw_chart
from album_sort.report.pagedata import PageData
from album_sort.report.worldmap import MapPoint, WorldMap, draw_map
from album_sort.types import REVIEW, ReportFooter, TripRow

if TYPE_CHECKING:
    from jinja2 import Environment

STYLE = "report.css"

SCRIPTS = tuple(
    f"js/{name}.js"
    for name in (
        "words",
        "source",
        "router",
        "photos",
        "fixes",
        "scrubber",
        "wall",
        "viewer",
        "search",
        "lists",
        "review",
        "map",
        "main",
    )
)
"""In this order: each uses what stands before it. A static page has them as one, `serve` as they are."""

_MARK = '<meta name="generator" content="album-sort">'


def is_our_page(head: bytes) -> bool:
    """Whether a file begins like a page of ours."""
    return _MARK.encode() in head


@dataclass(frozen=True, slots=True)
class AlbumTile:
    """One album on the wall."""

    album: str
    title: str
    photos: int
    cover: str
    """Address of the picture."""
    days: str


@dataclass(frozen=True, slots=True)
class TripTile:
    """One trip on the timeline."""

    number: int
    """Its address in the page: a trip's id may be any text."""
    trip: TripRow
    photos: int
    strip: list[str]
    days: str


@functools.cache
def _environment() -> Environment:
    """Compiles the page's template once: a run may write a copy of its report, too."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - most runs write no page

    environment = Environment(
        loader=PackageLoader("album_sort.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["shell_word"] = shell_word
    environment.filters["code_spans"] = _code_spans
    return environment


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a page lies, and how it comes by its pictures, data and scripts."""

    picture: Callable[[str], str]
    """The address of a thumbnail for what the page shows at once; "" where there is none."""
    photos_base: str = ""
    """Of a static page: the address of the destination; "" where nothing is filed."""
    files: str = ""
    """Of a static page: the folder of data beside it; "" where the data is in the page."""
    blocks: Sequence[tuple[str, str]] = ()
    """Name and JSON of each block in the page."""
    links: Links | None = None
    """Of a page that is served: the scripts and the style are files of their own."""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of a served page's parts, relative to it."""

    style: str
    scripts: tuple[str, ...]
    """In this order; that of `serve` itself, which makes `window.albumSortLive`, first."""
    data: str
    """What the addresses of data begin with: docs/reference/page-data.md lists them."""
    runs: str = ""
    """What the addresses of the pages of earlier runs begin with; their ids follow."""
    newest: str = ""
    """Of the page of an earlier run: the address of the newest."""


class Page:
    """One page; `pieces` gives its text."""

    def __init__(self, data: PageData, outcome: ReportFooter | None, setting: Setting) -> None:
        self._data = data
        self._info = data.info
        self._outcome = outcome
        self._words = data.words
        self._overview = data.overview
        self._setting = setting

    def pieces(self) -> Iterator[str]:
        """The text of the page, piece by piece."""
        return _environment().get_template("report.html.jinja").generate(self._context())

    def _context(self) -> dict[str, Any]:
        words, overview, setting = self._words, self._overview, self._setting
        style, script = static_text(STYLE), page_script()
        trips = self._trips()
        page = self._data.page(self._outcome, files=setting.files, photos_base=setting.photos_base)
        if setting.links:
            page["data"] = setting.links.data
            page["isEarlier"] = bool(setting.links.newest)
        return {
            "words": words,
            "t": words.text,
            "info": self._info,
            "outcome": self._outcome,
            "tally": overview.tally,
            "span": overview.span,
            "links": setting.links,
            "policy": self._policy(style, script),
            "style": Markup(style),  # noqa: S704 (our own file)
            "script": Markup(script),  # noqa: S704 (likewise)
            "page": Markup(to_script(page)),  # noqa: S704 (escaped for script elements by `to_script`)
            "blocks": ((name, Markup(text)) for name, text in setting.blocks),  # noqa: S704 (likewise)
            "albums": self._albums(),
            "review": overview.tally.review,
            "trips": trips,
            "map": self._map(trips),
            "chart": draw_chart(overview.months),
            "titles": overview.tally.titles,
            "skipped": sorted(overview.skipped.values(), key=lambda group: (group.stage, -group.files, group.reason)),
            "unnamed_reasons": overview.unnamed_reasons,
            "damaged": overview.damaged,
            "undated": overview.undated,
            "marks_new": self._data.marks_new,
            "earlier": [(run_id, _started(run_id)) for run_id in self._info.earlier],
            "bursts": self._data.bursts,
        }

    def _policy(self, style: str, script: str) -> str:
        """No network, no other script, no other style, no form; the albums beside the page may be looked at."""
        sources = {
            "default-src": "'none'",
            "style-src": _hash(style),
            "script-src": _hash(script),
            "img-src": "data: 'self' file:",
            "media-src": "'self' file:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        if self._setting.files:
            # The script named by its hash may load the chunks; a tag in the page still may not.
            sources |= {"script-src": f"{_hash(script)} 'strict-dynamic'", "trusted-types": "album-sort"}
        return "; ".join(f"{name} {value}" for name, value in sources.items())

    def _albums(self) -> list[AlbumTile]:
        overview = self._overview
        tiles = []
        for album, photos in sorted(
            overview.tally.albums.items(), key=lambda item: (item[0] == REVIEW, -item[1], item[0])
        ):
            cover = self._data.cover(album)
            span = overview.spans.get(album)
            years = "" if span is None else "–".join(dict.fromkeys(str(day.year) for day in span))
            tiles.append(
                AlbumTile(
                    album=album,
                    title=visible(overview.tally.titles[album]),
                    photos=photos,
                    cover=self._setting.picture(cover) if cover else "",
                    days=years,
                )
            )
        return tiles

    def _trips(self) -> list[TripTile]:
        """Newest first."""
        tiles = []
        for number, (trip, summary) in enumerate(self._data.trips(self._outcome)):
            step = max(1, len(summary.strip) // STRIP)
            addresses = (self._setting.picture(sha256) for sha256 in summary.strip[::step])
            strip = list(dict.fromkeys(address for address in addresses if address))[:STRIP]
            tiles.append(TripTile(number, trip, summary.photos, strip, self._words.days(trip.start, trip.end)))
        return sorted(tiles, key=lambda tile: (tile.trip.start, tile.trip.trip_id), reverse=True)

    def _map(self, trips: Sequence[TripTile]) -> WorldMap | None:
        """The trips, or where there are none the towns: the script puts the towns in their place."""
        points = [
            MapPoint(f"#/trip/{tile.number}", visible(tile.trip.title), visible(tile.trip.place.split(",")[0]),
                     tile.trip.lat_deg, tile.trip.lon_deg, tile.photos)
            for tile in trips
            if tile.trip.lat_deg is not None and tile.trip.lon_deg is not None
        ] or [
            MapPoint(f"#/all?{urlencode({'place': name})}", name, town, lat_deg, lon_deg, photos)
            for name, town, lat_deg, lon_deg, photos in self._data.photos.towns()
        ]  # fmt: skip
        return draw_map(points, static_text("world.json"))


def _started(run_id: str) -> str:
    """`2026-11-28 20:15 UTC` of a run's id, which begins with it."""
    day, moment = run_id[:8], run_id[9:13]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {moment[:2]}:{moment[2:]} UTC"


def _code_spans(text: str) -> Markup:
    """Escaped text; what stands between backticks as code."""
    pieces = (
        f"<code>{escape(piece)}</code>" if number % 2 else escape(piece) for number, piece in enumerate(text.split("`"))
    )
    return Markup("".join(pieces))  # noqa: S704 - escaped piece by piece


def static_text(name: str) -> str:
    """One of the files that a page is made of: `report.css`, `js/wall.js` ..."""
    return (files("album_sort.report") / "static" / name).read_text(encoding="utf-8")


@functools.cache
def page_script() -> str:
    """All scripts as the one of a static page."""
    return "".join(static_text(name) for name in SCRIPTS)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
