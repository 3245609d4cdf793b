"""EfficientNet-Lite0 in 16-bit integers, run by our own code in C (lite0_int16.c). Needs no torch: a first run can begin at once.

Where the library was not built, or the processor has no AVX2, torch does it (torch_network.py).
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier import int16_tensors
from album_sort.classifier.lite0_shape import layer_table, layers
from album_sort.native import INT16_CLASSES, LITE0_FEATURES, LITE0_MOST, native_library, pointer
from album_sort.types import Precision

_PLANE = 49
"""Pixels of the last activation."""
_UNIT = 6 / LITE0_MOST / _PLANE
"""A feature for a sum over it."""
# Numbers of each tensor, in the order of the file: weights begin it, where the alignment of the buffer holds.
_SIZES: int16_tensors.Sizes = {
    "weights": (sum(layer.weights for layer in layers()), np.dtype(np.int16)),
    "scales": (sum(layer.scales for layer in layers()), np.dtype(np.float32)),
    "last": (INT16_CLASSES * (LITE0_FEATURES + 1), np.dtype(np.float32)),
    "levels": (3 * 256, np.dtype(np.int16)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Lite0Tensors:
    """A converted network, as `lite0_conversion` makes it and the C code reads it."""

    weights: NDArray[np.int16]
    """Of all convolutions, in the order of `lite0_shape.layers`."""
    scales: NDArray[np.float32]
    """What a sum is in steps of what goes out, the biases in those steps, and an identity's step in them, in the same order."""
    levels: NDArray[np.int16]
    """(3, 256) input for the value of a channel: what normalising gives, in steps."""
    last: NDArray[np.float32]
    """The last layer, which stays as it is: weights (125, 1280, 8), for eight classes at once, then biases (1000,)."""

    def to_bytes(self) -> bytes:
        """As a file."""
        return int16_tensors.to_bytes(self, _SIZES)

    @classmethod
    def of_bytes(cls, content: memoryview) -> Lite0Tensors | None:
        """From a file, without copying; None for one of another kind, or with values that are not numbers."""
        arrays = int16_tensors.arrays_of(content, _SIZES)
        return None if arrays is None else cls(**arrays)

    def network(self, threads: int, note: str) -> Lite0Network:
        """Ready to run."""
        return Lite0Network(self, threads, note)


class Lite0Network:
    """The network, ready to run."""

    precision = Precision.INT16

    def __init__(self, tensors: Lite0Tensors, threads: int, note: str) -> None:
        """`note` is what the report says of it."""
        self.note = note
        self._tensors = tensors
        self._pool = ThreadPoolExecutor(threads)  # starts none before it is asked
        self._threads = threads
        self._kept = threading.local()

    def run(self, views: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 (N, 224, 224, 3) -> probabilities float32 (N, 1000), pooled features float32 (N, 1280)."""
        views = np.ascontiguousarray(views)
        features = np.empty((len(views), LITE0_FEATURES), np.float32)
        logits = np.empty((len(views), INT16_CLASSES), np.float32)
        parts = [part for part in np.array_split(np.arange(len(views)), self._threads) if len(part)]
        work = [slice(int(part[0]), int(part[-1]) + 1) for part in parts]
        if len(work) == 1:
            self._run_part(views, features, logits)
        else:
            list(self._pool.map(lambda part: self._run_part(views[part], features[part], logits[part]), work))
        return int16_tensors.probabilities_of(logits), features

    def _run_part(self, views: NDArray[np.uint8], features: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        """Into `features` and `logits`; ctypes lets other threads run meanwhile."""
        library = native_library()
        if library is None:
            raise RuntimeError("the compiled library is gone")
        tensors, table = self._tensors, layer_table()
        scratch = getattr(self._kept, "scratch", None)
        if scratch is None:
            scratch = self._kept.scratch = np.empty(library.lite0_int16_scratch(), np.uint8)
        library.lite0_int16(
            pointer(table),
            len(table),
            pointer(tensors.weights),
            pointer(tensors.scales),
            pointer(tensors.levels),
            pointer(tensors.last),
            _UNIT,
            pointer(views),
            len(views),
            pointer(scratch),
            pointer(features),
            pointer(logits),
        )
