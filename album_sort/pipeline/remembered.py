"""What a destination remembers that bears on decisions: corrections, trips, language, network."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from album_sort.core.albums.own_albums import NO_OWN_ALBUMS, OwnAlbums
from album_sort.core.learning.corrections import Teaching
from album_sort.core.learning.lesson import Lesson
from album_sort.errors import AlbumSortError
from album_sort.pipeline.lessons import CORRECTED, KEY, UNHEEDED, lessons_of, teachings_of, unheeded_of
from album_sort.pipeline.own_albums import read_own_albums
from album_sort.sentences import spoken
from album_sort.state.own_files import check_state_folder
from album_sort.state.store import DestinationState
from album_sort.types import LANGUAGES, AlbumRelPath, ContentId, KnownTrip, RunId
from album_sort.types.corrections import Correction
from album_sort.types.ledger import DestinationRecords, LedgerRow, RunStatus
from album_sort.types.told import FactKey, ToldFact

LANGUAGE = "language"
LIFTED = "lifted by neighbours"
MODEL = "model"
ROOTS = "sources"
WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class RememberedWeights:
    """The weights that have looked at the photos: by hash, and where they were."""

    sha256: str
    file: str

    def as_text(self) -> str:
        """As it is remembered."""
        return json.dumps({"sha256": self.sha256, "file": self.file})

    @classmethod
    def of(cls, text: str) -> RememberedWeights | None:
        """From a remembered text; None for another one."""
        try:
            values = json.loads(text or "{}")
            sha256, file = values["sha256"], values["file"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        is_hash = isinstance(sha256, str) and len(sha256) == 64 and set(sha256) <= set("0123456789abcdef")
        return cls(sha256, file) if is_hash and isinstance(file, str) and "\0" not in file else None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The state of a destination, as far as decisions go."""

    records: DestinationRecords = field(default_factory=DestinationRecords)
    corrections: Mapping[ContentId, Correction] = field(default_factory=dict)
    trips: tuple[KnownTrip, ...] = ()
    language: str = ""
    model: str = ""
    weights: RememberedWeights | None = None
    lessons: tuple[Lesson, ...] = ()
    """Albums that a person has taught."""
    own_albums: OwnAlbums = NO_OWN_ALBUMS
    """Albums that they have made, renamed and merged."""
    facts: Mapping[FactKey, ToldFact] = field(default_factory=dict)
    """What they told of when, where and on which trip photos were taken."""
    teachings: tuple[Teaching, ...] = ()
    """What corrections have taught, as far as a person has confirmed it."""
    unheeded: Mapping[str, frozenset[ContentId]] = field(default_factory=dict)
    """Corrections that are to teach nothing any more, by the key of a kind of mistake."""
    sources: Set[str] = frozenset()
    """Absolute paths of the photos filed so far."""
    lifted: frozenset[str] = frozenset()
    """Photos that neighbours have lifted from review (`pipeline/neighbours.py`)."""
    roots: tuple[str, ...] = ()
    """Folders of photos that have been sorted into this destination; none lies in another."""
    last_run: tuple[str, datetime] | None = None
    """Id and start (naive UTC) of the last run."""
    notice: str = ""


def not_before(now_utc: datetime, last_run_utc: datetime | None) -> datetime:
    """The clock, but after the last run (both naive UTC).

    A clock that was set back would put this run before those that it builds on, so that `undo` took the wrong one; and it would
    make photos of today ones of the future, so that they lost their dates and moved.
    """
    if last_run_utc is None or now_utc > last_run_utc:
        return now_utc
    return last_run_utc + timedelta(seconds=1)


class _Sources(Set[str]):
    """Absolute paths of the photos in the albums, found out when somebody asks for them."""

    def __init__(self, ledger: Callable[[], Mapping[AlbumRelPath, LedgerRow]]) -> None:
        self._ledger = ledger

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(os.path.abspath(row.source) for row in self._ledger().values())

    def __contains__(self, path: object) -> bool:
        """Whether it is that of a photo in the albums."""
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        """All."""
        return iter(self._paths)

    def __len__(self) -> int:
        """How many."""
        return len(self._paths)

    @classmethod
    def _from_iterable(cls, paths: Iterable[str]) -> Set[str]:  # type: ignore[override]
        return frozenset(paths)


