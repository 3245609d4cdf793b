"""Batches of views to probabilities: the only place where a network runs. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from album_sort.classify.precision import prepare_network
from album_sort.classify.quantize import CalibrationViews
from album_sort.classify.torch_startup import silence
from album_sort.classify.weights import WeightsFile
from album_sort.types import EMBEDDING_SIZE, TOP_CLASSES, Precision, Prediction

_PROJECTION_SEED = 1809


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """What the network says of one photo."""

    prediction: Prediction
    embedding: NDArray[np.float16]
    """(512,) pooled features before the last layer; longer ones are projected (see `_projection`)."""


class Classifier:
    """A network with its weights, ready to run. One instance per process; not to be shared between threads."""

    def __init__(
        self,
        weights: WeightsFile,
        precision: Precision,
        *,
        model_key: str,
        threads: int,
        converted: Path,
        calibration: CalibrationViews,
    ) -> None:
        """`threads` bounds torch's own; for `converted` and `calibration` see `precision.prepare_network`."""
        torch.set_num_threads(threads)
        self._spec = weights.backbone
        self._model_key = model_key
        prepared = prepare_network(weights, precision, converted, calibration)
        self.precision = prepared.precision
        self.note = prepared.note
        self._network: nn.Module = prepared.network
        self._dtype = prepared.dtype
        normalise = self._spec.preprocessing
        self._scale = torch.tensor([1 / (255 * s) for s in normalise.std]).view(1, 3, 1, 1)
        self._shift = torch.tensor([-m / s for m, s in zip(normalise.mean, normalise.std, strict=True)]).view(
            1, 3, 1, 1
        )
        self._embedding = _EmbeddingTap(self._network)
        self._projection = _projection(self._spec.embedding_size)
        self._warm_up()

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """One answer per photo for a batch of photos.

        views: of each photo uint8 (V, S, S, 3) RGB of the network's input size; several views of one photo are averaged
        after softmax. Batch size and order change an answer by no more than rounding.
        """
        if not views:
            return []
        # Joined even if it is one: what a decoder gave may be read-only, which torch does not support.
        probabilities, features = self._run(np.concatenate(views))
        answers, start = [], 0
        for photo in views:
            rows = slice(start, start + len(photo))
            start += len(photo)
            indices, top = _most_likely(probabilities[rows].mean(axis=0))
            pooled = features[rows].mean(axis=0)
            if self._projection is not None:
                pooled = pooled @ self._projection
            answers.append(Classified(Prediction(self._model_key, indices, top), pooled.astype(np.float16)))
        return answers

    def _run(self, views: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 (N, S, S, 3) -> probabilities float32 (N, 1000), features float32 (N, E)."""
        with torch.inference_mode():
            # From NHWC by permuting: the result is channels-last in memory, which the convolutions prefer.
            images = torch.from_numpy(views).permute(0, 3, 1, 2).float().mul_(self._scale).add_(self._shift)
            logits = self._network(images.to(self._dtype))
            probabilities = torch.softmax(logits.float(), dim=1)
            return probabilities.numpy(), self._embedding.take()

    def _warm_up(self) -> None:
        """The first batch pays for memory and kernel choice; better before the clock of the progress starts."""
        side = self._spec.preprocessing.crop_px
        with silence():
            self._run(np.zeros((1, side, side, 3), np.uint8))


def _most_likely(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """The TOP_CLASSES most likely of (1000,) probabilities, most likely first; equal ones in class order."""
    order = np.argsort(-probabilities, kind="stable")[:TOP_CLASSES]
    return order.astype(np.uint16), probabilities[order]


class _EmbeddingTap:
    """Keeps the input of the network's last layer: the pooled features."""

    def __init__(self, network: nn.Module) -> None:
        last = getattr(network, "fc", None) or getattr(network, "_fc", None)
        if not isinstance(last, nn.Module):
            raise TypeError(f"{type(network).__name__} has no last layer named fc")
        last.register_forward_pre_hook(self._keep)
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


def _projection(size: int) -> NDArray[np.float32] | None:
    """Fixed random projection to 512 values (Johnson-Lindenstrauss: angles survive), None where the size is 512 already."""
    if size == EMBEDDING_SIZE:
        return None
    random = np.random.default_rng(_PROJECTION_SEED)
    projection: NDArray[np.float32] = random.standard_normal((size, EMBEDDING_SIZE), dtype=np.float32)
    return projection / np.float32(np.sqrt(EMBEDDING_SIZE))
