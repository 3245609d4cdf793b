"""ResNet-18 in 16-bit integers, run by our own code in C (resnet18_int16.c). Needs no torch: a run can begin at once.

Where the library was not built, or the processor has no AVX2, torch does it (torch_network.py).
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier import int16_tensors
from album_sort.native import (
    INT16_CLASSES,
    INT16_SPOTS,
    INT16_STEM_SUM,
    native,
    native_library,
    pointer,
)
from album_sort.types import EMBEDDING_SIZE, Precision

CLASSES = INT16_CLASSES
_MOST_AT_ONCE = 16
"""Pictures: each takes 2.4 MB beside the weights, and Ctrl-C waits for them."""
_STAGES = (128, 256, 512)
"""Channels of the stages that begin with a stride; before them are the stem and a stage of 64."""
_WEIGHTS = INT16_STEM_SUM * 64 + 4 * INT16_SPOTS * 64**2 + sum((5 * c + 3 * INT16_SPOTS * c) * c for c in _STAGES)
_SCALES = 2 * 64 + 4 * (INT16_SPOTS + 1) * 64 + sum((2 * 2 + 3 * (INT16_SPOTS + 1)) * c for c in _STAGES)
# Numbers of each tensor, in the order of the file: weights begin it, where the alignment of the buffer holds.
_SIZES: int16_tensors.Sizes = {
    "weights": (_WEIGHTS, np.dtype(np.int16)),
    "scales": (_SCALES, np.dtype(np.float32)),
    "last": (CLASSES * (EMBEDDING_SIZE + 1), np.dtype(np.float32)),
    "units": (9, np.dtype(np.float32)),
    "levels": (3 * 256, np.dtype(np.int16)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Int16Tensors:
    """A converted network, as `int16_conversion.convert_resnet18` makes it and the C code reads it."""

    weights: NDArray[np.int16]
    """Of the twenty convolutions, one after another, in the order in which sums are made."""
    scales: NDArray[np.float32]
    """What a sum is in steps of its activation, and the biases in those steps, in the same order."""
    units: NDArray[np.float32]
    """(9,) steps of the eight identities in those of the activations they are added to; a feature for a sum over a plane."""
    levels: NDArray[np.int16]
    """(3, 256) input for the value of a channel: what normalising gives, in steps."""
    last: NDArray[np.float32]
    """The last layer, which stays as it is: weights (125, 512, 8), for eight classes at once, then biases (1000,)."""

    def to_bytes(self) -> bytes:
        """As a file."""
        return int16_tensors.to_bytes(self, _SIZES)

    @classmethod
    def of_bytes(cls, content: memoryview) -> Int16Tensors | None:
        """From a file, without copying; None for one of another kind, or with values that are not numbers."""
        arrays = int16_tensors.arrays_of(content, _SIZES)
        return None if arrays is None else cls(**arrays)

    def network(self, threads: int, note: str) -> Int16Network:
        """Ready to run."""
        return Int16Network(self, threads, note)


@lru_cache(maxsize=1)
def int16_runs_here() -> bool:
    """Whether the library was built and this processor has what it was built for."""
    return native().has_avx2


class Int16Network:
    """The network at work, on at most so many threads."""

    precision = Precision.INT16

    def __init__(self, tensors: Int16Tensors, threads: int, note: str) -> None:
        """Only where `int16_runs_here`."""
        self.note = note
        self._tensors = tensors
        self._pool = ThreadPoolExecutor(threads)  # starts none before it is asked
        self._threads = threads
        self._kept = threading.local()

    def run(self, views: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 (N, 224, 224, 3) -> probabilities float32 (N, 1000), pooled features float32 (N, 512)."""
        views = np.ascontiguousarray(views)
        features = np.empty((len(views), EMBEDDING_SIZE), np.float32)
        logits = np.empty((len(views), CLASSES), np.float32)
        parts = _parts(len(views), max(min(self._threads, len(views)), -(-len(views) // _MOST_AT_ONCE)))
        work = [(views[part], features[part], logits[part]) for part in parts]
        if self._threads == 1 or len(parts) == 1:
            for part in work:
                self._run_part(*part)
        else:
            list(self._pool.map(lambda part: self._run_part(*part), work))
        return int16_tensors.probabilities_of(logits), features

    def _run_part(self, views: NDArray[np.uint8], features: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        """Into `features` and `logits`; ctypes lets other threads run meanwhile."""
        library = native_library()
        if library is None:
            raise RuntimeError("the compiled library is gone")
        tensors, count = self._tensors, len(views)
        scratch = getattr(self._kept, "scratch", {}).get(count)
        if scratch is None:
            scratch = np.zeros(library.resnet18_int16_scratch(count), np.uint8)
            # Of one size: what surrounds the activations has to stay zero, and they end elsewhere for another number.
            self._kept.scratch = {count: scratch}
        library.resnet18_int16(
            pointer(tensors.weights),
            pointer(tensors.scales),
            pointer(tensors.units),
            pointer(tensors.levels),
            pointer(tensors.last),
            pointer(views),
            count,
            pointer(scratch),
            pointer(features),
            pointer(logits),
        )


def _parts(count: int, parts: int) -> list[slice]:
    """So many slices of nearly the same length."""
    edges = [count * part // parts for part in range(parts + 1)]
    return [slice(first, last) for first, last in itertools.pairwise(edges)]
