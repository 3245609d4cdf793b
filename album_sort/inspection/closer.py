"""A closer look at photos that were inspected before: at twice the size, in parts, remembered beside what the whole has told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from album_sort.inspection.inspect import Classifies, InspectionSettings, Progress, processes_worth_starting
from album_sort.inspection.memory import give_memory_back
from album_sort.inspection.messages import Answer, LookedCloser
from album_sort.inspection.pool import ReaderPool
from album_sort.state.cache import InferenceCache
from album_sort.types import CLOSER_VIEWS, ContentId, FileEntry

Wanted = Mapping[ContentId, Sequence[FileEntry]]
"""Photos to look at, each with the files that may hold it."""


def look_closer(
    wanted: Wanted,
    settings: InspectionSettings,
    cache: InferenceCache,
    make_classifier: Callable[[], Classifies],
    on_progress: Progress,
) -> int:
    """How many of these photos could be looked at; a file that cannot be read, or holds something else by now, is passed over for the next.

    At most one batch of work is lost when this is interrupted.
    """
    run = _Run(
        cache, make_classifier, on_progress, {content: list(files) for content, files in wanted.items() if files}
    )
    if not run.left:
        return 0
    files = [files[0] for files in run.left.values()]
    workers = min(settings.workers, processes_worth_starting(files))
    most = max(1, settings.batch_size // CLOSER_VIEWS)
    with ReaderPool(settings.reader, workers, 3 * most) as pool:
        while run.left:
            asked = {content: files.pop(0) for content, files in run.left.items()}
            for batch in _batches(pool.read({file.path: file for file in asked.values()}.values()), run.left, most):
                run.take(batch)
            run.left = {content: files for content, files in run.left.items() if files}
    give_memory_back()
    return run.done


def told_of(batch: Sequence[LookedCloser], classifier: Classifies) -> NDArray[np.float16]:
    """What the network tells of the parts of each picture, (N, CLOSER_VIEWS, 512)."""
    said = classifier.classify([view[None] for looked in batch for view in looked.views])
    return np.stack([one.embedding for one in said]).reshape(len(batch), CLOSER_VIEWS, -1)


def _batches(answers: Iterable[Answer], wanted: Mapping[ContentId, object], most: int) -> Iterator[list[LookedCloser]]:
    """Views of what is wanted; everything else is let go."""
    batch: dict[ContentId, LookedCloser] = {}
    for answer in answers:
        if isinstance(answer, LookedCloser) and answer.content_id in wanted:
            batch[answer.content_id] = answer
            if len(batch) == most:
                yield [*batch.values()]
                batch = {}
    if batch:
        yield [*batch.values()]


@dataclass(slots=True)
class _Run:
    cache: InferenceCache
    make_classifier: Callable[[], Classifies]
    on_progress: Progress
    left: dict[ContentId, list[FileEntry]]
    done: int = 0
    _classifier: Classifies | None = field(default=None)

    def take(self, batch: Sequence[LookedCloser]) -> None:
        """Has the network look at these, and remembers it."""
        if self._classifier is None:
            self._classifier = self.make_classifier()
        for looked, seen in zip(batch, told_of(batch, self._classifier), strict=True):
            self.cache.add_closer(looked.content_id, seen)
            del self.left[looked.content_id]
            self.done += 1
            self.on_progress(self.done, looked.file.path)
        self.cache.commit()
