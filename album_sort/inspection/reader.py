"""A reading process: takes files, answers with their content. Started by `pool`, ends when its pipe does.

Decoders are foreign code that sees hostile bytes, so they live here, under a memory limit, and a crash or a hang costs
one file. Nothing here imports torch: a process starts in a third of a second.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from album_sort.core.formats import HEAD_BYTES, sniff
from album_sort.core.unreadable import unreadable
from album_sort.images import UndecodableError, decode_closer, decode_picture, make_film_preview, make_preview
from album_sort.inspection.memory import keep_freed_memory
from album_sort.inspection.messages import (
    Answer,
    Failed,
    Known,
    LookedCloser,
    Order,
    Previewed,
    Read,
    ReaderSettings,
    ReaderTask,
    Ready,
)
from album_sort.metadata.files import read_metadata, read_sidecar, read_video_metadata
from album_sort.reading import NotAFile, open_regular, read_at_most, read_head, sha256_of
from album_sort.state.cache import CacheReader
from album_sort.types import (
    ContentId,
    DecodedPicture,
    FileEntry,
    FileKind,
    Inspection,
    Metadata,
    Reason,
    Skipped,
    Stage,
)

_OBJECTS_BETWEEN_COLLECTIONS = 20_000

_NICER = 5
"""Steps that a reading process gives way to the one with the network: who waits for whom is settled by the queue between them,
and a network that has to wait for a core leaves the other core without work (docs/concepts/performance.md)."""


class ChangedWhileReadError(Exception):
    """The file is being written to right now."""


def inspect(file: FileEntry, settings: ReaderSettings, cache: CacheReader) -> Answer:
    """One file, read once. Never raises for what a file may contain."""
    return _within_its_border(file, settings, lambda: _inspect(file, settings, cache))


def preview(file: FileEntry, settings: ReaderSettings) -> Answer:
    """A picture of one photo for browsers. Never raises for what a file may contain."""
    return _within_its_border(file, settings, lambda: _preview(file, settings))


def look_closer(file: FileEntry, settings: ReaderSettings) -> Answer:
    """A closer look at one photo. Never raises for what a file may contain."""

    def look(content_id: ContentId, data: bytes) -> Answer:
        return LookedCloser(file, content_id, decode_closer(data, settings.preprocessing, suffix=file.suffix))

    return _within_its_border(file, settings, lambda: _of_its_bytes(file, settings, look))


def _within_its_border(file: FileEntry, settings: ReaderSettings, work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except ChangedWhileReadError:
        return _failed(file, Stage.READ, Reason.of("skip.changing"))
    except NotAFile:
        return _failed(file, Stage.READ, Reason.of("skip.no-longer-a-file"))
    except OSError as error:
        return _failed(file, Stage.READ, unreadable(error))
    except MemoryError:
        return _failed(file, Stage.READ, Reason.of("skip.memory-to-read", megabytes=settings.memory_bytes >> 20))
    except Exception as error:  # noqa: BLE001 - one file's border: what no reader foresaw is that file's trouble
        return _failed(file, Stage.DECODE, Reason.of("skip.not-understood", detail=f"{error!r:.200}"))


def _inspect(file: FileEntry, settings: ReaderSettings, cache: CacheReader) -> Answer:
    head = read_head(file.path, HEAD_BYTES)
    kind = _kind(file, head)
    if kind in (FileKind.VIDEO, FileKind.SIDECAR):
        content_id = hash_file(file)
        return _known(file, content_id, cache) or _read_around(file, content_id, kind, head)
    return _of_its_bytes(
        file,
        settings,
        lambda content_id, data: _known(file, content_id, cache) or _read_picture(file, content_id, data, settings),
    )


def _preview(file: FileEntry, settings: ReaderSettings) -> Answer:
    head = read_head(file.path, HEAD_BYTES)
    media = sniff(head, file.suffix)
    if media is not None and media.kind is FileKind.VIDEO:
        return _preview_of_film(file, media.name, settings)
    return _of_its_bytes(
        file, settings, lambda content_id, data: Previewed(file, content_id, make_preview(data, file.suffix))
    )


def _preview_of_film(file: FileEntry, name: str, settings: ReaderSettings) -> Answer:
    descriptor = open_regular(file.path)
    with os.fdopen(descriptor, "rb") as stream:
        _check_unchanged(file, descriptor, file.size_bytes)
        try:
            return Previewed(file, None, *make_film_preview(stream, name, settings.thumbnail_px))
        except UndecodableError as error:
            return _failed(file, Stage.DECODE, error.reason)


def _of_its_bytes(file: FileEntry, settings: ReaderSettings, work: Callable[[ContentId, bytes], Answer]) -> Answer:
    """What comes of a picture's content and bytes."""
    if file.size_bytes > settings.memory_bytes:
        return _failed(file, Stage.READ, Reason.of("skip.memory-to-read", megabytes=settings.memory_bytes >> 20))
    data = _read_all(file)
    content_id = ContentId(hashlib.sha256(data).hexdigest())
    try:
        return work(content_id, data)
    except (UndecodableError, MemoryError) as error:
        if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
            reason = Reason.of("skip.memory-to-decode", megabytes=settings.memory_bytes >> 20)
        else:
            reason = error.reason
        return _failed(file, Stage.DECODE, reason, content_id)


