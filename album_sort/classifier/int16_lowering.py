"""ResNet-18's folded weights as 16-bit integers (int16_network.py runs them). Needs no torch.

Activations are quantized to steps of their own, measured on the calibration pictures; weights get a scale for each output channel,
and for each spot of Winograd's tiles, as large as the sums allow: none can overflow, whatever the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.int16_network import Int16Tensors
from album_sort.classifier.int16_tensors import levels_of
from album_sort.native import INT16_MOST, INT16_OUTS
from album_sort.types import Preprocessing

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Layers = Mapping[str, tuple[Floats, Floats]]
"""Weights (out, in, height, width) and biases (out,) of each convolution, batch norms folded in, and of `fc`, by torchvision's names."""

MOST = INT16_MOST
_SKIP_STEPS = 16
"""Steps of a shortcut's convolution in one of the sum it goes into: it may be negative, and is rounded twice."""
_INPUT_STEP = 1 / 512
"""Of the normalised input, whose values are 1/58 apart."""
_LARGEST_SUM = 2**31 - 1
_LARGEST = 32767
_PLANE = 49
"""Pixels of the last activation."""
MARGIN = 1.25
"""Ranges of eight pictures are not those of all; activations beyond are cut off (docs/decisions/0008-int16.md)."""

# Winograd's F(4x4, 3x3): transforms of the input and of the weights (Lavin, Gray, arXiv 1509.09308).
_INPUT_TRANSFORM = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_WEIGHT_TRANSFORM = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)


def block_names() -> Iterator[str]:
    """Of the eight basic blocks."""
    for stage, index in itertools.product(range(1, 5), range(2)):
        yield f"layer{stage}.{index}"


def lowered(given: Layers, largest: Mapping[str, float], margin: float, spec: Preprocessing) -> Int16Tensors:
    """All tensors in the order in which the C code takes them.

    largest: of each activation, the stem's and both of each block (`.1`, `.2`).
    """
    step = {name: margin * value / MOST for name, value in largest.items()}
    levels = levels_of(spec, _INPUT_STEP)
    layers = [_direct(given["conv1"], _INPUT_STEP, step["stem"], int(np.abs(levels).max()))]
    units = []
    before = step["stem"]
    for name in block_names():
        inner, after = step[f"{name}.1"], step[f"{name}.2"]
        if f"{name}.downsample.0" not in given:
            layers.append(_winograd(given[f"{name}.conv1"], before, inner))
            units.append(before / after)
        else:
            layers.append(_direct(given[f"{name}.conv1"], before, inner, MOST))
            layers.append(_direct(given[f"{name}.downsample.0"], before, after / _SKIP_STEPS, MOST))
            units.append(1 / _SKIP_STEPS)
        layers.append(_winograd(given[f"{name}.conv2"], inner, after))
        before = after
    return Int16Tensors(
        weights=np.concatenate([weights.ravel() for weights, _ in layers]),
        scales=np.concatenate([scales for _, scales in layers]).astype(np.float32),
        units=np.array([*units, before / _PLANE], np.float32),
        levels=levels,
        last=np.concatenate((_by_eights(given["fc"][0]), given["fc"][1])),
    )


def _direct(
    convolution: tuple[Floats, Floats], before: float, after: float, most: int
) -> tuple[NDArray[np.int16], Array]:
    """(weights, scales and biases) of one whose sums are made as they stand; `most`: the largest value that comes in."""
    weights, bias = (one.astype(np.float64) for one in convolution)
    lines = weights.transpose(2, 3, 1, 0).reshape(weights.shape[2], -1, len(weights))
    if lines.shape[1] % 2:  # values go in pairs
        lines = np.pad(lines, ((0, 0), (0, 1), (0, 0)))
    values = lines.reshape(-1, len(weights))
    factor = _factor(values, np.array(most))
    return _paired(np.rint(values * factor)), np.concatenate((before / factor / after, bias / after))


def _winograd(convolution: tuple[Floats, Floats], before: float, after: float) -> tuple[NDArray[np.int16], Array]:
    """The same for one that goes by tiles."""
    weights, bias = (one.astype(np.float64) for one in convolution)
    # Both transforms over long rows: einsum's products of 3 by 3 took fifteen times as long, and two thirds of a conversion.
    lines = np.ascontiguousarray(weights.transpose(2, 3, 1, 0))
    half = (_WEIGHT_TRANSFORM @ lines.reshape(3, -1)).reshape(6, 3, -1)
    # Spot by spot, which stays in the processor's cache: half the time.
    spots = (spot.reshape(lines.shape[2:]) for row in half for spot in _WEIGHT_TRANSFORM @ row)
    lowered, scales = [], []
    for spot, times in zip(spots, reach().tolist(), strict=True):
        factor = _factor(spot, np.array(MOST * times))
        lowered.append(_paired(np.rint(spot * factor)))
        scales.append(before / factor / after)
    return np.stack(lowered), np.concatenate((*scales, bias / after))


def reach() -> NDArray[np.int64]:
    """(36,) how many times an activation, which is not negative, a spot of the transformed input can be, either way."""
    up, down = np.maximum(_INPUT_TRANSFORM, 0).sum(1), np.maximum(-_INPUT_TRANSFORM, 0).sum(1)
    positive = np.outer(up, up) + np.outer(down, down)
    times: NDArray[np.int64] = np.maximum(positive, np.outer(up, down) + np.outer(down, up)).ravel()
    return times


def _factor(values: Array, most: NDArray[np.int64]) -> Array:
    """(..., out) by which weights (..., in, out) are multiplied: they fit into 16 bits, and their sums with inputs of `most` into 32."""
    largest, total = np.abs(values).max(-2), np.abs(values).sum(-2)
    # Half a unit more for each weight, since they are rounded.
    room = (_LARGEST_SUM / most - values.shape[-2] / 2) / np.maximum(total, 1e-30)
    factor: Array = np.minimum(_LARGEST / np.maximum(largest, 1e-30), room)
    return factor


def _by_eights(last: Floats) -> Floats:
    """(1000, 512) of the last layer as they are read: (125, 512, 8)."""
    return last.reshape(-1, 8, last.shape[1]).transpose(0, 2, 1).ravel()


def _paired(values: Array) -> NDArray[np.int16]:
    """(in, out) as they are read: (out / 16, in / 2, 16, 2)."""
    ins, outs = values.shape
    return np.ascontiguousarray(
        values.reshape(ins // 2, 2, outs // INT16_OUTS, INT16_OUTS).transpose(2, 0, 3, 1).astype(np.int16)
    )
