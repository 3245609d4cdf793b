"""Compressed metadata unpacked within bounds: a few bytes may claim to hold gigabytes."""

from __future__ import annotations

import importlib
import zlib
from typing import Any

MAX_INFLATED_BYTES = 4 << 20
"""Of one piece; the largest that cameras and editors write are packets of some hundred kilobytes."""


def inflated(data: bytes, most: int = MAX_INFLATED_BYTES) -> bytes:
    """What a zlib stream holds, at most `most` bytes of it; of a damaged one what comes before the damage."""
    unpacker = zlib.decompressobj()
    found = bytearray()
    try:
        # In steps: what a damaged stream has given before is kept.
        for start in range(0, len(data), 4096):
            found += unpacker.decompress(data[start : start + 4096], most - len(found))
            if len(found) >= most or unpacker.eof:
                break
    except zlib.error:
        pass
    return bytes(found)


def unbrotlied(data: bytes, most: int = MAX_INFLATED_BYTES) -> bytes:
    """What a Brotli stream holds, at most about `most` bytes; empty where it is none, or its decoder is not installed.

    Imported here: only JPEG XL has such boxes, and no other photo should pay for them.
    """
    try:
        brotli: Any = importlib.import_module("brotli")
    except ImportError:
        return b""
    found = bytearray()
    try:
        unpacker = brotli.Decompressor()
        found += unpacker.process(data, output_buffer_limit=most)
        while len(found) < most and not unpacker.is_finished():
            piece = unpacker.process(b"", output_buffer_limit=most - len(found))
            if not piece:
                break
            found += piece
    except (brotli.error, TypeError, MemoryError):  # TypeError: a decoder too old to be bounded
        pass
    return bytes(found[:most])
