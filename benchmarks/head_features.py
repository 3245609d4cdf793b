"""Feature files of labelled photos for benchmarks/fit_head.py: what a network says of each, in full.

    python -m benchmarks.head_features ../shared/photos/labelled.csv --work /tmp/head --weights WEIGHTS

Writes `labelled-<weights>.npz` into the work folder: `log_probabilities` (N, 1000) float16, the mean over a photo's views
before the logarithm as in a run; `embedding` (N, E) float16; `source` and `path` (N,). The pictures are read and looked at as in
a run, and nothing of them is kept.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from album_sort.classifier.labels import label_folder
from album_sort.classifier.runner import Classifier
from album_sort.classifier.weights import WeightsFile
from album_sort.images import decode_picture
from album_sort.types import Precision
from benchmarks.labelled import add_arguments, weights_of


def main() -> None:
    """Reads, classifies, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    args = parser.parse_args()
    weights = weights_of(args)
    with args.labelled.open(newline="", encoding="utf-8") as handle:
        names = [row["path"] for row in csv.DictReader(handle)]
    folder = args.labelled.resolve().parent
    log_probabilities, embedding = features_of([folder / name for name in names], weights, args.precision, args.work)
    np.savez_compressed(
        feature_file(args.work, weights.sha256),
        log_probabilities=log_probabilities,
        embedding=embedding,
        source=np.array([Path(name).parts[-3] for name in names]),
        path=np.array(names),
    )


def feature_file(work: Path, weights_sha256: str) -> Path:
    """Where the features of the labelled photos are."""
    return work / f"labelled-{weights_sha256[:8]}.npz"


def features_of(
    paths: list[Path], weights: WeightsFile, precision: Precision, work: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (N, 1000) and pooled features (N, E) of pictures, both float16."""
    spec = weights.backbone.preprocessing
    pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
    classifier = Classifier(
        weights,
        precision,
        model_key="benchmark",
        threads=1,
        converted=work / "weights",
        calibration=lambda: np.concatenate([decode_picture(path.read_bytes(), spec).views for path in pictures]),
    )
    said, pooled = [], []
    for start in range(0, len(paths), 16):
        batch = [
            decode_picture(path.read_bytes(), spec, suffix=path.suffix.lower()).views
            for path in paths[start : start + 16]
        ]
        probabilities, features = classifier._network.run(np.concatenate(batch))
        ends = np.cumsum([len(views) for views in batch])
        for first, end in zip([0, *ends[:-1]], ends, strict=True):
            said.append(np.log(np.maximum(probabilities[first:end].mean(axis=0), 1e-30)))
            pooled.append(features[first:end].mean(axis=0))
    return np.array(said).astype(np.float16), np.array(pooled).astype(np.float16)


if __name__ == "__main__":
    main()
