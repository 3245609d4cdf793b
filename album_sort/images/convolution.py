"""Convolutions in C (convolution.c) where the library was built and where they win; the caller has numpy for the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from album_sort.images.native import native_library, pointer

Array = NDArray[np.float32]

# With more input channels the product outweighs the copying that numpy needs for it, and numpy's library multiplies better.
_MOST_CHANNELS = 16
# As many neighbouring positions are summed at once.
_LEAST_COLUMNS = 8


def convolve_and_prelu(x: Array, weights: Array, bias: Array, slope: Array, side: int) -> Array | None:
    """Valid convolution of (C, N, H, W) with its PReLU: (out, N, H - side + 1, W - side + 1); None where numpy is to do it.

    weights: (out, side * side * C), of rows, columns, channels. bias, slope: (out, 1). All C-contiguous.
    """
    channels, count, height, width = x.shape
    rows, columns = height - side + 1, width - side + 1
    library = native_library()
    if library is None or channels > _MOST_CHANNELS or rows < 1 or columns < _LEAST_COLUMNS:
        return None
    x = np.ascontiguousarray(x)
    y = np.empty((len(weights), count, rows, columns), np.float32)
    numbers = (channels, count, height, width, side, len(weights))
    library.convolve_1(pointer(x), *numbers, pointer(weights), pointer(bias), pointer(slope), pointer(y))
    return y
