"""ResNet-18's weights for 16-bit integer arithmetic by torch: published int8 ones, and files that plain_weights.py does not read.

Imports torch: load it late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from album_sort.classifier import quantize
from album_sort.classifier.int16_lowering import MARGIN, Layers, block_names, lowered
from album_sort.classifier.int16_network import Int16Network, Int16Tensors
from album_sort.classifier.int16_tensors import if_it_agrees
from album_sort.classifier.networks import StateDict, build_fp32, fill, fuse_batch_norms, is_quantized
from album_sort.classifier.weights import WeightsFile


def convert_resnet18(
    weights: WeightsFile, state: StateDict, views: NDArray[np.uint8], *, margin: float = MARGIN
) -> tuple[Int16Tensors | None, float]:
    """(converted network, mean probability it moved); the network is None where it does not agree with fp32.

    views: the calibration pictures, (N, 224, 224, 3). margin: ranges of activations by the largest ones on these. Runs the
    result once: only where `int16_runs_here`.
    """
    folded = _folded(weights, state)
    spec = weights.backbone.preprocessing
    tensors = lowered(_layers_of(folded), _largest(folded, quantize.normalised(views, spec)), margin, spec)
    # Mirrored, the pictures show the network something that the ranges were not measured on.
    mirrored = np.ascontiguousarray(views[:, :, ::-1])
    with torch.inference_mode():
        expected = torch.softmax(folded(quantize.normalised(mirrored, spec)), 1).numpy()
    found, _ = Int16Network(tensors, 1, "").run(mirrored)
    return if_it_agrees(tensors, found, expected)


def _folded(weights: WeightsFile, state: StateDict) -> nn.Module:
    """In fp32, batch norms folded into the convolutions; published int8 weights as the numbers they stand for."""
    if not is_quantized(state, weights.backbone):
        return fuse_batch_norms(build_fp32(weights, state))
    quantize.select_engine()
    published = dict(fill(quantize.published_form(weights.backbone), state, weights).named_modules())
    network = fuse_batch_norms(weights.backbone.build())
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            own: Any = published[name]
            module.weight = nn.Parameter(own.weight().dequantize(), requires_grad=False)
            module.bias = nn.Parameter(own.bias().dequantize(), requires_grad=False)
    return network


def _layers_of(folded: nn.Module) -> Layers:
    """Its convolutions and its last layer, in numpy."""
    layers = {}
    for name, module in folded.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            if module.bias is None:
                raise ValueError("batch norms are to be folded first")
            layers[name] = (module.weight.detach().numpy(), module.bias.detach().numpy())
    return layers


def _largest(network: Any, images: Tensor) -> dict[str, float]:  # noqa: ANN401 - torchvision's ResNet
    """Largest value of each activation on these pictures: of the stem, and of both convolutions of each block (`.1`, `.2`)."""
    largest: dict[str, float] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            largest[name] = max(float(output.max()), 1e-6)

        return keep

    # What were batch norms give the convolutions' sums, still with what is below zero.
    hooks = [network.bn1.register_forward_hook(watch("stem"))]
    for name in block_names():
        block = network.get_submodule(name)
        hooks += [
            block.bn1.register_forward_hook(watch(f"{name}.1")),
            block.register_forward_hook(watch(f"{name}.2")),
        ]
    # Doubles: see int16_plain.py, which makes the same file of the same weights.
    with torch.inference_mode(), quantize.one_thread():
        network.double()(images.double())
        network.float()
    for hook in hooks:
        hook.remove()
    return largest
