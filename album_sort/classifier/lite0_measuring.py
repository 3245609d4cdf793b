"""What EfficientNet-Lite0 with unknown weights hands on from block to block, and what it answers in fp32. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from album_sort.classifier import quantize
from album_sort.classifier.networks import build_fp32, load_state_dict
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsFile


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Of one network."""

    state: Mapping[str, NDArray[Any]]
    ranges: tuple[float, ...]
    """Largest absolute value that each block hands on."""
    views: NDArray[np.uint8]
    """The calibration pictures mirrored: they show the network something that the ranges were not measured on."""
    expected: NDArray[np.float32]
    """Its answers to these, (N, 1000)."""


def measure(weights: WeightsFile, views: NDArray[np.uint8]) -> Measured:
    """On calibration pictures (N, 224, 224, 3). Raises `ModelError` for weights of another network."""
    with silence(), torch.inference_mode(), quantize.one_thread():
        state, spec = load_state_dict(weights), weights.backbone.preprocessing
        network: Any = build_fp32(weights, state)
        largest: list[float] = []

        def watch(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            largest.append(max(float(output.abs().max()), 1e-6))

        hooks = [block.register_forward_hook(watch) for block in network._blocks]
        network(quantize.normalised(views, spec))
        for hook in hooks:
            hook.remove()
        mirrored = np.ascontiguousarray(views[:, :, ::-1])
        expected = torch.softmax(network(quantize.normalised(mirrored, spec)), 1).numpy()
    return Measured({name: value.numpy() for name, value in state.items()}, tuple(largest), mirrored, expected)
