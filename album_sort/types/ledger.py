"""What is remembered of a destination, and what is seen there: the planner's other inputs. Imports nothing of ours but types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from album_sort.types.files import ContentId
from album_sort.types.inner_paths import STATE_FOLDER as _STATE_FOLDER
from album_sort.types.inner_paths import AlbumRelPath, RunId
from album_sort.types.plan import Action, FiledContent, OfFiledContent, PlannedOp
from album_sort.types.quickly import quickly_made

STATE_FOLDER = _STATE_FOLDER

PAGE_MARK = b"<!-- album-sort: leads to the newest report -->"
"""In the first lines of `album-report.html`, which is ours only where it holds this."""


class Phase(StrEnum):
    """How far a journalled row has come."""

    INTENT = "intent"
    """Written down, its effect may or may not be on the disk."""
    DONE = "done"
    FAILED = "failed"
    """Without effect: it could not be done, or was rolled back."""
    UNDOING = "undoing"
    UNDONE = "undone"


class RunStatus(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    """Still going on, or killed: the lock tells which."""
    DONE = "done"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"
    """Somebody, or the disk, has stopped it."""
    KILLED = "killed"
    """It came to no end of its own; the next run that does what it has left undone belongs to it."""
    FAILED = "failed"
    UNDOING = "undoing"
    """Being taken back; whoever finds it so under the lock finishes that first."""
    UNDONE = "undone"


@quickly_made
@dataclass(frozen=True, slots=True)
class LedgerRow(OfFiledContent):
    """One file in the destination that we made, or adopted."""

    path: AlbumRelPath
    filed: FiledContent
    """As it was when it was filed; where `path` lies elsewhere than its folder, the user has moved it."""
    size_bytes: int
    """Of the file at `path`; of a symlink, of the file that it pointed to."""
    mtime_ns: int
    """As the destination's file system keeps it; of a symlink, of the link itself."""
    inode: int
    action: Action
    """How it was made; `adopt` for a file that was there before us and is never touched."""
    origin: AlbumRelPath
    """Of an entry in a secondary album: the file inside the destination that it points to."""
    run_id: RunId


@quickly_made
@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One journalled row: enough to finish it, to roll it back, or to undo it."""

    run_id: RunId
    op: PlannedOp
    phase: Phase
    action: Action
    """What was really done; the planned action as long as it is an intent."""
    before: LedgerRow | None
    """What was remembered of the file that a move, relink or trash took."""
    after: LedgerRow | None
    """What is remembered of the file now; None before it is done."""


LEARN = "learn"
"""The command of runs that move nothing: what they remembered is what there is to undo."""

CHANGE = "change"
"""The command of runs by which a person changes the albums: what they said is taken back with what was moved."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run in the history of a destination."""

    run_id: RunId
    command: str
    """`sort`, `apply`, `fix`, `learn`, `change`."""
    started_utc: datetime
    finished_utc: datetime | None
    status: RunStatus
    mode: str
    settings_digest: str
    done: int = 0
    """Rows carried out."""
    failed: int = 0
    version: str = ""
    """Of album-sort."""
    continues: str = ""
    """The killed run that this one has finished: both together are what a person did, and an undo takes both back."""


def runs_together(runs: Iterable[RunRecord], run_id: str) -> tuple[RunRecord, ...]:
    """The run, and all that it finishes or that finish it, newest first: an undo takes back all or none. `runs` are in their order."""
    runs = tuple(runs)
    found, size = {run_id}, 0
    while len(found) != size:
        size = len(found)
        found |= {run.continues for run in runs if run.continues and run.run_id in found}
        found |= {run.run_id for run in runs if run.continues in found}
    return tuple(run for run in reversed(runs) if run.run_id in found)


@quickly_made
@dataclass(frozen=True, slots=True)
class PresentFile:
    """One file seen in the destination (a link is described by itself, not by what it points to)."""

    size_bytes: int
    mtime_ns: int
    inode: int
    link_text: str = ""
    """What a symlink says; empty for a file."""


@dataclass(frozen=True, slots=True)
class DestinationRecords:
    """All that the state tells the planner."""

    ledger: Mapping[AlbumRelPath, LedgerRow] = field(default_factory=dict)
    folder_aliases: Mapping[AlbumRelPath, AlbumRelPath] = field(default_factory=dict)
    """Folder as rendered -> folder to which the user has renamed it; a prefix counts for all below it."""
    unfinished_runs: tuple[RunId, ...] = ()
    """Runs that were killed: `recover` has to come first."""


@dataclass(frozen=True, slots=True)
class DestinationPicture:
    """The destination at one moment: what lies there, and what we remember of it. The planner sees nothing else."""

    present: Mapping[AlbumRelPath, PresentFile] = field(default_factory=dict)
    folders: frozenset[AlbumRelPath] = frozenset()
    ledger: Mapping[AlbumRelPath, LedgerRow] = field(default_factory=dict)
    """By present place: files that the user moved are found again."""
    folder_aliases: Mapping[AlbumRelPath, AlbumRelPath] = field(default_factory=dict)
    contents: Mapping[AlbumRelPath, ContentId] = field(default_factory=dict)
    """Content of those foreign files that might be one of ours, read for this plan."""
    found_again: tuple[tuple[AlbumRelPath, LedgerRow], ...] = ()
    """(remembered place, row at its new place) for every file that the user moved since the last run."""
    new_aliases: Mapping[AlbumRelPath, AlbumRelPath] = field(default_factory=dict)
    misplaced_links: frozenset[AlbumRelPath] = frozenset()
    """Links of ours that lead past their photo by now: a relative one does when it is moved to a folder of another depth."""
    changed_links: frozenset[AlbumRelPath] = frozenset()
    """Links that the user has pointed elsewhere: theirs."""
    stale_temporaries: tuple[AlbumRelPath, ...] = ()
    """Temporary files of killed runs."""
    unreadable_folders: tuple[AlbumRelPath, ...] = ()
    """Folders that could not be looked into: others', or deeper than the system can name. What we have in them is taken for there."""
    pinned: Mapping[ContentId, AlbumRelPath] = field(default_factory=dict)
    """Folders of the photos that stay where the user put them, by the content of their group's primary."""
    freed: frozenset[ContentId] = frozenset()
    """Photos that the user had placed by hand and has given another album since: they may be moved."""
    device: int = 0
    """Device number of the destination: tells whether a hard link can be made."""
    name_max_bytes: int = 255

    @property
    def has_news(self) -> bool:
        """Whether the user moved files or folders, which a run has to remember."""
        return bool(self.found_again or self.new_aliases)
