"""A server in a thread of the tests, with limits of their own, and one that is asked without a network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from album_sort.operations.live import LiveAlbums
from album_sort.operations.pending import Pending
from album_sort.operations.predict import Predictor
from album_sort.web.guard import House
from album_sort.web.keys import Keys, passing_keys
from album_sort.web.limits import Limits
from album_sort.web.server import Serving, listen, serve

LIMITS = Limits(
    file_bytes=8 << 20,
    request_bytes=24 << 20,
    files=5,
    fields=3,
    field_bytes=1000,
    waiting_bytes=16 << 20,
    requests=12,
    connections=30,
    body_s=60,
    write_s=60,
    head_s=60,
    retry_after_s=1,
)
"""Small sizes. Patience that outlasts a busy machine: a browser may be slow, too, and is not what these tests are about."""

HASTY = replace(LIMITS, head_s=0.6, body_s=0.6, body_bytes_per_s=1 << 20, write_s=0.8)
"""For those that are."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    port: int
    keys: Keys
    predictor: Predictor

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: object) -> httpx.Client:
        # A connection is not kept as long as the server keeps it: it may end while a request is on its way.
        limits = httpx.Limits(keepalive_expiry=1)
        return httpx.Client(base_url=self.address, timeout=120, limits=limits, **options)  # type: ignore[arg-type] # httpx's own


@contextmanager
def running_server(
    predictor: Predictor,
    limits: Limits = LIMITS,
    *,
    albums: LiveAlbums | None = None,
    pending: Pending | None = None,
    lang: str = "en",
) -> Iterator[Running]:
    """On a free port of this machine; the predictor is closed at the end."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    keys = passing_keys()
    house = House(keys, port, has_albums=albums is not None, lang=lang)
    ready, ends = threading.Event(), list[Callable[[], object]]()

    def ending(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
        ends.append(lambda: loop.call_soon_threadsafe(end))

    thread = threading.Thread(
        target=serve, args=(Serving(house, listener, None, limits, albums, pending), predictor, ready.set, ending)
    )
    thread.start()
    try:
        assert ready.wait(120)
        yield Running(port, keys, predictor)
    finally:
        for end in ends:
            end()
        thread.join(60)
        assert not thread.is_alive()
