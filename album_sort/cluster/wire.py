"""The run's end of the line to other machines: Dask's client, asked from one thread, with a loop of its own that watches who is there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from typing import Any, TypeVar

from distributed import Client, Security
from distributed.comm.core import FatalCommClosedError

from album_sort.cluster.messages import unpack_plain
from album_sort.errors import AlbumSortError, UsageError
from album_sort.sentences import sentence

_Result = TypeVar("_Result")

_LOOKS_EVERY_S = 0.25
_SILENT_FOR_S = 20.0
"""A meeting point that says nothing for so long is gone."""

_PATIENCE_TO_CLOSE_S = 1.0


class WireCutError(AlbumSortError):
    """The meeting point cannot be reached any more, or not at all."""


class MachineFaultError(AlbumSortError):
    """A machine that has answered that it cannot do what it was asked."""


class Answer:
    """What was asked of a machine, and will be answered or not."""

    def __init__(self) -> None:
        self.of_dask: Any = None
        """Dask's own future; the loop's alone."""
        self.is_done = False
        """Whether it can be fetched."""


class Wire:
    """Asks machines; all of it is plain bytes.

    Nothing of Dask runs in the thread that asks: it catches whatever is raised, and with that the wish to stop.
    """

    def __init__(self, address: str, security: Security, wake: Callable[[], None], patience_s: float) -> None:
        """Raises `WireCutError` where nobody answers, `UsageError` for certificates of another cluster."""
        self._wake = wake
        self.present: frozenset[str] = frozenset()
        """Addresses of the machines that are there."""
        self.is_cut = False
        self._numbers = itertools.count()
        try:
            self._client = Client(
                address, security=security, timeout=patience_s, set_as_default=False, heartbeat_interval=5000
            )
        except FatalCommClosedError as error:
            raise UsageError(
                sentence("cluster.different-certificates", address=address),
                hint=sentence("cluster.copy-certificates"),
            ) from error
        except (TimeoutError, OSError) as error:
            raise WireCutError(str(error)) from error
        self._loop: asyncio.AbstractEventLoop = self._client.loop.asyncio_loop
        self._watching = self.run(self._watch())

    def run(self, work: Coroutine[Any, Any, _Result]) -> Future[_Result]:
        """Has something done in the loop of the wire."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _watch(self) -> None:
        while True:
            try:
                cores = await asyncio.wait_for(self._client.scheduler.ncores(), _SILENT_FOR_S)
            except Exception:  # noqa: BLE001 - whatever it is: there is nobody to talk to
                break
            present = frozenset(cores)
            if present != self.present:
                self.present = present
                self._wake()
            if self._client.status != "running":
                break
            await asyncio.sleep(_LOOKS_EVERY_S)
        self.is_cut = True
        self._wake()

    def name(self, kind: str) -> str:
        """A name for a task that no other has."""
        return f"album-sort-{kind}-{os.getpid()}-{id(self):x}-{next(self._numbers)}"

    def begin(
        self,
        machine: str,
        key: str,
        work: Callable[..., bytes],
        *values: object,
        heard: Callable[[Answer], None] = lambda _: None,
    ) -> Answer:
        """Has one machine, and no other, do something; `heard` is called, by another thread, when that is done or never will be."""
        answer = Answer()

        def begin() -> None:
            answer.of_dask = self._submit(machine, key, work, values)
            answer.of_dask.add_done_callback(lambda _: heard(answer))

        self._loop.call_soon_threadsafe(begin)
        return answer

    def _submit(self, machine: str, key: str, work: Callable[..., bytes], values: tuple[object, ...]) -> Any:  # noqa: ANN401 - Dask's
        return self._client.submit(
            work, *values, key=key, workers=[machine], allow_other_workers=False, pure=False, retries=0
        )

    def forget(self, answer: Answer) -> None:
        """Nobody wants it any more: if it is not done yet, it need not be."""
        self._loop.call_soon_threadsafe(self._forget, answer)

    def _forget(self, answer: Answer) -> None:
        if answer.of_dask is not None:
            answer.of_dask.release()

    async def ask(self, machine: str, kind: str, work: Callable[..., bytes], *values: object) -> dict[str, Any]:
        """In the loop: asks, and waits for the answer; raises `MachineFaultError` with what the machine says is wrong."""
        answer = self._submit(machine, self.name(kind), work, values)
        try:
            return plain_answer(await answer._result())
        finally:
            answer.release()

    def fetch(self, machine: str, answer: Answer) -> dict[str, Any]:
        """Waits for an answer that is done, as long as its machine is there; raises as `ask` does, and `WireCutError`."""
        fetching = self.run(answer.of_dask._result())
        while not wait([fetching], _LOOKS_EVERY_S).done:
            if self.is_cut or machine not in self.present:
                fetching.cancel()
                raise WireCutError(sentence("cluster.machine-is-gone"))
        error = fetching.exception() if not fetching.cancelled() else None
        if error is not None or fetching.cancelled():
            # Dask calls off what was asked through a connection that is gone.
            self.is_cut = self.is_cut or self._client.status != "running"
            raise WireCutError(f"{type(error).__name__}: {error}"[:300])
        return plain_answer(fetching.result())

    def close(self) -> None:
        """Calls everything off."""
        self._watching.cancel()
        closing = self.run(self._client._close(fast=True))
        with contextlib.suppress(TimeoutError, CancelledError, OSError):
            closing.result(_PATIENCE_TO_CLOSE_S)
        # The loop's thread ends; it is waited for by another.
        threading.Thread(target=self._client._loop_runner.stop, daemon=True).start()


def plain_answer(packed: bytes) -> dict[str, Any]:
    """What a machine says; raises `MachineFaultError` where it says that something is wrong, `NONSENSE` where it says nothing sensible."""
    values = unpack_plain(packed)
    if "fault" in values:
        raise MachineFaultError(str(values["fault"])[:300])
    return values
