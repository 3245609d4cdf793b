"""From files to inspections: what the cache knows, and for the rest read, decode, classify, remember, in a bounded stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from album_sort.inspection.messages import Answer, Failed, Known, Read, ReaderSettings
from album_sort.inspection.pool import ReaderPool
from album_sort.state.cache import InferenceCache
from album_sort.types import BackboneSpec, FileEntry, Inspection, Precision, Skipped

if TYPE_CHECKING:
    from album_sort.classify.runner import Classifier

Progress = Callable[[int, str], None]
"""Called with the number of files done and the path of the last one."""


@dataclass(frozen=True, slots=True)
class InspectionSettings:
    """How to inspect."""

    reader: ReaderSettings
    workers: int
    batch_size: int
    recheck: bool = False
    """Read every file again, whatever its times and size say."""


@dataclass(slots=True)
class InspectionResult:
    """All that was learnt, by path."""

    inspections: dict[str, Inspection] = field(default_factory=dict)
    failed: dict[str, Skipped] = field(default_factory=dict)
    read_count: int = 0
    """Files that had to be read."""
    inference_count: int = 0
    """Photos that a network has looked at."""


def model_key_of(backbone: BackboneSpec, weights_sha256: str, precision: Precision) -> str:
    """What a prediction depends on beside the picture."""
    return f"{backbone.name}-{weights_sha256[:16]}-{precision}-p{backbone.preprocessing.version}"


def inspect_files(
    files: Sequence[FileEntry],
    settings: InspectionSettings,
    cache: InferenceCache,
    make_classifier: Callable[[], Classifier],
    on_progress: Progress,
) -> InspectionResult:
    """Inspects all files; the network is only made when there is a picture it has not seen.

    At most one batch of work is lost when this is interrupted: each batch is committed to the cache.
    """
    result = InspectionResult()
    unknown = _take_known(files, settings, cache, result)
    on_progress(len(files) - len(unknown), "")
    if unknown:
        run = _Run(settings, cache, make_classifier, on_progress, result, done=len(files) - len(unknown))
        run.read(unknown)
    return result


def _take_known(
    files: Sequence[FileEntry], settings: InspectionSettings, cache: InferenceCache, result: InspectionResult
) -> list[FileEntry]:
    """Takes what the cache knows; returns the other files."""
    unknown = []
    for file in files:
        known = None if settings.recheck else cache.find(file)
        if known is None:
            unknown.append(file)
        elif known.inspection is not None:
            result.inspections[file.path] = known.inspection
        elif known.skipped is not None:
            result.failed[file.path] = known.skipped
    return unknown


@dataclass(slots=True)
class _Run:
    settings: InspectionSettings
    cache: InferenceCache
    make_classifier: Callable[[], Classifier]
    on_progress: Progress
    result: InspectionResult
    done: int
    _classifier: Classifier | None = None

    def read(self, files: Sequence[FileEntry]) -> None:
        """Reads, classifies and remembers all files."""
        waiting = 3 * self.settings.batch_size
        with ReaderPool(self.settings.reader, self.settings.workers, waiting) as pool:
            for batch in self._batches(pool.read(files)):
                self._classify(batch)
                self.cache.commit()

    def _batches(self, answers: Iterable[Answer]) -> Iterator[list[Read]]:
        """Pictures in batches; everything else is dealt with on the way."""
        batch: list[Read] = []
        for answer in answers:
            if isinstance(answer, Read) and answer.views is not None:
                batch.append(answer)
                if len(batch) == self.settings.batch_size:
                    yield batch
                    batch = []
            else:
                self._take(answer)
        yield batch

    def _take(self, answer: Answer) -> None:
        if isinstance(answer, Read):
            self._remember(answer.inspection)
            self.cache.add(answer.inspection, None, b"")
        elif isinstance(answer, Known):
            self._take_known_content(answer)
        else:
            self._take_failure(answer)

    def _take_known_content(self, answer: Known) -> None:
        known = self.cache.find_content(answer.file, answer.content_id)
        self.cache.add_file(answer.file, answer.content_id)
        if known is not None and known.inspection is not None:
            self._remember(known.inspection)
        elif known is not None and known.skipped is not None:
            self._count(answer.file)
            self.result.failed[answer.file.path] = known.skipped

    def _take_failure(self, answer: Failed) -> None:
        self._count(answer.file)
        self.result.failed[answer.file.path] = answer.skipped
        if answer.content_id is not None:
            self.cache.add_failure(answer.file, answer.content_id, answer.skipped)

    def _classify(self, batch: list[Read]) -> None:
        if not batch:
            return
        if self._classifier is None:
            self._classifier = self.make_classifier()
        answers = self._classifier.classify([read.views for read in batch if read.views is not None])
        for read, answer in zip(batch, answers, strict=True):
            inspection = replace(read.inspection, prediction=answer.prediction)
            self._remember(inspection)
            self.cache.add(inspection, answer.embedding, read.thumbnail)
            self.result.inference_count += 1

    def _remember(self, inspection: Inspection) -> None:
        self._count(inspection.file)
        self.result.inspections[inspection.file.path] = inspection

    def _count(self, file: FileEntry) -> None:
        self.done += 1
        self.result.read_count += 1
        self.on_progress(self.done, file.path)
