"""The stages of a preparation: told to whoever listens, and timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from album_sort.events import EventSink, StageFinished, StageProgress, StageStarted
from album_sort.types import (
    StageTiming,
)


@dataclass(slots=True)
class Stages:
    """Tells the sink about stages and keeps their times."""

    sink: EventSink
    timings: list[StageTiming] = field(default_factory=list)
    items: int = 0
    _name: str = ""
    _total: int | None = None

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        """One stage; `items` may be set inside."""
        self.items, self._name, self._total = 0, name, total
        self.sink(StageStarted(name, total))
        begun = time.monotonic()
        yield
        seconds = time.monotonic() - begun
        self.timings.append(StageTiming(name, seconds, self.items))
        self.sink(StageFinished(name, self.items, seconds))

    def progress(self, done: int, current: str) -> None:
        """Further along in the present stage."""
        self.sink(StageProgress(self._name, done, self._total, current))
