"""ResNet-18's fp32 weights for 16-bit integer arithmetic without torch, whose start took as long as the conversion.

Numpy folds the batch norms, bit for bit as torch does, and runs the network over the calibration pictures: once in doubles for the ranges
of its activations, once in fp32 to compare the result with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from album_sort.classifier.int16_lowering import MARGIN, Floats, Layers, block_names, lowered
from album_sort.classifier.int16_network import Int16Network, Int16Tensors
from album_sort.classifier.int16_tensors import if_it_agrees, probabilities_of
from album_sort.types import Preprocessing

_BN_EPS = np.float32(1e-5)
_STAGES = (64, 128, 256, 512)
"""Channels of the four stages."""
_PARTS = ("weight", "bias", "running_mean", "running_var")
"""Of a batch norm."""


def convert_plain(
    layers: Layers, views: NDArray[np.uint8], spec: Preprocessing, *, margin: float = MARGIN
) -> tuple[Int16Tensors | None, float]:
    """As `int16_conversion.convert_resnet18`, of layers that are folded already."""
    largest: dict[str, float] = {}
    # Mirrored, the pictures show the network something that the ranges were not measured on.
    mirrored = np.ascontiguousarray(views[:, :, ::-1])
    # Processes read photos meanwhile. One thread beside them takes a fifth of the time of several that wait for each other.
    with threadpool_limits(1):
        # In double precision no machine's order of adding shows in the scales: all of a cluster make the same file.
        _run(layers, views, spec, largest, np.float64)
        tensors = lowered(layers, largest, margin, spec)
        expected = probabilities_of(_run(layers, mirrored, spec, {}))
    found, _ = Int16Network(tensors, 1, "").run(mirrored)
    return if_it_agrees(tensors, found, expected)


def folded_layers(state: Mapping[str, NDArray[Any]]) -> Layers | None:
    """The layers of a whole ResNet-18 in fp32 or fp16; None for other tensors and for values no trained network has: torch tells why."""
    shapes = _shapes()
    norms = {_norm_of(name): shape[0] for name, shape in shapes.items()}
    wanted: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in shapes.items()}
    wanted |= {f"{norm}.{part}": (size,) for norm, size in norms.items() for part in _PARTS}
    wanted |= {"fc.weight": (1000, 512), "fc.bias": (1000,)}
    counts = {f"{norm}.num_batches_tracked" for norm in norms}
    if not wanted.keys() <= state.keys() <= wanted.keys() | counts:
        return None
    if any(state[name].shape != shape or state[name].dtype.kind != "f" for name, shape in wanted.items()):
        return None
    if not all(np.isfinite(state[name]).all() for name in wanted):
        return None
    if any((state[f"{norm}.running_var"] < 0).any() for norm in norms):
        return None
    layers = {name: _folded(state, name) for name in shapes}
    return layers | {"fc": (state["fc.weight"].astype(np.float32), state["fc.bias"].astype(np.float32))}


def _shapes() -> Mapping[str, tuple[int, int, int, int]]:
    """(out, in, height, width) of the twenty convolutions."""
    shapes = {"conv1": (64, 3, 7, 7)}
    before = 64
    for name in block_names():
        channels = _STAGES[int(name[5]) - 1]
        shapes[f"{name}.conv1"] = (channels, before, 3, 3)
        shapes[f"{name}.conv2"] = (channels, channels, 3, 3)
        if channels != before:
            shapes[f"{name}.downsample.0"] = (channels, before, 1, 1)
        before = channels
    return shapes


def _norm_of(convolution: str) -> str:
    """The batch norm after it."""
    if convolution.endswith("downsample.0"):
        return convolution[:-1] + "1"
    return convolution.replace("conv", "bn")


def _folded(state: Mapping[str, NDArray[Any]], name: str) -> tuple[Floats, Floats]:
    """In the order in which torch multiplies, so that each bit is the same."""
    scale, bias, mean, variance = (state[f"{_norm_of(name)}.{part}"].astype(np.float32) for part in _PARTS)
    root = np.float32(1) / np.sqrt(variance + _BN_EPS)
    weights = state[f"{name}.weight"].astype(np.float32) * (scale * root)[:, None, None, None]
    return weights, (np.zeros_like(mean) - mean) * root * scale + bias


def _run(
    given: Layers,
    views: NDArray[np.uint8],
    spec: Preprocessing,
    largest: dict[str, float],
    dtype: type[np.floating[Any]] = np.float32,
) -> Floats:
    """Logits (N, 1000) of pictures, one after another; keeps the largest value of each activation in `largest`."""
    layers = {name: (weights.astype(dtype), bias.astype(dtype)) for name, (weights, bias) in given.items()}
    flat = {name: _flat(weights) for name, (weights, _) in layers.items() if name != "fc"}
    mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)

    def convolved(name: str, image: Floats, stride: int = 1) -> Floats:
        size = layers[name][0].shape[-1]
        return _convolved(image, flat[name], size, stride) + layers[name][1]

    def seen(name: str, values: Floats) -> Floats:
        largest[name] = max(largest.get(name, 1e-6), float(values.max()))
        return np.maximum(values, 0)

    logits = []
    for view in views:
        image = ((view.astype(np.float32) / np.float32(255) - mean) / std).astype(dtype)
        image = _pooled(seen("stem", convolved("conv1", image, 2)))
        for name in block_names():
            shortcut, stride = image, 1
            if f"{name}.downsample.0" in layers:
                shortcut, stride = convolved(f"{name}.downsample.0", image, 2), 2
            inner = seen(f"{name}.1", convolved(f"{name}.conv1", image, stride))
            image = seen(f"{name}.2", convolved(f"{name}.conv2", inner) + shortcut)
        weights, bias = layers["fc"]
        logits.append(weights @ image.mean(axis=(0, 1)) + bias)
    return np.stack(logits)


def _flat(weights: Floats) -> Floats:
    """(height * width * in, out)."""
    return np.ascontiguousarray(weights.transpose(2, 3, 1, 0).reshape(-1, len(weights)))


def _convolved(image: Floats, weights: Floats, size: int, stride: int) -> Floats:
    """(H, W, in) with zeros around -> (H / stride, W / stride, out)."""
    height, width = image.shape[0] // stride, image.shape[1] // stride
    around = size // 2
    padded = np.pad(image, ((around, around), (around, around), (0, 0)))
    shifted = [
        padded[top : top + height * stride : stride, left : left + width * stride : stride]
        for top in range(size)
        for left in range(size)
    ]
    values = np.concatenate(shifted, axis=-1)
    result: Floats = (values.reshape(height * width, -1) @ weights).reshape(height, width, -1)
    return result


def _pooled(image: Floats) -> Floats:
    """The largest of 3 by 3, at every second place."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))  # none is negative
    rows, columns = image.shape[:2]
    pooled: Floats = np.maximum.reduce(
        [padded[top : top + rows : 2, left : left + columns : 2] for top in range(3) for left in range(3)]
    )
    return pooled
