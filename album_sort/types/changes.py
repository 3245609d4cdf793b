"""What a person may change in the albums, as values: a page and a command line say the same. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass

Photos = tuple[str, ...]
"""Photos by their contents: SHA-256 of the primary file, or its first 12 digits and more. Never paths."""


@dataclass(frozen=True, slots=True)
class BelongsTo:
    """These photos belong to an album."""

    photos: Photos
    album: str
    """Its id or title."""


@dataclass(frozen=True, slots=True)
class KeepOut:
    """These photos are not wanted in the albums."""

    photos: Photos


@dataclass(frozen=True, slots=True)
class NewAlbum:
    """An album of one's own, with these photos as its first and as what is to be learned from."""

    title: str
    photos: Photos


@dataclass(frozen=True, slots=True)
class RenameAlbum:
    """An album is called otherwise."""

    album: str
    """Its id or title."""
    title: str


@dataclass(frozen=True, slots=True)
class MergeAlbums:
    """What is or would be in some albums is in another one from now on."""

    albums: tuple[str, ...]
    """Ids or titles."""
    into: str


@dataclass(frozen=True, slots=True)
class RenameTrip:
    """A trip is called otherwise."""

    trip: str
    """Its id."""
    title: str


@dataclass(frozen=True, slots=True)
class MergeTrips:
    """Several trips were one."""

    trips: tuple[str, ...]
    """Their ids."""
    title: str = ""
    """Empty: that of the first of them in time."""


@dataclass(frozen=True, slots=True)
class SetTaken:
    """When these photos were taken."""

    photos: Photos
    taken: str
    """`1987`, `1987-07`, `1987-07-14`, `1987-07-14 18:30`, or by how much their dates are wrong: `+1y2d3h`, `-40m`."""


@dataclass(frozen=True, slots=True)
class SetPlace:
    """Where these photos were taken."""

    photos: Photos
    place: str
    """A town (`Kyoto`), or `LAT,LON`."""


@dataclass(frozen=True, slots=True)
class Forget:
    """All that was said of these photos is taken back, and what was done with them by hand."""

    photos: Photos


@dataclass(frozen=True, slots=True)
class ChooseCover:
    """This photo stands for its album."""

    album: str
    """Its id or title."""
    photo: str
    """As in `Photos`; empty: the program chooses again."""


Change = (
    BelongsTo
    | KeepOut
    | NewAlbum
    | RenameAlbum
    | MergeAlbums
    | RenameTrip
    | MergeTrips
    | SetTaken
    | SetPlace
    | Forget
    | ChooseCover
)
