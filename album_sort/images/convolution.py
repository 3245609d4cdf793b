"""Convolutions in C (convolution.c) where the library was built; the caller has numpy for the rest."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from album_sort.native import LEAST_POSITIONS, MOST_POOLED, SCRATCH_A_PIXEL, native_library, pointer

Array = NDArray[np.float32]


class Tensors:
    """Weights (out, side * side * channels: rows, columns, channels), bias and slope (out, 1) of layers, as C takes them."""

    def __init__(self, layers: Sequence[tuple[Array, Array, Array]]) -> None:
        # C gets addresses; the arrays are kept so that these stay good.
        self._layers = [tuple(np.ascontiguousarray(tensor, np.float32) for tensor in layer) for layer in layers]
        self.pointers = (ctypes.c_void_p * (3 * len(layers)))(
            *(each.ctypes.data for one in self._layers for each in one)
        )


def convolve_and_prelu(x: Array, tensors: Tensors, side: int, outs: int) -> Array | None:
    """Valid convolution of (C, N, H, W) with its PReLU: (outs, N, H - side + 1, W - side + 1); None where numpy is to do it."""
    channels, count, height, width = x.shape
    rows, columns = height - side + 1, width - side + 1
    positions = (count * height - side + 1) * width - side + 1
    library = native_library()
    if library is None or min(rows, columns) < 1 or positions < LEAST_POSITIONS:
        return None
    x = np.ascontiguousarray(x)
    y = np.empty((outs, count, height, width), np.float32)
    library.convolve_1(pointer(x), channels, count * height, width, side, outs, tensors.pointers, pointer(y))
    return y[:, :, :rows, :columns]


def propose(pixels: NDArray[np.uint8], tensors: Tensors) -> Array | None:
    """The proposal network's answers (6, h, w) of a picture (H, W, 3); None where numpy is to do it."""
    height, width = pixels.shape[:2]
    rows, columns = (height - 1) // 2, (width - 1) // 2
    library = native_library()
    if library is None or min(rows, columns) <= 4 or (rows - 4) * columns - 4 < LEAST_POSITIONS:
        return None
    pixels = np.ascontiguousarray(pixels)
    scratch = np.empty(SCRATCH_A_PIXEL * height * width, np.float32)
    answers = np.empty((6, rows, columns), np.float32)
    library.propose_1(pointer(pixels), height, width, tensors.pointers, pointer(scratch), pointer(answers))
    return answers[:, :-4, :-4]


def pool(x: Array, side: int, size: tuple[int, int], before: tuple[int, int]) -> Array | None:
    """Largest of each window with stride 2: (C, N, H, W) to (C, N, *size), the first beginning `before`; None where numpy is to do it."""
    channels, count, height, width = x.shape
    library = native_library()
    if library is None or width > MOST_POOLED or x.strides[0] != count * x.strides[1] or x.strides[3] != x.itemsize:
        return None
    y = np.empty((channels, count, *size), np.float32)
    plane, row = x.strides[1] // x.itemsize, x.strides[2] // x.itemsize
    arguments = (channels * count, plane, height, width, row, side, *before, *size)
    library.max_pool_1(pointer(x), *arguments, pointer(y))
    return y
