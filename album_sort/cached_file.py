"""Writes files that are only a cache."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_cached(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Whole or not at all; where it cannot be written nothing happens, since a cache that is missing only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as sink:
            write(sink)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
