"""Speed and agreement of the networks in each precision.

    python benchmarks/bench_classify.py PHOTOS [--resnet18 WEIGHTS] [--threads 1] [--limit N]

PHOTOS is a folder, searched recursively; each photo is decoded once, as the program does it. Answers are compared with those of
the same network in fp32: the share of photos with the same most likely class, with the same album (the most likely one, by the
shipped map of classes), and the mean probability moved (half the sum of absolute differences).
Writes results/agreement.csv.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import write_rows
from numpy.typing import NDArray
from ways import calibration_views

from album_sort.classifier.int16_network import int16_runs_here
from album_sort.classifier.labels import load_labels
from album_sort.classifier.precision import has_bf16
from album_sort.classifier.runner import Classifier
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.images import UndecodableError, decode_picture
from album_sort.types import BackboneSpec, Precision

BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of one network in one precision."""

    probabilities: NDArray[np.float32]
    """(N, 1000); what a prediction does not keep is 0."""
    rate: float
    """Photos per second."""
    start_seconds: float
    note: str


def classify(
    weights: WeightsFile, precision: Precision, photos: Sequence[NDArray[np.uint8]], threads: int, folder: Path
) -> Answers:
    """All photos in batches."""
    began = time.perf_counter()
    classifier = Classifier(
        weights, precision, model_key="", threads=threads, converted=folder, calibration=calibration_views
    )
    started = time.perf_counter()
    found = np.zeros((len(photos), 1000), np.float32)
    row = 0
    for start in range(0, len(photos), BATCH):
        for answer in classifier.classify(photos[start : start + BATCH]):
            found[row, answer.prediction.class_indices] = answer.prediction.probabilities
            row += 1
    return Answers(found, len(photos) / (time.perf_counter() - started), started - began, classifier.note)


def decoded(paths: Sequence[Path], spec: BackboneSpec) -> list[NDArray[np.uint8]]:
    """Views of the photos that could be decoded."""
    views = []
    for path in paths:
        with contextlib.suppress(UndecodableError):
            views.append(decode_picture(path.read_bytes(), spec.preprocessing, suffix=path.suffix.lower()).views)
    return views


def rows_of(weights: WeightsFile, options: argparse.Namespace, folder: Path) -> Iterator[dict[str, object]]:
    """One row for each precision that can run here."""
    paths = sorted(path for path in options.photos.rglob("*") if path.is_file())[: options.limit]
    photos = decoded(paths, weights.backbone)
    matrix = load_labels().weights()
    is_resnet = weights.backbone.name == "resnet18"
    precisions = [Precision.FP32]
    if has_bf16():
        precisions.append(Precision.BF16)
    if is_resnet:
        precisions += [Precision.INT8, *([Precision.INT16] if int16_runs_here() else [])]
    reference: Answers | None = None
    for precision in precisions:
        answers = classify(weights, precision, photos, options.threads, folder)
        reference = reference or answers
        chosen = (answers.probabilities @ matrix).argmax(1)
        yield {
            "model": weights.backbone.name,
            "precision": precision,
            "photos": len(photos),
            "same_class": f"{same(answers.probabilities.argmax(1), reference.probabilities.argmax(1)):.4f}",
            "same_album": f"{same(chosen, (reference.probabilities @ matrix).argmax(1)):.4f}",
            "moved": f"{np.abs(answers.probabilities - reference.probabilities).sum(1).mean() / 2:.4f}",
            "photos_per_s": f"{answers.rate:.1f}",
            "relative_speed": f"{answers.rate / reference.rate:.2f}",
            "start_s": f"{answers.start_seconds:.2f}",
            "threads": options.threads,
            "note": answers.note,
        }


def same(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    """Share of equal elements."""
    return float(np.mean(one == other))


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument(
        "--resnet18", type=Path, help="weights file; without it only the network that ships is measured"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    queries = [WeightsQuery("efficientnet-lite0")]
    if options.resnet18:
        queries.insert(0, WeightsQuery("resnet18", options.resnet18))
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for query in queries:
            for row in rows_of(find_weights(query), options, Path(folder)):
                print({key: str(value) for key, value in row.items()}, flush=True)
                rows.append(row)
    write_rows("agreement", rows)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
