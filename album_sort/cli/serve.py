"""`serve`: listens until it is told to end."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path

from album_sort.config import cache_folder, read_layers
from album_sort.errors import ExitCode
from album_sort.operations.order import settings_here
from album_sort.paths import given_path
from album_sort.process.effects import collect_as_usual, end_on_signals, give_way, share_memory
from album_sort.sentences import sentence
from album_sort.web.opening import Address, check_address, open_server


def run_serve(
    address: Address, albums: str, flags: Mapping[str, object], config_file: Path | None, *, opens: bool
) -> ExitCode:
    """Serves; ends when it is told to. `albums` may be empty; `opens`: whether a browser is to show the page."""
    check_address(address)
    share_memory()
    destination = given_path(albums) if albums else ""
    here = settings_here(destination, lambda kept: read_layers(config_file, os.environ, flags, kept))
    give_way(here.settings.nice)
    opened = open_server(address, here, destination, cache_folder())

    def when_ready() -> None:
        _tell(address, opened.urls)
        if opens:
            # this machine's own, which is last
            threading.Thread(target=webbrowser.open, args=(opened.urls[-1],), daemon=True).start()

    collect_as_usual()
    opened.serve(when_ready, end_on_signals)
    return ExitCode.INTERRUPTED


def _tell(address: Address, urls: Sequence[str]) -> None:
    """The addresses on standard output, one a line, for people and programs; the rest beside it."""
    sys.stdout.writelines(f"{url}\n" for url in urls)
    sys.stdout.flush()
    if address.is_on_network and not address.is_private:
        sys.stderr.write(f"album-sort: {sentence('command.can-be-read')}\n")
    sys.stderr.write(f"{sentence('command.how-to-end')}\n")
    sys.stderr.flush()
