"""The place where machines meet: Dask's scheduler, which knows who is there and passes on what they say. It knows nothing of photos."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Self

from distributed import Scheduler, Security

from album_sort.cluster.addresses import Address

_PATIENCE_S = 1.0
"""For those who are told that it ends."""


class Meeting:
    """A scheduler that listens as long as the block lasts."""

    def __init__(self, address: Address, security: Security) -> None:
        """`address`: with the host to listen on; raises OSError, when it begins, where that cannot be."""
        self._address = address
        self._security = security
        self._scheduler: Scheduler | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._scheduler is None:
            return 0
        return int(self._scheduler.port)

    @property
    def page_server(self) -> Any:  # noqa: ANN401 - Dask's
        """What answers browsers: nothing is to be had there."""
        return self._scheduler and self._scheduler.http_server

    async def __aenter__(self) -> Self:
        """Listens."""
        self._scheduler = await Scheduler(
            host=self._address.host,
            port=self._address.port,
            protocol=f"{self._address.scheme}://",
            security=self._security,
            dashboard=False,
            dashboard_address="127.0.0.1:0",
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Tells all who are there that it is over."""
        if self._scheduler is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._scheduler.close(), _PATIENCE_S)


async def meet(
    address: Address,
    security: Security,
    on_start: Callable[[int], None],
    end_on: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], None],
) -> None:
    """Listens until it is told to end (`end_on`); `on_start` hears the port."""
    over = asyncio.Event()
    end_on(asyncio.get_running_loop(), over.set)
    async with Meeting(address, security) as meeting:
        on_start(meeting.port)
        await over.wait()
