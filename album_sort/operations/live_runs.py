"""Runs that somebody starts in the page: as on the command line, with the settings that the albums keep."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

from album_sort.config import cache_folder
from album_sort.core.quoting import out_option
from album_sort.errors import AlbumSortError, UsageError
from album_sort.events import EventSink
from album_sort.operations.as_json import outcome_as_json
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import order_for
from album_sort.operations.runs import runs_of
from album_sort.operations.sort import preview, sort
from album_sort.operations.stop import StopRequest
from album_sort.operations.undo import TakenBack, undo
from album_sort.pipeline.unchanged import looks_of_state
from album_sort.sentences import sentence
from album_sort.types.ledger import RunStatus


def sort_now(albums: LiveAlbums, sink: EventSink, stop: StopRequest, *, is_preview: bool) -> dict[str, Any]:
    """Sorts the folders that were sorted into these albums before, or says what that would come to; raises as `sort` does."""
    roots = [root for root in albums.roots() if os.path.isdir(root)]
    if not roots:
        raise UsageError(
            sentence("order.none-of-the-folders"),
            hint=sentence("order.album-sort-photos-out", out=out_option(albums.destination)),
        )
    order = order_for(roots, albums.destination, albums.here, is_preview=is_preview)
    known = KnownProblems.read(cache_folder(), albums.destination)
    outcome = (preview if is_preview else sort)(order, known, sink=sink, stop=stop)
    told = outcome_as_json(outcome)
    report = outcome.planned.plan.plan_id if outcome.planned is not None and not is_preview else None
    return {"run": report, **{key: told[key] for key in ("photos", "actions", "skipped", "albums")}}


def standing_of(destination: str, run: str) -> RunStatus | None:
    """How a run stands, by its id; None for one that there is not. Raises as `runs_of` does."""
    return next((one.status for one in runs_of(destination) if one.run_id == run), None)


class LiveStanding:
    """Whether a run can be taken back: asked for again and again, looked up when something has been written there. From any thread."""

    def __init__(self, destination: str) -> None:
        self._destination = destination
        self._lock = threading.Lock()
        self._looks = ""
        self._known: dict[str, bool] = {}

    def is_undoable(self, run: str) -> bool:
        """What was known last where nothing can be read just now."""
        with self._lock:
            looks = looks_of_state(self._destination)
            if run not in self._known or not looks or looks != self._looks:
                with suppress(AlbumSortError, OSError):
                    self._known = {run: standing_of(self._destination, run) not in (None, RunStatus.UNDONE)}
                    self._looks = looks
            return self._known.get(run, False)


def undo_now(albums: LiveAlbums, run: str, sink: EventSink, stop: StopRequest) -> dict[str, Any]:
    """Takes a run back; raises as `undo` does."""

    def tell(_: TakenBack) -> None:
        """The page asks by itself."""

    taken = undo(
        albums.destination, run, wait_seconds=0.0, sink=sink, stop=stop, tell=tell, settings=albums.here.settings
    )
    return {"run": taken.run_id, "files": taken.taken, "left": len(taken.left)}
