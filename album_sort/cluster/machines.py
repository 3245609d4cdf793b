"""A machine as the run sees it: greeted, then looking or refused; what it has in hand, and how quick it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from album_sort.cluster.wire import Answer
from album_sort.types import FileEntry

_SLOWEST_S = 30.0
"""A chunk is not overdue before."""

_TIMES_SLOWER = 4
"""Than a machine has been so far: then it hangs, or somebody else uses it."""

_NOT_KNOWN_S = 2.0
"""For a file, of a machine that has not answered yet: it may be making its network."""


class Standing(Enum):
    """What may be expected of a machine."""

    GREETED = auto()
    LOOKING = auto()
    REFUSED = auto()
    """It may look at nothing for this run."""
    GONE = auto()


@dataclass(slots=True, eq=False)
class Chunk:
    """Files that one machine has been given."""

    files: Sequence[FileEntry]
    answer: Answer
    given: float = field(default_factory=time.monotonic)


@dataclass(slots=True, eq=False)
class Machine:
    """One process of a worker."""

    address: str
    name: str = ""
    token: str = ""
    standing: Standing = Standing.GREETED
    chunks: list[Chunk] = field(default_factory=list)
    """In hand, the oldest first."""
    came: float = field(default_factory=time.monotonic)
    looked: int = 0
    """Files that it has answered for."""
    began: float = field(default_factory=time.monotonic)
    faults: int = 0

    @property
    def per_second(self) -> float:
        """Files a second since it was first given some."""
        return self.looked / max(time.monotonic() - self.began, 1e-3)

    def is_overdue(self, chunk: Chunk) -> bool:
        """Whether a chunk takes so long that another had better look at it."""
        each = 1 / self.per_second if self.looked else _NOT_KNOWN_S
        ahead = sum(len(one.files) for one in self.chunks)
        return time.monotonic() - chunk.given > max(_SLOWEST_S, _TIMES_SLOWER * each * ahead)
