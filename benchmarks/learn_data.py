"""Data sets for bench_learn.py: embeddings with the name of what each photo shows.

A file is an npz with `embedding` (N, D) and `label` (N,); `family` (N,), where it has one, says which labels may be true of the same
photo: those of the family of what is learned, but of another label, are neither shown nor counted. Labels that begin with `other` are
never learned. Made from a folder of folders of pictures, each named after what its pictures show:

    python -m benchmarks.learn_data PICTURES OUT.npz --work /tmp/learn [--weights WEIGHTS] [--closer]

Of a network whose embedding was cut to 512 numbers it has `log_probabilities` (N, 1000), too, of which as many are read as the cache
keeps. With `--closer` it has `parts` (N, V, D), too: what closer looks tell.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.weights import WeightsFile
from album_sort.core.looks import look_of
from album_sort.images import decode_closer
from album_sort.state.codec import (
    pack_closer,
    pack_embedding,
    pack_prediction,
    unpack_closer,
    unpack_embedding,
    unpack_prediction,
)
from album_sort.types import TOP_CLASSES, Precision, Prediction
from benchmarks.labelled import classifier_of, look_at, weights_of


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Embeddings of many photos, named."""

    name: str
    embedding: NDArray[np.float16]
    label: NDArray[np.str_]
    family: NDArray[np.str_]
    parts: NDArray[np.float16] | None = None

    @classmethod
    def read(cls, path: Path) -> DataSet:
        """From a file, rounded as the cache rounds."""
        with np.load(path) as held:
            label, family = held["label"], held.get("family", held["label"])
            told = held.get("log_probabilities")
            rows = [unpack_embedding(pack_embedding(row.astype(np.float16))) for row in held["embedding"]]
            parts = held.get("parts")
            if parts is not None:
                parts = np.stack([unpack_closer(pack_closer(each.astype(np.float16))) for each in parts])
        if told is not None and parts is None:  # siblings are told apart by embeddings
            rows = [look_of(row, _kept(each)) for row, each in zip(rows, told, strict=True)]
        return cls(path.stem, np.stack(rows), label, family, parts)

    def concepts(self, least: int) -> list[str]:
        """Labels of so many photos at least."""
        names, counts = np.unique(self.label, return_counts=True)
        return [
            str(name)
            for name, count in zip(names, counts, strict=True)
            if count >= least and not name.startswith("other")
        ]

    def split(self, concept: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows that show it, and rows that do not."""
        mine = self.label == concept
        family = np.isin(self.family, np.unique(self.family[mine]))
        return np.flatnonzero(mine), np.flatnonzero(~mine & ~family)


def _kept(log_probabilities: NDArray[np.floating]) -> Prediction:
    """As the cache keeps it."""
    order = np.argsort(-log_probabilities, kind="stable")[:TOP_CLASSES]
    probabilities = np.exp(log_probabilities[order].astype(np.float32))
    return unpack_prediction("", pack_prediction(Prediction("", order.astype(np.uint16), probabilities)))


def look_closer_at(paths: Sequence[Path], weights: WeightsFile, work: Path) -> NDArray[np.float16]:
    """(N, V, 512) what closer looks at these pictures tell."""
    classifier, spec = classifier_of(weights, Precision.AUTO, work), weights.backbone.preprocessing
    found = []
    for path in paths:
        views = decode_closer(path.read_bytes(), spec, suffix=path.suffix.lower())
        found.append(np.stack([one.embedding for one in classifier.classify([view[None] for view in views])]))
    return np.stack(found)


def main() -> None:
    """Pictures to embeddings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--closer", action="store_true")
    args = parser.parse_args()
    suffixes = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
    paths = sorted(path for path in args.pictures.glob("*/*") if path.suffix.lower() in suffixes)
    looked = look_at(paths, weights_of(args), Precision.AUTO, args.work)
    parts = {"parts": look_closer_at(paths, weights_of(args), args.work)} if args.closer else {}
    np.savez_compressed(
        args.out,
        **parts,
        embedding=np.stack([unpack_embedding(looked[str(path)][3]) for path in paths]),
        label=np.array([path.parent.name for path in paths]),
    )


if __name__ == "__main__":
    main()
