"""From files to inspections: what the cache knows, and for the rest read, decode, classify, remember, in a bounded stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from album_sort.inspection.memory import give_memory_back
from album_sort.inspection.messages import Answer, Failed, Known, Looked, Read, ReaderSettings, Seen
from album_sort.inspection.others import Others, read_with_others
from album_sort.inspection.pool import ReaderPool
from album_sort.state.cache import InferenceCache
from album_sort.types import BackboneSpec, ContentId, FileEntry, Inspection, Precision, Skipped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from album_sort.classifier.runner import Classified

Progress = Callable[[int, str], None]
"""Called with the number of files done and the path of the last one."""

_COMMIT_FILES = 64
"""Files without a picture to classify are remembered in such portions."""

_FILES_OF_A_PROCESS = 8
_BYTES_OF_A_PROCESS = 32 << 20
"""One more reading process pays from so many files, or bytes, on: it takes a third of a second of a core to start."""


class Classifies(Protocol):
    """A network at work: `Classifier`, or one that somebody holds for longer than a run."""

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """One answer for each photo's views, uint8 (V, S, S, 3)."""
        ...


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
    make_classifier: Callable[[], Classifies],
    on_progress: Progress,
    *,
    find_others: Callable[[], Others] | None = None,
) -> InspectionResult:
    """Inspects all files; the network is only made when there is a picture it has not seen.

    At most one batch of work is lost when this is interrupted: each batch is committed to the cache. Other machines are only
    looked for when there is something to read.
    """
    result = InspectionResult()
    unknown = _take_known(files, settings, cache, result)
    result.read_count = len(unknown)
    on_progress(len(files) - len(unknown), "")
    for holds_all in (False, True):
        # The second time is for what the cache has lost meanwhile: damaged, cleared or held by another run.
        if unknown:
            run = _Run(settings, cache, make_classifier, on_progress, result, len(files) - len(unknown), holds_all)
            if find_others is None or holds_all:
                run.read(unknown)
            else:
                with closing(find_others()) as others:
                    run.read(unknown, others)
            del run
            give_memory_back()
            unknown = _take_read(unknown, cache, result)
    if result.read_count:
        cache.forget_oldest()
    result.inspections = cache.with_readings(result.inspections)
    return result


def _take_known(
    files: Sequence[FileEntry], settings: InspectionSettings, cache: InferenceCache, result: InspectionResult
) -> list[FileEntry]:
    """Takes what the cache knows; returns the other files."""
    unknown = []
    found = {} if settings.recheck else cache.find_all(files)
    for file in files:
        known = found.get(file.path)
        if known is None:
            unknown.append(file)
        elif known.inspection is not None:
            result.inspections[file.path] = known.inspection
        elif known.skipped is not None:
            result.failed[file.path] = known.skipped
    return unknown


def _take_read(files: Sequence[FileEntry], cache: InferenceCache, result: InspectionResult) -> list[FileEntry]:
    """Takes back from the cache what has been read; returns the files of which it has nothing."""
    waiting = [file for file in files if file.path not in result.inspections and file.path not in result.failed]
    found = cache.find_all(waiting)
    lost = []
    for file in waiting:
        known = found.get(file.path)
        if known is not None and known.inspection is not None:
            result.inspections[file.path] = known.inspection
        else:
            lost.append(file)
    return lost


def _what_was_read(answer: Seen | Failed) -> tuple[FileEntry, ContentId | None]:
    if isinstance(answer, Failed):
        return answer.file, answer.content_id
    return answer.inspection.file, answer.inspection.content_id


def processes_worth_starting(files: Sequence[FileEntry]) -> int:
    """For a night's few new photos one does; a library gets as many as there are cores."""
    by_bytes = sum(file.size_bytes for file in files) / _BYTES_OF_A_PROCESS
    return min(len(files), math.ceil(max(len(files) / _FILES_OF_A_PROCESS, by_bytes)))


