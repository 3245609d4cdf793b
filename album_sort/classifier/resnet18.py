"""ResNet-18 (He and others, 2015) as torchvision has it: the network that `auto` prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from album_sort.classifier.backbone import Backbone, OfficialWeights
from album_sort.types import Precision, Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from album_sort.classifier.backbone import CalibrationViews
    from album_sort.classifier.int16_network import Int16Tensors
    from album_sort.classifier.weights import WeightsFile

# The names stand here so that a look into the cache does not import torchvision; a test compares them with its enums.
OFFICIAL_INT8: Final = OfficialWeights(
    "quantization.ResNet18_QuantizedWeights.IMAGENET1K_FBGEMM_V1",
    "resnet18_fbgemm_16fa66dd.pth",
    runs_in=frozenset({Precision.AUTO, Precision.INT16, Precision.INT8}),
)
OFFICIAL_FP32: Final = OfficialWeights("ResNet18_Weights.IMAGENET1K_V1", "resnet18-f37072fd.pth")


def _build() -> nn.Module:
    from album_sort.classifier.torch_startup import import_torchvision  # noqa: PLC0415 - imports torch

    network: nn.Module = import_torchvision().models.resnet18(weights=None)
    return network.eval()


def _build_quantizable() -> nn.Module:
    from album_sort.classifier.torch_startup import import_torchvision  # noqa: PLC0415 - imports torch

    import_torchvision()
    from torchvision.models.quantization import resnet18  # noqa: PLC0415 - after its start-up

    network: nn.Module = resnet18(weights=None, quantize=False)
    return network.eval()


def _convert_int16(weights: WeightsFile, calibration: CalibrationViews) -> tuple[Int16Tensors | None, float]:
    from album_sort.classifier.int16_plain import convert_plain, folded_layers  # noqa: PLC0415 - in a first run
    from album_sort.classifier.plain_weights import read_plain_weights  # noqa: PLC0415 - likewise

    state = read_plain_weights(weights.path)
    layers = None if state is None else folded_layers(state)
    if layers is not None:
        return convert_plain(layers, calibration(), weights.backbone.preprocessing)
    from album_sort.classifier.int16_conversion import convert_resnet18  # noqa: PLC0415 - imports torch
    from album_sort.classifier.networks import load_state_dict  # noqa: PLC0415 - likewise
    from album_sort.classifier.torch_startup import silence  # noqa: PLC0415 - only for torch

    with silence():
        return convert_resnet18(weights, load_state_dict(weights), calibration())


def _read_int16(content: memoryview) -> Int16Tensors | None:
    from album_sort.classifier.int16_network import Int16Tensors  # noqa: PLC0415 - when a network runs

    return Int16Tensors.of_bytes(content)


RESNET18: Final = Backbone(
    name="resnet18",
    title="ResNet-18",
    preprocessing=Preprocessing(
        resize_px=256,
        crop_px=224,
        interpolation="bilinear",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
    embedding_size=512,
    build=_build,
    # int8 first: a quarter of the bytes, and ready to run.
    official=(OFFICIAL_INT8, OFFICIAL_FP32),
    build_quantizable=_build_quantizable,
    convert_int16=_convert_int16,
    read_int16=_read_int16,
)
