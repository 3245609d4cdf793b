"""Photos on their way into the pages of a report: kept in a temporary file, so that memory stays flat however many there are."""

from __future__ import annotations

import json
import re
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

Card = dict[str, Any]
"""What the page knows of a photo; its keys are explained in html.py."""

Runs = list[list[int]]
"""Stretches of photos: number of the shelf, first position, and how many from there backwards."""

UNDATED = 1 << 62
"""Sorts after every date."""

NOBODY = -1
"""No trip, no burst."""

# All that could end a script element or a JavaScript string, plus what has no UTF-8 form.
_TO_ESCAPE = re.compile("[<>&\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# `json.dumps` with these arguments makes an encoder each time.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_script(value: object) -> str:
    """JSON that may stand inside a script element, as data or as a JavaScript literal."""
    text = _encode(value)
    # The search costs twenty times what these questions do, and most cards have nothing to escape.
    if text.isascii() and not ("<" in text or ">" in text or "&" in text or "\x7f" in text):
        return text
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def sort_key(taken: datetime | None) -> int:
    """Newest first, undated photos last."""
    if taken is None:
        return UNDATED
    return -(((taken.toordinal() * 24 + taken.hour) * 60 + taken.minute) * 60 + taken.second)


@dataclass(slots=True)
class Shelf:
    """The photos of one album: where each lies in the spool, and what the indexes need; a few machine words for each."""

    title: str
    keys: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("L"))
    trips: array[int] = field(default_factory=lambda: array("i"))
    bursts: array[int] = field(default_factory=lambda: array("q"))
    news: array[int] = field(default_factory=lambda: array("b"))
    """Whether the run has filed the photo."""
    hashes: bytearray = field(default_factory=bytearray)
    """The SHA-256 of each photo, 32 bytes one after the other."""

    def sha256(self, photo: int) -> str:
        """The content of a photo, which is the key of its thumbnail."""
        return self.hashes[photo * 32 : photo * 32 + 32].hex()

    def order(self) -> list[int]:
        """The photos in the order of the page: newest first (of the same second the last that came), then undated ones as they came."""
        keys = self.keys
        return sorted(range(len(keys)), key=lambda photo: (keys[photo], photo if keys[photo] == UNDATED else -photo))


class Spool:
    """Cards by album, written once and read back in the order of the page."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (lives as long as the spool)
        self._end = 0
        self.shelves: dict[str, Shelf] = {}

    def close(self) -> None:
        """Gives the temporary file back."""
        self._file.close()

    def add(
        self, album: str, title: str, card: Card, *, sha256: str, key: int, trip: int, burst: int, is_new: bool
    ) -> None:
        """Keeps one card."""
        data = to_script(card).encode()
        shelf = self.shelves.setdefault(album, Shelf(title))
        shelf.keys.append(key)
        shelf.offsets.append(self._end)
        shelf.lengths.append(len(data))
        shelf.trips.append(trip)
        shelf.bursts.append(burst)
        shelf.news.append(is_new)
        shelf.hashes += bytes.fromhex(sha256)
        self._file.write(data)
        self._end += len(data)

    def read(self, shelf: Shelf, photos: Sequence[int]) -> Iterator[bytes]:
        """The cards of these photos of a shelf, as they were kept: JSON fit for script elements."""
        for photo in photos:
            self._file.seek(shelf.offsets[photo])
            yield self._file.read(shelf.lengths[photo])


class Journey:
    """Photos that belong together (a trip, a series of similar shots), whatever their album, in the order in which they were taken."""

    def __init__(self) -> None:
        self._keys = array("q")
        self._shelves = array("i")
        self._positions = array("i")

    def __len__(self) -> int:
        """How many photos."""
        return len(self._keys)

    def add(self, key: int, shelf: int, position: int) -> None:
        """Adds a photo: its sort key, its shelf, and its place in the order of that shelf."""
        self._keys.append(key)
        self._shelves.append(shelf)
        self._positions.append(position)

    def runs(self) -> Runs:
        """Oldest first. Shelves have their newest photo first, so most stretches go backwards."""
        runs: Runs = []
        keys, shelves, positions = self._keys, self._shelves, self._positions
        for photo in sorted(range(len(keys)), key=lambda photo: (-keys[photo], shelves[photo], -positions[photo])):
            shelf, position = shelves[photo], positions[photo]
            if runs and runs[-1][0] == shelf and position == runs[-1][1] - runs[-1][2]:
                runs[-1][2] += 1
            else:
                runs.append([shelf, position, 1])
        return runs
