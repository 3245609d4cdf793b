"""Can files of the destination share their blocks? Found out by trying, inside the state folder, and only when a run will write."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile

from album_sort.fileops.system_calls import clone
from album_sort.types.ledger import STATE_FOLDER

_PREFIX = "probe-"


def can_reflink(destination: str) -> bool:
    """Tries it out in a folder of its own, which is removed again. The lock of the destination must be held."""
    state = os.path.join(destination, STATE_FOLDER)
    os.makedirs(state, exist_ok=True)
    for name in os.listdir(state):
        if name.startswith(_PREFIX):
            # Of a run that was killed in here.
            shutil.rmtree(os.path.join(state, name), ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=state)
    try:
        with open(os.path.join(folder, "a"), "w+b") as reading, open(os.path.join(folder, "b"), "wb") as writing:
            reading.write(b"probe" * 1000)
            reading.flush()
            return clone(reading.fileno(), writing.fileno())
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
