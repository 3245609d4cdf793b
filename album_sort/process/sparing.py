"""Listens to a run for the sake of its process, which makes this one run: what its stages mean for its garbage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from album_sort.events import Event, Listener, StageStarted
from album_sort.process.effects import collect_again, collect_by_stage


@dataclass(slots=True)
class Sparing:
    """Somebody who listens, and this beside: where the stages of a run are told."""

    inner: Listener

    def __enter__(self) -> Self:
        """Ready to listen."""
        self.inner.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        """Collects as before the run."""
        collect_again()
        self.inner.__exit__(*raised)

    def __call__(self, event: Event) -> None:
        """Takes one event."""
        spare(event)
        self.inner(event)


def spare(event: Event) -> None:
    """The same of a run that is told nobody."""
    if isinstance(event, StageStarted):
        collect_by_stage(event.stage)
