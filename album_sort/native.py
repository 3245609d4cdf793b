"""The library compiled from the package's C files when the project was installed (hatch_build.py).

Nothing depends on it: who finds it missing takes the slower way, which gives the same answers.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LIBRARY = Path(__file__).with_name("_native.so")
"""Where the build puts it."""

_MEASURES = ("split", "raise", "measure_blocks", "find_ink", "find_steps", "find_points", "find_greys", "sum")


@lru_cache(maxsize=1)
def native_library() -> ctypes.CDLL | None:
    """The compiled library; None where it was not built, or was built from another version."""
    try:
        library = ctypes.CDLL(str(LIBRARY))
        library.jpeg_eighth_1.restype = ctypes.c_int
        library.convolve_1.restype = None
        library.propose_1.restype = None
        library.max_pool_1.restype = None
        library.resample_runs.restype = ctypes.c_int
        library.resample_1.restype = ctypes.c_int
        library.resnet18_int16_runs.restype = ctypes.c_int
        library.resnet18_int16_scratch.restype = ctypes.c_size_t
        library.resnet18_int16.restype = None
        for name in _MEASURES:
            getattr(library, f"measures_{name}").restype = None
    except (OSError, AttributeError):
        return None
    return library


def pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    """Where an array begins: C-contiguous, of the type that the C function takes."""
    # `array.ctypes.data_as` takes five times as long, and is called a hundred times for a photo.
    return ctypes.c_void_p(array.__array_interface__["data"][0])
