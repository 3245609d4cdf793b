"""EfficientNet-Lite0 layer by layer, as numbers: what our own code in C is told, and what the conversion goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from album_sort.native import INT16_OUTS, LITE0_FEATURES, LITE0_STEM_VALUES

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""(repeats, kernel, stride, expansion, channels out) of EfficientNet-B0's stages."""
STEM_CHANNELS = 32
BN_EPS = 1e-3
"""TensorFlow's."""
SIDE = 224


class Kind(IntEnum):
    """As `lite0_int16.c` counts them."""

    STEM = 0
    EXPAND = 1
    DEPTHWISE = 2
    PROJECT = 3
    HEAD = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with the names of its tensors."""

    kind: Kind
    convolution: str
    norm: str
    side_in: int
    channels_in: int
    side_out: int
    channels_out: int
    kernel: int = 1
    stride: int = 1
    adds: bool = False
    """Whether what the block was given is added."""

    @property
    def padded_in(self) -> int:
        """Channels as they lie in memory."""
        return in_sixteens(self.channels_in)

    @property
    def padded_out(self) -> int:
        """Likewise."""
        return in_sixteens(self.channels_out)

    @property
    def weights(self) -> int:
        """How many numbers its weights are."""
        if self.kind is Kind.STEM:
            return LITE0_STEM_VALUES * self.padded_out
        if self.kind is Kind.DEPTHWISE:
            return (self.kernel**2 + 1) * self.padded_out
        return self.padded_in * self.padded_out

    @property
    def scales(self) -> int:
        """Scales, biases, and the unit of what is added, to a multiple of eight."""
        return 2 * self.padded_out + 8


def in_sixteens(channels: int) -> int:
    """So many channels are summed at once; those beyond are zero."""
    return -(-channels // INT16_OUTS) * INT16_OUTS


@cache
def layers() -> tuple[Layer, ...]:
    """In the order in which they run."""
    return tuple(_layers())


def _layers() -> Iterator[Layer]:
    side, channels, block = SIDE // 2, STEM_CHANNELS, 0
    yield Layer(Kind.STEM, "_conv_stem", "_bn0", SIDE, 3, side, channels, 3, 2)
    for repeats, kernel, first_stride, expansion, out in STAGES:
        for repeat in range(repeats):
            name, inner, stride = f"_blocks.{block}", channels * expansion, first_stride if repeat == 0 else 1
            if expansion != 1:
                yield Layer(Kind.EXPAND, f"{name}._expand_conv", f"{name}._bn0", side, channels, side, inner)
            after = side // stride
            yield Layer(
                Kind.DEPTHWISE, f"{name}._depthwise_conv", f"{name}._bn1", side, inner, after, inner, kernel, stride
            )
            adds = stride == 1 and channels == out
            yield Layer(Kind.PROJECT, f"{name}._project_conv", f"{name}._bn2", after, inner, after, out, adds=adds)
            side, channels, block = after, out, block + 1
    yield Layer(Kind.HEAD, "_conv_head", "_bn1", side, channels, side, LITE0_FEATURES)


@cache
def layer_table() -> NDArray[np.int32]:
    """(layers, LITE0_NUMBERS) what the code in C goes by: where the weights and scales of each begin is part of it."""
    rows, weights, scales = [], 0, 0
    for one in layers():
        shape = (one.side_in, one.padded_in, one.side_out, one.padded_out, one.kernel, one.stride)
        rows.append((one.kind, *shape, one.adds, weights, scales))
        weights, scales = weights + one.weights, scales + one.scales
    return np.array(rows, np.int32)
