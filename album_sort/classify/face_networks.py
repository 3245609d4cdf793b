"""The three small networks of MTCNN (Zhang et al. 2016): proposals, refinement, output. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

PROPOSAL_SIDE = 12
"""Receptive field of the proposal network in pixels."""
PROPOSAL_STRIDE = 2
REFINE_SIDE = 24
OUTPUT_SIDE = 48

Array = NDArray[np.float32]


class Layer:
    """A convolution or dense layer with its PReLU; kernels come as TensorFlow keeps them (kh, kw, in, out)."""

    def __init__(self, kernel: Array, bias: Array, slope: Array | None = None) -> None:
        order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        self.weight = torch.from_numpy(np.ascontiguousarray(kernel.transpose(order), np.float32))
        self.bias = torch.from_numpy(np.array(bias, np.float32).ravel())
        self.slope = None if slope is None else torch.from_numpy(np.array(slope, np.float32).ravel())

    def __call__(self, x: Tensor) -> Tensor:
        """(N, C, H, W) or (N, features) to the same of the layer's outputs."""
        x = (
            functional.conv2d(x, self.weight, self.bias)
            if x.ndim == 4
            else functional.linear(x, self.weight, self.bias)
        )
        return x if self.slope is None else functional.prelu(x, self.slope)


class ProposalNet:
    """P-Net: every second pixel of a scaled picture asks: is there a face of 12 px here?"""

    def __init__(self, weights: Sequence[Array]) -> None:
        self.first, self.second, self.third = (Layer(*weights[i : i + 3]) for i in (0, 3, 6))
        self.boxes = Layer(*weights[9:11])
        self.face = Layer(*weights[11:13])

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) to box corrections (N, 4, h, w) and probabilities (N, h, w)."""
        x = functional.max_pool2d(self.first(pictures), 2, 2, ceil_mode=True)
        x = self.third(self.second(x))
        return self.boxes(x), torch.softmax(self.face(x), 1)[:, 1]


class CropNet:
    """R-Net and O-Net: look again at crops of 24 or 48 px. They differ in the number of layers and in pooling."""

    def __init__(self, weights: Sequence[Array], pools: Sequence[tuple[int, bool] | None]) -> None:
        """pools: after each convolution its window's side, and whether windows may hang over the edge."""
        count = len(pools)
        self.layers = [Layer(*weights[3 * i : 3 * i + 3]) for i in range(count)]
        self.pools = pools
        self.features = Layer(*weights[3 * count : 3 * count + 3])
        self.boxes = Layer(*weights[3 * count + 3 : 3 * count + 5])
        self.face = Layer(*weights[-2:])

    def __call__(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, side, side) to box corrections (N, 4) and probabilities (N,)."""
        x = crops
        for layer, pool in zip(self.layers, self.pools, strict=True):
            x = layer(x)
            if pool is not None:
                x = functional.max_pool2d(x, pool[0], 2, ceil_mode=pool[1])
        # The weights expect columns before rows, channels last.
        features = self.features(x.permute(0, 3, 2, 1).flatten(1))
        return self.boxes(features), torch.softmax(self.face(features), 1)[:, 1]


def refine_net(weights: Sequence[Array]) -> CropNet:
    """R-Net from its weights in order."""
    return CropNet(weights, ((3, True), (3, False), None))


def output_net(weights: Sequence[Array]) -> CropNet:
    """O-Net from its weights in order."""
    return CropNet(weights, ((3, True), (3, False), (2, True), None))
