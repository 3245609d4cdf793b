"""What albums are learned on: the embedding of a photo, and beside it what the network's classes say, folded into half as many numbers.

The embedding of a network of more than 512 numbers is cut to 512 by chance before it is kept, and its classes know much of what was
lost. The cache keeps both. Measured in docs/decisions/0013-learning.md.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from album_sort.types import EMBEDDING_SIZE, Prediction

CLASSES_SIZE = 256
LOOK_SIZE = EMBEDDING_SIZE + CLASSES_SIZE

LEAST_PROBABILITY = 1e-6
"""Smaller ones are taken for this: the cache keeps probabilities as half floats, which end there."""

_CLASSES = 1000
_FOLDING_SEED = 1812
_LOUDEST = 6e4
"""Half floats end soon after."""


def log_probabilities(prediction: Prediction) -> tuple[NDArray[np.float32], float]:
    """Logarithms of the kept classes' probabilities (K,), and that of each other class: their rest, spread evenly."""
    kept = np.maximum(prediction.probabilities, np.float32(LEAST_PROBABILITY))
    others = max(_CLASSES - len(kept), 1)
    rest = max((1.0 - float(prediction.probabilities.sum(dtype=np.float64))) / others, LEAST_PROBABILITY)
    logs: NDArray[np.float32] = np.log(kept)
    return logs, min(math.log(rest), float(logs.min(initial=0.0)))


def look_of(embedding: NDArray[np.float16], prediction: Prediction) -> NDArray[np.float16]:
    """(LOOK_SIZE,) of one photo; both as the cache gives them back, so that nothing depends on whether it was remembered."""
    logs, rest = log_probabilities(prediction)
    mean = (float(logs.sum()) + rest * (_CLASSES - len(logs))) / _CLASSES
    folding, total = _folding()
    told = (logs - np.float32(rest)) @ folding[prediction.class_indices] + np.float32(rest - mean) * total
    return np.concatenate([embedding, np.clip(told, -_LOUDEST, _LOUDEST).astype(np.float16)])


@cache
def _folding() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(1000, CLASSES_SIZE) a fixed random projection, by which angles survive, and the sum of its rows."""
    random = np.random.default_rng(_FOLDING_SEED)
    folding = random.standard_normal((_CLASSES, CLASSES_SIZE), dtype=np.float32) / np.float32(np.sqrt(CLASSES_SIZE))
    return folding, folding.sum(axis=0)
