"""The ways of classifying a folder that bench_run.py and bench_threads.py compare, each run in a process of its own.

    python benchmarks/ways.py WAY FOLDER WEIGHTS CACHE LIMIT WORKERS THREADS

prints one line of JSON: photos, seconds from the first file to the last answer, and seconds of starting before that.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.labels import label_folder
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.images import decode_picture
from album_sort.inspection.inspect import InspectionSettings, inspect_files, model_key_of
from album_sort.inspection.messages import ReaderSettings
from album_sort.inspection.reader import inspect
from album_sort.scan import scan
from album_sort.state.cache import CacheReader, InferenceCache
from album_sort.types import FileEntry, Precision

if TYPE_CHECKING:
    from album_sort.classifier.runner import Classifier

BATCH = 16


@dataclass(frozen=True, slots=True)
class Task:
    """What to classify, and with what."""

    files: Sequence[FileEntry]
    weights: WeightsFile
    cache: Path
    workers: int
    threads: int

    @property
    def model_key(self) -> str:
        """As the program makes it."""
        return model_key_of(self.weights.backbone, self.weights.sha256, Precision.AUTO)

    @property
    def reader(self) -> ReaderSettings:
        """As the program sets it."""
        return ReaderSettings(self.weights.backbone.preprocessing, 256, self.cache, self.model_key, 1 << 30)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long it took."""

    photos: int
    seconds: float
    start_seconds: float = 0.0


def calibration_views() -> NDArray[np.uint8]:
    """The shipped calibration pictures."""
    pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
    return np.concatenate([decode_picture(path.read_bytes(), RESNET18.preprocessing).views for path in pictures])


def make_classifier(task: Task, precision: Precision = Precision.AUTO) -> Classifier:
    """Our network; converted weights are kept beside the caches of the rounds."""
    from album_sort.classifier.runner import Classifier  # noqa: PLC0415 - imports torch

    return Classifier(
        task.weights,
        precision,
        model_key=task.model_key,
        threads=task.threads,
        converted=task.cache.parent / "weights",
        calibration=calibration_views,
    )


def inspection(task: Task) -> Timing:
    """The program without scan, albums and report: hash, metadata, decode, statistics, thumbnails, classify, remember."""
    began = time.perf_counter()
    settings = InspectionSettings(task.reader, task.workers, BATCH)
    with InferenceCache.open(task.cache, task.model_key) as cache:
        result = inspect_files(task.files, settings, cache, lambda: make_classifier(task), lambda _done, _path: None)
    if len(result.inspections) != len(task.files):
        raise SystemExit(f"{len(result.failed)} files failed: {list(result.failed.values())[:2]}")
    return Timing(len(task.files), time.perf_counter() - began)


def decode_only(task: Task) -> Timing:
    """All that the reading processes do, without a network beside them."""
    os.environ.update(
        OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
    )  # as the program sets them for its reading processes
    entered = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(task.workers, _set_reader, (task.reader,)) as pool:
        pool.map(_read, task.files[: 2 * task.workers], chunksize=1)
        began = time.perf_counter()
        for _ in pool.imap_unordered(_read, task.files, chunksize=2):
            pass
        return Timing(len(task.files), time.perf_counter() - began, began - entered)


_reader: list[tuple[ReaderSettings, CacheReader]] = []


def _set_reader(settings: ReaderSettings) -> None:
    _reader.append((settings, CacheReader(settings.cache_folder, settings.model_key)))


def _read(file: FileEntry) -> int:
    settings, cache = _reader[0]
    return len(type(inspect(file, settings, cache)).__name__)


def inference_only(task: Task) -> Timing:
    """The network alone, on as many threads as there are cores."""
    began = time.perf_counter()
    classifier = make_classifier(replace(task, threads=task.workers))
    views = [np.random.default_rng(seed).integers(0, 255, (1, 224, 224, 3), np.uint8) for seed in range(BATCH)]
    classifier.classify(views)
    started = time.perf_counter()
    for _ in range(0, len(task.files), BATCH):
        classifier.classify(views)
    return Timing(len(task.files), time.perf_counter() - started, started - began)


def textbook(task: Task) -> Timing:
    """As tutorials do it: open, convert, Resize 256, CenterCrop 224, ToTensor, Normalize, fp32 ResNet-18, one at a time."""
    began = time.perf_counter()
    torch, network, transform = _torchvision(task)
    started = time.perf_counter()
    for file in task.files:
        with torch.inference_mode():
            torch.softmax(network(transform(file)[None]), 1).topk(3)
    return Timing(len(task.files), time.perf_counter() - started, started - began)


def data_loader(task: Task) -> Timing:
    """A `DataLoader` with two workers and fp32 batches."""
    began = time.perf_counter()
    torch, network, transform = _torchvision(task)
    loader = torch.utils.data.DataLoader(
        _Dataset(task.files, transform), batch_size=BATCH, num_workers=2, multiprocessing_context="fork"
    )
    started = time.perf_counter()
    for batch in loader:
        with torch.inference_mode():
            torch.softmax(network(batch), 1).topk(3)
    return Timing(len(task.files), time.perf_counter() - started, started - began)


class _Dataset:
    def __init__(self, files: Sequence[FileEntry], transform: Callable[[FileEntry], Any]) -> None:
        self._files, self._transform = files, transform

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401 - a tensor
        return self._transform(self._files[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


def _torchvision(task: Task) -> tuple[Any, Any, Callable[[FileEntry], Any]]:
    """Torch, the fp32 network with torch's own choice of threads, and torchvision's transforms."""
    from PIL import Image  # noqa: PLC0415 - so that only these ways pay for it

    from album_sort.classifier.torch_startup import import_torch, import_torchvision  # noqa: PLC0415

    torch, torchvision = import_torch(), import_torchvision()
    network = torchvision.models.resnet18(weights=None).eval()
    network.load_state_dict(torch.load(task.weights.path, weights_only=True))
    prepare = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms()
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
    return torch, network, lambda file: prepare(Image.open(file.path).convert("RGB"))


WAYS: dict[str, Callable[[Task], Timing]] = {
    "inspection": inspection,
    "decode_only": decode_only,
    "inference_only": inference_only,
    "textbook": textbook,
    "data_loader": data_loader,
}


def main(arguments: Sequence[str]) -> None:
    """Runs one way and prints its timing."""
    way, folder, weights, cache = arguments[:4]
    limit, workers, threads = (int(number) for number in arguments[4:])
    files = sorted(scan([folder]).files, key=lambda file: file.path)[:limit]
    found = find_weights(WeightsQuery("resnet18", Path(weights)))
    timing = WAYS[way](Task(files, found, Path(cache), workers, threads))
    print(json.dumps(asdict(timing)))


if __name__ == "__main__":
    main(sys.argv[1:])
