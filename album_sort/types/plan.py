"""The plan as a value, and what became of it. Imports nothing of ours but other types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from album_sort.choices import Mode
from album_sort.types.albums import AlbumId, KnownTrip
from album_sort.types.files import ContentId, FileEntry, Skipped
from album_sort.types.inner_paths import NOWHERE, AlbumRelPath, RunId
from album_sort.types.quickly import quickly_made
from album_sort.types.reasons import Reason


class Action(StrEnum):
    """What happens to one file: the modes that make one, and what else there is."""

    COPY = Mode.COPY
    SYMLINK = Mode.SYMLINK
    HARDLINK = Mode.HARDLINK
    REFLINK = Mode.REFLINK
    MOVE = "move"
    """Inside the destination, because the photo's album or trip changed."""
    KEEP = "keep"
    """Already there from an earlier run."""
    DUPLICATE = "duplicate"
    """The same content is already (being) filed in that folder."""
    RELINK = "relink"
    """A link of ours is pointed to where its photo is now."""
    ADOPT = "adopt"
    """A file with the same content lies there already, not made by us: remembered, never touched."""
    TRASH = "trash"
    """Moved to the trash folder inside the state folder (`--prune`)."""

    @property
    def has_effect(self) -> bool:
        """Whether it changes the destination or what is remembered of it."""
        return self not in (Action.KEEP, Action.DUPLICATE)

    @property
    def makes_a_file(self) -> bool:
        """Whether a new name appears for a source file."""
        return self in (Action.COPY, Action.SYMLINK, Action.HARDLINK, Action.REFLINK)


class Role(StrEnum):
    """What a file is to its photo group in the destination."""

    PRIMARY = "primary"
    MEMBER = "member"
    ALSO = "also"
    """A link in a secondary album."""


@quickly_made
@dataclass(frozen=True, slots=True)
class FiledContent:
    """A content and its place among the albums: made once, when a photo is filed, and part of all that becomes of it."""

    content_id: ContentId
    group_id: ContentId
    """Content of the group's primary."""
    album: AlbumId
    folder: AlbumRelPath
    """As the layout rendered it; the file may lie elsewhere, where the user renamed an album or moved it."""
    role: Role
    source: str
    """Path of the source file."""


class OfFiledContent:
    """What is of a filed content answers for it: a filing, a row of the plan, a row of the ledger."""

    __slots__ = ()
    filed: FiledContent

    @property
    def content_id(self) -> ContentId:
        """SHA-256 of the source file."""
        return self.filed.content_id

    @property
    def group_id(self) -> ContentId:
        """Content of the group's primary."""
        return self.filed.group_id

    @property
    def album(self) -> AlbumId:
        """The album whose folder it is in."""
        return self.filed.album

    @property
    def folder(self) -> AlbumRelPath:
        """As the layout rendered it."""
        return self.filed.folder

    @property
    def role(self) -> Role:
        """What it is to its photo group."""
        return self.filed.role

    @property
    def source(self) -> str:
        """Path of the source file."""
        return self.filed.source


def refiled(filed: FiledContent, **changes: str) -> FiledContent:
    """The same with other fields; itself where they are as they were, so that most rows share theirs with their filing."""
    for name, value in changes.items():
        if getattr(filed, name) != value:
            return replace(filed, **changes)  # type: ignore[arg-type]
    return filed


@quickly_made
@dataclass(frozen=True, slots=True)
class Filing(OfFiledContent):
    """Where one file should be, before names are claimed: the planner's input."""

    file: FileEntry
    filed: FiledContent
    media_format: str = ""
    """What the file is by content (`core/formats.py`); empty where nobody has looked."""


@quickly_made
@dataclass(frozen=True, slots=True)
class PlannedOp(OfFiledContent):
    """One row of the plan. Rows without effect (`keep`, `duplicate`) are part of it, so that preview and report are the same rows."""

    op_id: int
    action: Action
    filed: FiledContent
    size_bytes: int
    mtime_ns: int
    target: AlbumRelPath
    origin: AlbumRelPath = NOWHERE
    """Inside the destination: what `move`, `relink` and `trash` take, and what a link in a secondary album points to."""
    why: tuple[Reason, ...] = ()
    """For clashes, duplicates, moves: what made it so."""

    @property
    def is_link_to_album(self) -> bool:
        """Whether it is the entry of a photo in a secondary album."""
        return self.role is Role.ALSO


@dataclass(frozen=True, slots=True)
class Kept:
    """One setting that the destination keeps after a plan; empty: none any more."""

    key: str
    before: str
    """What it kept when the plan was made."""
    after: str


@dataclass(frozen=True, slots=True)
class KeptTrips:
    """The trips that the destination knows after a plan."""

    before: str
    """Short hash of those that it knew when the plan was made."""
    after: tuple[KnownTrip, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run will do to a destination, decided before the first byte is written."""

    plan_id: RunId
    created_utc: datetime
    destination: str
    mode: Mode
    settings_digest: str
    ops: tuple[PlannedOp, ...]
    skipped: tuple[Skipped, ...] = ()
    keeps: tuple[Kept, ...] = ()
    """Of a plan that is saved, what the destination keeps after it; a run that plans for itself decides that when it is done."""
    trips: KeptTrips | None = None
    """The same of trips, whose titles later runs keep; None where they stay as they are."""

    @property
    def effects(self) -> tuple[PlannedOp, ...]:
        """The rows that touch the disk."""
        return tuple(op for op in self.ops if op.action.has_effect)

    @property
    def expected_bytes(self) -> int:
        """Bytes that copies will take."""
        return sum(op.size_bytes for op in self.ops if op.action is Action.COPY)


class OpStatus(StrEnum):
    """What became of a planned row."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@quickly_made
@dataclass(frozen=True, slots=True)
class OpResult:
    """The outcome of one row."""

    op_id: int
    status: OpStatus
    action: Action
    """What was really done: a reflink may have become a copy."""
    digest: ContentId | None = None
    size_bytes: int = 0
    error: str = ""
