"""The stages of a preparation: told to whoever listens, and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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

    def within(self, name: str) -> Callable[[], AbstractContextManager[None]]:
        """A stage that begins in the middle of the present one, which goes on after it; its time is part of this one's."""

        @contextmanager
        def begun() -> Iterator[None]:
            outer, total = self._name, self._total
            self.sink(StageStarted(name))
            started = time.monotonic()
            yield
            self.sink(StageFinished(name, 0, time.monotonic() - started))
            self.sink(StageStarted(outer, total))

        return begun

    def progress(self, done: int, current: str) -> None:
        """Further along in the present stage."""
        self.sink(StageProgress(self._name, done, self._total, current))
