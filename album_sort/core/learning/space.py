"""Where embeddings are compared: centred on the user's own library, at length 1.

What all photos of a library have in common says nothing of any of them; the length says how busy a picture is, not what it shows.
Rows that hold an embedding and what classes say (`looks`) are centred and brought to length 1 in each of these parts, which count alike.
What was learned on embeddings alone reads no more of such rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.looks import LOOK_SIZE
from album_sort.types import EMBEDDING_SIZE

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
            total += _parts_at_length_1(finite).sum(axis=0, dtype=np.float64)
            count += len(finite)
        return cls((total / max(count, 1)).astype(np.float32))

    def place(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N, D) embeddings, centred and at length 1; NaN where one has no finite numbers."""
        if embeddings.shape[1:] == (LOOK_SIZE,) and self.centre.shape == (EMBEDDING_SIZE,):
            embeddings = embeddings[:, :EMBEDDING_SIZE]
        if embeddings.shape[1:] != self.centre.shape:
            raise ValueError(f"embeddings of {embeddings.shape}, learned from {len(self.centre)} numbers each")
        return at_length_1(_parts_at_length_1(_parts_at_length_1(embeddings.astype(np.float32)) - self.centre))

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


def _parts_at_length_1(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) rows, each of their parts at length 1."""
    if rows.shape[1] != LOOK_SIZE:
        return at_length_1(rows)
    parts = np.split(rows, [EMBEDDING_SIZE], axis=1)
    return np.concatenate([at_length_1(part) for part in parts], axis=1)


def _chunks(rows: NDArray[np.floating]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK].astype(np.float32)
