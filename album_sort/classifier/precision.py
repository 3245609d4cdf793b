"""Chooses and prepares the arithmetic a network runs in. Imports torch: load it late."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from album_sort.classifier import quantize
from album_sort.classifier.networks import (
    StateDict,
    build_fp32,
    fill,
    fuse_batch_norms,
    is_quantized,
    load_state_dict,
)
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsFile
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import Precision


@dataclass(frozen=True, slots=True, eq=False)
class PreparedNetwork:
    """A network and how to feed it."""

    network: nn.Module
    dtype: torch.dtype
    """Of its input."""
    precision: Precision
    note: str
    """In words, for the report: which engine, whether converted now."""


def prepare_network(
    weights: WeightsFile, precision: Precision, converted: Path, calibration: quantize.CalibrationViews
) -> PreparedNetwork:
    """The network in the precision asked for.

    `converted` is the folder of converted int8 weights; `calibration` gives the pictures for a new conversion. Raises
    `UsageError` when the weights or the processor cannot serve the precision.
    """
    with silence():
        return _prepare(weights, precision, converted, calibration)


def _prepare(
    weights: WeightsFile, precision: Precision, converted: Path, calibration: quantize.CalibrationViews
) -> PreparedNetwork:
    has_int8 = Precision.INT8 in weights.backbone.precisions
    wants_int8 = precision is Precision.INT8 or (precision is Precision.AUTO and has_int8)
    if wants_int8 and has_int8:
        network, note = quantize.kept_int8(weights, converted)
        if network is not None:
            return PreparedNetwork(network, torch.float32, Precision.INT8, note)
    state = load_state_dict(weights)
    if is_quantized(state, weights.backbone):
        return _published_int8(weights, state, precision)
    if wants_int8:
        if not has_int8:
            raise UsageError(
                sentence("network.has-no-int8-form", title=weights.backbone.title),
                hint=sentence("network.use-precision-auto-bf16"),
            )
        network, note = quantize.convert_int8(weights, state, converted, calibration)
        if network is not None:
            return PreparedNetwork(network, torch.float32, Precision.INT8, note)
        if precision is Precision.INT8:
            raise UsageError(note, hint=sentence("network.use-precision-auto-bf16"))
    return _prepare_float(weights, state, precision)


def _prepare_float(weights: WeightsFile, state: StateDict, precision: Precision) -> PreparedNetwork:
    network = fuse_batch_norms(build_fp32(weights, state))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stubs forget it
    if precision is Precision.BF16 and not has_bf16():
        raise UsageError(sentence("network.this-processor-has-no"), hint=sentence("network.use-precision-auto-or"))
    if precision is Precision.FP32 or not has_bf16():
        return PreparedNetwork(network, torch.float32, Precision.FP32, "fp32")
    return PreparedNetwork(network.to(torch.bfloat16), torch.bfloat16, Precision.BF16, "bf16")


def _published_int8(weights: WeightsFile, state: StateDict, precision: Precision) -> PreparedNetwork:
    if precision not in (Precision.INT8, Precision.AUTO):
        raise UsageError(
            sentence("network.holds-int8-weights-which", path=str(weights.path), precision=precision),
            hint=sentence("network.use-precision-int8-or"),
        )
    engine = quantize.select_engine()
    network = fill(quantize.published_form(weights.backbone), state, weights)
    return PreparedNetwork(network, torch.float32, Precision.INT8, f"int8 as published, engine {engine}")


def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX-512 BF16, AMX, ARM BF16): emulation is slower than fp32."""
    capability = torch.backends.cpu.get_cpu_capability()
    if "AVX512" in capability:
        return bool(torch.cpu._is_avx512_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and not capability.startswith(("AVX2", "DEFAULT"))
