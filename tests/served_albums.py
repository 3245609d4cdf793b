"""Albums with enough photos to be corrected, served: for the tests that drive a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from album_sort.operations.live import LiveAlbums
from album_sort.operations.order import settings_here
from album_sort.operations.pending import Pending
from tests import pictures
from tests.builders import make_jpeg, make_tree, picture_jpeg, read_tree
from tests.serve_server import Running, running_server

UNSURE = 26
"""Photos that nobody can be sure of."""
SURE = 22
"""Photos of cups of coffee."""


def many_photos() -> dict[str, bytes]:
    """Small ones, a day apart."""
    cup = pictures.coffee()[::2, ::2]
    days = [datetime(2024, 3, 1, 10) + timedelta(days=number) for number in range(UNSURE + SURE)]
    unsure = {f"blur{n:02}.jpg": make_jpeg(n, (240, 180), taken=days[n]) for n in range(UNSURE)}
    sure = {f"cup{n:02}.jpg": picture_jpeg(_cut(cup, n), taken=days[UNSURE + n]) for n in range(SURE)}
    return unsure | sure


def _cut(pixels: np.ndarray, number: int) -> np.ndarray:
    """Each its own content."""
    return pixels[number % 5 :, number // 5 :]


def sort_once(folder: Path) -> Path:
    """The albums of `many_photos`."""
    make_tree(folder / "photos", many_photos())
    command = [sys.executable, "-m", "album_sort", str(folder / "photos"), "--out", str(folder / "albums")]
    command += ["--model", "efficientnet-lite0", "--offline"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "albums"


@contextmanager
def served(albums: Path, cache: Path, lang: str = "en") -> Iterator[Running]:
    """A server of these albums."""
    here = settings_here(str(albums), lambda kept: (kept,) if kept else ())
    live = LiveAlbums(str(albums), here)
    with running_server(live.predictor(), albums=live, pending=Pending(cache, str(albums)), lang=lang) as running:
        yield running


def all_files(albums: Path) -> dict[str, str]:
    """Each with its hash: all that a person sees, the page that leads to the newest report among it."""
    return {name: content for name, content in read_tree(albums).items() if not name.startswith(".album-sort/")}
