"""The user's word on single photos: what was said or done by hand, and what was read of it. Imports nothing of ours but other types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from album_sort.types.albums import AlbumId
from album_sort.types.files import ContentId
from album_sort.types.inner_paths import NOWHERE, AlbumRelPath

KEPT = AlbumId("kept")
"""Photos that the user put into a folder of their own, which is not an album: counted where they lie."""


class CorrectionKind(StrEnum):
    """How the user said it."""

    FIX = "fix"
    MOVED = "moved"
    """By hand, in the albums: the photo stays in that very folder."""
    DELETED = "deleted"
    """By hand, from the albums: not put back as long as nobody has said what is meant."""
    LEFT_OUT = "left-out"
    """By `fix --leave-out`: never filed again."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The user's word on one photo: it wins over everything else, until it is taken back."""

    content_id: ContentId
    album: AlbumId
    """Empty where the word is about the place alone, or about no album at all."""
    created_utc: datetime
    note: str = ""
    """Path of the photo when it was corrected; of one moved or deleted by hand, where it lay before, inside the destination."""
    kind: CorrectionKind = CorrectionKind.FIX
    place: AlbumRelPath = NOWHERE
    """Where it lay in the destination at that moment, its folder as the layout renders it; empty where it was not filed."""

    @property
    def keeps_out(self) -> bool:
        """Whether the photo is not to be filed."""
        return self.kind in (CorrectionKind.DELETED, CorrectionKind.LEFT_OUT)


Withheld = tuple[ContentId, ContentId, AlbumRelPath]
"""A file that is not put back: content of its group's primary, its own, and the rendered folder of an entry in a secondary album."""


class HandKind(StrEnum):
    """What a person did with a filed photo in the albums."""

    MOVED = "moved"
    """Into another album, or into a folder that is not an album."""
    PLACED = "placed"
    """Into another folder of the same album: its album is what it was."""
    MOVED_BACK = "moved-back"
    """To where we had filed it: the correction is taken back."""
    DELETED = "deleted"
    PUT_BACK = "put-back"
    """A photo that had been deleted by hand is there again."""


@dataclass(frozen=True, slots=True)
class HandChange:
    """One photo that a person moved or deleted since the last run."""

    kind: HandKind
    content_id: ContentId
    before: AlbumRelPath
    """Where it lay; of one deleted, where it is missing."""
    path: AlbumRelPath
    """Where it lies; empty for one deleted."""
    album: AlbumId
    """The album it counts as being in now; empty for one deleted."""
    source: str
    """Path of the source file when it was filed."""


@dataclass(frozen=True, slots=True)
class HandReading:
    """What a person's hand has done in a destination, and what follows from it."""

    corrections: Mapping[ContentId, Correction] = field(default_factory=dict)
    """All that hold from now on, those read in the albums among them."""
    changes: tuple[HandChange, ...] = ()
    """Read for the first time, in path order."""
    pinned: Mapping[ContentId, AlbumRelPath] = field(default_factory=dict)
    """Folders of the photos that stay where a person put them, by the content of the group's primary."""
    freed: frozenset[ContentId] = frozenset()
    """Photos that were placed by hand once, and corrected by word since: they may be moved."""
    withheld: frozenset[Withheld] = frozenset()
    """What else a person deleted: sidecars, entries in secondary albums."""
    missing: int = 0
    """Files that are gone, too many to have been deleted one by one: they are filed again."""
    titles: Mapping[AlbumId, str] = field(default_factory=dict)
    """Albums whose folders a person has renamed."""
    renamed: tuple[tuple[AlbumId, str], ...] = ()
    """Those of them that were renamed since the last run."""

    @property
    def has_news(self) -> bool:
        """Whether there is something to remember."""
        return bool(self.changes)

    def new_corrections(self) -> tuple[Correction, ...]:
        """What has to be remembered of the changes."""
        found = (self.corrections.get(change.content_id) for change in self.changes)
        return tuple(correction for correction in found if correction is not None)

    def taken_back(self) -> tuple[ContentId, ...]:
        """Corrections that hold no more."""
        return tuple(change.content_id for change in self.changes if change.content_id not in self.corrections)
