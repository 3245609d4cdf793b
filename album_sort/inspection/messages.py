"""What the reading processes and their supervisor say to each other; pickled, so only between processes of one run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.types import ContentId, FileEntry, Inspection, Preprocessing, Skipped


class ReaderTask(StrEnum):
    """What a reading process does with a file."""

    INSPECT = "inspect"
    PREVIEW = "preview"
    """A picture for browsers."""
    LOOK_CLOSER = "look-closer"
    """A closer look at a photo that was inspected before."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """What a reading process needs to know once."""

    preprocessing: Preprocessing
    thumbnail_px: int
    cache_folder: Path
    model_key: str
    memory_bytes: int
    """Most private memory a reading process may take; a picture that needs more is refused."""
    seconds_per_file: float = 8.0
    """Most time for one file, beside the time to read its bytes: a good decoder needs a tenth of a second."""
    task: ReaderTask = ReaderTask.INSPECT
    """What is done with files of which nothing else is said."""


@dataclass(frozen=True, slots=True)
class Order:
    """One file for a reading process."""

    file: FileEntry
    task: ReaderTask | None = None
    """Where it is another than the usual one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The first word of a reading process."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A file whose content is new: to be classified, then remembered."""

    inspection: Inspection
    """Still without a prediction."""
    views: NDArray[np.uint8] | None
    """(V, S, S, 3); None for videos and sidecars."""
    thumbnail: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A file whose content the cache knows, under whatever name."""

    file: FileEntry
    content_id: ContentId
    what: Inspection | Skipped


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that cannot be processed."""

    file: FileEntry
    skipped: Skipped
    content_id: ContentId | None
    """None when it could not even be read, or when another try may end otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Previewed:
    """A picture of a file for browsers."""

    file: FileEntry
    content_id: ContentId | None
    """None of a film: to read all of it again would take longer than anything else."""
    jpeg: bytes
    thumbnail: bytes = b""
    """Of a film, which has none yet."""


@dataclass(frozen=True, slots=True, eq=False)
class LookedCloser:
    """A file's picture at twice the size, in parts."""

    file: FileEntry
    content_id: ContentId
    views: NDArray[np.uint8]
    """(5, S, S, 3)"""


Answer = Read | Known | Failed | Previewed | LookedCloser


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A file that another machine has read, and shown to its network."""

    inspection: Inspection
    """With a prediction, where it is a picture."""
    embedding: bytes | None
    """With the prediction; packed as the cache keeps it: whoever has looked has done that, too."""
    thumbnail: bytes


class Looked:
    """What another machine has said of the files it was given: nothing of those that are to be read by somebody else."""

    def __init__(self, answers: Iterable[Seen | Failed]) -> None:
        self._answers = list(answers)

    def take(self) -> list[Seen | Failed]:
        """The answers, once: whoever passes them on must not keep them in memory while the next are fetched."""
        answers, self._answers = self._answers, []
        return answers


@dataclass(slots=True, eq=False)
class Request:
    """One file that somebody wants to have read; stays with the supervisor."""

    order: Order
    answer: Future[Answer] = field(default_factory=Future)
    is_begun: bool = False
    """Whether a process has had it: from then on it cannot be called off."""
    is_suspect: bool = False
    """Whether a process has crashed over it."""

    @property
    def file(self) -> FileEntry:
        """That it is about."""
        return self.order.file

    def begin(self) -> bool:
        """Whether it is still wanted; from then on it cannot be called off."""
        if not self.is_begun:
            self.is_begun = self.answer.set_running_or_notify_cancel()
        return self.is_begun

    def settle(self, answer: Answer) -> None:
        """Gives the answer to whoever waits for it."""
        self.answer.set_result(answer)

    def refuse(self, why: Exception) -> None:
        """Whoever waits for the answer gets the error; a request that was called off has nobody waiting."""
        if self.begin():
            with contextlib.suppress(InvalidStateError):  # was answered meanwhile
                self.answer.set_exception(why)