def read_remembered(state: DestinationState, *, with_photos: bool = True) -> Remembered:
    """Everything at once: the state may be closed afterwards.

    Without photos: but for the rows of the photos and the members of trips, of which a large library has millions. Their sources are
    read when somebody asks for them.
    """
    records = state.records() if with_photos else DestinationRecords()
    runs = state.runs()
    destination = str(state.destination)
    return Remembered(
        records=records,
        corrections=state.corrections(),
        trips=state.trips() if with_photos else (),
        language=language_of(state) if state.setting(LANGUAGE) else "",
        model=state.setting(MODEL) or "",
        weights=RememberedWeights.of(state.setting(WEIGHTS) or ""),
        lessons=lessons_of(state.settings_with(KEY)),
        own_albums=read_own_albums(state),
        facts=state.facts(),
        teachings=teachings_of(state.settings_with(CORRECTED)),
        unheeded=unheeded_of(state.settings_with(UNHEEDED)),
        sources=_Sources((lambda: records.ledger) if with_photos else lambda: _ledger_of(destination)),
        lifted=read_lifted(state.setting(LIFTED) or ""),
        roots=read_roots(state),
        last_run=(runs[-1].run_id, runs[-1].started_utc) if runs else None,
        notice=state.notice,
    )


def read_roots(state: DestinationState) -> tuple[str, ...]:
    """Folders of photos that have been sorted into a destination; nothing that is not an absolute path."""
    return roots_of(state.setting(ROOTS) or "")


def roots_of(text: str) -> tuple[str, ...]:
    """The same from a remembered text; nothing where it is none."""
    try:
        values = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ()
    paths = values if isinstance(values, list) else []
    return tuple(path for path in paths if isinstance(path, str) and os.path.isabs(path))


def read_lifted(text: str) -> frozenset[str]:
    """Photos that neighbours have lifted, from a remembered text; nobody where it is none."""
    try:
        values = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else frozenset()


def roots_as_text(roots: Sequence[str]) -> str:
    """As they are remembered."""
    return json.dumps(sorted(roots))


def remember_nothing_written(destination: str, *, with_photos: bool = True) -> Remembered:
    """The same without writing anything: for previews, and for finding out that there is nothing to do."""
    with open_to_read(destination) as state:
        return read_remembered(state, with_photos=with_photos)


def _ledger_of(destination: str) -> Mapping[AlbumRelPath, LedgerRow]:
    with open_to_read(destination) as state:
        return state.records().ledger


def language_there(destination: str) -> str:
    """Language of the albums of a folder; empty where there are none, or where that cannot be read: whoever opens them says why."""
    with contextlib.suppress(AlbumSortError, OSError):
        if check_state_folder(destination):
            with open_to_read(destination) as state:
                return state.setting(LANGUAGE) or ""
    return ""


def language_of(state: DestinationState) -> str:
    """Language of the albums; the one that is spoken here where nobody has said (all was taken back), or something that is none."""
    language = state.setting(LANGUAGE)
    return language if language in LANGUAGES else spoken()


def remember_run(state: DestinationState, run_id: str, values: Mapping[str, str]) -> None:
    """What the destination keeps after a run, by key (`language`, `layout` ...), and that it does since this run.

    Both or neither: what no run had brought, no undo would take back, and the undo of any other run would lose.
    """
    state.set_settings({**values, **{f"{key} of {run_id}": value for key, value in values.items()}})


def forget_runs(state: DestinationState, undone: Collection[RunId]) -> None:
    """After an undo: what is kept is what the last run kept that still stands, or open again."""
    standing = [run.run_id for run in state.runs() if run.status is not RunStatus.UNDONE and run.run_id not in undone]
    values = state.settings()
    before = {}
    for key in [key for key in values if " of " not in key]:
        kept = [values.get(f"{key} of {run_id}") for run_id in standing]
        before[key] = next((value for value in reversed(kept) if value is not None), "")
    state.set_settings(before)


def open_to_read(destination: str) -> AbstractContextManager[DestinationState]:
    """The state of a destination, to read; nothing is written or made."""
    return DestinationState.open_read_only(Path(destination))
