"""Taking a run back, and finishing an undo that was killed: the same steps, each of which may be repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from album_sort.errors import DestinationError
from album_sort.fileops.filesystem import FileSystem
from album_sort.fileops.recover import recover
from album_sort.fileops.undo import Undone, undo_run
from album_sort.pipeline.hand import remember_hand_moves
from album_sort.pipeline.remembered import forget_run
from album_sort.sentences import sentence
from album_sort.state.own_files import run_folders
from album_sort.state.previews import previews_of
from album_sort.state.store import DestinationState
from album_sort.types import RunId
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus


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
    """Undoes a run, or what a killed undo has left of it; the lock must be held.

    That it is being undone is remembered first and forgotten last. Killed in between, whoever holds the destination next comes
    here again before anything else: an undo that is repeated must not go on with the run before. So do those that an error of the
    disk has left half done, or, but for the last try, with empty folders that could not be removed.
    """
    state.begin_undo(run_id)
    # Rows that a kill has left in the middle, before the tree is compared with what is remembered of it.
    recover(destination, fs, state.journal(run_id))
    # What the user has moved since is found again, so that it can be taken back from there; that it was moved stays a correction.
    on_picture(remember_hand_moves(destination, state, now_utc))
    undone = undo_run(destination, fs, state.journal(run_id), stop=stop)
    if undone.is_half_done or (undone.untidy and not is_last_try):
        return undone
    # Also where a file that somebody has changed since was left: what was said of the others must not move them once more.
    state.take_back_words(run_id)
    status = RunStatus.UNDONE if undone.is_complete else RunStatus.PARTIAL
    forget_run(state, run_id if undone.is_complete else None)
    if undone.is_complete:
        # Its report speaks of files that are no more there; the journal keeps what happened.
        _remove_reports(destination, run_id)
    previews_of(destination).thin({row.content_id for row in state.records().ledger.values()})
    tidy()
    state.finish_run(run_id, status, now_utc)
    return undone


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
    last = max(state.runs(), key=lambda run: run.finished_utc or run.started_utc, default=None)
    return last if last is not None and last.status is RunStatus.UNDONE else None
