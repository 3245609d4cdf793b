"""Closer looks at photos of which albums that were taught want to know more: from the cache, or from any file that holds the photo."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from album_sort.errors import WeightsUnavailable
from album_sort.pipeline.engine import Engine
from album_sort.pipeline.lessons import Looks
from album_sort.pipeline.stages import Stages
from album_sort.state.cache import InferenceCache
from album_sort.types import AlbumRelPath, ContentId, FileEntry, FileKind, Inspection
from album_sort.types.ledger import LedgerRow

STAGE = "closer"


def files_of(
    read: Iterable[Inspection], ledger: Mapping[AlbumRelPath, LedgerRow], destination: str
) -> dict[ContentId, list[str]]:
    """Paths that may hold each photo: what was read, then its source and where it lies in the albums."""
    found: defaultdict[ContentId, list[str]] = defaultdict(list)
    for one in read:
        found[one.content_id].append(one.file.path)
    for path, row in ledger.items():
        found[row.content_id] += [row.source] if os.path.isabs(row.source) else []
        found[row.content_id].append(os.path.join(destination, path))
    return found


@dataclass(slots=True)
class CloserLooks:
    """Looks closer where nobody has yet; what is learned is in the cache, so that no photo is looked at twice."""

    engine: Engine
    cache: InferenceCache
    stages: Stages
    files: Mapping[ContentId, Sequence[str]]
    _tried: set[ContentId] = field(default_factory=set)

    def looks(self, contents: Iterable[ContentId]) -> Looks:
        """What closer looks tell of these photos; of one that no file holds any more there is nothing."""
        asked = list(dict.fromkeys(contents))
        found = dict(self.cache.closer_of(asked))
        new = [content for content in asked if content not in found and content not in self._tried]
        self._tried.update(new)
        wanted = {content: files for content in new if (files := self._files(content))}
        if wanted and self._look(wanted):
            found |= self.cache.closer_of(list(wanted))
        return found

    def kept(self, contents: Iterable[ContentId]) -> Looks:
        """The same without looking at any now."""
        return self.cache.closer_of(list(contents))

    def _files(self, content: ContentId) -> list[FileEntry]:
        paths = dict.fromkeys(self.files.get(content, ()))
        return [file for path in paths if (file := file_there(path, os.path.dirname(path))) is not None]

    def _look(self, wanted: Mapping[ContentId, Sequence[FileEntry]]) -> int:
        with self.stages.stage(STAGE, len(wanted)):
            try:
                self.stages.items = self.engine.look_closer(wanted, self.cache, self.stages.progress)
            except WeightsUnavailable:
                return 0  # a library that was looked at before is sorted without them, too
        return self.stages.items


def file_there(path: str, root: str) -> FileEntry | None:
    """The file as it is now; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileEntry(path, root, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, FileKind.PHOTO)
