"""The page itself: template, style and script put together under a strict Content-Security-Policy."""

from __future__ import annotations

import base64
import functools
import hashlib
import os.path
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from album_sort.report._overview import STRIP, Overview, TripSummary
from album_sort.report._parts import PageParts
from album_sort.report._spool import to_script
from album_sort.report.chart import draw_chart
from album_sort.report.quoting import shell_word, visible
from album_sort.report.words import Words
from album_sort.report.worldmap import MapPoint, WorldMap, draw_map
from album_sort.types import REVIEW, ReportFooter, ReportHeader, TripRow

if TYPE_CHECKING:
    from jinja2 import Environment

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


class Page:
    """One report.html; `pieces` gives its text."""

    def __init__(
        self, info: ReportHeader, outcome: ReportFooter | None, words: Words, overview: Overview, parts: PageParts
    ) -> None:
        self._info = info
        self._outcome = outcome
        self._words = words
        self._overview = overview
        self._parts = parts

    def pieces(self) -> Iterator[str]:
        """The text of the page, piece by piece."""
        return _environment().get_template("report.html.jinja").generate(self._context())

    def _context(self) -> dict[str, Any]:
        words, overview = self._words, self._overview
        style, script = _static("report.css"), _static("report.js")
        trips = self._trips()
        return {
            "words": words,
            "t": words.text,
            "info": self._info,
            "outcome": self._outcome,
            "tally": overview.tally,
            "span": overview.span,
            "policy": self._policy(style, script),
            "style": Markup(style),  # noqa: S704 (our own file)
            "script": Markup(script),  # noqa: S704 (likewise)
            "index": Markup(to_script(self._index())),  # noqa: S704 (escaped for script elements by `to_script`)
            "blocks": ((name, Markup(text)) for name, text in self._parts.blocks.in_page),  # noqa: S704 (likewise)
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
            "marks_new": self._marks_new,
            "earlier": [(run_id, _started(run_id)) for run_id in self._info.earlier],
            "bursts": self._parts.bursts,
        }

    def _policy(self, style: str, script: str) -> str:
        """No network, no other script, no other style, no form; a page with files beside it may read those and nothing else."""
        sources = {
            "default-src": "'none'",
            "style-src": _hash(style),
            "script-src": _hash(script),
            "img-src": "data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        if not self._parts.blocks.is_inline:
            # The script named by its hash may load the chunks; a tag in the page still may not.
            sources |= {
                "script-src": f"{_hash(script)} 'strict-dynamic'",
                "img-src": "data: 'self' file:",
                "trusted-types": "album-sort",
            }
        return "; ".join(f"{name} {value}" for name, value in sources.items())

    def _index(self) -> dict[str, object]:
        parts = self._parts
        return {
            "language": self._info.language,
            "words": dict(self._words.sentences),
            "files": parts.blocks.address,
            "chunkCards": parts.chunk_cards,
            "packThumbnails": parts.pack_thumbnails,
            "albums": [
                {
                    "id": row.album,
                    "title": row.title,
                    "count": row.photos,
                    "twins": self._overview.duplicates[row.album],
                    "chunk": row.first_chunk,
                    "pack": row.first_pack,
                }
                for row in parts.albums
            ],
            # those without photos, too: a photo may belong there, and a guess needs its title
            "titles": {
                str(album): visible(title)
                for album, title in (*self._info.albums, *self._overview.tally.titles.items())
            },
            "trips": [visible(self._trip_row(summary).title) for summary in self._overview.trips.values()],
            "freed": self._overview.tally.freed_bytes,
            "photosBase": parts.photos_base,
            "program": self._info.program_call,
            "out": shell_word(os.path.abspath(self._info.destination)),
            "marksNew": self._marks_new,
        }

    @property
    def _marks_new(self) -> bool:
        """Where all is new, nothing has to be marked."""
        tally = self._overview.tally
        return 0 < tally.new < tally.photos - tally.skipped - tally.duplicates

    def _albums(self) -> list[AlbumTile]:
        overview = self._overview
        tiles = []
        for album, photos in sorted(
            overview.tally.albums.items(), key=lambda item: (item[0] == REVIEW, -item[1], item[0])
        ):
            covers = (self._parts.blocks.picture(sha256) for _, sha256 in overview.covers.get(album, ()))
            span = overview.spans.get(album)
            years = "" if span is None else "–".join(dict.fromkeys(str(day.year) for day in span))
            tiles.append(
                AlbumTile(
                    album=album,
                    title=visible(overview.tally.titles[album]),
                    photos=photos,
                    cover=next((address for address in covers if address), ""),
                    days=years,
                )
            )
        return tiles

    def _trip_row(self, summary: TripSummary) -> TripRow:
        """The trip as the outcome has it, which knows more than its photos."""
        for trip in self._outcome.trips if self._outcome else ():
            if trip.trip_id == summary.trip.trip_id:
                return trip
        return summary.trip

    def _trips(self) -> list[TripTile]:
        """Newest first."""
        tiles = []
        for number, summary in enumerate(self._overview.trips.values()):
            trip = self._trip_row(summary)
            step = max(1, len(summary.strip) // STRIP)
            addresses = (self._parts.blocks.picture(sha256) for sha256 in summary.strip[::step])
            strip = list(dict.fromkeys(address for address in addresses if address))[:STRIP]
            tiles.append(TripTile(number, trip, summary.photos, strip, self._words.days(trip.start, trip.end)))
        return sorted(tiles, key=lambda tile: (tile.trip.start, tile.trip.trip_id), reverse=True)

    def _map(self, trips: Sequence[TripTile]) -> WorldMap | None:
        points = [
            MapPoint(str(tile.number), visible(tile.trip.title), visible(tile.trip.place.split(",")[0]),
                     tile.trip.lat_deg, tile.trip.lon_deg, tile.photos)
            for tile in trips
            if tile.trip.lat_deg is not None and tile.trip.lon_deg is not None
        ]  # fmt: skip
        return draw_map(points, _static("world.json"))


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


def _static(name: str) -> str:
    return (files("album_sort.report") / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