def _kind(file: FileEntry, head: bytes) -> FileKind:
    """By content of photos and videos: a photo in a video's clothes is a photo, and the other way round."""
    if file.kind in _KINDS_TOLD_BY_CONTENT:
        media = sniff(head, file.suffix)
        if media is not None and media.kind in _KINDS_TOLD_BY_CONTENT:
            return media.kind
    return file.kind


# What has a RAW's or a sidecar's suffix is one: by content a DNG is any TIFF, and a .thm any JPEG.
_KINDS_TOLD_BY_CONTENT = (FileKind.PHOTO, FileKind.VIDEO)


def _read_all(file: FileEntry) -> bytes:
    descriptor = open_regular(file.path)
    try:
        # One byte more than there should be: a kernel file claims to be empty, and some have no end.
        data = read_at_most(descriptor, file.size_bytes + 1)
        _check_unchanged(file, descriptor, len(data))
    finally:
        os.close(descriptor)
    return data


def hash_file(file: FileEntry) -> ContentId:
    """SHA-256 of a file of any size."""
    descriptor = open_regular(file.path)
    try:
        _check_unchanged(file, descriptor, file.size_bytes)
        digest, size_bytes = sha256_of(descriptor, file.path)
        _check_unchanged(file, descriptor, size_bytes)
    finally:
        os.close(descriptor)
    return ContentId(digest)


def _check_unchanged(file: FileEntry, descriptor: int, read_bytes: int) -> None:
    found = os.fstat(descriptor)
    if (found.st_size, found.st_mtime_ns) != (file.size_bytes, file.mtime_ns) or read_bytes != file.size_bytes:
        raise ChangedWhileReadError


def _known(file: FileEntry, content_id: ContentId, cache: CacheReader) -> Known | None:
    known = cache.find_content(file, content_id)
    what = known and (known.inspection or known.skipped)
    return Known(file, content_id, what) if what else None


def _read_around(file: FileEntry, content_id: ContentId, kind: FileKind, head: bytes) -> Read:
    """Videos and sidecars: what they say of themselves, no pixels."""
    if kind is FileKind.VIDEO:
        media = sniff(head)
        metadata = read_video_metadata(file.path)
        return Read(Inspection(file, content_id, media.name if media else file.suffix.lstrip("."), metadata), None, b"")
    return Read(Inspection(file, content_id, file.suffix.lstrip("."), read_sidecar(file.path)), None, b"")


def _read_picture(file: FileEntry, content_id: ContentId, data: bytes, settings: ReaderSettings) -> Read:
    picture = decode_picture(data, settings.preprocessing, suffix=file.suffix, thumbnail_px=settings.thumbnail_px)
    metadata = _seen(read_metadata(data, picture.media_format), picture)
    inspection = Inspection(file, content_id, picture.media_format, metadata, picture.pixel_source, picture.statistics)
    return Read(inspection, picture.views, picture.thumbnail)


def _seen(metadata: Metadata, picture: DecodedPicture) -> Metadata:
    """With the true size (what EXIF says of it may be that of another version), and what is wrong with the pixels."""
    return replace(
        metadata,
        width_px=picture.width_px,
        height_px=picture.height_px,
        missing_share=picture.missing_share,
        warnings=(*metadata.warnings, *picture.warnings),
    )


def _failed(file: FileEntry, stage: Stage, reason: Reason, content_id: ContentId | None = None) -> Failed:
    return Failed(file, Skipped(file.path, stage, reason), content_id)


def _limit_memory(most_bytes: int) -> None:
    """RLIMIT_DATA counts what a process really allocates (mapped libraries aside); only Linux enforces it for mmap."""
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _answer(order: Order, settings: ReaderSettings, cache: CacheReader) -> Answer:
    match order.task or settings.task:
        case ReaderTask.INSPECT:
            return inspect(order.file, settings, cache)
        case ReaderTask.PREVIEW:
            return preview(order.file, settings)
        case ReaderTask.LOOK_CLOSER:
            return look_closer(order.file, settings)


def serve(connection: Connection) -> None:
    """Answers until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole process group; the supervisor decides
    settings: ReaderSettings = connection.recv()
    if sys.platform.startswith("linux"):
        _limit_memory(settings.memory_bytes)
    with contextlib.suppress(OSError, AttributeError):  # not every system knows it
        os.nice(_NICER)
    keep_freed_memory()
    # What has been imported stays, and a photo makes some thousand objects: looking for circles among all of them took 1 % of the time.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    cache = CacheReader(settings.cache_folder, settings.model_key)
    connection.send(Ready())
    while True:
        order: Order = connection.recv()
        connection.send(_answer(order, settings, cache))


if __name__ == "__main__":
    # The pipe ends when the run does, also when it was killed.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])))
