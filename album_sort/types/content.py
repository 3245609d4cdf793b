"""What the pixels say: networks, predictions, image statistics. Imports nothing of ours but `files` and `metadata`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Self

import numpy as np
from numpy.typing import NDArray

from album_sort.types.files import ContentId, FileEntry
from album_sort.types.metadata import Metadata
from album_sort.types.quickly import quickly_made
from album_sort.types.statistics import ImageStatistics

ClassIndex = NewType("ClassIndex", int)
"""Position among the 1000 ImageNet-1k classes, 0 to 999."""

TOP_CLASSES = 64
"""How many of the most likely classes a prediction keeps; the rest of the probability is spread too thin to matter."""

EMBEDDING_SIZE = 512
"""Length of the embedding that the cache keeps (ResNet-18's pooled features)."""


CLOSER_VIEWS = 5
"""Parts of a picture that a closer look consists of: its corners and its middle, at twice the size."""


class PixelSource(StrEnum):
    """Which pixels of a file were looked at."""

    FULL = "full picture"
    SCALED = "full picture, decoded smaller"
    EXIF_THUMBNAIL = "EXIF thumbnail"
    MPF_PREVIEW = "MPF preview"
    HEIF_THUMBNAIL = "HEIF thumbnail"
    RAW_PREVIEW = "RAW preview"


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pictures are brought to a network's input; belongs to the weights, as in torchvision's `Weights`."""

    resize_px: int
    """Short side after resizing."""
    crop_px: int
    """Side of the square centre crop: the input size."""
    interpolation: str
    """`bilinear` or `bicubic`, antialiased (Pillow's filters)."""
    mean: tuple[float, float, float]
    """Of RGB in 0..1."""
    std: tuple[float, float, float]
    version: int = 1
    """Raised whenever the same picture would give other pixels; part of the cache key."""


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """A network we can run."""

    name: str
    title: str
    preprocessing: Preprocessing
    embedding_size: int
    num_classes: int = 1000


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class with its softmax probability."""

    class_index: ClassIndex
    probability: float


class Prediction:
    """The most likely classes of one picture, most likely first.

    Its numbers are kept packed, as the cache has them: two arrays for each of a hundred thousand photos took half a kilobyte more.
    """

    __slots__ = ("_packed", "_type", "model_key", "readings")

    def __init__(
        self,
        model_key: str,
        class_indices: NDArray[np.uint16],
        probabilities: NDArray[np.float32],
        readings: bytes = b"",
    ) -> None:
        self.model_key = model_key
        """Weights hash + precision + preprocessing version: what else would change the answer."""
        self.readings = readings
        """What the learned head reads in it, as packed half floats (`core.head`); empty where no head has read it."""
        self._packed = class_indices.astype("<u2").tobytes() + probabilities.astype("<f4").tobytes()
        self._type = "<f4"

    @classmethod
    def from_float16(cls, model_key: str, packed: bytes, readings: bytes = b"") -> Self:
        """From K class indices as uint16 and their K probabilities as float16; raises ValueError for other bytes."""
        if len(packed) % 4 or not packed:
            raise ValueError(f"a prediction of {len(packed)} bytes")
        prediction = cls.__new__(cls)
        prediction.model_key, prediction._packed, prediction._type = model_key, packed, "<f2"
        prediction.readings = readings
        return prediction

    def read_as(self, readings: bytes) -> Self:
        """The same with the readings of a head."""
        prediction = type(self).__new__(type(self))
        prediction.model_key, prediction._packed, prediction._type = self.model_key, self._packed, self._type
        prediction.readings = readings
        return prediction

    def __len__(self) -> int:
        """K."""
        return len(self._packed) // (4 if self._type == "<f2" else 6)

    @property
    def class_indices(self) -> NDArray[np.uint16]:
        """(K,) with K <= TOP_CLASSES."""
        return np.frombuffer(self._packed, "<u2", len(self))

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(K,), after softmax over all 1000 classes."""
        return np.frombuffer(self._packed, self._type, offset=2 * len(self)).astype(np.float32)

    def top(self, k: int) -> tuple[ClassScore, ...]:
        """The k most likely classes."""
        pairs = zip(self.class_indices[:k].tolist(), self.probabilities[:k].tolist(), strict=True)
        return tuple(ClassScore(ClassIndex(index), probability) for index, probability in pairs)

    @staticmethod
    def stack(predictions: Sequence[Prediction | None]) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """Class indices and probabilities of N predictions, each (N, K); class 0 with probability 0 where there is nothing."""
        alike: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for row, prediction in enumerate(predictions):
            if prediction is not None:
                alike[prediction._type, len(prediction)].append(row)
        size = max((kept for _, kept in alike), default=0)
        indices = np.zeros((len(predictions), size), dtype=np.uint16)
        probabilities = np.zeros((len(predictions), size), dtype=np.float32)
        for (number_type, kept), rows in alike.items():
            packed = b"".join(held._packed for row in rows if (held := predictions[row]) is not None)
            table = np.frombuffer(packed, np.dtype([("index", "<u2", (kept,)), ("probability", number_type, (kept,))]))
            indices[rows, :kept], probabilities[rows, :kept] = table["index"], table["probability"]
        return indices, probabilities


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """An upright picture, small, and what was seen on the way."""

    views: NDArray[np.uint8]
    """(V, S, S, 3) RGB, cut to the network's input size; more than one for wide pictures, whose probabilities are averaged."""
    width_px: int
    """Of the upright full picture."""
    height_px: int
    media_format: str
    """`jpeg`, `png`, `heic` ... from the content."""
    pixel_source: PixelSource
    statistics: ImageStatistics
    thumbnail: bytes
    """Small upright sRGB JPEG for the report; empty when not asked for."""
    warnings: tuple[str, ...] = ()
    """`truncated: 40 % of the rows are missing` ..."""
    missing_share: float | None = None
    """Share of the picture that a damaged file lacks; 0 where that cannot be measured, None for a sound one."""


@quickly_made
@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """All that reading one file once has told. `prediction` is None for videos and for files whose pixels could not be decoded."""

    file: FileEntry
    content_id: ContentId
    media_format: str
    metadata: Metadata
    """Of the file alone, without sidecars, names or neighbours."""
    pixel_source: PixelSource | None = None
    statistics: ImageStatistics | None = None
    prediction: Prediction | None = None
