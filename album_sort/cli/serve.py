"""`serve`: listens until it is told to end."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from album_sort.config import cache_folder, read_layers
from album_sort.errors import ExitCode, UsageError
from album_sort.operations.order import settings_here
from album_sort.paths import given_path
from album_sort.process.effects import collect_as_usual, end_on_signals, give_way, share_memory
from album_sort.sentences import sentence
from album_sort.web.limits import LOCAL_NAMES

KEPT_TOKEN = "serve/token"  # noqa: S105 - where it lies
"""In the cache folder."""


@dataclass(frozen=True, slots=True)
class ServeCall:
    """What the command line says."""

    albums: str
    """Empty for none."""
    host: str
    port: int
    opens: bool
    allow_network: bool
    names: tuple[str, ...]
    tls: tuple[str, str]
    token_file: Path | None
    config_file: Path | None
    flags: Mapping[str, object]


def run_serve(call: ServeCall) -> ExitCode:
    """Serves; ends when it is told to."""
    _check(call)
    share_memory()
    from album_sort.operations.live import LiveAlbums  # noqa: PLC0415 - likewise
    from album_sort.operations.pending import Pending  # noqa: PLC0415 - likewise
    from album_sort.operations.predict import Predictor  # noqa: PLC0415 - after the check
    from album_sort.web.guard import House  # noqa: PLC0415 - the extra is there
    from album_sort.web.keys import kept_keys, passing_keys  # noqa: PLC0415 - likewise
    from album_sort.web.server import Serving, check_tls, listen, serve  # noqa: PLC0415 - likewise

    if all(call.tls):
        check_tls(*call.tls)
    destination = given_path(call.albums) if call.albums else ""
    here = settings_here(destination, lambda kept: read_layers(call.config_file, os.environ, call.flags, kept))
    give_way(here.settings.nice)
    needs_token = bool(destination) or call.allow_network or bool(call.names) or call.token_file is not None
    keys = kept_keys(call.token_file or cache_folder() / KEPT_TOKEN) if needs_token else passing_keys()
    listener = listen(call.host, call.port)
    house = House(
        keys,
        listener.getsockname()[1],
        has_albums=bool(destination),
        is_on_network=call.allow_network,
        names=frozenset(name.lower() for name in call.names),
        lang=here.lang,
    )
    address = _address(call, house.port)
    shown = f"{address}?token={keys.token}" if needs_token else address

    def when_ready() -> None:
        _tell(call, shown)
        if call.opens:
            threading.Thread(target=webbrowser.open, args=(shown,), daemon=True).start()

    collect_as_usual()
    with listener:
        albums = LiveAlbums(destination, here) if destination else None
        pending = Pending(cache_folder(), destination) if destination else None
        predictor = albums.predictor() if albums is not None else Predictor.of(here.settings)
        serving = Serving(house, listener, call.tls if all(call.tls) else None, albums=albums, pending=pending)
        serve(serving, predictor, when_ready, end_on_signals)
    return ExitCode.INTERRUPTED


def _check(call: ServeCall) -> None:
    """Raises `UsageError` for a call that cannot be carried out, before anything large is imported."""
    missing = [name for name in ("fastapi", "uvicorn", "python_multipart") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            sentence("command.serve-needs-what-is", missing=", ".join(missing)),
            hint=sentence("command.m-pip-install-album", executable=sys.executable),
        )
    if call.host not in LOCAL_NAMES and not call.allow_network:
        raise UsageError(
            sentence("command.host-lets-other-machines", host=call.host),
            hint=sentence("command.add-allow-network-then"),
        )
    if any(call.tls) and not all(call.tls):
        raise UsageError(sentence("command.tls-cert-and-tls"), hint=sentence("command.give-both-or-none"))


def _address(call: ServeCall, port: int) -> str:
    host = f"[{call.host}]" if ":" in call.host else call.host
    return f"{'https' if all(call.tls) else 'http'}://{host}:{port}/"


def _tell(call: ServeCall, shown: str) -> None:
    """The address on standard output, for people and programs; the rest beside it."""
    sys.stdout.write(f"{shown}\n")
    sys.stdout.flush()
    if call.allow_network and not all(call.tls):
        sys.stderr.write(f"album-sort: {sentence('command.can-be-read')}\n")
    sys.stderr.write(f"{sentence('command.how-to-end')}\n")
    sys.stderr.flush()
