"""Builds a network from a weights file: strictly loaded, in the precision asked for. Imports torch: load it late."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from album_sort.classifier.backbone import Backbone
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsFile
from album_sort.errors import ModelError
from album_sort.sentences import sentence

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
        # The library's own words advise to load the file in a way that would run whatever code it holds.
        raise ModelError(
            sentence("network.cannot-be-read-as", path=str(weights.path)),
            hint=sentence("network.it-is-another-kind"),
        ) from error
    if not isinstance(state, dict) or not state or not all(isinstance(key, str) for key in state):
        raise ModelError(sentence("network.holds-not-a-state", path=str(weights.path), name=type(state).__name__))
    fault = fault_of(state)
    if fault:
        raise ModelError(
            sentence("network.cannot-be-used", path=str(weights.path), fault=fault),
            hint=sentence("network.the-file-may-be"),
        )
    return state


def fault_of(state: StateDict) -> str:
    """The first tensor that no trained network holds, in words; empty for none.

    A single value that is not a number makes every answer one, and every photo would be filed by chance.
    """
    for name, value in state.items():
        for tensor in _tensors(value):
            if not bool(torch.isfinite(tensor).all()):
                return sentence("network.its-tensor-holds-values", name=name)
            if name.endswith("running_var") and bool((tensor < 0).any()):
                return sentence("network.its-tensor-holds-a", name=name)
    return ""


def _tensors(value: Any) -> Iterator[torch.Tensor]:  # noqa: ANN401 - whatever a state dict holds
    """Those with fractions, and the scales of whole-numbered ones."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, float):
        yield torch.tensor(value)
    elif isinstance(value, torch.Tensor):
        if value.is_quantized:
            per_channel = value.qscheme() in (torch.per_channel_affine, torch.per_channel_affine_float_qparams)
            yield value.q_per_channel_scales() if per_channel else torch.tensor(value.q_scale())
        elif value.is_floating_point():
            yield value


def is_quantized(state: StateDict, backbone: Backbone) -> bool:
    """Whether it is torchvision's statically quantized form, which also holds scales and packed weights."""
    return backbone.build_quantizable is not None and f"{backbone.last_layer}._packed_params._packed_params" in state


def build_fp32(weights: WeightsFile, state: StateDict) -> nn.Module:
    """The float network with these tensors, in evaluation mode."""
    return fill(weights.backbone.build(), state, weights).eval()


def fill(network: nn.Module, state: StateDict, weights: WeightsFile) -> nn.Module:
    """Loads the tensors strictly; raises `ModelError` in words when they do not fit."""
    try:
        network.load_state_dict(state, strict=True)
    except LOAD_ERRORS as error:
        first = str(error).strip().splitlines()
        raise ModelError(
            sentence(
                "network.does-not-fit",
                path=str(weights.path),
                title=weights.backbone.title,
                first=" ".join(line.strip() for line in first[:2]),
            ),
            hint=sentence("network.name-the-right-network", title=weights.backbone.title),
        ) from error
    return network


def fuse_batch_norms(network: nn.Module) -> nn.Module:
    """Folds each batch norm into the convolution before it: fewer passes over memory, the same values to rounding."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval  # noqa: PLC0415 - pulls in more of torch

    for module in list(network.modules()):
        children = dict(module.named_children())
        # Our networks register a batch norm right after the convolution it follows.
        for (conv_name, conv), (norm_name, norm) in itertools.pairwise(children.items()):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
    return network
