"""The data of the page, made from rows: the same for the static report and for `serve`. docs/reference/page-data.md is the contract.

`add` every row, then `arrange` once; then `page`, `index`, `cards` and `hashes` give the parts that a page asks for.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from album_sort.core.quoting import shell_word, visible
from album_sort.report._cards import CardMaker
from album_sort.report._index import Flag, PhotoIndex, ratio_of
from album_sort.report._overview import Overview, TripSummary
from album_sort.report._spool import Spool, to_script
from album_sort.report._thumbnails import jpeg_size
from album_sort.report.words import Words
from album_sort.types import AlbumId, LabelSet, PhotoRow, ReportFooter, ReportHeader, ReportRow, RowAction, TripRow

Thumbnail = Callable[[str], bytes | None]
"""A small upright JPEG by the SHA-256 of the photo; None where there is none."""

CHUNK_CARDS = 200
"""About an eighth of a megabyte: read in a moment."""

PACK_THUMBNAILS = 12
"""About a sixth of a megabyte: a wall of one album reads few of them, and a search result not much for nothing."""


class PageData:
    """The photos of one destination, ready to be asked for piece by piece."""

    def __init__(
        self,
        info: ReportHeader,
        words: Words,
        *,
        thumbnail: Thumbnail,
        spool_folder: Path,
        labels: LabelSet | None = None,
    ) -> None:
        self.info = info
        self.words = words
        self.overview = Overview()
        self._thumbnail = thumbnail
        self._labels = labels
        self._chosen = {str(album): photo for album, photo in info.covers}
        self._covers: dict[str, str] = {}
        """Of the chosen photos, those that are in their albums."""
        self._maker = CardMaker(words)
        self._spool = Spool(spool_folder)
        self.photos = PhotoIndex(self._maker, labels)
        self._order: list[int] = []

    def close(self) -> None:
        """Takes away what is only temporary."""
        self._spool.close()

    def add(self, row: ReportRow) -> None:
        """Takes one row."""
        self.overview.add(row)
        if isinstance(row, PhotoRow):
            self._spool.add(self._maker.card(row))
            self.photos.add(row)
            if self._chosen.get(row.album) == row.sha256 and row.action is not RowAction.DUPLICATE:
                self._covers[row.album] = row.sha256

    def arrange(self) -> None:
        """Puts the photos into the order of the page, and reads from thumbnails what older rows do not tell."""
        self._order = self.photos.order()
        ratios = self.photos.ratios
        for photo in self._order:
            if not ratios[photo] and (size := jpeg_size(self._thumbnail(self.photos.sha256(photo)) or b"")):
                ratios[photo] = ratio_of(*size)

    @property
    def count(self) -> int:
        """Photos, duplicates among them."""
        return len(self._order)

    @property
    def chunks(self) -> range:
        """Numbers of the chunks of cards."""
        return range(-(-self.count // CHUNK_CARDS))

    @property
    def packs(self) -> range:
        """Numbers of the packs of thumbnails."""
        return range(-(-self.count // PACK_THUMBNAILS))

    def cards(self, chunk: int) -> Iterator[bytes]:
        """The cards of a chunk, each as JSON that may stand in a script."""
        return self._spool.read(self._order[chunk * CHUNK_CARDS : (chunk + 1) * CHUNK_CARDS])

    def hashes(self, pack: int | None = None) -> Sequence[str]:
        """The contents in the order of the page: those of a pack, or all."""
        some = self._order if pack is None else self._order[pack * PACK_THUMBNAILS : (pack + 1) * PACK_THUMBNAILS]
        return [self.photos.sha256(photo) for photo in some]

    def index(self) -> str:
        """The index of all photos as JSON that may stand in a script."""
        return to_script(self.photos.as_json(self._order))

    def cover(self, album: str) -> str | None:
        """The content that stands for an album: the one a person chose, where it is there and can be shown, else the best."""
        chosen = self._covers.get(album)
        return chosen if chosen and self._thumbnail(chosen) else self.overview.covers.best(album, self._thumbnail)

    def trips(self, outcome: ReportFooter | None) -> list[tuple[TripRow, TripSummary]]:
        """The trips by their number, as the outcome has them, which knows more than their photos."""
        told = {trip.trip_id: trip for trip in outcome.trips} if outcome else {}
        summaries = self.overview.trips
        return [
            (told.get(trip_id, summaries[trip_id].trip), summaries[trip_id]) for trip_id in self.photos.trip_ids.known
        ]

    @property
    def bursts(self) -> int:
        """Series of similar shots."""
        return len(self.photos.bursts_in(self._order))

    @property
    def marks_new(self) -> bool:
        """Where all is new, nothing has to be marked."""
        tally = self.overview.tally
        return 0 < tally.new < tally.photos - tally.skipped - tally.duplicates

    def page(self, outcome: ReportFooter | None, *, files: str, photos_base: str) -> dict[str, object]:
        """What the script has to know before anything else; `files` is the folder of data beside a static page."""
        tally = self.overview.tally
        titles = {str(album): visible(title) for album, title in (*self.info.albums, *tally.titles.items())}
        return {
            "language": self.info.language,
            "words": dict(self.words.sentences),
            "files": files,
            "photosBase": photos_base,
            "chunkCards": CHUNK_CARDS,
            "packThumbnails": PACK_THUMBNAILS,
            "flags": {flag.name: flag.value for flag in Flag},
            "run": self.info.run_id,
            "isPreview": self.info.is_preview,
            "marksNew": self.marks_new,
            "freed": tally.freed_bytes,
            "program": self.info.program_call,
            "out": shell_word(os.path.abspath(self.info.destination)),
            "albums": [
                {
                    "id": album,
                    "title": titles.get(album, album),
                    "also": self._other_titles(album),
                    "twins": self.overview.duplicates[album],
                }
                for album in self.photos.album_ids.known
            ],
            # those without photos, too: a photo may belong there, and a guess needs its title
            "titles": titles,
            # as a shell has to be told of them, where that is another word
            "quoted": {album: word for album in titles if (word := shell_word(album)) != album},
            "trips": [
                {
                    "title": visible(trip.title),
                    "relative": visible(trip.relative),
                    "start": trip.start.isoformat(),
                    "end": trip.end.isoformat(),
                    "lat": trip.lat_deg,
                    "lon": trip.lon_deg,
                }
                for trip, _ in self.trips(outcome)
            ],
        }

    def _other_titles(self, album: str) -> list[str]:
        """Its titles in all languages: whoever searches may think in another."""
        known = (
            next((one for one in self._labels.albums if one.album_id == AlbumId(album)), None) if self._labels else None
        )
        return [album, *(known.titles.values() if known else ())]
