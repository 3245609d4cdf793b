"""Static int8 quantization in torchvision's own form. Imports torch: load it late.

What costs time in a network like ResNet-18 is its convolutions, so dynamic quantization of the last layer does nothing. Weights are
converted once and kept; the same weights, engine and calibration pictures always give the same network. The check
against fp32 is part of the conversion: a network that answers differently is not used.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from album_sort.classifier.backbone import Backbone
from album_sort.classifier.kept import keep, read_kept
from album_sort.classifier.networks import LOAD_ERRORS, StateDict, build_fp32, fault_of
from album_sort.classifier.weights import WeightsFile
from album_sort.errors import ModelError
from album_sort.sentences import sentence
from album_sort.types import Preprocessing

CalibrationViews = Callable[[], NDArray[np.uint8]]
"""Returns the calibration pictures, uint8 (N, 224, 224, 3); only called when something must be converted."""

CONVERSION_VERSION = 1
"""Raised when the conversion changes, so that kept networks are made anew."""

# On the calibration pictures a good conversion moves 0.07 of the probability and a bad one (ranges from noise) 1.2.
_MOST_MOVED = 0.35


def select_engine() -> str:
    """The quantized engine for this processor: `onednn` is the fastest on x86 (docs/decisions), on ARM there is `qnnpack`."""
    supported = torch.backends.quantized.supported_engines
    engine = next((name for name in ("onednn", "x86", "fbgemm", "qnnpack") if name in supported), "")
    if not engine:
        raise ModelError(
            sentence("network.torch-has-no-quantized", supported=supported), hint=sentence("network.use-precision-fp32")
        )
    torch.backends.quantized.engine = engine
    return engine


def _ranges(engine: str) -> str:
    """The engine whose way of measuring ranges is followed.

    onednn's keeps all eight bits of an activation, which agrees best with fp32 but is safe only where VNNI sums in 32 bits.
    Without it two products share 16 bits, and `x86` gives the one bit away that keeps them from overflowing.
    """
    return "x86" if engine == "onednn" and not torch.cpu._is_vnni_supported() else engine


def kept_int8(weights: WeightsFile, folder: Path) -> tuple[nn.Module | None, str]:
    """(int8 network, a note in words) as converted before; the network is None where it has not been.

    Needs nothing of the weights but their hash: 45 MB that a run need not read.
    """
    engine = select_engine()
    return load_kept(_kept_path(weights, folder, engine), weights.backbone), f"int8, engine {engine}"


def convert_int8(
    weights: WeightsFile, state: StateDict, folder: Path, views: CalibrationViews
) -> tuple[nn.Module | None, str]:
    """(int8 network, a note in words), kept in the folder; the network is None where it does not agree with fp32."""
    engine = select_engine()
    images = normalised(views(), weights.backbone.preprocessing)
    reference = build_fp32(weights, state)
    network = _convert(weights.backbone, state, engine, images)
    # Mirrored, the pictures show the network something that the ranges were not measured on.
    moved = _moved(network, reference, images.flip(3))
    if not moved <= _MOST_MOVED:
        return None, sentence("network.int8-was-not-exact", engine=engine, moved=f"{moved:.2f}")
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    keep(buffer.getvalue(), _kept_path(weights, folder, engine))
    return network, "int8, converted now"


def _kept_path(weights: WeightsFile, folder: Path, engine: str) -> Path:
    name = "-".join(dict.fromkeys((engine, _ranges(engine))))
    return folder / f"{weights.backbone.name}-{weights.sha256[:16]}-int8-{name}-v{CONVERSION_VERSION}.pth"


def _quantizable(backbone: Backbone) -> nn.Module:
    if backbone.build_quantizable is None:
        raise ValueError(f"{backbone.title} has no int8 form")
    return backbone.build_quantizable()


def published_form(backbone: Backbone) -> nn.Module:
    """The network as torchvision publishes it in int8, all layers quantized, its tensors to be loaded."""
    return _converted(_prepared(_quantizable(backbone), torch.backends.quantized.engine))


def _own_form(backbone: Backbone) -> nn.Module:
    """Our int8 form: the last layer stays fp32.

    It is 0.03 % of ResNet-18's multiplications; left in fp32, 95.5 % of 503 everyday photos keep their top-1 class instead of 94 %.
    """
    network: Any = _quantizable(backbone)
    last: Any = network.get_submodule(backbone.last_layer)
    last.qconfig = None
    network.set_submodule(backbone.last_layer, nn.Sequential(torch.ao.quantization.DeQuantStub(), last))
    network.dequant = nn.Identity()
    own: nn.Module = network
    return own


def _convert(backbone: Backbone, state: StateDict, engine: str, images: Tensor) -> nn.Module:
    network = _own_form(backbone)
    last = backbone.last_layer
    own_names = {f"{last}.{part}": f"{last}.1.{part}" for part in ("weight", "bias")}
    network.load_state_dict({own_names.get(name, name): tensor for name, tensor in state.items()})
    prepared = _prepared(network, engine)
    with torch.inference_mode(), one_thread():
        prepared(images)
    return _converted(prepared)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """The order of sums depends on the number of threads, and the measured ranges on the order of sums."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _prepared(network: nn.Module, engine: str) -> nn.Module:
    quantization: Any = torch.ao.quantization  # its functions are not annotated
    network.fuse_model()  # type: ignore[operator] # torchvision's QuantizableResNet
    network.qconfig = quantization.get_default_qconfig(_ranges(engine))
    # In place: the network was made for this, and a copy takes a tenth of a second.
    prepared: nn.Module = quantization.prepare(network, inplace=True)
    return prepared


def _converted(network: nn.Module) -> nn.Module:
    quantization: Any = torch.ao.quantization  # its functions are not annotated
    converted: nn.Module = quantization.convert(network, inplace=True)
    return converted


def normalised(views: NDArray[np.uint8], spec: Preprocessing) -> Tensor:
    """uint8 (N, S, S, 3) -> the network's input, float32 (N, 3, S, S)."""
    images = torch.from_numpy(views).permute(0, 3, 1, 2).float() / 255
    return (images - torch.tensor(spec.mean).view(3, 1, 1)) / torch.tensor(spec.std).view(3, 1, 1)


def _moved(network: nn.Module, reference: nn.Module, images: Tensor) -> float:
    """Mean over the pictures of the sum of absolute differences of their probabilities, 0 to 2."""
    with torch.inference_mode():
        difference = torch.softmax(network(images), 1) - torch.softmax(reference(images), 1)
    return float(difference.abs().sum(1).mean())


def load_kept(path: Path, backbone: Backbone) -> nn.Module | None:
    """A converted network as it was kept; None where it is missing, damaged or of another torch: it is only a cache."""
    content = read_kept(path)
    if content is None:
        return None
    try:
        state = torch.load(io.BytesIO(content), weights_only=True)
        if fault_of(state):
            return None
        network = _converted(_prepared(_own_form(backbone), torch.backends.quantized.engine))
        network.load_state_dict(state)
    except LOAD_ERRORS:
        return None
    return network
