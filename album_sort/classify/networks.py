"""Builds a network from a weights file: strictly loaded, in the precision asked for. Imports torch: load it late."""

from __future__ import annotations

import pickle
from typing import Any

import torch
from torch import nn

from album_sort.classify.backbones import RESNET18
from album_sort.classify.efficientnet_lite0 import EfficientNetLite0
from album_sort.classify.torch_startup import import_torchvision, silence
from album_sort.classify.weights import WeightsFile
from album_sort.errors import ModelError

StateDict = dict[str, Any]

# What torch.load and load_state_dict were seen to raise for damaged and foreign files.
LOAD_ERRORS = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ImportError,
)


def load_state_dict(weights: WeightsFile) -> StateDict:
    """The tensors of a weights file, never its code (`weights_only=True`); raises `ModelError` on anything else."""
    try:
        with silence():
            state = torch.load(weights.path, map_location="cpu", weights_only=True)
    except LOAD_ERRORS as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ModelError(
            f"{str(weights.path)!r} is not a PyTorch state dict: {reason}",
            hint="the file may be damaged: fetch or copy it again",
        ) from error
    if not isinstance(state, dict) or not state or not all(isinstance(key, str) for key in state):
        raise ModelError(f"{str(weights.path)!r} holds {type(state).__name__}, not a state dict")
    return state


def is_quantized(state: StateDict) -> bool:
    """Whether it is torchvision's statically quantized form, which also holds scales and packed weights."""
    return "fc._packed_params._packed_params" in state


def build_fp32(weights: WeightsFile, state: StateDict) -> nn.Module:
    """The float network with these tensors, in evaluation mode."""
    if weights.backbone is RESNET18:
        import_torchvision()
        from torchvision.models import resnet18  # noqa: PLC0415 - after its start-up

        network: nn.Module = resnet18(weights=None)
    else:
        network = EfficientNetLite0()
    return fill(network, state, weights).eval()


def build_quantizable_resnet18() -> nn.Module:
    """ResNet-18 of torchvision with the stubs that static quantization needs, not yet quantized."""
    import_torchvision()
    from torchvision.models.quantization import resnet18  # noqa: PLC0415 - after its start-up

    network: nn.Module = resnet18(weights=None, quantize=False)
    return network.eval()


def fill(network: nn.Module, state: StateDict, weights: WeightsFile) -> nn.Module:
    """Loads the tensors strictly; raises `ModelError` in words when they do not fit."""
    try:
        network.load_state_dict(state, strict=True)
    except LOAD_ERRORS as error:
        first = str(error).strip().splitlines()
        raise ModelError(
            f"{str(weights.path)!r} does not fit {weights.backbone.title}: {' '.join(line.strip() for line in first[:2])}",
            hint="name the right network with --model, or give weights of a 1000-class ImageNet ResNet-18",
        ) from error
    return network
