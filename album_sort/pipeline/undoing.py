"""Taking a run back, and finishing an undo that was killed: the same steps, each of which may be repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.recover import recover
from album_sort.fileops.undo import Undone, undo_run
from album_sort.pipeline.hand import remember_hand_moves
from album_sort.pipeline.remembered import forget_runs
from album_sort.sentences import sentence
from album_sort.state.own_files import run_folders
from album_sort.state.previews import previews_of
from album_sort.state.store import DestinationState
from album_sort.types import RunId
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus, runs_together


def take_back(
    destination: str,
    state: DestinationState,
    run_id: RunId,
    now_utc: datetime,
    *,
    fs: FileSystem,
    stop: Callable[[], bool] = lambda: False,
    is_last_try: bool = False,
    tidy: Callable[[], None] = lambda: None,
    on_picture: Callable[[DestinationPicture], None] = lambda _picture: None,
) -> Undone:
    """Undoes a run, or what a killed undo has left of it; the lock must be held. With it goes the killed run that it has finished.

    That it is being undone is remembered first and forgotten last. Killed in between, whoever holds the destination next comes
    here again before anything else: an undo that is repeated must not go on with the run before. So do those that an error of the
    disk has left half done, or, but for the last try, with empty folders that could not be removed.
    """
    group = [run.run_id for run in runs_together(state.runs(), run_id) if run.status is not RunStatus.UNDONE] or [
        run_id
    ]
    state.begin_undo(group)
    # Rows that a kill has left in the middle, before the tree is compared with what is remembered of it.
    for one in group:
        recover(destination, fs, state.journal(one))
    # What the user has moved since is found again, so that it can be taken back from there; that it was moved stays a correction.
    picture, _ = remember_hand_moves(destination, state, now_utc)
    on_picture(picture)
    undone: dict[RunId, Undone] = {}
    for one in group:
        undone[one] = undo_run(destination, fs, state.journal(one), stop=stop)
        if undone[one].is_half_done or (undone[one].untidy and not is_last_try):
            return _all_of(undone.values())
    gone = [one for one in group if undone[one].is_complete]
    for one in group:
        # Also where a file that somebody has changed since was left: what was said of the others must not move them once more.
        state.take_back_words(one)
    forget_runs(state, gone)
    for one in gone:
        # Its report speaks of files that are no more there; the journal keeps what happened.
        _remove_reports(destination, one)
    previews_of(destination).thin({row.content_id for row in state.records().ledger.values()})
    tidy()
    for one in group:
        state.finish_run(one, RunStatus.UNDONE if one in gone else RunStatus.PARTIAL, now_utc)
    return _all_of(undone.values())


def _all_of(undone: Iterable[Undone]) -> Undone:
    """What became of the undo of several runs, as of one."""
    parts = tuple(undone)
    return Undone(
        tuple(result for part in parts for result in part.results),
        sum(part.taken for part in parts),
        stopped=any(part.stopped for part in parts),
        untidy=tuple(error for part in parts for error in part.untidy),
        is_half_done=any(part.is_half_done for part in parts),
    )


def check_is_settled(undone: Undone, run_id: RunId) -> None:
    """Raises `DestinationError` for an undo that has to be finished before anything is planned, and could not be."""
    if undone.is_half_done:
        errors = [result.error for result in undone.results]
        raise DestinationError(
            sentence("order.the-undo-of-run", run_id=run_id, errors=errors[0]),
            hint=sentence("order.look-after-the-disk"),
        )


def _remove_reports(destination: str, run_id: RunId) -> None:
    for name, folder in run_folders(Path(destination)):
        if name == run_id:
            shutil.rmtree(folder, ignore_errors=True)


def last_undone(state: DestinationState) -> RunRecord | None:
    """The run that was taken back, where that is the last thing that was done here."""
    # Of those that were taken back together, the newest.
    runs = reversed(state.runs())
    last = max(runs, key=lambda run: run.finished_utc or run.started_utc, default=None)
    return last if last is not None and last.status is RunStatus.UNDONE else None
