"""Takes a run back: removes what it made and nobody has changed since, moves back what it moved. No network is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from album_sort.core.quoting import out_option
from album_sort.errors import UsageError
from album_sort.events import EventSink, Notice
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.undo import Undone
from album_sort.operations.pages import lead_to_newest_page, remake_newest_page
from album_sort.operations.pages_now import show_as_they_lie
from album_sort.operations.previews import keep_previews
from album_sort.operations.runs import must_be_ours, tell_unreadable
from album_sort.operations.stop import StopRequest
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.remembered import language_of
from album_sort.pipeline.undoing import take_back
from album_sort.sentences import sentence
from album_sort.settings import Settings
from album_sort.state.store import DestinationState
from album_sort.types import OpResult, RunId
from album_sort.types.ledger import CHANGE, LEARN, RunRecord, RunStatus, runs_together


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What came of an undo."""

    run_id: RunId
    undone: Undone | None
    """None for one that was killed before, and only had to be finished."""
    is_complete: bool
    """Whether nothing of the run is left that it had made, and no folder."""
    corrections: int
    """What a person said of photos stays: an undo takes back what the program did, and the next run still goes by that."""
    lang: str
    is_lesson: bool = False
    """Whether what was taken back is what the run had learned."""

    @property
    def left(self) -> tuple[OpResult, ...]:
        """What was left as it is, each with the reason."""
        return self.undone.results if self.undone is not None else ()

    @property
    def taken(self) -> int:
        """Files that were taken back."""
        return self.undone.taken if self.undone is not None else 0


def undo(
    destination: str,
    run_id: str,
    *,
    wait_seconds: float,
    sink: EventSink,
    stop: StopRequest,
    tell: Callable[[TakenBack], None],
    settings: Settings | None = None,
) -> TakenBack:
    """Takes a run back; without an id, the last one that still has an effect.

    `tell` hears of it while the destination is still held: killed from then on, the undo has been told, and whoever repeats it
    means the run before. Raises `UsageError` where there is no such run, `DestinationError` where there are no albums of ours.
    """
    must_be_ours(destination)
    with held_destination(destination, wait_seconds, sink) as state:
        finished = runs_together(state.runs(), state.finished_undo) if state.finished_undo is not None else ()
        is_repeated = any(run.run_id.startswith(run_id) for run in finished)
        run = None if is_repeated else _chosen_and_checked(state, run_id, destination, sink)
        # Until it is told: broken off in between, it would be repeated, and take back the run before.
        with stop.gently():
            if run is None:
                _show_newest_page(destination)
                taken = _finished(state, finished)
            else:
                taken = _take_back(destination, run, state, sink, stop)
            # What came back from the trash, or under another name; before it is told, for whoever is killed here means this undo again.
            undone = runs_together(state.runs(), taken.run_id)
            came_back = {content for run in undone for content in state.journal(run.run_id).brought_back()}
            keep_previews(destination, state, came_back, settings or Settings(), sink=sink, stop=stop)
            show_as_they_lie(destination, state)
            tell(taken)
        return taken


def _finished(state: DestinationState, runs: Sequence[RunRecord]) -> TakenBack:
    """An undo that was killed and is finished by now: repeating it takes nothing else back."""
    is_complete = all(run.status is RunStatus.UNDONE for run in runs)
    return TakenBack(runs[0].run_id, None, is_complete, len(state.corrections()), language_of(state))


def _chosen_and_checked(state: DestinationState, run_id: str, destination: str, sink: EventSink) -> RunRecord:
    run = _chosen(state.runs(), run_id, destination)
    told = state.notice
    for one in runs_together(state.runs(), run.run_id):
        state.check(one.run_id)
    if state.notice != told:
        # Its journal made no sense: what the tree tells of the run counts now.
        sink(Notice(state.notice))
        run = _chosen(state.runs(), run.run_id, destination)
    return run


def _take_back(
    destination: str, run: RunRecord, state: DestinationState, sink: EventSink, stop: StopRequest
) -> TakenBack:
    undone = take_back(
        destination,
        state,
        run.run_id,
        utc_now(),
        fs=RealFileSystem(),
        stop=stop,
        tidy=lambda: _show_newest_page(destination),
        on_picture=lambda picture: tell_unreadable(picture, language_of(state), sink),
    )
    is_complete = not undone.untidy and not undone.results
    is_lesson = run.command == LEARN
    return TakenBack(run.run_id, undone, is_complete, len(state.corrections()), language_of(state), is_lesson)


def _show_newest_page(destination: str) -> None:
    remake_newest_page(destination)
    lead_to_newest_page(destination)


def _chosen(runs: Sequence[RunRecord], run_id: str, destination: str) -> RunRecord:
    if run_id:
        found = [run for run in runs if run.run_id == run_id or run.run_id.startswith(run_id)]
        if len(found) != 1:
            known = ", ".join(run.run_id for run in runs[-5:]) or "none"
            raise UsageError(
                sentence("order.no-run-in", run_id=run_id, destination=destination),
                hint=sentence("order.the-last-runs-are", known=known),
            )
        return found[0]
    alive = [run for run in runs if run.status is not RunStatus.UNDONE and (run.done or run.command in (LEARN, CHANGE))]
    if not alive:
        raise UsageError(
            sentence("order.there-is-no-run", destination=destination),
            hint=sentence("order.album-sort-runs-lists", out=out_option(destination)),
        )
    return alive[-1]
