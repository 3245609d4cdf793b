"""The inference cache: what reading and classifying a content has told, so that it is never done twice.

Keyed by content (SHA-256), weights and preprocessing; a file's path, size, times and inode are only a shortcut to its
content. It may be deleted at any time: damaged or unwritable, it costs time, never a photo.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.head import Head
from album_sort.core.checked import NONSENSE
from album_sort.state import codec, readings
from album_sort.state.cache_file import CacheFile, Statement, open_read_only
from album_sort.state.cache_rows import COLUMNS, ITS_PREDICTION, THIS_MODEL, KnownFile, known_of, path_to_column
from album_sort.state.find_files import find_files, looks_of
from album_sort.state.recall import recall
from album_sort.state.thumbnails import ThumbnailStore
from album_sort.types import (
    STATISTICS_VERSION,
    ContentId,
    FileEntry,
    Inspection,
    Skipped,
)

CACHE_FILE = "inference.sqlite"

INSPECTION_VERSION = 4
"""Raised whenever reading the same bytes would give other metadata or other pixels."""

MOST_PHOTOS = 10_000_000
"""Beyond this many contents the oldest are forgotten: 15 GB, a thousandth of such photos. A bound below the size of a library would have a
part of it read again every night, and forgotten again the next."""

_SCHEMA_VERSION = 2
"""2: small integers for contents, packed columns, thumbnails in a file of their own."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (         -- what one reading has told
    content INTEGER PRIMARY KEY,              -- grows with age
    content_id BLOB UNIQUE NOT NULL, version INTEGER NOT NULL, media_format TEXT NOT NULL,
    metadata BLOB, pixel_source TEXT, statistics BLOB,
    stage TEXT, reason TEXT                   -- of a content that cannot be processed; code and values as JSON
);
CREATE TABLE IF NOT EXISTS files (            -- shortcut: this file had this content when it looked like this
    path PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER, inode INTEGER, content INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS models (model INTEGER PRIMARY KEY, model_key TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS predictions (      -- what a network has said
    content INTEGER NOT NULL, model INTEGER NOT NULL, top BLOB NOT NULL, embedding BLOB NOT NULL,
    PRIMARY KEY (content, model)
) WITHOUT ROWID;
"""

_VERSION = INSPECTION_VERSION * 1000 + STATISTICS_VERSION

_FIND_CONTENT = f"""SELECT {COLUMNS} FROM contents c {ITS_PREDICTION}
WHERE c.content_id = ? AND c.version = ?"""  # noqa: S608 - constant

_EMBEDDINGS = f"""SELECT p.content, c.content_id, p.embedding FROM predictions p JOIN contents c USING (content)
WHERE p.content > ? AND p.model = {THIS_MODEL} ORDER BY p.content LIMIT 1000"""  # noqa: S608 - constant

_ADD_FILE = """INSERT OR REPLACE INTO files
SELECT ?, ?, ?, ?, content FROM contents WHERE content_id = ?"""

_ADD_CONTENT = """INSERT INTO contents (content_id, version, media_format, metadata, pixel_source, statistics, stage, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (content_id) DO UPDATE SET version = excluded.version,
media_format = excluded.media_format, metadata = excluded.metadata, pixel_source = excluded.pixel_source,
statistics = excluded.statistics, stage = excluded.stage, reason = excluded.reason"""

_ADD_MODEL = "INSERT OR IGNORE INTO models (model_key) VALUES (?)"

_ADD_PREDICTION = f"""INSERT OR REPLACE INTO predictions
SELECT content, {THIS_MODEL}, ?, ? FROM contents WHERE content_id = ?"""  # noqa: S608 - constant

_Unpack = Callable[[bytes], NDArray[np.float16]]

_MOST_PENDING = 5_000
"""Statements kept while another run holds the file, before they are given up."""


class CacheReader:
    """The cache as a reading process sees it: contents looked up, nothing written."""

    def __init__(self, folder: Path, model_key: str) -> None:
        self._model_key = model_key
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = open_read_only(folder / CACHE_FILE)
        except sqlite3.Error:
            self._connection = None  # none yet, or none that can be read: everything is new

    def find_content(self, file: FileEntry, content_id: ContentId) -> KnownFile | None:
        """What is known of a content, whatever its file is called now."""
        if self._connection is None:
            return None
        values = (self._model_key, bytes.fromhex(content_id), _VERSION)
        try:
            row = self._connection.execute(_FIND_CONTENT, values).fetchone()
        except sqlite3.Error:
            return None
        return known_of(file, row, b"", self._model_key) if row else None


class InferenceCache:
    """One SQLite file in the cache folder, thumbnails in a second one. Several runs may use them at once."""

    def __init__(self, folder: Path, model_key: str, head: Head | None = None) -> None:
        self._file = CacheFile(folder / CACHE_FILE, _SCHEMA, _SCHEMA_VERSION, made_later=readings.TABLE)
        self._thumbnails = ThumbnailStore(folder)
        self._model_key = model_key
        self._head = head
        # Written together: a transaction held open while photos are decoded would keep other runs waiting.
        self._pending: list[Statement] = []

    @classmethod
    def open(cls, folder: Path, model_key: str, head: Head | None = None) -> Self:
        """The cache in this folder, made or made anew as needed; in memory where the folder cannot be written to.

        `head` reads each prediction as it is added, and those known already when they are asked for `with_readings`.
        """
        return cls(folder, model_key, head)

    def find_all(self, files: Sequence[FileEntry]) -> dict[str, KnownFile]:
        """What is known of those files that look as they did when they were read, by path."""
        self._flush()
        return find_files(self._file, files, (self._model_key, self._head, _VERSION))

    def find_content(self, file: FileEntry, content_id: ContentId) -> KnownFile | None:
        """What is known of a content, whatever its file is called now."""
        self._flush()
        rows = self._file.rows(_FIND_CONTENT, (self._model_key, bytes.fromhex(content_id), _VERSION))
        return known_of(file, rows[0], b"", self._model_key) if rows else None

    def recall(self, files: Mapping[str, tuple[FileEntry, ContentId]]) -> dict[str, Inspection]:
        """What was once read of files (by path, each with its content) that nobody looks at now, by whatever version and network.

        Not for decisions about them, but about those beside them. Sizes and times are those of then.
        """
        self._flush()
        return self.with_readings(recall(self._file, (self._model_key, self._head), files))

    def add(
        self, inspection: Inspection, embedding: NDArray[np.float16] | bytes | None, thumbnail: bytes
    ) -> Inspection:
        """Remembers one inspection, with its embedding, (512,) or packed already; visible to other runs after `commit`.

        Returns it as the cache will give it back: a decision must not depend on whether a number was rounded for storage.
        """
        content = bytes.fromhex(inspection.content_id)
        metadata = codec.pack_metadata(inspection.metadata)
        statistics = codec.pack_statistics(inspection.statistics) if inspection.statistics else None
        top = codec.pack_prediction(inspection.prediction) if inspection.prediction else None
        row = (content, _VERSION, inspection.media_format, metadata, inspection.pixel_source, statistics, None, None)
        self._pending.append((_ADD_CONTENT, row))
        prediction = codec.unpack_prediction(self._model_key, top) if top else None
        if top is not None and embedding is not None:
            packed = embedding if isinstance(embedding, bytes) else codec.pack_embedding(embedding)
            self._pending.append((_ADD_MODEL, (self._model_key,)))
            self._pending.append((_ADD_PREDICTION, (self._model_key, top, packed, content)))
            if self._head is not None and prediction is not None:
                read = self._head.read(prediction, codec.unpack_embedding(packed))
                prediction = prediction.read_as(read)
                self._pending += readings.add_statements(self._model_key, self._head, {content: read})
        self.add_file(inspection.file, inspection.content_id)
        if thumbnail:
            self._thumbnails.add(inspection.content_id, thumbnail)
        return replace(
            inspection,
            metadata=codec.unpack_metadata(metadata),
            statistics=codec.unpack_statistics(statistics) if statistics else None,
            prediction=prediction,
        )

    def add_closer(self, content_id: ContentId, parts: NDArray[np.float16]) -> None:
        """Remembers what a closer look at a known content has told (CLOSER_VIEWS, 512); visible to other runs after `commit`."""
        key = readings.closer_key(self._model_key, INSPECTION_VERSION)
        self._pending.append((_ADD_MODEL, (key,)))
        self._pending.append((_ADD_PREDICTION, (key, b"", codec.pack_closer(parts), bytes.fromhex(content_id))))

    def closer_of(self, contents: Sequence[ContentId]) -> dict[ContentId, NDArray[np.float16]]:
        """The same by closer looks, (CLOSER_VIEWS, 512) of each."""
        return self._kept(readings.closer_key(self._model_key, INSPECTION_VERSION), contents, codec.unpack_closer)

    def with_readings(self, inspections: Mapping[str, Inspection]) -> dict[str, Inspection]:
        """The same inspections by path, each prediction with what the head reads in it."""
        if self._head is None:
            return dict(inspections)
        self._flush()
        read, added = readings.with_readings(inspections, self._file, self._model_key, self._head)
        self._pending += added
        return read

    def add_failure(self, file: FileEntry, content_id: ContentId, skipped: Skipped) -> None:
        """Remembers that a content cannot be processed, so that the next run need not try."""
        reason = codec.pack_reason(skipped.reason)
        row = (bytes.fromhex(content_id), _VERSION, "", None, None, None, skipped.stage, reason)
        self._pending.append((_ADD_CONTENT, row))
        self.add_file(file, content_id)

    def add_file(self, file: FileEntry, content_id: ContentId) -> None:
        """Remembers the shortcut from a file to its content, which is known already."""
        shortcut = (path_to_column(file.path), *looks_of(file))
        self._pending.append((_ADD_FILE, (*shortcut, bytes.fromhex(content_id))))

    def has_read(self, path: str) -> bool:
        """Whether a file of this path was ever read."""
        self._flush()
        return bool(self._file.rows("SELECT 1 FROM files WHERE path = ?", (path_to_column(path),)))

    def forget_files(self, paths: Iterable[str]) -> None:
        """Drops shortcuts that have led to a wrong content: these files are read again, whatever their date says."""
        self._pending += [("DELETE FROM files WHERE path = ?", (path_to_column(path),)) for path in paths]

    def thumbnail(self, content_id: str) -> bytes | None:
        """The small JPEG of a content, None where there is none."""
        return self._thumbnails.get(content_id)

    def embeddings(self) -> Iterator[tuple[ContentId, NDArray[np.float16]]]:
        """All (content, embedding (512,)) of this network, oldest first."""
        self._flush()
        last = -1
        while rows := self._file.rows(_EMBEDDINGS, (last, self._model_key)):
            last = rows[-1][0]
            for _, content_id, packed in rows:
                embedding = _numbers(packed, codec.unpack_embedding)
                if embedding is not None and isinstance(content_id, bytes):
                    yield ContentId(content_id.hex()), embedding

    def embeddings_of(self, contents: Sequence[ContentId]) -> dict[ContentId, NDArray[np.float16]]:
        """The embeddings (512,) of those of these contents that this network has seen, in the order of their ids."""
        return self._kept(self._model_key, contents, codec.unpack_embedding)

    def looks_of(self, contents: Sequence[ContentId]) -> dict[ContentId, NDArray[np.float16]]:
        """What is learned on (LOOK_SIZE,) of those of these contents that this network has seen, in the order of their ids."""
        self._flush()
        found = readings.find_looks(self._file, self._model_key, sorted(map(bytes.fromhex, contents)))
        return {ContentId(content.hex()): look for content, look in sorted(found, key=lambda pair: pair[0])}

    def _kept(self, key: str, contents: Sequence[ContentId], unpack: _Unpack) -> dict[ContentId, NDArray[np.float16]]:
        self._flush()
        found = readings.find_embeddings(self._file, key, sorted(map(bytes.fromhex, contents)))
        known = {content: _numbers(packed, unpack) for content, packed in found}
        return {ContentId(content.hex()): each for content, each in sorted(known.items()) if each is not None}

    @property
    def is_made_anew(self) -> bool:
        """Whether it was damaged, or not ours, and had to be begun again."""
        return self._file.is_made_anew

    def commit(self) -> bool:
        """Writes what was added, where other runs see it; a power cut may lose it, never damage it.

        False when it could not be written now: it stays pending, at most `_MOST_PENDING` statements of it.
        """
        is_written = self._flush()
        self._thumbnails.commit()
        return is_written

    def _flush(self) -> bool:
        is_written = not self._pending or self._file.write(self._pending)
        if is_written or len(self._pending) > _MOST_PENDING:
            self._pending.clear()
        return is_written

    def forget_oldest(self, most: int = MOST_PHOTOS) -> int:
        """Drops contents beyond `most`, those without a known file first, and thumbnails beyond their bound.

        Returns how many contents were dropped.
        """
        self.commit()
        self._thumbnails.drop_oldest()
        rows = self._file.rows("SELECT count(*) FROM contents")
        excess = rows[0][0] - most if rows else 0
        if excess <= 0:
            return 0
        oldest = (
            "DELETE FROM contents WHERE content IN (SELECT content FROM contents"
            " ORDER BY content IN (SELECT content FROM files), content LIMIT ?)"
        )
        orphans = "DELETE FROM {} WHERE content NOT IN (SELECT content FROM contents)"
        done = self._file.write(
            [
                (oldest, (excess,)),
                (readings.TABLE, ()),
                *((orphans.format(table), ()) for table in ("files", "predictions", "readings")),
            ]
        )
        return int(excess) if done else 0

    def close(self) -> None:
        """Commits and closes."""
        self.commit()
        self._file.close()
        self._thumbnails.close()

    def __enter__(self) -> Self:
        """The cache itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commits and closes, after an error too: what was added is true all the same."""
        self.close()


def _numbers(packed: bytes, unpack: _Unpack) -> NDArray[np.float16] | None:
    """None for damaged ones."""
    try:
        return unpack(packed)
    except NONSENSE:
        return None
