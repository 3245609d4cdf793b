"""Networks and weights to test with: the one that ships, a ResNet-18 of fixed random numbers, and a double that needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.classifier.labels import label_folder
from album_sort.classifier.runner import Classified
from album_sort.classifier.torch_startup import import_torchvision, silence
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.types import EMBEDDING_SIZE, Precision, Prediction

SHARED = Path(__file__).resolve().parents[2] / "shared"
STAND_IN = SHARED / "weights" / "resnet18-imagenet1k-standin.pth"


def calibration_views() -> NDArray[np.uint8]:
    """The shipped calibration pictures as the program cuts them: (8, 224, 224, 3)."""
    pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
    return np.stack([np.asarray(Image.open(path).crop((16, 16, 240, 240))) for path in pictures])


def random_resnet18(path: Path, seed: int = 0) -> WeightsFile:
    """fp32 weights of a ResNet-18 that has learnt nothing; its last layer is strong, so that its answers differ."""
    torchvision = import_torchvision()
    import torch  # noqa: PLC0415 - after its start-up

    torch.manual_seed(seed)
    network = torchvision.models.resnet18(weights=None).eval()
    torch.save(network.state_dict(), path)
    return find_weights(WeightsQuery("resnet18", path))


def published_int8(weights: WeightsFile, path: Path, views: NDArray[np.uint8]) -> WeightsFile:
    """The same weights as torchvision publishes its int8 networks: every layer quantized, scales and packed weights saved."""
    torchvision = import_torchvision()
    import torch  # noqa: PLC0415 - after its start-up

    with silence():
        network = torchvision.models.quantization.resnet18(weights=None, quantize=False).eval()
        network.load_state_dict(torch.load(weights.path, weights_only=True))
        network.fuse_model()
        network.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
        torch.ao.quantization.prepare(network, inplace=True)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        with torch.inference_mode():
            network(((torch.from_numpy(views) / 255 - mean) / std).permute(0, 3, 1, 2))
        torch.ao.quantization.convert(network, inplace=True)
        torch.save(network.state_dict(), path)
    return find_weights(WeightsQuery("resnet18", path))


def damaged(content: bytes, damage: str) -> bytes:
    """A kept file as a disk, an editor or a power cut may leave it: `cut`, `empty`, `flipped` or `text`."""
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 0x55
    return {"cut": content[:-2000], "empty": b"", "flipped": bytes(flipped), "text": b"hello"}[damage]


class FakeClassifier:
    """Answers at once: class 0 with the mean brightness of the picture. Counts the pictures that it was shown."""

    precision = Precision.FP32
    note = "a double"

    def __init__(self, model_key: str) -> None:
        self.model_key = model_key
        self.shown = 0
        self.batches: list[int] = []

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """One answer for each photo."""
        self.shown += len(views)
        self.batches.append(len(views))
        return [self._answer(photo) for photo in views]

    def _answer(self, views: NDArray[np.uint8]) -> Classified:
        brightness = np.float32(views.mean() / 256)
        rest = (1 - brightness) / 63
        probabilities = np.array([brightness, *[rest] * 63], np.float32)
        prediction = Prediction(self.model_key, np.arange(64, dtype=np.uint16), probabilities)
        return Classified(prediction, np.full(EMBEDDING_SIZE, brightness, np.float16))
