"""The three small networks of MTCNN (Zhang et al. 2016): proposals, refinement, output. Knows arrays, no files.

Where the compiled library is (convolution.py) it sums; numpy is the way for every machine.

Arrays are (channels, N, height, width) float32: that way a convolution is one matrix product over long rows of memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from album_sort.images.convolution import Array, Tensors, convolve_and_prelu, pool, propose

PROPOSAL_SIDE = 12
"""Receptive field of the proposal network in pixels."""
PROPOSAL_STRIDE = 2
REFINE_SIDE = 24
OUTPUT_SIDE = 48


class Layer:
    """A convolution or dense layer with its PReLU; kernels come as TensorFlow keeps them (kh, kw, in, out)."""

    def __init__(self, kernel: Array, bias: Array, slope: Array | None = None) -> None:
        self.side = kernel.shape[0] if kernel.ndim == 4 else 1
        # (out, in * kh * kw), channels outermost as in `convolve`.
        flat = kernel.transpose(3, 0, 1, 2).reshape(kernel.shape[3], -1) if kernel.ndim == 4 else kernel.T
        self.weights = np.ascontiguousarray(flat, dtype=np.float32)
        self.bias = np.asarray(bias, np.float32).reshape(-1, 1)
        self.slope = None if slope is None else np.asarray(slope, np.float32).reshape(-1, 1)
        self.tensors = None if self.slope is None else Tensors([(self.weights, self.bias, self.slope)])

    def convolve(self, x: Array) -> Array:
        """Valid convolution of (C, N, H, W), without the PReLU."""
        channels, count, height, width = x.shape
        side = self.side
        rows, columns = height - side + 1, width - side + 1
        windows = np.empty((side * side, channels, count, rows, columns), np.float32)
        for i in range(side):
            for j in range(side):
                windows[i * side + j] = x[:, :, i : i + rows, j : j + columns]
        product = self.weights @ windows.reshape(side * side * channels, -1)
        product += self.bias
        return product.reshape(-1, count, rows, columns)

    def activate(self, x: Array) -> Array:
        """Valid convolution of (C, N, H, W), with the PReLU."""
        fast = None if self.tensors is None else convolve_and_prelu(x, self.tensors, self.side, len(self.weights))
        return self.prelu(self.convolve(x)) if fast is None else fast

    def dense(self, x: Array) -> Array:
        """(features, N) to (out, N), without the PReLU."""
        product: Array = self.weights @ x
        product += self.bias
        return product

    def prelu(self, x: Array) -> Array:
        """Negative values times the channel's slope, in place."""
        if self.slope is None:
            return x
        flat = x.reshape(x.shape[0], -1)
        flat += np.minimum(flat, 0) * (self.slope - 1)
        return x


class ProposalNet:
    """P-Net: every second pixel of a scaled picture asks: is there a face of 12 px here?"""

    def __init__(self, weights: Sequence[Array]) -> None:
        self.layers = [Layer(*weights[i : i + 3]) for i in (0, 3, 6)]
        # Both answers in one layer: four corrections, then two logits. A slope of one leaves them as they are.
        kernel, bias = np.concatenate((weights[9], weights[11]), axis=-1), np.concatenate((weights[10], weights[12]))
        self.layers.append(Layer(kernel, bias, np.ones_like(bias)))
        self._tensors = Tensors(
            [(layer.weights, layer.bias, layer.slope) for layer in self.layers if layer.slope is not None]
        )

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[Array, Array]:
        """(H, W, 3) to box corrections (4, h, w), and how far the logit of a face is above the other, (h, w)."""
        answers = propose(pixels, self._tensors)
        if answers is None:
            first, *others = self.layers
            x = max_pool(first.activate(normalised(pixels)[:, np.newaxis]), 2, pad=True)
            for layer in others:
                x = layer.activate(x)
            answers = x[:, 0]
        return answers[:4], answers[5] - answers[4]


class CropNet:
    """R-Net and O-Net: look again at crops of 24 or 48 px. They differ in the number of layers and in pooling."""

    def __init__(self, weights: Sequence[Array], pools: Sequence[tuple[int, bool] | None]) -> None:
        count = len(pools)
        self.layers = [Layer(*weights[3 * i : 3 * i + 3]) for i in range(count)]
        self.pools = pools
        self.features = Layer(*weights[3 * count : 3 * count + 3])
        self.boxes = Layer(*weights[3 * count + 3 : 3 * count + 5])
        self.face = Layer(*weights[-2:])

    def __call__(self, crops: NDArray[np.uint8]) -> tuple[Array, Array]:
        """(N, side, side, 3) to box corrections (4, N) and probabilities (N,)."""
        x = normalised(crops)
        for layer, window in zip(self.layers, self.pools, strict=True):
            # Some slopes are negative: the PReLU cannot wait until after the pooling.
            x = layer.activate(x)
            if window is not None:
                side, pad = window
                x = max_pool(x, side, pad=pad)
        # The weights expect columns before rows, channels last.
        flat = x.transpose(3, 2, 0, 1).reshape(-1, x.shape[1])
        features = self.features.prelu(self.features.dense(flat))
        return self.boxes.dense(features), probability(self.face.dense(features))


def refine_net(weights: Sequence[Array]) -> CropNet:
    """R-Net from its weights in order."""
    return CropNet(weights, ((3, True), (3, False), None))


def output_net(weights: Sequence[Array]) -> CropNet:
    """O-Net from its weights in order."""
    return CropNet(weights, ((3, True), (3, False), (2, True), None))


def max_pool(x: Array, side: int, *, pad: bool) -> Array:
    """Largest of each window, stride 2; `pad` keeps windows that hang over the edge, as TensorFlow's `same` does."""
    height, width = x.shape[2:]
    if pad:
        rows, columns = -(-height // 2), -(-width // 2)
        below = max(0, (rows - 1) * 2 + side - height)
        beside = max(0, (columns - 1) * 2 + side - width)
    else:
        rows, columns = (height - side) // 2 + 1, (width - side) // 2 + 1
        below = beside = 0
    pooled = pool(x, side, (rows, columns), (below // 2, beside // 2))
    if pooled is not None:
        return pooled
    if below or beside:
        around = ((0, 0), (0, 0), (below // 2, below - below // 2), (beside // 2, beside - beside // 2))
        x = np.pad(x, around, constant_values=-np.inf)
    down, across = (rows - 1) * 2 + 1, (columns - 1) * 2 + 1
    # Rows first, then columns: 2k comparisons instead of k * k.
    tall = x[:, :, 0:down:2].copy()
    for i in range(1, side):
        np.maximum(tall, x[:, :, i : i + down : 2], out=tall)
    pooled = tall[..., 0:across:2].copy()
    for j in range(1, side):
        np.maximum(pooled, tall[..., j : j + across : 2], out=pooled)
    return pooled


def normalised(pixels: NDArray[np.uint8]) -> Array:
    """(..., 3) to (3, ...), about -1 to 1 as in training."""
    planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)).astype(np.float32)
    planes -= 127.5
    planes *= 1 / 128
    return planes


def probability(logits: Array) -> Array:
    """Softmax of two logits (2, ...): the second's probability."""
    return likely(logits[1] - logits[0])


def likely(above: Array) -> Array:
    """Probability of a face whose logit is so far above the other."""
    faces: Array = np.float32(1.0) / (np.float32(1.0) + np.exp(-above))
    return faces
