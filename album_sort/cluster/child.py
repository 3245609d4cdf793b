"""A process of the cluster that a run has started: `python -m album_sort.cluster.child ROLE LINE`. Ends when its line does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from album_sort.cluster.addresses import Address
from album_sort.cluster.certificates import security_for
from album_sort.cluster.looking import Looker
from album_sort.cluster.meeting import Meeting
from album_sort.cluster.quiet import quiet_dask
from album_sort.cluster.tasks import Machine
from album_sort.cluster.worker import WorkerOrder, work
from album_sort.errors import AlbumSortError
from album_sort.pipeline.engine import make_engine
from album_sort.settings import Settings
from album_sort.types import Precision


def main(role: str, line: socket.socket) -> None:
    """Does what the first words on the line say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the run decides
    quiet_dask()
    with line.makefile("rb") as heard:
        order = json.loads(heard.readline() or b"{}")
        if not order:
            return
        asyncio.run({"meeting": _meet, "worker": _work}[role](order, line))


async def _meet(order: dict[str, Any], line: socket.socket) -> None:
    address = Address(0, order["scheme"], order["host"], order["port"])
    try:
        async with Meeting(address, security_for(address, Path(order["certificates"]))) as meeting:
            _say(line, {"port": meeting.port})
            await _until_its_end(line)
    except (AlbumSortError, OSError) as error:
        _say(line, {"fault": str(error)})


async def _work(order: dict[str, Any], line: socket.socket) -> None:
    address = Address(0, order["scheme"], order["host"], order["port"])
    settings = Settings(
        model=order["model"],
        weights=order["weights"],
        precision=Precision(order["precision"]),
        batch_size=order["batch_size"],
        workers=order["workers"],
        threads=order["threads"],
        offline=True,
    )
    looker = Looker(make_engine(settings, Path(order["cache"])))
    machine = Machine(looker, order["name"])
    asked = WorkerOrder(address, security_for(address, Path(order["certificates"])))
    working = asyncio.create_task(work(asked, machine, _tell_nobody))
    await _until_its_end(line)
    working.cancel()
    looker.close()


def _tell_nobody(*, is_there: bool) -> None:
    """The run looks itself."""


def _say(line: socket.socket, word: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        line.sendall(json.dumps(word).encode() + b"\n")


async def _until_its_end(line: socket.socket) -> None:
    """There is nothing to be saved: without a run the process is over, whatever it has in hand."""
    loop = asyncio.get_running_loop()
    line.setblocking(False)  # noqa: FBT003 - the socket's own word
    with contextlib.suppress(OSError):
        while await loop.sock_recv(line, 4096):
            pass
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
