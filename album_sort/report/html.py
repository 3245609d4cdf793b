"""`report.html`: the report people look at. One file while its thumbnails are few, else a page with a folder of data beside it.

Rows stream into a spool, album by album; at the end they are cut into chunks of cards that a small script shows page by page. A card
has these keys: `s` source, `q` source quoted for a shell where plain quotes do not do, `p` path in the destination (`pv` as shown),
`k` thumbnail, `a` action, `t` local time (`tp` precision, `to` offset, `ts` source), `l` place, `lk` its distance, `r` trip title,
`c` top classes, `g` guesses (albums), `w` reasons, `also`, `m` files of the group, `al` album title.

Everything that comes from photos passes `visible` and then either jinja2's escaping or `textContent`; the page's Content-Security-Policy
names the one script and the one style sheet by hash, and allows no network at all.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.report._output import atomic_text, refuse_foreign
from album_sort.report._overview import Overview
from album_sort.report._page import Page, PageParts, is_our_page
from album_sort.report._spool import NOBODY, Card, Spool, runs_of, sort_key
from album_sort.report._thumbnails import Thumbnail, ThumbnailShelf
from album_sort.report.rows import format_offset
from album_sort.report.text import needs_escapes, shell_word, visible
from album_sort.report.words import Words
from album_sort.types import PhotoRow, ReportRow, RowAction, RunInfo, RunOutcome

CHUNK_CARDS = 400
"""About a quarter of a megabyte: read in a moment, and a page of an album needs one or two."""

INLINE_LIMIT_BYTES = 24 * 1024 * 1024
"""Up to about 1,800 photos the page is one file; beyond it would take seconds to open."""

DUPLICATES = " duplicates"
"""Shelf of the photos that are stored elsewhere; no album id begins with a space."""

MARKER = "album-sort-report.txt"
"""Tells a data folder of ours from a folder that only has the same name."""

_GUESSES = 2


class HtmlReport:
    """A report.html in the making: `add` every row, then `finish`."""

    def __init__(
        self,
        path: Path,
        info: RunInfo,
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
        self._thumbnails = ThumbnailShelf(
            thumbnail, self._new_files / "thumbnails", inline_limit_bytes=inline_limit_bytes
        )
        self._spool = Spool(path.parent)
        self._overview = Overview()
        self._trips: dict[str, int] = {}
        self._bursts: dict[str, int] = {}

    def add(self, row: ReportRow) -> None:
        """Takes one row."""
        if not isinstance(row, PhotoRow):
            self._overview.add(row)
            return
        card = self._card(row)
        self._overview.add(row, thumbnail_key=card.get("k", ""))
        is_duplicate = row.action is RowAction.DUPLICATE
        trip = row.trip.trip_id if row.trip else None
        self._spool.add(
            DUPLICATES if is_duplicate else row.album,
            visible(row.title),
            card,
            key=sort_key(row.taken.local if row.taken else None),
            trip=NOBODY if trip is None or is_duplicate else self._trips.setdefault(trip, len(self._trips)),
            burst=NOBODY if row.similar_to is None else self._bursts.setdefault(row.similar_to, len(self._bursts)),
        )

    def _card(self, row: PhotoRow) -> Card:
        card: Card = {"s": visible(row.source), "a": str(row.action), "k": self._thumbnails.put(row.sha256)}
        if needs_escapes(row.source) or "'" in row.source or row.source.startswith("-"):
            card["q"] = shell_word(row.source)
        if row.path:
            card["p"] = row.path
            shown = visible(row.path)
            if shown != row.path:
                card["pv"] = shown
        if row.taken:
            card["t"] = row.taken.local.isoformat(timespec="seconds")
            card["tp"] = row.taken.precision
            card["to"] = format_offset(row.taken.utc_offset_minutes)
            card["ts"] = visible(row.taken.source)
        if row.place:
            card["l"] = visible(f"{row.place.name}, {row.place.country}" if row.place.country else row.place.name)
            card["lk"] = round(row.place.distance_km, 1)
        card["r"] = visible(row.trip.title) if row.trip else ""
        card["c"] = [[visible(top.label), round(top.probability, 3)] for top in row.top]
        guesses = [(album, score) for album, score in row.scores if album != row.album or row.album != "review"]
        card["g"] = [[album, round(score, 3)] for album, score in guesses[:_GUESSES] if album != "review"]
        card["w"] = [visible(reason) for reason in row.why]
        card["also"] = [visible(path) for path in row.also]
        card["m"] = [visible(member) for member in row.group]
        card["al"] = visible(row.title) if row.action is RowAction.DUPLICATE else ""
        return {name: value for name, value in card.items() if value not in ("", [], None)}

    def finish(self, outcome: RunOutcome | None) -> None:
        """Writes the page; the data folder, where there is one, takes its name just before."""
        try:
            parts = self._parts()
            page = Page(self._info, outcome, self._words, self._overview, parts)
            with atomic_text(self._path, is_ours=is_our_page) as stream:
                for piece in page.pieces():
                    stream.write(piece)
                self._publish_files(is_inline=parts.is_inline)
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
        """Cuts the spool into chunks: into the page, or into files of the new folder."""
        is_inline = self._thumbnails.is_inline
        write: Callable[[int, str], None]
        chunks: list[str] = []
        if is_inline:
            write = lambda _number, text: chunks.append(text)  # noqa: E731 (two ways of one line each)
        else:
            self._new_files.mkdir(exist_ok=True)
            (self._new_files / MARKER).write_text(
                "Made by album-sort for the report.html beside this folder.\n", encoding="utf-8"
            )
            write = self._write_chunk
        albums: list[dict[str, object]] = []
        trips: dict[int, list[list[int]]] = {}
        bursts: dict[int, list[list[int]]] = {}
        number = 0
        for position, (album, shelf) in enumerate(self._spool.shelves.items()):
            order = shelf.order()
            albums.append({"id": album, "title": shelf.title, "count": len(order), "chunk": number})
            for start in range(0, len(order), CHUNK_CARDS):
                cards = self._spool.read(shelf, order[start : start + CHUNK_CARDS])
                write(number, f"[{','.join(cards)}]")
                number += 1
            for all_runs, marks in ((trips, shelf.trips), (bursts, shelf.bursts)):
                for mark, runs in runs_of(position, [marks[photo] for photo in order]).items():
                    all_runs.setdefault(mark, []).extend(runs)
        return PageParts(
            is_inline=is_inline,
            files_name=self._files.name,
            chunks=chunks,
            thumbnails=self._thumbnails.inline_blocks() if is_inline else iter(()),
            albums=albums,
            trips={trip: trips.get(mark, []) for trip, mark in self._trips.items()},
            bursts=[bursts[mark] for mark in sorted(bursts)],
            chunk_cards=CHUNK_CARDS,
            photos_base=self._photos_base(),
        )

    def _write_chunk(self, number: int, text: str) -> None:
        (self._new_files / f"photos-{number}.js").write_text(f"albumSortChunk({number},{text});\n", encoding="utf-8")

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


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder without our marker is somebody's: it is never replaced."""
    if folder.exists() and not (folder / MARKER).is_file():
        raise DestinationError(
            f"{folder} is there already and is no data folder of a report: it stays as it is",
            hint="choose another folder for the report, or move that one away",
        )
