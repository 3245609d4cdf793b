"""Converted weights as files that are only a cache: whole or not there, and found out when damaged."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from album_sort.cached_file import write_cached
from album_sort.reading import open_regular

_DIGEST_BYTES = 32
_MOST_BYTES = 1 << 29
"""Of converted weights, ten times what there are; anything may lie there."""
_ALIGNMENT = 64
"""Bytes of a line of the cache: arithmetic on what crosses one is slower."""


def read_kept(path: Path) -> memoryview | None:
    """What was kept there, from an address that is a multiple of 64; None where it is missing or damaged.

    A flipped bit would give wrong answers from then on.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as source:
            if os.fstat(source.fileno()).st_size > _MOST_BYTES:
                return None
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
    """With its digest in front."""

    def write(sink: BinaryIO) -> None:
        sink.write(hashlib.sha256(content).digest())
        sink.write(content)

    write_cached(path, write)
