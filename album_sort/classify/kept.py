"""Converted weights as files that are only a cache: whole or not there, and found out when damaged."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

_DIGEST_BYTES = 32
_ALIGNMENT = 64
"""Bytes of a line of the cache: arithmetic on what crosses one is slower."""


def read_kept(path: Path) -> memoryview | None:
    """What was kept there, from an address that is a multiple of 64; None where it is missing or damaged.

    A flipped bit would give wrong answers from then on.
    """
    try:
        with path.open("rb") as source:
            digest = source.read(_DIGEST_BYTES)
            size = os.fstat(source.fileno()).st_size - _DIGEST_BYTES
            room = np.empty(max(size, 0) + _ALIGNMENT, np.uint8)
            start = -room.ctypes.data % _ALIGNMENT
            content = room.data[start : start + max(size, 0)]
            read = source.readinto(content)
    except OSError:
        return None
    return content if read == size and hashlib.sha256(content).digest() == digest else None


def keep(content: bytes, path: Path) -> None:
    """Complete or not at all; a folder that cannot be written to only costs the next run a few seconds."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(hashlib.sha256(content).digest())
            sink.write(content)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
