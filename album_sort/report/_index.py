"""The index of a page: what the wall, the search and the map need of every photo, column by column; about 70 bytes a photo.

docs/reference/page-data.md describes it. Pure.
"""

from __future__ import annotations

import posixpath
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag

from album_sort.core.formats import FORMATS
from album_sort.core.quoting import visible
from album_sort.report._cards import CardMaker, is_of_the_photo
from album_sort.types import REVIEW, FileKind, LabelSet, PhotoRow, RowAction, TakenRow

UNDATED = 1 << 40
"""Sorts after every date."""

NOBODY = -1
"""No trip, no place, no camera."""

ID_DIGITS = 16
"""Hexadecimal digits of the SHA-256 that name a photo in addresses: 64 bits do not meet by chance among photos."""

LEAST_SEEN = 0.2
"""A class that the network gives less is not searched for: most of those are not there."""

_SHOWN_BY_BROWSERS = frozenset({"jpeg", "png", "webp", "gif", "avif", "bmp"})
_MOST_RATIO = 400
_EPOCH_DAY = 719_163  # of 1970-01-01

_FORMAT_BY_SUFFIX = {suffix: known for known in FORMATS for suffix in known.suffixes}


class Flag(IntFlag):
    """What is said of a photo in one bit."""

    NEW = 1
    DAMAGED = 2
    BY_HAND = 4
    DUPLICATE = 8
    """Its content is stored under another photo's name: on no wall."""
    FILM = 16
    NOT_SHOWN = 32
    """No browser shows its file: RAW, HEIC."""
    PREVIEW = 64
    """A larger picture of it is kept for browsers, of a film its first frame."""