@dataclass(slots=True)
class _Run:
    """What has been learnt is held until the cache has it on disk, so that memory does not grow with the library."""

    settings: InspectionSettings
    cache: InferenceCache
    make_classifier: Callable[[], Classifies]
    on_progress: Progress
    result: InspectionResult
    done: int
    holds_all: bool
    """Holds everything to the end instead."""
    _classifier: Classifies | None = None
    _held: dict[ContentId, list[Inspection]] = field(default_factory=dict)
    _classified: set[ContentId] = field(default_factory=set)
    """Copies in one folder are looked at once."""
    _twins: list[Inspection] = field(default_factory=list)
    """Copies of what is in the batch that is being filled."""
    _uncommitted: int = 0

    def read(self, files: Sequence[FileEntry], others: Others | None = None) -> None:
        """Reads, classifies and remembers all files, alone or with others."""
        workers = min(self.settings.workers, processes_worth_starting(files))
        # Reading goes on while torch is imported and the network loaded: some seconds' worth of pictures may wait.
        waiting = max(3 * self.settings.batch_size, 96)
        with ReaderPool(self.settings.reader, workers, waiting) as pool:
            # Beside others little waits: what is in hand here at the end, they wait for.
            window = 2 * self.settings.batch_size + workers
            answers = pool.read(files) if others is None else read_with_others(files, pool, others, window)
            for batch in self._batches(answers):
                self._classify(batch)
                self._commit()
        self.result.inspections |= {each.file.path: each for held in self._held.values() for each in held}

    def _batches(self, answers: Iterable[Answer | Looked]) -> Iterator[dict[ContentId, Read]]:
        """Pictures in batches, by content; everything else is dealt with on the way."""
        batch: dict[ContentId, Read] = {}
        for answer in answers:
            if isinstance(answer, Looked):
                self._take_looked(answer)
                self._commit()
            elif isinstance(answer, Read) and answer.views is not None:
                self._add_to(batch, answer)
                if len(batch) == self.settings.batch_size:
                    yield batch
                    batch = {}
            else:
                self._take(answer)
                self._commit(at_least=_COMMIT_FILES)
        yield batch

    def _add_to(self, batch: dict[ContentId, Read], picture: Read) -> None:
        """Into the batch, unless its content is there or has been classified."""
        content_id = picture.inspection.content_id
        if self._classifier is None:
            self._classifier = self.make_classifier()
        if content_id in batch:
            self._twins.append(picture.inspection)
        elif content_id not in self._classified or not self._take_copy(picture.inspection):
            batch[content_id] = picture

    def _take_looked(self, looked: Looked) -> None:
        """What others have said. What the cache knows of a content comes first, as it does where it is read here."""
        new = []
        for answer in looked.take():
            file, content_id = _what_was_read(answer)
            known = self.cache.find_content(file, content_id) if content_id is not None else None
            what = known and (known.inspection or known.skipped)
            if content_id is not None and what:
                self._take(Known(file, content_id, what))
            else:
                new.append(answer)
        for answer in new:
            if isinstance(answer, Failed):
                self._take(answer)
            else:
                self._take_seen(answer)

    def _take_seen(self, seen: Seen) -> None:
        content_id = seen.inspection.content_id
        if content_id in self._classified and self._take_copy(seen.inspection):
            return
        if seen.inspection.prediction is not None:
            if self._classifier is None:
                self._classifier = self.make_classifier()
            self._count_inference(content_id)
        self._remember(self.cache.add(seen.inspection, seen.embedding, seen.thumbnail))

    def _count_inference(self, content_id: ContentId) -> None:
        """Once for each content, whoever has looked at its copies."""
        if content_id not in self._classified:
            self._classified.add(content_id)
            self.result.inference_count += 1

    def _take(self, answer: Answer) -> None:
        if isinstance(answer, Read):
            self._remember(self.cache.add(answer.inspection, None, b""))
        elif isinstance(answer, Failed):
            self._fail(answer.skipped, answer.file)
            if answer.content_id is not None:
                self.cache.add_failure(answer.file, answer.content_id, answer.skipped)
        elif isinstance(answer, Known):
            self.cache.add_file(answer.file, answer.content_id)
            if isinstance(answer.what, Skipped):
                self._fail(answer.what, answer.file)
            else:
                self._remember(answer.what)

    def _classify(self, batch: dict[ContentId, Read]) -> None:
        if self._classifier is None or not batch:
            return
        answers = self._classifier.classify([read.views for read in batch.values() if read.views is not None])
        for read, answer in zip(batch.values(), answers, strict=True):
            classified = replace(read.inspection, prediction=answer.prediction)
            inspection = self.cache.add(classified, answer.embedding, read.thumbnail)
            self._count_inference(inspection.content_id)
            self._remember(inspection)
        for twin in self._twins:
            self._take_copy(twin)
        self._twins.clear()

    def _take_copy(self, copy: Inspection) -> bool:
        """Whether what is known of the content could be taken for its copy."""
        held = self._held.get(copy.content_id)
        known = held[0] if held else self._from_cache(copy)
        if known is None:
            return False
        self.cache.add_file(copy.file, copy.content_id)
        self._remember(replace(known, file=copy.file))
        return True

    def _from_cache(self, copy: Inspection) -> Inspection | None:
        known = self.cache.find_content(copy.file, copy.content_id)
        return known.inspection if known else None

    def _remember(self, inspection: Inspection) -> None:
        self._held.setdefault(inspection.content_id, []).append(inspection)
        self._count(inspection.file)

    def _fail(self, skipped: Skipped, file: FileEntry) -> None:
        self.result.failed[file.path] = skipped
        self._count(file)

    def _count(self, file: FileEntry) -> None:
        self.done += 1
        self._uncommitted += 1
        self.on_progress(self.done, file.path)

    def _commit(self, at_least: int = 1) -> None:
        if self._uncommitted >= at_least:
            if self.cache.commit() and not self.holds_all:
                self._held.clear()
            self._uncommitted = 0
