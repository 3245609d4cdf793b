"""What a run tells while it goes on: the engine emits events, printers print them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from album_sort.types import OpResult, PlannedOp, Skipped


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins."""

    stage: str
    """`scan`, `classify`, `places`, `plan`, `apply`, `report` ..."""
    total: int | None = None
    """Photos or files ahead, where known."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """Further along in a stage."""

    stage: str
    done: int
    total: int | None
    current: str = ""
    """Folder or file in hand."""


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage is over."""

    stage: str
    done: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know although nothing failed: which network runs, a fallback to copying ..."""

    text: str
    is_urgent: bool = False
    """Said even to those who asked for quiet: files will move that they may want where they are."""


@dataclass(frozen=True, slots=True)
class FileLeftOut:
    """A file or folder was left out."""

    skipped: Skipped
    said: str
    """Its reason as a sentence, in the language of the run."""
    is_known: bool = False
    """Whether an earlier run has told of it, and it is as it was."""


@dataclass(frozen=True, slots=True)
class OpFinished:
    """One row of the plan has been carried out, or has failed."""

    op: PlannedOp
    result: OpResult


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run is over: the one line that a log needs."""

    run_id: str
    """Empty where nothing was written."""
    photos: int
    filed: int
    """New in the albums."""
    moved: int
    problems: int
    known_problems: int
    """Of these, told by an earlier run."""
    exit_code: int


@dataclass(frozen=True, slots=True)
class MachineChanged:
    """Another machine has come to look at photos, or does not any more."""

    worker: str
    state: str
    """`joined`, `left` or `refused`."""


@dataclass(frozen=True, slots=True)
class MachineLooked:
    """Another machine has looked at some files."""

    worker: str
    files: int
    seconds: float
    """From their being given to their being here."""
    per_second: float
    """Files, since it came."""


Event = (
    StageStarted
    | StageProgress
    | StageFinished
    | Notice
    | FileLeftOut
    | OpFinished
    | RunFinished
    | MachineChanged
    | MachineLooked
)


class EventSink(Protocol):
    """Takes events; must be quick, since the engine waits for it."""

    def __call__(self, event: Event, /) -> None:
        """Takes one event."""


class Listener(Protocol):
    """An event sink that is closed at the end."""

    def __call__(self, event: Event) -> None:
        """Takes one event."""

    def __enter__(self) -> Self:
        """Ready to listen."""
        ...

    def __exit__(self, *_: object) -> None:
        """Leaves all as it was."""
        ...


def silent(_event: Event) -> None:
    """A sink for callers who do not care."""
