"""Converts a network in a process of its own: the memory that this takes goes back with the process, and a server stays small."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

from album_sort.config import cache_folder
from album_sort.errors import AlbumSortError
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.sentences import sentence
from album_sort.settings import Settings


class Conversion:
    """The process, while there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False

    def run(self, engine: Engine) -> None:
        """Converts the engine's network where that has not been done; raises `AlbumSortError` when it was ended.

        What goes wrong otherwise is told by whoever makes the network next.
        """
        if not engine.is_to_be_converted:
            return
        with self._lock:
            self._check()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "album_sort.operations.conversion"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for whoever has started it
                env={**os.environ, "PYTHONPATH": _search_path()},
            )
        self._process.communicate(pickle.dumps(engine.settings))
        self._check()

    def end(self) -> None:
        """Ends it, wherever it is; from now on there is none."""
        with self._lock:
            self._is_over = True
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _check(self) -> None:
        if self._is_over:
            raise AlbumSortError(sentence("order.the-network-is-not"))


def _search_path() -> str:
    package_root = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))


if __name__ == "__main__":
    settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that has started this one
    assert isinstance(settings, Settings)  # noqa: S101 - likewise
    make_engine(settings, cache_folder()).make_network()
