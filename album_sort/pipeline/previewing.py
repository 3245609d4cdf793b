"""Pictures for browsers, of what is in the albums and no browser shows: made once, after the photos are filed.

Not while photos are looked at: of a HEIC or a RAW that reads a thumbnail, for a hundredth of the price, and a photo that the cache knows
is not read at all (docs/decisions/0015-previews.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from album_sort.classifier.backbones import preferred
from album_sort.core.formats import format_of_suffix, wants_preview
from album_sort.events import EventSink
from album_sort.inspection.cores import available_cores
from album_sort.inspection.inspect import processes_worth_starting
from album_sort.inspection.messages import Failed, Previewed, ReaderSettings, ReaderTask
from album_sort.inspection.pool import ReaderPool
from album_sort.pipeline.closer import file_there
from album_sort.pipeline.engine import MEMORY_OF_READER, THUMBNAIL_PX
from album_sort.pipeline.extras import can_show_films
from album_sort.pipeline.stages import Stages
from album_sort.state.cache import InferenceCache
from album_sort.state.previews import PreviewStore
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import ContentId, FileEntry, FileKind, Inspection, Plan, Role
from album_sort.types.ledger import LedgerRow

if TYPE_CHECKING:  # an undo makes previews, too, and decides nothing
    from album_sort.pipeline.prepare import Preparation

_AHEAD = 8
"""Previews that wait to be written, of half a megabyte each."""

Missing = Mapping[ContentId, FileEntry]
"""Contents that want a preview, each with a file that has it."""


Read = Mapping[ContentId, Inspection]
"""What was read of photos, by content."""


def read_by(preparation: Preparation) -> Read:
    """What a run knows of its photos, and of those in the albums."""
    rest = preparation.rest
    read = chain(rest.gone.values(), rest.there.values(), preparation.inspected.inspections.values())
    return {inspection.content_id: inspection for inspection in read}


def read_before(ledger: Iterable[LedgerRow], destination: str, cache_folder: Path) -> Read:
    """What earlier runs have read of a few photos in the albums: for whoever looks at none."""
    files = {
        row.source: (
            FileEntry(row.source, destination, row.size_bytes, row.mtime_ns, 0, 0, FileKind.PHOTO),
            row.content_id,
        )
        for row in ledger
        if row.role is Role.PRIMARY
    }
    if not files:
        return {}
    with InferenceCache.open(cache_folder, "") as cache:
        return {inspection.content_id: inspection for inspection in cache.recall(files).values()}


def missing_in_albums(read: Read, destination: str, ledger: Iterable[LedgerRow], store: PreviewStore) -> Missing:
    """What is filed and has no preview yet; what is not as it was filed, or a link to what is not there tonight, waits."""
    wanted = _Wanted(read, store)
    filed = {row.content_id: row for row in ledger if row.role is Role.PRIMARY}
    root = destination
    found = {
        content: _file_at(os.path.join(root, row.path), root, row.size_bytes)
        for content, row in filed.items()
        if wanted.is_wanted(content, row.path)
    }
    return {content: file for content, file in found.items() if file is not None}


def missing_in_plan(preparation: Preparation, plan: Plan, store: PreviewStore) -> Missing:
    """The same of what a plan would file, from the photos themselves."""
    wanted = _Wanted(read_by(preparation), store)
    inspected = preparation.inspected.inspections
    return {
        op.content_id: inspected[op.source].file
        for op in plan.ops
        if op.role is Role.PRIMARY and op.source in inspected and wanted.is_wanted(op.content_id, op.source)
    }


class _Wanted:
    """Tells by what was read of the photos, and by their names where nothing is known any more."""

    def __init__(self, read: Read, store: PreviewStore) -> None:
        self._known = read
        self._store = store
        self._films = can_show_films()

    def is_wanted(self, content_id: ContentId, path: str) -> bool:
        known = self._known.get(content_id)
        if known is None:
            media_format, pixels = format_of_suffix(PurePath(path).suffix), 0
        else:
            size = known.metadata
            media_format, pixels = known.media_format, (size.width_px or 0) * (size.height_px or 0)
        # The store is asked last: most libraries have none of these, and no folder is looked through.
        return wants_preview(media_format, pixels, films=self._films) and content_id not in self._store.tried


def _file_at(path: str, root: str, size_bytes: int) -> FileEntry | None:
    file = file_there(path, root)
    return file if file is not None and file.size_bytes == size_bytes else None


def preview_reader(cache_folder: Path) -> ReaderSettings:
    """What reading processes need to know that make previews: no network is asked."""
    return ReaderSettings(
        preferred().preprocessing, THUMBNAIL_PX, cache_folder, "", MEMORY_OF_READER, task=ReaderTask.PREVIEW
    )


def make_previews(
    missing: Missing,
    store: PreviewStore,
    cache_folder: Path,
    workers: int = 0,
    *,
    sink: EventSink,
    stop: Callable[[], bool],
) -> bool:
    """Whether all have been tried; False where somebody asked to stop. Of what shows nothing is kept that it was tried.

    `workers`: reading processes at most, 0 for as many as there are cores. Raises OSError where the disk takes no more,
    `AlbumSortError` where no reading process can be started.
    """
    contents = {file.path: content for content, file in missing.items()}
    files = list(missing.values())
    workers = min(workers or available_cores(), processes_worth_starting(files))
    stages = Stages(sink)
    with (
        closing(ThumbnailStore(cache_folder)) as thumbnails,
        stages.stage("previews", len(files)),
        ReaderPool(preview_reader(cache_folder), workers, _AHEAD) as pool,
    ):
        for answer in pool.read(files):
            match answer:
                case Previewed(file, content_id, jpeg, thumbnail):
                    wanted = contents[file.path]
                    # A file that somebody has changed shows something else than its row says.
                    store.keep(wanted, jpeg if content_id in (wanted, None) else b"")
                    if thumbnail:
                        thumbnails.add(wanted, thumbnail)
                        thumbnails.commit()
                case Failed(file):
                    store.keep(contents[file.path], b"")
                case _:
                    continue
            stages.items += 1
            stages.progress(stages.items, file.path)
            if stop():
                break
    return stages.items == len(files)