class Numbers:
    """Texts by number, in the order in which they came."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def of(self, text: str) -> int:
        """The number of a text; NOBODY of an empty one."""
        return self.known.setdefault(text, len(self.known)) if text else NOBODY


def minutes_of(taken: TakenRow | None) -> int:
    """Minutes from 1970 to the moment, in wall time; UNDATED where only the file has a date."""
    if taken is None or not is_of_the_photo(taken):
        return UNDATED
    local = taken.local
    return ((local.toordinal() - _EPOCH_DAY) * 24 + local.hour) * 60 + local.minute


def _integers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class PhotoIndex:
    """The columns, in the order in which the photos came; `as_json` gives them in the order of the page."""

    cards: CardMaker
    labels: LabelSet | None = None
    """For the names of classes in all languages; without it those of the rows are found."""
    minutes: array[int] = field(default_factory=_integers)
    seconds: array[int] = field(default_factory=_integers)
    months: array[int] = field(default_factory=_integers)
    albums: array[int] = field(default_factory=_integers)
    trips: array[int] = field(default_factory=_integers)
    places: array[int] = field(default_factory=_integers)
    cameras: array[int] = field(default_factory=_integers)
    bursts: array[int] = field(default_factory=_integers)
    sure: array[int] = field(default_factory=_integers)
    flags: array[int] = field(default_factory=_integers)
    ratios: array[int] = field(default_factory=_integers)
    """Hundred times width by height of the upright picture; 0 where unknown."""
    hashes: bytearray = field(default_factory=bytearray)
    """The SHA-256 of each photo, 32 bytes one after the other."""
    names: list[str] = field(default_factory=list)
    seen: list[tuple[int, ...]] = field(default_factory=list)
    """The classes that a photo can be found by."""
    people: dict[int, tuple[int, ...]] = field(default_factory=dict)
    album_ids: Numbers = field(default_factory=Numbers)
    trip_ids: Numbers = field(default_factory=Numbers)
    camera_names: Numbers = field(default_factory=Numbers)
    person_names: Numbers = field(default_factory=Numbers)
    _place_names: Numbers = field(default_factory=Numbers)
    _towns: list[str] = field(default_factory=list)
    """The names alone, without their countries."""
    _positions: list[tuple[float, float] | None] = field(default_factory=list)
    _burst_ids: Numbers = field(default_factory=Numbers)
    _class_names: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many photos."""
        return len(self.minutes)

    def sha256(self, photo: int) -> str:
        """The content of a photo, which is the key of its thumbnail."""
        return self.hashes[photo * 32 : photo * 32 + 32].hex()

    def add(self, row: PhotoRow) -> None:
        """Takes one photo."""
        is_duplicate = row.action is RowAction.DUPLICATE
        minutes, local = minutes_of(row.taken), row.taken.local if row.taken else None
        is_dated = local is not None and minutes != UNDATED
        self.minutes.append(minutes)
        self.seconds.append(local.second if local is not None and is_dated else 0)
        self.months.append(local.year * 12 + local.month if local is not None and is_dated else -1)
        self.albums.append(self.album_ids.of(row.album))
        self.trips.append(self.trip_ids.of(row.trip.trip_id) if row.trip and not is_duplicate else NOBODY)
        self.places.append(self._place(row))
        self.cameras.append(self.camera_names.of(visible(row.camera)))
        self.bursts.append(self._burst_ids.of(row.similar_to or ""))
        self.sure.append(_certainty(row))
        self.flags.append(_flags(row))
        self.ratios.append(0 if row.size_px is None else ratio_of(*row.size_px))
        self.hashes += bytes.fromhex(row.sha256)
        self.names.append(visible(posixpath.basename(row.path or row.source)))
        if row.people:
            self.people[len(self) - 1] = tuple(self.person_names.of(visible(name)) for name in row.people if name)
        self.seen.append(tuple(top.index for top in row.top if top.probability >= LEAST_SEEN))
        for top in row.top:
            self._class_names.setdefault(top.index, visible(top.label))

    def _place(self, row: PhotoRow) -> int:
        place = row.place
        if place is None:
            return NOBODY
        number = self._place_names.of(self.cards.town(place))
        if number == len(self._positions):
            self._towns.append(visible(place.name))
            self._positions.append(None)
        if number >= 0 and self._positions[number] is None and place.lat_deg is not None and place.lon_deg is not None:
            self._positions[number] = place.lat_deg, place.lon_deg
        return number

    def order(self) -> list[int]:
        """The photos as the page keeps them: by month, newest first, in it album by album; undated ones last.

        So both a wall of everything and one of an album read few files. Of the same second the last that came is first.
        """
        minutes, seconds, months, albums = self.minutes, self.seconds, self.months, self.albums

        def key(photo: int) -> tuple[int, int, int, int, int]:
            if minutes[photo] == UNDATED:
                return 1, albums[photo], photo, 0, 0
            return -months[photo], albums[photo], -minutes[photo], -seconds[photo], -photo

        return sorted(range(len(self)), key=key)

    def towns(self) -> list[tuple[str, str, float, float, int]]:
        """Name with and without country, latitude, longitude and photos of each town on the map, most photos first."""
        photos = Counter(self.places)
        found = [
            (name, self._towns[number], *position, photos[number])
            for number, (name, position) in enumerate(zip(self._place_names.known, self._positions, strict=True))
            if position is not None
        ]
        return sorted(found, key=lambda town: (-town[4], town[0]))

    def bursts_in(self, order: Sequence[int]) -> list[list[int]]:
        """Series of similar shots as positions on the page, those of the oldest moment first; single shots are none."""
        found: dict[int, list[int]] = {}
        for position, photo in enumerate(order):
            if self.bursts[photo] != NOBODY and not self.flags[photo] & Flag.DUPLICATE:
                found.setdefault(self.bursts[photo], []).append(position)
        return [shots[::-1] for _, shots in sorted(found.items()) if len(shots) > 1]

    def as_json(self, order: Sequence[int]) -> dict[str, object]:
        """The index in the order of the page."""
        columns: Mapping[str, Sequence[object]] = {
            "ratio": self.ratios,
            "album": self.albums,
            "trip": self.trips,
            "place": self.places,
            "camera": self.cameras,
            "sure": self.sure,
            "flags": self.flags,
            "name": self.names,
        }
        seen = {number for photo in order for number in self.seen[photo]}
        return {
            "count": len(order),
            "ids": "".join(self.sha256(photo)[:ID_DIGITS] for photo in order),
            "time": [None if self.minutes[photo] == UNDATED else self.minutes[photo] for photo in order],
            **{name: [column[photo] for photo in order] for name, column in columns.items()},
            "classes": [classes[0] if len(classes) == 1 else classes for classes in map(self.seen.__getitem__, order)],
            "people": {
                str(position): self.people[photo] for position, photo in enumerate(order) if photo in self.people
            },
            "bursts": self.bursts_in(order),
            "places": [
                [name, town, *(position or ())]
                for name, town, position in zip(self._place_names.known, self._towns, self._positions, strict=True)
            ],
            "cameras": list(self.camera_names.known),
            "persons": list(self.person_names.known),
            "classNames": {str(number): self._names_of_class(number) for number in sorted(seen)},
        }

    def _names_of_class(self, number: int) -> list[str]:
        """Its names in all languages, that of the report first."""
        said = self._class_names[number]
        names = self.labels.classes[number].names.values() if self.labels and number < len(self.labels.classes) else ()
        return list(dict.fromkeys((said, *names)))


def ratio_of(width: float, height: float) -> int:
    """Hundred times width by height, no wider and no narrower than a wall can show."""
    return min(max(round(100 * width / height), 100 * 100 // _MOST_RATIO), _MOST_RATIO)


def _certainty(row: PhotoRow) -> int:
    """Per cents of the photo's own album; for one to review those of the best guess."""
    for album, score in row.scores:
        if row.album in (album, REVIEW):
            return round(100 * score)
    return 0


def _flags(row: PhotoRow) -> int:
    flags = Flag(0)
    if row.is_new and row.action is not RowAction.DUPLICATE:
        flags |= Flag.NEW
    if row.damaged_share is not None:
        flags |= Flag.DAMAGED
    if row.by_hand:
        flags |= Flag.BY_HAND
    if row.action is RowAction.DUPLICATE:
        flags |= Flag.DUPLICATE
    known = _FORMAT_BY_SUFFIX.get(posixpath.splitext(row.path or row.source)[1].lower())
    if known is not None and known.kind is FileKind.VIDEO:
        flags |= Flag.FILM
    elif known is None or known.name not in _SHOWN_BY_BROWSERS:
        flags |= Flag.NOT_SHOWN
    if row.preview:
        flags |= Flag.PREVIEW
    return int(flags)
