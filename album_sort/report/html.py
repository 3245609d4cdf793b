"""`report.html`: the report people look at. One file while its thumbnails are few, else a page with a folder of data beside it.

Rows stream into a spool, album by album; at the end they are cut into chunks of cards that a small script shows page by page. A card
has these keys: `s` source, `q` source quoted for a shell where plain quotes do not do, `p` path in the destination (`pv` as shown),
`a` action, `t` local time (`tf` where only the file has one; `tp` precision, `to` offset, `ts` source), `l` place, `lk` km,
`r` trip, `c` top classes, `g` guesses (albums), `w` reasons, `also`, `m` files of the group, `al` album title, `b` size in bytes,
`d` the stored source of a duplicate and `f` the bytes that deleting it would free, `n` filed by this run.

Everything that comes from photos passes `visible` and then either jinja2's escaping or `textContent`; the page's Content-Security-Policy
names the one script and the one style sheet by hash, and allows no network at all.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import closing
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.report._blocks import MARKER, Blocks, Thumbnail, fits_into_page
from album_sort.report._output import atomic_text, refuse_foreign
from album_sort.report._overview import Overview
from album_sort.report._page import Page, is_our_page
from album_sort.report._parts import PageParts
from album_sort.report._spool import NOBODY, Card, Journey, Spool, sort_key, to_script
from album_sort.report.quoting import shell_word, visible
from album_sort.report.rows import format_offset
from album_sort.report.sinks import ReportBrief
from album_sort.report.words import Words
from album_sort.types import (
    REVIEW,
    PhotoRow,
    PlaceRow,
    ReportFooter,
    ReportHeader,
    ReportRow,
    RowAction,
    TakenRow,
    TimeSource,
)

CHUNK_CARDS = 400
"""About a quarter of a megabyte: read in a moment, and a page of an album needs one or two."""

PACK_THUMBNAILS = 30
"""About half a megabyte: half a page of an album."""

INLINE_LIMIT_BYTES = 24 * 1024 * 1024
"""Up to about 1,800 photos the page is one file; beyond it would take seconds to open."""

DUPLICATES = " duplicates"
"""Shelf of the photos that are stored elsewhere; no album id begins with a space."""

_GUESSES = 2


class HtmlReport:
    """A report.html in the making: `add` every row, then `finish`."""

    def __init__(
        self,
        path: Path,
        info: ReportHeader,
        words: Words,
        *,
        thumbnail: Thumbnail,
        inline_limit_bytes: int = INLINE_LIMIT_BYTES,
    ) -> None:
        refuse_foreign(path, is_our_page)
        self._path = path
        self._info = info
        self._words = words
        self._files = path.with_name(f"{path.stem}-files")
        _refuse_foreign_folder(self._files)
        self._new_files = path.with_name(f".{path.stem}-files.{secrets.token_hex(4)}.tmp")
        try:
            self._working_folder = os.getcwd()
        except OSError:  # removed meanwhile
            self._working_folder = "/"
        self._thumbnail = thumbnail
        self._inline_limit_bytes = inline_limit_bytes
        self._spool = Spool(path.parent)
        self._overview = Overview()
        self._trips: dict[str, int] = {}
        self._bursts: dict[str, int] = {}
        self._towns: dict[tuple[str, str], str] = {}

    def add(self, row: ReportRow) -> None:
        """Takes one row."""
        self._overview.add(row)
        if not isinstance(row, PhotoRow):
            return
        is_duplicate = row.action is RowAction.DUPLICATE
        trip = row.trip.trip_id if row.trip else None
        self._spool.add(
            DUPLICATES if is_duplicate else row.album,
            visible(row.title),
            self._card(row),
            sha256=row.sha256,
            key=sort_key(row.taken.local if row.taken and _is_of_the_photo(row.taken) else None),
            trip=NOBODY if trip is None or is_duplicate else self._trips.setdefault(trip, len(self._trips)),
            is_new=row.is_new and not is_duplicate,
            burst=NOBODY if row.similar_to is None else self._bursts.setdefault(row.similar_to, len(self._bursts)),
        )

    def finish(self, outcome: ReportFooter | None) -> None:
        """Writes the page; the data folder, where there is one, takes its name just before."""
        try:
            parts = self._parts()
            page = Page(self._info, outcome, self._words, self._overview, parts)
            with atomic_text(self._path, is_ours=is_our_page) as stream:
                for piece in page.pieces():
                    stream.write(piece)
                self._publish_files(is_inline=parts.blocks.is_inline)
        except OSError as error:
            raise DestinationError(
                f"cannot write the report {self._path}: {error}", hint=f"check {self._path.parent}"
            ) from error

    def close(self) -> None:
        """Takes away what is only temporary."""
        self._spool.close()
        shutil.rmtree(self._new_files, ignore_errors=True)

    def _publish_files(self, *, is_inline: bool) -> None:
        if self._files.exists():
            shutil.rmtree(self._files)
        if not is_inline:
            os.replace(self._new_files, self._files)

    def _parts(self) -> PageParts:
        """Cuts the spool into blocks of cards and packs of thumbnails, and makes the indexes over them."""
        shelves = self._spool.shelves
        hashes = (shelf.sha256(photo) for shelf in shelves.values() for photo in range(len(shelf.keys)))
        photos = sum(len(shelf.keys) for shelf in shelves.values())
        is_inline = fits_into_page(hashes, photos, self._thumbnail, limit_bytes=self._inline_limit_bytes)
        blocks = Blocks(self._new_files, self._thumbnail, is_inline=is_inline, address=self._files.name)
        parts = PageParts(blocks, self._photos_base(), CHUNK_CARDS, PACK_THUMBNAILS)
        journeys: dict[int, Journey] = {}
        bursts: dict[int, Journey] = {}
        news = Journey()
        for position, (album, shelf) in enumerate(shelves.items()):
            order = shelf.order()
            parts.add_album(album, shelf.title, len(order))
            for number, start in parts.chunks_of_last_album():
                cards = self._spool.read(shelf, order[start : start + CHUNK_CARDS])
                blocks.put(f"photos-{number}", b"[", b",".join(cards), b"]")
            for number, start in parts.packs_of_last_album():
                pack = order[start : start + PACK_THUMBNAILS]
                blocks.put_thumbnails(f"thumbnails-{number}", [shelf.sha256(photo) for photo in pack])
            for place, photo in enumerate(order):
                for together, mark in ((journeys, shelf.trips[photo]), (bursts, shelf.bursts[photo])):
                    if mark != NOBODY:
                        together.setdefault(mark, Journey()).add(shelf.keys[photo], position, place)
                if shelf.news[photo]:
                    news.add(shelf.keys[photo], position, place)
        for mark, journey in journeys.items():
            blocks.put(f"trip-{mark}", to_script(journey.runs()).encode())
        blocks.put("new", to_script(news.runs()).encode())
        shown_bursts = [burst.runs() for _, burst in sorted(bursts.items()) if len(burst) > 1]
        parts.bursts = len(shown_bursts)
        blocks.put("bursts", to_script(shown_bursts).encode())
        return parts

    def _photos_base(self) -> str:
        """Where the filed photos are, seen from the page; "" in a preview, which files none."""
        if self._info.is_preview:
            return ""
        destination = Path(self._info.destination).absolute()
        folder = self._path.parent.absolute()
        if folder.is_relative_to(destination):
            # relative, so that the links live on when the whole destination is moved
            return "../" * len(folder.relative_to(destination).parts) or "./"
        return destination.as_uri() + "/"

    def _card(self, row: PhotoRow) -> Card:
        source = visible(row.source)
        card: Card = {"s": source, "a": str(row.action)}
        if row.is_new:
            card["n"] = 1
        if source != row.source or "'" in source or not os.path.isabs(source):
            # a line is pasted wherever a terminal happens to be
            card["q"] = shell_word(os.path.join(self._working_folder, row.source))
        if row.path:
            card["p"] = row.path
            shown = visible(row.path)
            if shown != row.path:
                card["pv"] = shown
        self._add_when_and_where(card, row)
        if row.top:
            card["c"] = [(visible(top.label), round(top.probability, 3)) for top in row.top]
        # whole per cents, as the reason beside them has: rounded twice, 11.45 would be 11 there and 12 here
        guesses = [(album, round(score, 2)) for album, score in row.scores[: _GUESSES + 1] if album != REVIEW]
        if guesses:
            card["g"] = guesses[:_GUESSES]
        if row.why:
            card["w"] = [visible(reason) for reason in row.why]
        if row.also:
            card["also"] = [visible(path) for path in row.also]
        if row.group:
            card["m"] = [visible(member) for member in row.group]
        if row.size_bytes is not None:
            card["b"] = row.size_bytes
        if row.action is RowAction.DUPLICATE:
            card["al"] = visible(row.title)
            if row.duplicate_of:
                card["d"] = visible(row.duplicate_of)
                card["f"] = row.freed_bytes
        return card

    def _add_when_and_where(self, card: Card, row: PhotoRow) -> None:
        taken, place = row.taken, row.place
        if taken:
            card["t" if _is_of_the_photo(taken) else "tf"] = taken.local.isoformat(timespec="seconds")
            card["tp"] = taken.precision
            card["ts"] = visible(self._time_source(taken.source))
            if taken.utc_offset_minutes is not None:
                card["to"] = format_offset(taken.utc_offset_minutes)
        if place:
            card["l"] = self._town(place)
            if place.distance_km >= 0.05:
                card["lk"] = round(place.distance_km, 1)
        if row.trip:
            card["r"] = visible(row.trip.title)

    def _time_source(self, source: str) -> str:
        """Names of tags and formats are the same in each language; what else says the time is said in words."""
        match source:
            case TimeSource.FILE_NAME:
                return self._words.text("file_name")
            case TimeSource.FOLDER_NAME:
                return self._words.text("folder_name")
            case TimeSource.FILM:
                return self._words.text("film_header")
            case TimeSource.SIDECAR:
                return self._words.text("sidecar_date")
            case _:
                return source

    def _town(self, place: PlaceRow) -> str:
        """A town and its country; thousands of photos share one."""
        known = self._towns.get((place.name, place.country))
        if known is None:
            both = self._words.text("town_in_country", town=place.name, country=place.country)
            known = self._towns[place.name, place.country] = visible(both if place.country else place.name)
        return known


def html_report(path: Path, brief: ReportBrief) -> closing[HtmlReport]:
    """A report.html, and the folder beside it where there are many photos."""
    return closing(HtmlReport(path, brief.info, brief.words, thumbnail=brief.thumbnail))


def _is_of_the_photo(taken: TakenRow) -> bool:
    """Whether this date says when the photo was taken: the file's own says when it was copied."""
    return taken.source != TimeSource.MTIME


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder without our marker is somebody's: it is never replaced."""
    if folder.exists() and not (folder / MARKER).is_file():
        raise DestinationError(
            f"{folder} is there already and is not a data folder of a report: it stays as it is",
            hint="choose another folder for the report, or move that one away",
        )
