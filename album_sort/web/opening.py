"""From what a person asks of `serve` to a server that listens: what cannot be is refused, keys are found, the place is taken."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from album_sort.errors import UsageError
from album_sort.operations.order import SettingsHere
from album_sort.sentences import sentence
from album_sort.web.addresses import openable_hosts
from album_sort.web.limits import LOCAL_NAMES

if TYPE_CHECKING:  # not every installation has the extra
    from album_sort.operations.predict import Predictor
    from album_sort.web.server import Ending, Serving

_KEPT_TOKEN = "serve/token"  # noqa: S105 - where it lies
"""In the cache folder."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and for whom."""

    host: str
    port: int
    is_on_network: bool
    """Whether other machines may ask."""
    names: tuple[str, ...]
    """By which the machine is called beside its own."""
    tls: tuple[str, str]
    """Files of the certificate and its key, empty for none."""

    token_file: Path | None
    """Of the owner's own; one that is given is asked for."""

    @property
    def is_private(self) -> bool:
        """Whether nobody between can read what is said."""
        return all(self.tls)


def check_address(address: Address) -> None:
    """Raises `UsageError` for what cannot be carried out, before anything large is imported."""
    missing = [name for name in ("fastapi", "uvicorn", "python_multipart") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            sentence("command.serve-needs-what-is", missing=", ".join(missing)),
            hint=sentence("command.m-pip-install-album", executable=sys.executable),
        )
    if address.host not in LOCAL_NAMES and not address.is_on_network:
        raise UsageError(
            sentence("command.host-lets-other-machines", host=address.host),
            hint=sentence("command.add-allow-network-then"),
        )
    if any(address.tls) and not all(address.tls):
        raise UsageError(sentence("command.tls-cert-and-tls"), hint=sentence("command.give-both-or-none"))


def url_of(host: str, port: int, token: str, *, is_private: bool) -> str:
    """An address that a person can open; `token` may be empty."""
    place = f"{'https' if is_private else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"
    return f"{place}?token={token}" if token else place


@dataclass(frozen=True, slots=True)
class Opened:
    """A server that has its place and its keys, and does not answer yet."""

    address: Address
    serving: Serving
    predictor: Predictor
    token: str
    """That is asked for; empty where none is."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Where its page is, for its owner: of one that listens on all addresses each that can be opened, this machine's own last."""
        port, hosts = self.serving.house.port, openable_hosts(self.address.host)
        return tuple(url_of(host, port, self.token, is_private=self.address.is_private) for host in hosts)

    def serve(self, when_ready: Callable[[], None], end_on: Ending) -> None:
        """Answers until it is told to end."""
        from album_sort.web.server import serve  # noqa: PLC0415 - the extra is there

        with self.serving.listener:
            serve(self.serving, self.predictor, when_ready, end_on)


def open_server(address: Address, here: SettingsHere, destination: str, cache: Path) -> Opened:
    """Takes the place that is asked for; `destination`: of the albums, empty for none. Raises `AlbumSortError` where that cannot be."""
    from album_sort.operations.live import LiveAlbums  # noqa: PLC0415 - the extra is there
    from album_sort.operations.pending import Pending  # noqa: PLC0415 - likewise
    from album_sort.operations.predict import Predictor  # noqa: PLC0415 - likewise
    from album_sort.web.guard import House  # noqa: PLC0415 - likewise
    from album_sort.web.keys import kept_keys, passing_keys  # noqa: PLC0415 - likewise
    from album_sort.web.server import Serving, check_tls, listen  # noqa: PLC0415 - likewise

    if address.is_private:
        check_tls(*address.tls)
    asks = bool(destination) or address.is_on_network or bool(address.names) or address.token_file is not None
    keys = kept_keys(address.token_file or cache / _KEPT_TOKEN) if asks else passing_keys()
    with contextlib.ExitStack() as on_failure:
        listener = on_failure.enter_context(listen(address.host, address.port))
        house = House(
            keys,
            listener.getsockname()[1],
            has_albums=bool(destination),
            is_on_network=address.is_on_network,
            names=frozenset(name.lower() for name in address.names),
            lang=here.lang,
        )
        albums = LiveAlbums(destination, here) if destination else None
        pending = Pending(cache, destination) if destination else None
        predictor = albums.predictor() if albums is not None else Predictor.of(here.settings)
        serving = Serving(house, listener, address.tls if address.is_private else None, albums=albums, pending=pending)
        on_failure.pop_all()
    return Opened(address, serving, predictor, keys.token if asks else "")
