"""What a person says of when, where and on which trip a photo was taken: facts by content. Imports nothing of ours but other types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from album_sort.types.files import ContentId
from album_sort.types.metadata import TimePrecision


class About(StrEnum):
    """What a fact is about: of each, one is known of a photo."""

    TAKEN = "taken"
    PLACE = "place"
    TRIP = "trip"


@dataclass(frozen=True, slots=True)
class ToldTime:
    """When a photo was taken: a date, or by how much the camera's clock was wrong."""

    local: datetime | None = None
    """Wall time, naive; None where it is a shift."""
    precision: TimePrecision = TimePrecision.SECOND
    """Of `local`."""
    years: int = 0
    """To add to the year that is believed otherwise."""
    minutes: int = 0
    """To add to the time that is believed otherwise."""


@dataclass(frozen=True, slots=True)
class ToldPlace:
    """Where a photo was taken."""

    lat_deg: float
    lon_deg: float
    name: str
    """As the person said it."""


@dataclass(frozen=True, slots=True)
class ToldTrip:
    """On which trip a photo was taken: of a trip that a person has given a name, or made one of several."""

    trip_id: str
    """Equal for all photos that were spoken of together."""
    title: str = ""
    """Empty where only that it is one trip was said."""
    is_one: bool = False
    """Whether all that bears this id is one trip, be it that several are found."""


ToldValue = ToldTime | ToldPlace | ToldTrip


@dataclass(frozen=True, slots=True)
class ToldFact:
    """One fact of one photo."""

    content_id: ContentId
    """Of its group's primary."""
    value: ToldValue
    created_utc: datetime
    note: str = ""
    """Path of the photo when it was said."""

    @property
    def about(self) -> About:
        """What it is about."""
        match self.value:
            case ToldTime():
                return About.TAKEN
            case ToldPlace():
                return About.PLACE
            case ToldTrip():
                return About.TRIP


FactKey = tuple[ContentId, About]


@dataclass(frozen=True, slots=True)
class Told:
    """All facts, as decisions ask for them: by the content of a group's primary."""

    times: Mapping[ContentId, ToldTime] = field(default_factory=dict)
    places: Mapping[ContentId, ToldPlace] = field(default_factory=dict)
    trips: Mapping[ContentId, ToldTrip] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[FactKey, ToldFact]) -> Told:
        """From what is remembered."""
        times: dict[ContentId, ToldTime] = {}
        places: dict[ContentId, ToldPlace] = {}
        trips: dict[ContentId, ToldTrip] = {}
        for fact in facts.values():
            match fact.value:
                case ToldTime() as time:
                    times[fact.content_id] = time
                case ToldPlace() as place:
                    places[fact.content_id] = place
                case ToldTrip() as trip:
                    trips[fact.content_id] = trip
        return cls(times, places, trips)


NOTHING_TOLD = Told()


class WordKind(StrEnum):
    """What a run remembers of a person's word, and takes back with itself."""

    CORRECTION = "correction"
    TAKEN = "taken"
    PLACE = "place"
    TRIP = "trip"
    ALIAS = "alias"
    """A folder that a person renamed."""
    FILED = "filed"
    """A row of the ledger: where a photo lies counts as where we put it, or as never filed."""
    KNOWN_TRIP = "known-trip"
    """A trip that was found."""


@dataclass(frozen=True, slots=True)
class Word:
    """One value that a run replaces, as text: before it and after it; None for nothing."""

    kind: WordKind
    subject: str
    """Content, path or trip that it is about."""
    before: str | None
    after: str | None
