"""Holding a destination for writing: whether one may, under its lock, with what killed runs have left settled first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from album_sort.classifier.labels import load_wording
from album_sort.errors import DestinationError, UsageError
from album_sort.events import EventSink, Notice
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.lock import destination_lock, was_killed
from album_sort.fileops.picture import find_temporaries
from album_sort.fileops.recover import recover, remove_temporaries
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.remembered import language_of
from album_sort.pipeline.undoing import check_is_settled, last_undone, take_back
from album_sort.sentences import sentence
from album_sort.state.own_files import check_state_folder
from album_sort.state.store import DestinationState
from album_sort.types import Reason, RunId
from album_sort.types.ledger import DestinationPicture, Phase, RunStatus, runs_together

_MOST_SHOWN = 200
"""Characters of a folder's path: one that the system cannot name has thousands."""


def say_unreadable(picture: DestinationPicture, lang: str) -> str:
    """A sentence on the folders of the destination that could not be looked into; empty where all could."""
    # `lost+found` belongs to the file system: nobody needs to be told of it every night.
    folders = [folder for folder in picture.unreadable_folders if folder != "lost+found"]
    if not folders:
        return ""
    shown = ", ".join(folder if len(folder) <= _MOST_SHOWN else f"{folder[:_MOST_SHOWN]}..." for folder in folders[:3])
    more = f" (+{len(folders) - 3:,})" if len(folders) > 3 else ""
    return load_wording().say(Reason.of("notice.unreadable-folders", paths=f"{shown}{more}"), lang)


def usable_destination(destination: str, sources: tuple[str, ...], *, for_writing: bool = True) -> None:
    """Raises `UsageError` or `DestinationError` for a destination that no run could write to, before anything is read."""
    if os.path.lexists(destination) and not os.path.isdir(destination):
        raise UsageError(
            sentence("order.is-a-file-not", destination=destination), hint=sentence("order.give-a-folder-to")
        )
    for source in sources:
        if os.path.isdir(source) and os.path.isdir(destination) and os.path.samefile(source, destination):
            raise UsageError(
                sentence("order.is-both-the-photos", destination=destination),
                hint=sentence("order.give-another-folder-to"),
            )
    if not for_writing:
        return
    existing = os.path.abspath(destination)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing) or not os.access(existing, os.W_OK | os.X_OK):
        raise DestinationError(
            sentence("order.cannot-be-written-to", destination=destination, existing=existing),
            hint=sentence("order.choose-another-folder-or"),
        )


@contextmanager
def held_destination(destination: str, wait_seconds: float, sink: EventSink) -> Iterator[DestinationState]:
    """The destination's state under its lock, killed runs settled first."""
    try:
        Path(destination).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationError(
            sentence("order.cannot-make", destination=destination, why=error.strerror),
            hint=sentence("order.choose-another-out"),
        ) from error
    check_state_folder(destination)
    with (
        destination_lock(destination, wait_seconds=wait_seconds) as after_kill,
        DestinationState.open(Path(destination)) as state,
    ):
        state.check()
        if state.notice:
            sink(Notice(state.notice))
        settle_killed_runs(destination, state, sink)
        if after_kill or state.is_made_anew:
            # No journal may speak of them any more: they would stay until the next run looks at the albums.
            remove_temporaries(destination, RealFileSystem(), find_temporaries(destination))
        if after_kill and state.finished_undo is None and (undone := last_undone(state)) is not None:
            # Killed when all was done: whoever repeats it means that one, not the run before.
            state.finished_undo = undone.run_id
        yield state


def clear_after_kill(destination: str, wait_seconds: float, sink: EventSink) -> bool:
    """Where a run was killed: settles it, also one that had filed everything and only left its lock and database open.

    Whether an undo was finished on the way.
    """
    if was_killed(destination):
        # Opening settles, closing makes the database one file again: a run that finds nothing to file would do neither.
        with held_destination(destination, wait_seconds, sink) as state:
            return state.finished_undo is not None
    return False


def settle_killed_runs(destination: str, state: DestinationState, sink: EventSink) -> None:
    """Finishes or rolls back what killed runs left behind."""
    fs, done = RealFileSystem(), set[RunId]()
    runs = state.runs()
    undoing = {run.run_id for run in runs if run.status is RunStatus.UNDOING}
    ends = {run.run_id: run.status if run.finished_utc is not None else None for run in runs}
    for run_id in state.records().unfinished_runs:
        if run_id in undoing:
            # With those that are taken back together with it, named by the newest, as whoever began it named it.
            group = [run.run_id for run in runs_together(runs, run_id)]
            undone = take_back(destination, state, run_id, utc_now(), fs=fs, is_last_try=True)
            check_is_settled(undone, run_id)
            undoing.difference_update(group)
            done.update(group)
            state.finished_undo = group[0]
            killed = Reason.of("notice.undo-killed", run=group[0], left=len(undone.results))
        elif run_id in done:
            continue
        else:
            recover(destination, fs, state.journal(run_id))
            was_killed_in_it = ends[run_id] is None
            state.finish_run(run_id, _status_once_settled(state, run_id, ends[run_id]), utc_now())
            filed = sum(1 for _ in state.journal(run_id).each(Phase.DONE))
            code = "notice.killed" if was_killed_in_it else "notice.left-open"
            killed = Reason.of(code, run=run_id, filed=filed)
        sink(Notice(load_wording().say(killed, language_of(state))))


def _status_once_settled(state: DestinationState, run_id: RunId, before: RunStatus | None) -> RunStatus:
    """`before`: how it ended itself; None for a run that was killed."""
    if before is None or before is RunStatus.INTERRUPTED:
        return before or RunStatus.KILLED
    return RunStatus.PARTIAL if any(state.journal(run_id).each(Phase.FAILED)) else RunStatus.DONE
