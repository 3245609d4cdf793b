"""Data sets for bench_learn.py: embeddings with the name of what each photo shows.

A file is an npz with `embedding` (N, D) and `label` (N,); `family` (N,), where it has one, says which labels may be true of the same
photo: those of the family of what is learned, but of another label, are neither shown nor counted. Labels that begin with `other` are
never learned. Made from a folder of folders of pictures, each named after what its pictures show:

    python -m benchmarks.learn_data PICTURES OUT.npz --work /tmp/learn [--weights WEIGHTS]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from album_sort.state.codec import pack_embedding, unpack_embedding
from album_sort.types import Precision
from benchmarks.labelled import look_at, weights_of


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Embeddings of many photos, named."""

    name: str
    embedding: NDArray[np.float16]
    label: NDArray[np.str_]
    family: NDArray[np.str_]

    @classmethod
    def read(cls, path: Path) -> DataSet:
        """From a file, rounded as the cache rounds."""
        with np.load(path) as held:
            label, family = held["label"], held.get("family", held["label"])
            rows = [unpack_embedding(pack_embedding(row.astype(np.float16))) for row in held["embedding"]]
        return cls(path.stem, np.stack(rows), label, family)

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


def main() -> None:
    """Pictures to embeddings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    suffixes = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
    paths = sorted(path for path in args.pictures.glob("*/*") if path.suffix.lower() in suffixes)
    looked = look_at(paths, weights_of(args), Precision.AUTO, args.work)
    np.savez_compressed(
        args.out,
        embedding=np.stack([unpack_embedding(looked[str(path)][3]) for path in paths]),
        label=np.array([path.parent.name for path in paths]),
    )


if __name__ == "__main__":
    main()
