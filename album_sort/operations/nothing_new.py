"""A run that would find nothing else than the last one: found out without looking at a photo, and remembered for the next."""

from __future__ import annotations

from dataclasses import dataclass

from album_sort.config import cache_folder
from album_sort.events import EventSink
from album_sort.fileops.glance import DISTURBED, glance
from album_sort.operations.order import SortOrder
from album_sort.operations.outcome import Outcome, RunSummary
from album_sort.pipeline.remembered import Remembered, remember_nothing_written
from album_sort.pipeline.scouting import Scouted, SortRequest, scout
from album_sort.pipeline.unchanged import (
    LastRun,
    inputs_digest,
    is_undisturbed,
    keep_last_run,
    looks_of_albums,
    looks_of_state,
    recall_last_run,
    seen_digest,
)


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """What is known before a photo is looked at."""

    scouted: Scouted
    remembered: Remembered
    state: str
    """How the file of the state looked before it was read: what another run writes from then on makes it look otherwise."""
    summary: RunSummary | None = None
    """What the last run said, where this one would find nothing else; None where photos have to be looked at."""


def look(order: SortOrder, request: SortRequest, sink: EventSink) -> FirstLook:
    """Scans, and compares with the last run."""
    destination, last = request.destination, _last_run(order, request)
    # With a limit, what is filed already decides what is looked at.
    state = looks_of_state(destination)
    is_state_as_left = last is not None and not request.settings.limit and last.state == state != ""
    remembered = remember_nothing_written(destination, with_photos=not is_state_as_left)
    scouted = scout(request, remembered, sink)
    if last is not None and is_state_as_left:
        is_all_as_left = last.seen == seen_digest(scouted) and last.albums == glance(destination) != DISTURBED
        if is_all_as_left and (summary := _again(last)) is not None:
            return FirstLook(scouted, remembered, state, summary)
        remembered = remember_nothing_written(destination)
    if last is None or last.inputs != inputs_digest(scouted, remembered):
        return FirstLook(scouted, remembered, state)
    if not is_undisturbed(destination, remembered):
        return FirstLook(scouted, remembered, state)
    _keep(scouted, remembered, last.outcome, state)
    return FirstLook(scouted, remembered, state, _again(last))


def keep(scouted: Scouted, remembered: Remembered, outcome: Outcome, state: str) -> None:
    """So that the next run over the same library need not look at it; `remembered`: what the run has left.

    `state`: how the file of the state looked when that was all that it held.
    """
    if outcome.is_complete:
        _keep(scouted, remembered, outcome.summary.as_text(), state)


def _keep(scouted: Scouted, remembered: Remembered, said: str, state: str) -> None:
    destination = scouted.request.destination
    run = LastRun(
        inputs_digest(scouted, remembered),
        said,
        seen_digest(scouted),
        state,
        looks_of_albums(destination, remembered),
    )
    keep_last_run(scouted.engine.cache_folder, destination, run)


def _last_run(order: SortOrder, request: SortRequest) -> LastRun | None:
    """The last run, where this one may be told from it alone."""
    settings = request.settings
    if request.keeps.get("learn", "") != order.here.kept.values.get("learn", ""):
        return None
    if settings.recheck or settings.report or order.in_detail or order.saves:
        return None
    return recall_last_run(cache_folder(), request.destination)


def _again(last: LastRun) -> RunSummary | None:
    """What it said; None where nobody of ours has written that."""
    try:
        return RunSummary.again(last.outcome)
    except (ValueError, KeyError, TypeError):
        return None
