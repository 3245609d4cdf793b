"""EfficientNet-Lite0's weights for 16-bit integer arithmetic (lite0_int16.py). Needs no torch: a tenth of a second, in any first run.

Weights get a scale for each output channel, as large as 16 bits and the sums allow: none can overflow, whatever the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.backbone import CalibrationViews
from album_sort.classifier.int16_tensors import if_it_agrees, levels_of
from album_sort.classifier.lite0_int16 import Lite0Tensors
from album_sort.classifier.lite0_shape import BN_EPS, Kind, Layer, layers
from album_sort.classifier.plain_weights import read_plain_weights
from album_sort.classifier.weights import WeightsFile
from album_sort.native import INT16_CLASSES, INT16_OUTS, LITE0_FARTHEST, LITE0_FEATURES, LITE0_MOST, LITE0_STEM_VALUES
from album_sort.types import Preprocessing

Array = NDArray[np.float64]
State = Mapping[str, NDArray[Any]]

_INPUT_STEP = 1 / 8192
"""Of the normalised input, which lies within -1 and 1."""
_RELU6 = 6 / LITE0_MOST
"""A step of what ReLU6 leaves."""
MARGIN = 2.0
"""What blocks hand on is not bounded: eight pictures do not show all of it. Beyond twice their largest value it is cut off."""
_LARGEST_SUM, _LARGEST = 2**31 - 1, 32767
_HALF_ORDER = np.array([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15])
"""Channels as unpacking leaves them."""

_SHIPPED = "57934424"
"""With which the SHA-256 of the shipped weights begins."""
RANGES = (41.1, 56, 56.7, 42.9, 48.7, 31.7, 35.6, 37.7, 35.8, 40.1, 62, 30, 33.9, 38, 42.7, 16.8)
"""Largest absolute values that the sixteen blocks of these hand on, on the shipped calibration pictures: a test measures them again."""


def convert_weights(weights: WeightsFile, calibration: CalibrationViews) -> tuple[Lite0Tensors | None, float]:
    """(converted network, mean probability it moved); the network is None where it does not agree with fp32.

    The shipped weights are known; what others hand on is measured on the calibration pictures, by torch, and the network is compared.
    """
    spec = weights.backbone.preprocessing
    state = read_plain_weights(weights.path)
    if state is not None and weights.sha256.startswith(_SHIPPED):
        return convert_lite0(state, spec), 0.0
    from album_sort.classifier.lite0_measuring import measure  # noqa: PLC0415 - imports torch

    measured = measure(weights, calibration())
    tensors = convert_lite0(measured.state, spec, measured.ranges)
    found, _ = tensors.network(1, "").run(measured.views)
    return if_it_agrees(tensors, found, measured.expected)


def convert_lite0(state: State, spec: Preprocessing, ranges: tuple[float, ...] = RANGES) -> Lite0Tensors:
    """The network for our own code; raises KeyError or ValueError for tensors that are not its own.

    ranges: the largest absolute value that each of the sixteen blocks hands on.
    """
    weights, scales = [], []
    handed = iter([MARGIN * value / LITE0_FARTHEST for value in ranges])
    before = 0.0
    for layer in layers():
        kernel, bias = _folded(state, layer)
        if layer.kind is Kind.PROJECT:
            step = next(handed)
            made = _lowered(layer, kernel, bias, came=_RELU6, goes=step, unit=before / step)
            before = step
        else:
            came = {Kind.STEM: _INPUT_STEP, Kind.DEPTHWISE: _RELU6}.get(layer.kind, before)
            made = _lowered(layer, kernel, bias, came=came, goes=_RELU6, unit=0.0)
        weights.append(made[0])
        scales.append(made[1])
    last, last_bias = state["_fc.weight"], state["_fc.bias"]
    eights = last.reshape(INT16_CLASSES // 8, 8, LITE0_FEATURES).transpose(0, 2, 1)
    return Lite0Tensors(
        weights=np.concatenate(weights),
        scales=np.concatenate(scales).astype(np.float32),
        levels=levels_of(spec, _INPUT_STEP),
        last=np.concatenate((eights.ravel(), last_bias)).astype(np.float32),
    )


def _folded(state: State, layer: Layer) -> tuple[Array, Array]:
    """((out, in, height, width), (out,)) with the batch norm folded into the convolution."""
    norm = {
        name: state[f"{layer.norm}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    }
    factor = norm["weight"] / np.sqrt(norm["running_var"] + BN_EPS)
    kernel = state[f"{layer.convolution}.weight"].astype(np.float64) * factor[:, None, None, None]
    ins = 1 if layer.kind is Kind.DEPTHWISE else layer.channels_in
    if kernel.shape != (layer.channels_out, ins, layer.kernel, layer.kernel):
        raise ValueError(layer.convolution)
    return kernel, norm["bias"] - norm["running_mean"] * factor


def _lowered(
    layer: Layer, kernel: Array, bias: Array, *, came: float, goes: float, unit: float
) -> tuple[NDArray[np.int16], Array]:
    """(weights, scales and biases and unit) as the code in C reads them; `came` and `goes`: steps of what comes in and goes out."""
    most = {Kind.STEM: round(1 / _INPUT_STEP), Kind.EXPAND: LITE0_FARTHEST, Kind.HEAD: LITE0_FARTHEST}.get(
        layer.kind, LITE0_MOST
    )
    # (values that are summed, out), values in the order in which they lie in memory
    values = kernel.transpose(2, 3, 1, 0).reshape(-1, layer.channels_out)
    rows = (
        layer.kernel**2 + 1
        if layer.kind is Kind.DEPTHWISE
        else LITE0_STEM_VALUES
        if layer.kind is Kind.STEM
        else layer.padded_in
    )
    values = np.pad(values, ((0, rows - len(values)), (0, layer.padded_out - layer.channels_out)))
    largest, total = np.abs(values).max(0), np.abs(values).sum(0)
    # Half a unit more for each weight, since they are rounded.
    room = (_LARGEST_SUM / most - len(values) / 2) / np.maximum(total, 1e-30)
    factor = np.minimum(_LARGEST / np.maximum(largest, 1e-30), room)
    scale = came / factor / goes
    biases = np.pad(bias / goes, (0, layer.padded_out - layer.channels_out))
    whole = np.rint(values * factor)
    if layer.kind is Kind.DEPTHWISE:
        order = (np.arange(layer.padded_out).reshape(-1, INT16_OUTS)[:, _HALF_ORDER]).ravel()
        scale, biases = scale[order], biases[order]
        whole = whole[:, order]
    # As they are read: in sixteens of channels, and of each the values that are summed two by two.
    paired = whole.reshape(rows // 2, 2, -1, INT16_OUTS).transpose(2, 0, 3, 1)
    tail = np.zeros(8)
    tail[0] = unit
    return np.ascontiguousarray(paired, np.int16).ravel(), np.concatenate((scale, biases, tail))
