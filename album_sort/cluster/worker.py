"""A machine that looks at photos for runs of others: comes to the meeting point, stays as long as that lasts, and waits for the next."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from dataclasses import dataclass
from typing import Protocol

from distributed import Security, Worker, WorkerPlugin
from distributed.comm import connect
from distributed.comm.core import FatalCommClosedError

from album_sort.cluster.addresses import Address
from album_sort.cluster.looking import Looker
from album_sort.cluster.tasks import Machine, set_machine
from album_sort.errors import UsageError
from album_sort.sentences import sentence

CHUNKS_AT_ONCE = 2
"""While one is shown to the network, the files of the next are read."""

_AGAIN_AFTER_S = 1.0
_PATIENCE_S = 5.0
_TO_BE_HEARD_S = 2.0
"""For the answer before, when it is refused."""


class Tell(Protocol):
    """Hears what a person may want to know."""

    def __call__(self, *, is_there: bool) -> None:
        """Whether it is at the meeting point, or waits for it."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerOrder:
    """Where to work."""

    address: Address
    security: Security
    port: int = 0
    """On which this machine listens: the meeting point calls back. 0 for any that is free."""


class _Watch(WorkerPlugin):  # type: ignore[misc] # Dask has no types
    """Tells whoever looks at a chunk that nobody waits for it any more."""

    name = "album-sort"

    def __init__(self, looker: Looker) -> None:
        self._looker = looker

    def transition(self, key: object, start: str, finish: str, **_: object) -> None:
        """Called at each change of a task."""
        if start in ("executing", "long-running") and finish in ("cancelled", "released", "forgotten"):
            self._looker.stop(str(key))

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - as Dask calls it
        """Before the threads that look are waited for."""
        self._looker.stop_all()


async def work(order: WorkerOrder, machine: Machine, tell: Tell) -> None:
    """Works until it is cancelled; raises `UsageError` for certificates of another cluster, and when it is refused."""
    set_machine(machine)
    has_told = False
    while True:
        if await _is_there(order):
            has_told = await _one_meeting(order, machine, tell)
        elif not has_told:
            tell(is_there=False)
            has_told = True
        await asyncio.sleep(_AGAIN_AFTER_S)


async def _is_there(order: WorkerOrder) -> bool:
    """Whether the meeting point answers; raises `UsageError` for one that this machine does not belong to."""
    arguments = order.security.get_connection_args("worker")
    try:
        comm = await connect(order.address.to_connect, timeout=_PATIENCE_S, **arguments)
    except FatalCommClosedError as error:
        raise UsageError(
            sentence("cluster.different-certificates", address=order.address.text),
            hint=sentence("cluster.copy-certificates"),
        ) from error
    except OSError:  # or nothing came in time, which is one
        return False
    comm.abort()
    return True


async def _one_meeting(order: WorkerOrder, machine: Machine, tell: Tell) -> bool:
    """Stays as long as it lasts; whether it was told that this machine waits for the next, which it is at once."""
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="album-sort-worker-")
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    machine.when_refused(refused)
    worker = Worker(
        order.address.to_connect,
        nthreads=CHUNKS_AT_ONCE,
        security=order.security,
        host=_own_number(order.address),
        port=order.port,
        memory_limit=0,
        local_directory=folder,
        plugins=(_Watch(machine.looker),),
        death_timeout=_PATIENCE_S * 2,
        dashboard_address="127.0.0.1:0",
    )
    try:
        try:
            await worker
        except (TimeoutError, OSError, RuntimeError):
            return False
        tell(is_there=True)
        over = asyncio.ensure_future(worker.finished())
        await asyncio.wait((over, refused), return_when=asyncio.FIRST_COMPLETED)
        if refused.done():
            await asyncio.wait((over,), timeout=_TO_BE_HEARD_S)
            raise UsageError(refused.result())
        machine.looker.stop_all()
        tell(is_there=False)
        return True
    finally:
        machine.looker.stop_all()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(worker.close(timeout=1, executor_wait=False, reason="album-sort"), 1.5)
        shutil.rmtree(folder, ignore_errors=True)


def _own_number(address: Address) -> str:
    """Of this machine, as the meeting point sees it."""
    with contextlib.suppress(OSError):
        host = address.to_connect.partition("://")[2].rpartition(":")[0].strip("[]")
        family, kind, protocol, _, place = socket.getaddrinfo(host, address.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(place)  # sends nothing
            number = str(probe.getsockname()[0])
            return f"[{number}]" if ":" in number else number
    return "127.0.0.1"
