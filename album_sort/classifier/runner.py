"""Batches of views to answers: chooses what runs the network, and reads its probabilities. Imports torch only where torch runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.int16_network import int16_runs_here
from album_sort.classifier.kept import keep, read_kept
from album_sort.classifier.rivals import Int16Form, Measure, Network, is_int8_worth_it
from album_sort.classifier.weights import WeightsFile
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import EMBEDDING_SIZE, TOP_CLASSES, Precision, Prediction

_PROJECTION_SEED = 1809

INT16_VERSION = 2
"""Raised when the conversion changes, so that kept networks are made anew."""

_INT8_IS_FASTER, _INT16_STAYS, _IS_TO_BE_MEASURED = b"int8", b"int16", b"later"
"""Kept beside the converted weights: whether `auto` is to take torch's, or that nobody has measured it yet."""


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
        calibration: Callable[[], NDArray[np.uint8]],
        measure: Measure | None = None,
    ) -> None:
        """`threads` bounds the network's own.

        `converted` is the folder of converted weights; `calibration` gives the pictures (N, S, S, 3) for a new conversion;
        by `measure`, `auto` finds out after one whether int8 is faster here, and keeps that too. Without it that is left to
        whoever converted them already finds and has one: it takes torch, and as long as a conversion.
        """
        self._model_key = model_key
        network: Network | None = _int16_network(weights, precision, threads, converted, calibration, measure=measure)
        if network is None:
            from album_sort.classifier.torch_network import TorchNetwork  # noqa: PLC0415 - imports torch

            network = TorchNetwork(weights, precision, threads=threads, converted=converted, calibration=calibration)
        self._network: Network = network
        self._projection = _projection(weights.backbone.embedding_size)

    @property
    def precision(self) -> Precision:
        """What the network runs in."""
        return self._network.precision

    @property
    def note(self) -> str:
        """What runs, in words."""
        return self._network.note

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """One answer per photo for a batch of photos.

        views: of each photo uint8 (V, S, S, 3) RGB of the network's input size; several views of one photo are averaged
        after softmax. Batch size and order change an answer by no more than rounding.
        """
        if not views:
            return []
        # Joined even if it is one: what a decoder gave may be read-only, which torch does not support.
        probabilities, features = self._network.run(np.concatenate(views))
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


def _int16_network(
    weights: WeightsFile,
    precision: Precision,
    threads: int,
    converted: Path,
    calibration: Callable[[], NDArray[np.uint8]],
    *,
    measure: Measure | None,
) -> Network | None:
    """The network in 16-bit integers where that is asked for or best; None where torch is to run it."""
    if precision not in (Precision.AUTO, Precision.INT16):
        return None
    verdict = _verdict_file(weights, converted)
    known = _verdict(verdict)
    if precision is Precision.AUTO and known == _INT8_IS_FASTER:
        return None
    tensors, note = _int16_tensors(weights, converted, calibration)
    if tensors is not None:
        is_open = note != "int16" or known == _IS_TO_BE_MEASURED
        if is_open and precision is Precision.AUTO and Precision.INT8 in weights.backbone.precisions:
            if measure is None:
                keep(_IS_TO_BE_MEASURED, verdict)
            elif _loses(weights, tensors, converted, calibration, measure):
                keep(_INT8_IS_FASTER, verdict)
                return None
            else:
                keep(_INT16_STAYS, verdict)
        return tensors.network(threads, note)
    if precision is Precision.INT16:
        raise UsageError(note, hint=sentence("network.use-precision-auto"))
    return None


def is_to_be_converted(weights: WeightsFile, precision: Precision, converted: Path) -> bool:
    """Whether making the network begins with a conversion to int16: it takes seconds, and more memory than what comes of it."""
    wants = precision in (Precision.AUTO, Precision.INT16) and weights.backbone.convert_int16 is not None
    if not wants or not int16_runs_here() or _int16_file(weights, converted).exists():
        return False
    return _verdict(_verdict_file(weights, converted)) != _INT8_IS_FASTER


def converted_files(weights: WeightsFile, precision: Precision, converted: Path) -> tuple[Path, ...]:
    """The kept files that making this network begins with, where they are there: who has the same has the same network."""
    wants = precision in (Precision.AUTO, Precision.INT16) and weights.backbone.convert_int16 is not None
    return (_int16_file(weights, converted), _verdict_file(weights, converted)) if wants else ()


def _int16_file(weights: WeightsFile, converted: Path) -> Path:
    return converted / f"{weights.backbone.name}-{weights.sha256[:16]}-int16-v{INT16_VERSION}.bin"


def _verdict_file(weights: WeightsFile, converted: Path) -> Path:
    return converted / f"{weights.backbone.name}-{weights.sha256[:16]}-auto-v{INT16_VERSION}.txt"


def _verdict(file: Path) -> bytes:
    return bytes(read_kept(file) or b"")


def _loses(
    weights: WeightsFile,
    tensors: Int16Form,
    converted: Path,
    calibration: Callable[[], NDArray[np.uint8]],
    measure: Measure,
) -> bool:
    """Whether torch's int8 is worth more here, on one thread each: their sums are what differs."""
    from album_sort.classifier.torch_network import TorchNetwork  # noqa: PLC0415 - imports torch

    other = TorchNetwork(weights, Precision.AUTO, threads=1, converted=converted, calibration=calibration)
    return is_int8_worth_it(tensors.network(1, ""), other, calibration(), measure)


def _int16_tensors(
    weights: WeightsFile, converted: Path, calibration: Callable[[], NDArray[np.uint8]]
) -> tuple[Int16Form | None, str]:
    """As kept, or converted and kept now, with a note in words; None with the reason why there are none."""
    convert, read = weights.backbone.convert_int16, weights.backbone.read_int16
    if convert is None or read is None:
        return None, sentence("network.has-no-int16-form", title=weights.backbone.title)
    if not int16_runs_here():
        return None, sentence("network.int16-needs-a-processor")
    path = _int16_file(weights, converted)
    content = read_kept(path)
    tensors = None if content is None else read(content)
    if tensors is not None:
        return tensors, "int16"
    tensors, moved = convert(weights, calibration)
    if tensors is None:
        return None, sentence("network.int16-was-not-exact", moved=f"{moved:.2f}")
    keep(tensors.to_bytes(), path)
    return tensors, "int16, converted now"


def _most_likely(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """The TOP_CLASSES most likely of (1000,) probabilities, most likely first; equal ones in class order."""
    order = np.argsort(-probabilities, kind="stable")[:TOP_CLASSES]
    return order.astype(np.uint16), probabilities[order]


def _projection(size: int) -> NDArray[np.float32] | None:
    """Fixed random projection to 512 values (Johnson-Lindenstrauss: angles survive), None where the size is 512 already."""
    if size == EMBEDDING_SIZE:
        return None
    random = np.random.default_rng(_PROJECTION_SEED)
    projection: NDArray[np.float32] = random.standard_normal((size, EMBEDDING_SIZE), dtype=np.float32)
    return projection / np.float32(np.sqrt(EMBEDDING_SIZE))
