"""What the networks in 16-bit integers share around their C code: the file of their tensors, the levels of a channel, probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from album_sort.types import Preprocessing

Sizes = Mapping[str, tuple[int, np.dtype[Any]]]
"""How many numbers of which kind each tensor has, in the order of the file."""

_MOST_MOVED = 0.35
"""As for int8 (quantize.py)."""

T = TypeVar("T")


def to_bytes(tensors: object, sizes: Sizes) -> bytes:
    """Tensors, attributes of their names, as a file."""
    return b"".join(getattr(tensors, name).tobytes() for name in sizes)


def arrays_of(content: memoryview, sizes: Sizes) -> dict[str, NDArray[Any]] | None:
    """Tensors from a file, without copying; None for one of another kind, or with values that are not numbers."""
    if len(content) != sum(size * dtype.itemsize for size, dtype in sizes.values()):
        return None
    arrays: dict[str, NDArray[Any]] = {}
    start = 0
    for name, (size, dtype) in sizes.items():
        arrays[name] = np.frombuffer(content, dtype, size, start)
        start += arrays[name].nbytes
    floats = (array for array in arrays.values() if array.dtype.kind == "f")
    return arrays if all(np.isfinite(array).all() for array in floats) else None


def levels_of(spec: Preprocessing, step: float) -> NDArray[np.int16]:
    """(3, 256) input for the value of a channel: what normalising gives, in steps."""
    mean, std = np.array(spec.mean)[:, None], np.array(spec.std)[:, None]
    levels: NDArray[np.int16] = np.rint((np.arange(256) / 255 - mean) / std / step).astype(np.int16)
    return levels


def probabilities_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 1000) of logits (N, 1000)."""
    likely: NDArray[np.float32] = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    return likely


def if_it_agrees(converted: T, found: NDArray[np.float32], expected: NDArray[np.float32]) -> tuple[T | None, float]:
    """(a conversion, or None where its answers (N, 1000) are not those of fp32; mean probability that moved)."""
    moved = float(np.abs(found - expected).sum(axis=1).mean())
    return (converted if moved <= _MOST_MOVED else None), moved
