"""Listens, answers until it is told to end, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvicorn

from album_sort.errors import AlbumSortError, UsageError, in_plain_words
from album_sort.operations.live import LiveAlbums
from album_sort.operations.pending import Pending
from album_sort.operations.predict import Predictor, take_away_left_uploads
from album_sort.sentences import sentence
from album_sort.web.albums import AlbumsDesk
from album_sort.web.app import make_app
from album_sort.web.desk import Desk
from album_sort.web.guard import House
from album_sort.web.limits import Limits
from album_sort.web.protocol import bounded_protocol

_GRACE_S = 0.5
"""For answers that are nearly there when all ends."""
_JOB_GRACE_S = 0.8
"""For the file that a job has in hand."""
_IDLE_S = 5
"""That a connection may be idle between two requests."""
_WAITING = 128
"""Connections that the system holds until we take them."""

Ending = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], None]
"""Has a function called in the loop when the process is told to end."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What to serve, and where."""

    house: House
    listener: socket.socket
    tls: tuple[str, str] | None = None
    """Files of the certificate and its key."""
    limits: Limits = field(default_factory=Limits)
    albums: LiveAlbums | None = None
    pending: Pending | None = None
    """Where there are albums."""


def listen(host: str, port: int) -> socket.socket:
    """A socket there; raises `AlbumSortError` where another program is, `UsageError` for what is no address of this machine."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(sentence("serve.host-no-address-of", host=host), hint="--host 127.0.0.1") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> AlbumSortError:
    if error.errno == errno.EADDRINUSE:
        return AlbumSortError(
            sentence("serve.port-of-is-taken", port=str(port), host=host),
            hint=sentence("serve.port-takes-another-one", value=str(port + 1 if port < 65535 else 8765)),
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(sentence("serve.host-this-machine-has", host=host), hint="--host 127.0.0.1")
    return AlbumSortError(
        sentence("serve.cannot-listen-on-port", port=str(port), host=host, why=in_plain_words(error)),
        hint="--port 8765",
    )


def check_tls(certificate: str, key: str) -> None:
    """Raises `UsageError` for files that are no certificate with its key."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        is_found = isinstance(error, ssl.SSLError | ValueError)
        said = sentence("serve.they-are-no-certificate") if is_found else in_plain_words(error)  # type: ignore[arg-type]
        raise UsageError(
            sentence("serve.tls-cert-tls-key", certificate=certificate, name=key, said=said),
            hint=sentence("serve.both-are-pem-files"),
        ) from error


def serve(serving: Serving, predictor: Predictor, when_ready: Callable[[], None], ending: Ending) -> None:
    """Answers until the process is told to end; then everything that was begun for it ends, too."""
    take_away_left_uploads()
    threading.Thread(target=_warm, args=(predictor,), name="warm-up", daemon=True).start()
    try:
        asyncio.run(_serve(serving, predictor, when_ready, ending))
    finally:
        predictor.close()
        if serving.albums is not None:
            serving.albums.close()


async def _serve(serving: Serving, predictor: Predictor, when_ready: Callable[[], None], ending: Ending) -> None:
    certificate, key = serving.tls or (None, None)
    limits = serving.limits
    has_albums = serving.albums is not None and serving.pending is not None
    albums = AlbumsDesk(serving.albums, serving.pending) if has_albums else None  # type: ignore[arg-type] # both are there
    config = uvicorn.Config(
        make_app(serving.house, Desk(predictor, limits), albums),
        http=bounded_protocol(limits, serving.house.lang),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=limits.head_bytes,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = _Server(config, when_ready)
    ending(asyncio.get_running_loop(), server.end)
    try:
        await server.serve(sockets=[serving.listener])
    finally:
        if albums is not None:
            albums.jobs.end(_JOB_GRACE_S)


class _Server(uvicorn.Server):
    """Signals belong to whoever owns the process."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_ready()

    def end(self) -> None:
        """Answers that are nearly there are given; others are not."""
        self.should_exit = True
        asyncio.get_running_loop().call_later(_GRACE_S, self._end_now)

    def _end_now(self) -> None:
        self.force_exit = True
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


def _warm(predictor: Predictor) -> None:
    with contextlib.suppress(AlbumSortError, OSError):  # the first picture says it
        predictor.warm()
