"""A network that torch runs, in the precision asked for. Imports torch: load it late."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from album_sort.classifier.precision import prepare_network
from album_sort.classifier.quantize import CalibrationViews
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsFile
from album_sort.types import Precision


class TorchNetwork:
    """A network with its weights, ready to run."""

    def __init__(
        self,
        weights: WeightsFile,
        precision: Precision,
        *,
        threads: int,
        converted: Path,
        calibration: CalibrationViews,
    ) -> None:
        """`threads` bounds torch's own; for `converted` and `calibration` see `precision.prepare_network`."""
        torch.set_num_threads(threads)
        prepared = prepare_network(weights, precision, converted, calibration)
        self.precision = prepared.precision
        self.note = prepared.note
        self._network: nn.Module = prepared.network
        self._dtype = prepared.dtype
        normalise = weights.backbone.preprocessing
        self._scale = torch.tensor([1 / (255 * s) for s in normalise.std]).view(1, 3, 1, 1)
        self._shift = torch.tensor([-m / s for m, s in zip(normalise.mean, normalise.std, strict=True)]).view(
            1, 3, 1, 1
        )
        self._embedding = _EmbeddingTap(self._network, weights.backbone.last_layer)
        self._warm_up(normalise.crop_px)

    def run(self, views: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 (N, S, S, 3) -> probabilities float32 (N, 1000), features float32 (N, E)."""
        with torch.inference_mode():
            # From NHWC by permuting: the result is channels-last in memory, which the convolutions prefer.
            images = torch.from_numpy(views).permute(0, 3, 1, 2).float().mul_(self._scale).add_(self._shift)
            logits = self._network(images.to(self._dtype))
            probabilities = torch.softmax(logits.float(), dim=1)
            return probabilities.numpy(), self._embedding.take()

    def _warm_up(self, side: int) -> None:
        """The first batch pays for memory and kernel choice; better before the clock of the progress starts."""
        with silence():
            self.run(np.zeros((1, side, side, 3), np.uint8))


class _EmbeddingTap:
    """Keeps the input of the network's last layer: the pooled features."""

    def __init__(self, network: nn.Module, last_layer: str) -> None:
        network.get_submodule(last_layer).register_forward_pre_hook(self._keep)
        self._features: Tensor | None = None

    def _keep(self, _layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._features = inputs[0]

    def take(self) -> NDArray[np.float32]:
        """Features float32 (N, E) of the batch just run."""
        features = self._features
        if features is None:
            raise RuntimeError("no batch has been run")
        self._features = None
        if features.is_quantized:
            features = features.dequantize()
        taken: NDArray[np.float32] = features.float().numpy()
        return taken
