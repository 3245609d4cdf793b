"""Where embeddings are compared: centred on the user's own library, at length 1.

What all photos of a library have in common says nothing of any of them; the length says how busy a picture is, not what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK = 4096
"""Rows at once: 8 MB of single floats, however large the library."""


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """A library's own middle."""

    centre: NDArray[np.float32]
    """(D,) mean of the library's embeddings at length 1."""

    @classmethod
    def of(cls, library: NDArray[np.floating]) -> Space:
        """Of (M, D) embeddings; the same for any order of rows only if they come in one (see `order`)."""
        total = np.zeros(library.shape[1])
        count = 0
        for rows in _chunks(library):
            finite = rows[np.isfinite(rows).all(axis=1)]
            total += at_length_1(finite).sum(axis=0, dtype=np.float64)
            count += len(finite)
        return cls((total / max(count, 1)).astype(np.float32))

    def place(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N, D) embeddings, centred and at length 1; NaN where one has no finite numbers."""
        if embeddings.shape[1:] != self.centre.shape:
            raise ValueError(f"embeddings of {embeddings.shape}, learned from {len(self.centre)} numbers each")
        return at_length_1(at_length_1(embeddings.astype(np.float32)) - self.centre)

    def times(
        self, embeddings: NDArray[np.floating], weights: NDArray[np.float32], intercept: float
    ) -> NDArray[np.float64]:
        """(N,) weighted sums of (N, D) embeddings in this space; -inf where one has no finite numbers."""
        sums = [
            # Not a matrix product, whose rounding depends on how many rows there are.
            (self.place(rows) * weights).sum(axis=1, dtype=np.float64)
            for rows in _chunks(embeddings)
        ]
        said = np.concatenate(sums) + intercept if sums else np.zeros(0)
        return np.where(np.isfinite(said), said, -np.inf)


def order(rows: NDArray[np.floating]) -> NDArray[np.intp]:
    """(N,) an order of (N, D) rows that depends on what they hold only."""
    held = np.ascontiguousarray(rows)
    if not held.size:
        return np.arange(len(held))
    return np.argsort(held.view(f"V{held.shape[1] * held.itemsize}").ravel(), kind="stable")


def at_length_1(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """(N, D) rows at length 1."""
    single = rows.astype(np.float32, copy=False)
    lengths = np.sqrt((single * single).sum(axis=1, keepdims=True))
    scaled: NDArray[np.float32] = single / np.maximum(lengths, np.float32(1e-6))
    return scaled


def _chunks(rows: NDArray[np.floating]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK].astype(np.float32)
