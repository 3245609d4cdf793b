"""What the reading processes and their supervisor say to each other; pickled, so only between processes of one run."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.types import ContentId, FileEntry, Inspection, Preprocessing, Skipped


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


Answer = Read | Known | Failed


@dataclass(slots=True, eq=False)
class Request:
    """One file that somebody wants to have read; stays with the supervisor."""

    file: FileEntry
    answer: Future[Answer] = field(default_factory=Future)
    is_begun: bool = False
    """Whether a process has had it: from then on it cannot be called off."""
    is_suspect: bool = False
    """Whether a process has crashed over it."""
