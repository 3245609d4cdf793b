"""Made libraries to learn on: clusters of embeddings, as photos of one thing make them, in a crowd of all kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZE = 48
"""Numbers of an embedding here: fewer than a network's, and the same arithmetic."""


def crowd(count: int, seed: int = 0) -> NDArray[np.float16]:
    """Photos of forty kinds of things, as many of each by chance."""
    random = np.random.default_rng(seed)
    kinds = np.random.default_rng(1234).standard_normal((40, SIZE))
    rows = kinds[random.integers(0, len(kinds), count)] + 0.9 * random.standard_normal((count, SIZE))
    return np.asarray(3.0 + rows, np.float16)


def photos_of(thing: int, count: int, seed: int = 0, *, spread: float = 0.8) -> NDArray[np.float16]:
    """Photos of one thing that is none of the crowd's kinds."""
    middle = 1.2 * np.random.default_rng(9000 + thing).standard_normal(SIZE)
    random = np.random.default_rng(10_000 + 97 * thing + seed)
    return np.asarray(3.0 + middle + spread * random.standard_normal((count, SIZE)), np.float16)


def like(thing: int, other: int, share: float, count: int, seed: int = 0) -> NDArray[np.float16]:
    """Photos between two things: of the other by so much."""
    first, second = (photos_of(each, count, seed).astype(np.float32) for each in (thing, other))
    return np.asarray((1 - share) * first + share * second, np.float16)
