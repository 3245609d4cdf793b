"""Albums, evidence, trips and assignments: what is decided, each with its reasons. Imports nothing of ours but other types."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NewType, overload

from album_sort.types.content import Prediction
from album_sort.types.files import ContentId, PhotoGroup
from album_sort.types.metadata import CaptureTime, GeoPosition, Metadata, Place
from album_sort.types.quickly import quickly_made
from album_sort.types.reasons import Reason
from album_sort.types.statistics import ImageStatistics

AlbumId = NewType("AlbumId", str)
"""`pets`, `winter-travel` ...: lower-case letters, digits and hyphens."""

REVIEW = AlbumId("review")
"""Where photos go of which we are not sure."""

TRAVEL = AlbumId("travel")
"""Photos of a trip without a strong content of their own."""


VIDEOS = AlbumId("videos")
"""Videos without a still, outside of trips."""


@quickly_made
@dataclass(frozen=True, slots=True)
class AlbumScore:
    """How likely a photo belongs to an album."""

    album: AlbumId
    probability: float


class Ranking(Sequence[AlbumScore]):
    """Albums by probability, most likely first; equal ones in the order given, so that every run says the same.

    It takes a sixth of the memory of its scores, which are made and sorted only when somebody looks at them.
    """

    __slots__ = ("_albums", "_probabilities")

    def __init__(self, albums: tuple[AlbumId, ...], probabilities: Iterable[float]) -> None:
        self._albums = albums
        # As bytes they take a fifth less than in their array.
        self._probabilities = array("d", probabilities).tobytes()

    def pairs(self) -> Iterator[tuple[AlbumId, float]]:
        """Albums with their probabilities in the order of the ranking: no value is made for each."""
        probabilities = array("d", self._probabilities)
        # Sorting is stable, reversed or not: equal ones keep their order.
        order = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
        return ((self._albums[i], probabilities[i]) for i in order)

    def _ranked(self) -> tuple[AlbumScore, ...]:
        return tuple(AlbumScore(album, probability) for album, probability in self.pairs())

    def leading(self, without: frozenset[AlbumId] = frozenset()) -> AlbumScore | None:
        """The first but for some; asked for of every photo, for which the others need not be sorted."""
        probabilities = array("d", self._probabilities)
        columns: Iterable[int] = range(len(probabilities))
        if without:
            columns = [column for column in columns if self._albums[column] not in without]
        best = max(columns, key=probabilities.__getitem__, default=None)
        return None if best is None else AlbumScore(self._albums[best], probabilities[best])

    def __len__(self) -> int:
        """How many albums there are."""
        return len(self._albums)

    @overload
    def __getitem__(self, index: int) -> AlbumScore: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[AlbumScore, ...]: ...

    def __getitem__(self, index: int | slice) -> AlbumScore | tuple[AlbumScore, ...]:
        """The album of a rank, or those of several."""
        return self._ranked()[index]

    def __iter__(self) -> Iterator[AlbumScore]:
        """All, sorted once: what a sequence does by itself would sort them for each of them."""
        return iter(self._ranked())

    def __eq__(self, other: object) -> bool:
        """Whether the same albums have the same probabilities in the same order."""
        return isinstance(other, Ranking) and self._ranked() == other._ranked()

    def __hash__(self) -> int:
        """Equal rankings have equal hashes."""
        return hash(self._ranked())

    def __repr__(self) -> str:
        """All scores."""
        return repr(self._ranked())


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: moves the log-odds of an album."""

    album: AlbumId
    weight: float
    """Added to the album's log-odds (natural logarithm); negative speaks against it."""
    reason: Reason

    @classmethod
    def of(cls, album: AlbumId, weight: float, code: str, **values: str | int | float) -> Evidence:
        """A piece of evidence with its reason; equal ones are one and the same value, as `Reason.of`'s are."""
        return _shared_evidence(album, weight, code, **values)


@lru_cache(maxsize=1 << 14, typed=True)
def _shared_evidence(album: AlbumId, weight: float, code: str, **values: str | int | float) -> Evidence:
    return Evidence(album, weight, Reason.of(code, **values))


@dataclass(frozen=True, slots=True)
class KnownTrip:
    """A trip as a destination remembers it: its id and title go on with its members."""

    trip_id: str
    """Stable: taken over from earlier runs by shared members, never made from the name."""
    title: str
    """`2025-12 Niseko, Japan`, in the destination's language; absolute, usable in a folder name before sanitising."""
    start: date
    """First local day."""
    end: date
    """Last local day."""
    members: frozenset[ContentId]


@dataclass(frozen=True, slots=True)
class Trip(KnownTrip):
    """A stretch of time away from home (or a busy day at home): one folder. Earlier runs are remembered as `KnownTrip`."""

    place: Place | None = None
    country_codes: tuple[str, ...] = ()
    """By number of photos, most first."""
    theme: AlbumId | None = None
    """Album that unsure photos of the trip lean on; None where it has no theme."""
    is_day_trip: bool = False
    is_open: bool = False
    """The trip may still go on: its last photo is recent."""
    why: tuple[Reason, ...] = ()
    """The reasons of its boundaries and of its theme."""


@quickly_made
@dataclass(frozen=True, slots=True, eq=False)
class PhotoFacts:
    """All that is known of a photo group when its album is decided."""

    group: PhotoGroup
    metadata: Metadata
    """Of the whole group, sidecars and names included."""
    capture_time: CaptureTime | None
    position: GeoPosition | None
    place: Place | None
    season: str | None
    """`winter`, `spring`, `summer`, `autumn` at the place; None in the tropics or without a date."""
    away_from_home: bool | None
    """None when there is no home or no position."""
    trip: Trip | None
    statistics: ImageStatistics | None
    prediction: Prediction | None
    media_format: str = ""
    time_why: tuple[Reason, ...] = ()
    """Which date was believed, and how its offset from UTC is known."""
    position_why: tuple[Reason, ...] = ()
    """Which positions were refused, and from what a missing one was inferred."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Assignment:
    """The album of one photo group, and why."""

    content_id: ContentId
    album: AlbumId
    probability: float
    """Calibrated probability that the album is right."""
    scores: Sequence[AlbumScore]
    """Most likely first."""
    also: tuple[AlbumId, ...] = ()
    """Secondary albums."""
    reasons: tuple[Reason, ...] = ()
    """In the order in which they counted."""
    evidence: tuple[Evidence, ...] = ()
    decided_by: str = ""
    """`content`, `rule:<id>`, `correction`, `trip-theme`, `review` ..."""
