"""The learned head: what ImageNet has no class for, read from all that the cache keeps of a photo. Pure numpy.

A linear reading of the logarithms of the kept classes' probabilities and of the embedding's direction, added to the log-odds
that the class map gives (docs/decisions/0010-head.md). It was learned from labelled photos of many sources by
benchmarks/fit_head.py. Its readings depend on nothing but what the cache holds, so a new head needs no new look at a photo.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.looks import log_probabilities
from album_sort.types import EMBEDDING_SIZE, AlbumId, ClassIndex, Prediction

NONE_OF_THEM = AlbumId("other")
"""The reading for photos that belong in no album of ours."""

UNHEARD = (AlbumId("documents"), AlbumId("screenshots"))
"""Albums for which no head speaks: rules about paper, print and screens decide them, and better."""

NAMED_CLASSES = 3
"""Classes named beside a learned album, at most."""

NAMED_FROM = 0.15
"""Log-odds that a class must give the album against the next one to be named, and half of what the first one gives."""

NAMED_PROBABILITY = 0.01
"""Seen less than that, a class is not named."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Weights of the readings, one column for each album that was learned and one for "no album of ours"."""

    version: str
    """Of the file: readings of another version are made anew."""
    albums: tuple[AlbumId, ...]
    """(H,), the last is NONE_OF_THEM."""
    class_weights: NDArray[np.float32]
    """(1000, H), for the logarithms of the probabilities."""
    embedding_weights: NDArray[np.float32]
    """(512, H), for the embedding as the cache keeps it, at length 1; of no rows where the head reads classes only."""
    bias: NDArray[np.float32]
    """(H,)."""
    photos: tuple[int, ...]
    """(H,): how many photos of the album it was learned from,"""
    sources: tuple[int, ...]
    """(H,): of how many sources."""

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], version: str) -> Head:
        """From the arrays of a head file, whose weights are small integers; raises KeyError or ValueError for others."""
        head = cls(
            version,
            tuple(AlbumId(str(name)) for name in arrays["albums"].tolist()),
            arrays["class_weights"].astype(np.float32) * arrays["class_scales"].astype(np.float32),
            arrays["embedding_weights"].astype(np.float32) * arrays["embedding_scales"].astype(np.float32),
            arrays["bias"].astype(np.float32),
            tuple(int(count) for count in arrays["photos"].tolist()),
            tuple(int(count) for count in arrays["sources"].tolist()),
        )
        width = len(head.albums)
        if head.class_weights.shape != (1000, width) or head.bias.shape != (width,) or head.albums[-1] != NONE_OF_THEM:
            raise ValueError(f"a head of {head.class_weights.shape} weights for {width} albums")
        if head.embedding_weights.shape not in ((0, width), (EMBEDDING_SIZE, width)):
            raise ValueError(f"a head of {head.embedding_weights.shape} weights for embeddings")
        return head

    @property
    def reads_embedding(self) -> bool:
        """Whether a photo without an embedding cannot be read."""
        return len(self.embedding_weights) > 0

    def read(self, prediction: Prediction, embedding: NDArray[np.float16] | None) -> bytes:
        """The readings of one photo as H packed half floats; empty where its embedding is needed and missing or no numbers.

        Both as the cache gives them back: a decision must not depend on whether a number was rounded for storage.
        """
        if self.reads_embedding and embedding is None:
            return b""
        logs, rest = log_probabilities(prediction)
        # The mean over all classes is taken away: only what stands out among them speaks.
        mean = (float(logs.sum()) + rest * (1000 - len(logs))) / 1000
        said = (logs - rest) @ self.class_weights[prediction.class_indices]
        said = said + np.float32(rest - mean) * _sums(self) + self.bias
        if self.reads_embedding and embedding is not None:
            direction = embedding.astype(np.float32)
            length = math.sqrt(float(direction @ direction))
            said = said + (direction / np.float32(max(length, 1e-6))) @ self.embedding_weights
        if not np.isfinite(said).all():
            return b""
        # Of no more than a hundred: half floats end at 65,504, and e^30 is sure enough.
        packed: bytes = np.clip(said, -100.0, 100.0).astype("<f2").tobytes()
        return packed

    def pointing(self, prediction: Prediction, album: AlbumId, other: AlbumId) -> tuple[ClassIndex, ...]:
        """The seen classes that speak most for an album against another one."""
        if album not in self.albums:
            return ()
        weights = self.class_weights[:, self.albums.index(album)]
        if other in self.albums:
            weights = weights - self.class_weights[:, self.albums.index(other)]
        logs, rest = log_probabilities(prediction)
        said = np.where(
            prediction.probabilities >= NAMED_PROBABILITY, (logs - rest) * weights[prediction.class_indices], 0.0
        )
        order = np.argsort(-said, kind="stable")[:NAMED_CLASSES].tolist()
        indices = prediction.class_indices
        least = max(NAMED_FROM, 0.5 * float(said.max(initial=0.0)))
        return tuple(ClassIndex(int(indices[i])) for i in order if said[i] >= least)


@lru_cache(maxsize=8)
def _sums(head: Head) -> NDArray[np.float32]:
    """(H,): what a head reads where all classes rise alike."""
    sums: NDArray[np.float32] = head.class_weights.sum(axis=0)
    return sums


def stack_readings(predictions: Sequence[Prediction | None], width: int) -> tuple[NDArray[np.float64], list[int]]:
    """(N', H) readings of those photos that have them, and the numbers of these photos."""
    rows = [
        row
        for row, prediction in enumerate(predictions)
        if prediction is not None and len(prediction.readings) == 2 * width
    ]
    packed = b"".join(held.readings for row in rows if (held := predictions[row]) is not None)
    table = np.frombuffer(packed, "<f2").reshape(len(rows), width).astype(np.float64)
    whole = np.flatnonzero(np.isfinite(table).all(axis=1)).tolist()  # a damaged cache may hold anything
    return table[whole], [rows[number] for number in whole]


def raise_by_readings(
    base: NDArray[np.float64], readings: NDArray[np.float64], columns: Sequence[int], floor: float
) -> NDArray[np.float64]:
    """(N, A) album probabilities by map and head: the map's, each multiplied by e to its reading, and brought to sum 1 again.

    `base`: (N, A) by the map, whose rest means "none of the albums" and has the last reading. `columns`: of the other readings.
    """
    known = np.maximum(base, floor)
    rest = np.maximum(1.0 - np.cumsum(known, axis=1)[:, -1], floor)
    said = np.zeros((len(base), base.shape[1] + 1))
    said[:, [*columns, base.shape[1]]] = readings
    # Before e to it: the largest is taken away, so that nothing overflows.
    said -= said.max(axis=1, keepdims=True)
    raised = np.concatenate([known, rest[:, None]], axis=1) * np.exp(said)
    shared: NDArray[np.float64] = raised[:, :-1] / np.cumsum(raised, axis=1)[:, -1:]
    return shared
