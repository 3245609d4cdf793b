"""What the page tells of one photo when somebody asks: a card. docs/reference/page-data.md names its keys."""

from __future__ import annotations

import os
from typing import Any

from album_sort.core.quoting import shell_word, visible
from album_sort.report.rows import format_offset
from album_sort.report.words import Words
from album_sort.types import REVIEW, PhotoRow, PlaceRow, RowAction, TakenRow, TimeSource

Card = dict[str, Any]
"""What the page knows of a photo beyond the index."""

MOST_GUESSES = 9
"""Albums that the review queue lays on the keys 1 to 9."""


def is_of_the_photo(taken: TakenRow) -> bool:
    """Whether this date says when the photo was taken: the file's own says when it was copied."""
    return taken.source != TimeSource.MTIME


class CardMaker:
    """Makes the cards of one report, in its language."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._towns: dict[tuple[str, str], str] = {}
        try:
            self._working_folder = os.getcwd()
        except OSError:  # removed meanwhile
            self._working_folder = "/"

    def card(self, row: PhotoRow) -> Card:
        """The card of a photo; what says nothing has no key."""
        source = visible(row.source)
        card: Card = {"s": source, "a": str(row.action), "h": str(row.sha256)}
        if source != row.source or "'" in source or not os.path.isabs(source):
            # a line is pasted wherever a terminal happens to be
            card["q"] = shell_word(os.path.join(self._working_folder, row.source))
        if row.path:
            card["p"] = row.path
            shown = visible(row.path)
            if shown != row.path:
                card["pv"] = shown
        if row.preview:
            card["v"] = row.preview
        self._add_when_and_where(card, row)
        if row.top:
            card["c"] = [(visible(top.label), round(top.probability, 3)) for top in row.top]
        # whole per cents, as the reason beside them has: rounded twice, 11.45 would be 11 there and 12 here
        guesses = [(str(album), round(score, 2)) for album, score in row.scores if album != REVIEW]
        if guesses:
            card["g"] = guesses[:MOST_GUESSES]
        texts = {"w": row.why, "also": row.also, "m": row.group, "people": row.people}
        card |= {key: [visible(text) for text in some] for key, some in texts.items() if some}
        if row.size_bytes is not None:
            card["b"] = row.size_bytes
        if row.size_px is not None:
            card["z"] = row.size_px
        if row.action is RowAction.DUPLICATE and row.duplicate_of:
            card["d"] = visible(row.duplicate_of)
            card["f"] = row.freed_bytes
        return card

    def _add_when_and_where(self, card: Card, row: PhotoRow) -> None:
        taken, place = row.taken, row.place
        if taken:
            card["t" if is_of_the_photo(taken) else "tf"] = taken.local.isoformat(timespec="seconds")
            card["tp"] = taken.precision
            card["ts"] = visible(self._time_source(taken.source))
            if taken.utc_offset_minutes is not None:
                card["to"] = format_offset(taken.utc_offset_minutes)
        if place:
            card["l"] = self.town(place)
            if place.distance_km >= 0.05:
                card["lk"] = round(place.distance_km, 1)

    def _time_source(self, source: str) -> str:
        """Names of tags and formats are the same in each language; what else says the time is said in words."""
        match source:
            case TimeSource.FILE_NAME:
                return self._words.text("file_name")
            case TimeSource.FOLDER_NAME:
                return self._words.text("folder_name")
            case TimeSource.FILM:
                return self._words.text("film_header")
            case TimeSource.PERSON:
                return self._words.text("person_date")
            case TimeSource.SIDECAR:
                return self._words.text("sidecar_date")
            case _:
                return source

    def town(self, place: PlaceRow) -> str:
        """A town and its country; thousands of photos share one."""
        known = self._towns.get((place.name, place.country))
        if known is None:
            both = self._words.text("town_in_country", town=place.name, country=place.country)
            known = self._towns[place.name, place.country] = visible(both if place.country else place.name)
        return known
