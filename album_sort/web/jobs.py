"""One thing at a time that changes the albums: it runs in a thread, whoever looks hears how far it is, and its end is remembered."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from album_sort.errors import AlbumSortError
from album_sort.events import Event, EventSink, StageProgress, StageStarted
from album_sort.operations.stop import StopRequest
from album_sort.operations.words import web_words
from album_sort.sentences import spoken
from album_sort.web.refusals import Refused

_LEAST_S = 0.1
"""Between two words on how far things are."""

_LOOK_S = 3.0
"""Between two looks whether the last job can still be taken back: another program may have done so."""

_HEARTBEAT_S = 15.0
"""So that a browser, and a proxy between, know that the line is alive."""

Work = Callable[[EventSink, StopRequest], dict[str, Any]]


class Jobs:
    """The job in hand, or the last one. Used from the event loop; the work itself runs beside it."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"number": 0, "kind": "", "status": "none"}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._stop = StopRequest()
        self._told = 0.0

    @property
    def is_running(self) -> bool:
        """Whether there is one now."""
        return bool(self.state["status"] == "running")

    def start(self, kind: str, work: Work) -> dict[str, Any]:
        """Begins it; raises `Refused` where another one runs."""
        if self.is_running:
            raise Refused(409, "working", {"what": web_words(spoken()).text(f"live_job_{self.state['kind']}")})
        self._loop = asyncio.get_running_loop()
        self._stop = StopRequest()
        self._set({"number": self.state["number"] + 1, "kind": kind, "status": "running"})
        # What goes wrong is told in the language of who has begun it.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run, work), name="job", daemon=True)
        self._thread.start()
        return self.state

    def ask_to_stop(self) -> None:
        """It ends after the file in hand."""
        self._stop.ask()

    def end(self, patience_s: float) -> None:
        """It ends after the file in hand, or with the process: then the next run finishes it."""
        self._stop.ask()
        if self._thread is not None:
            self._thread.join(patience_s)

    async def states(self) -> AsyncIterator[dict[str, Any]]:
        """How things are now, each time that changes, and every few seconds; ends with the listener."""
        while True:
            changed = self._changed
            yield self.state
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _LOOK_S)

    def _run(self, work: Work) -> None:
        try:
            result = work(self._hear, self._stop)
            state = {**self.state, "status": "done", "result": result}
        except AlbumSortError as error:
            state = {**self.state, "status": "failed", "error": str(error), "hint": error.hint}
        except OSError as error:
            state = {**self.state, "status": "failed", "error": error.strerror or str(error), "hint": ""}
        except Exception:  # the border of one job: the server goes on
            said = web_words(spoken()).text("refused_fault")
            self._tell({**self.state, "status": "failed", "error": said, "hint": ""})
            raise
        self._tell(state)

    def _hear(self, event: Event) -> None:
        """From the thread of the job."""
        now = time.monotonic()
        match event:
            case StageStarted(stage, total):
                progress = {"stage": str(stage), "done": 0, "total": total}
            case StageProgress(stage, done, total):
                if now - self._told < _LEAST_S:
                    return
                progress = {"stage": str(stage), "done": done, "total": total}
            case _:
                return
        self._told = now
        self._tell({**self.state, **progress})

    def _tell(self, state: dict[str, Any]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, state)

    def _set(self, state: dict[str, Any]) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()


async def told_states(jobs: Jobs, is_undoable: Callable[[str], Awaitable[bool]]) -> AsyncIterator[str]:
    """The states as server-sent events, each with whether what was done can be taken back; what is as before is not told again."""
    told, at = "", 0.0
    async for state in jobs.states():
        result = state.get("result") or {}
        is_over = state["status"] == "done" and state["kind"] != "undo" and bool(result.get("run"))
        can_undo = is_over and await is_undoable(result["run"])
        word = json.dumps({**state, "can_undo": can_undo}, ensure_ascii=False)
        if word != told:
            told, at = word, time.monotonic()
            yield f"data: {word}\n\n"
        elif time.monotonic() - at >= _HEARTBEAT_S:
            at = time.monotonic()
            yield ": still here\n\n"
