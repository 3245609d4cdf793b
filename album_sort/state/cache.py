"""The inference cache: what reading and classifying a content has told, so that it is never done twice.

Keyed by content (SHA-256), weights and preprocessing; a file's path, size, times and inode are only a shortcut to its
content. It may be deleted at any time: damaged or unwritable, it costs time, never a photo.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from album_sort.state import codec
from album_sort.types import (
    STATISTICS_VERSION,
    ContentId,
    FileEntry,
    Inspection,
    PixelSource,
    Prediction,
    Skipped,
    Stage,
)

CACHE_FILE = "inference.sqlite"

INSPECTION_VERSION = 1
"""Raised whenever reading the same bytes would give other metadata or other pixels."""

_SCHEMA_VERSION = 1

MOST_PHOTOS = 1_000_000
"""Beyond this many contents the oldest are forgotten: about 1.8 GB."""

_SCHEMA = """
CREATE TABLE files (            -- shortcut: this file had this content when it looked like this
    path TEXT PRIMARY KEY, size_bytes INTEGER, mtime_ns INTEGER, inode INTEGER, content_id BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE contents (         -- what one reading has told
    content_id BLOB PRIMARY KEY, version INTEGER NOT NULL, media_format TEXT NOT NULL, metadata TEXT NOT NULL,
    pixel_source TEXT, statistics BLOB,
    stage TEXT, reason TEXT     -- of a content that cannot be processed
) WITHOUT ROWID;
CREATE TABLE models (model INTEGER PRIMARY KEY, model_key TEXT UNIQUE NOT NULL);
CREATE TABLE predictions (      -- what a network has said
    content_id BLOB NOT NULL, model INTEGER NOT NULL, classes BLOB NOT NULL, probabilities BLOB NOT NULL,
    embedding BLOB NOT NULL, PRIMARY KEY (content_id, model)
) WITHOUT ROWID;
CREATE TABLE thumbnails (content_id BLOB PRIMARY KEY, jpeg BLOB NOT NULL);
"""

_VERSION = INSPECTION_VERSION * 1000 + STATISTICS_VERSION

_COLUMNS = "c.media_format, c.metadata, c.pixel_source, c.statistics, c.stage, c.reason, p.classes, p.probabilities"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the cache knows of a file: an inspection, or why it could not be processed."""

    inspection: Inspection | None
    skipped: Skipped | None


class InferenceCache:
    """One SQLite file in the cache folder. One writer; any number of readers in other processes."""

    def __init__(self, connection: sqlite3.Connection, model_key: str) -> None:
        self._connection = connection
        self._model_key = model_key
        self._model: int | None = None
        row = connection.execute("SELECT model FROM models WHERE model_key = ?", (model_key,)).fetchone()
        if row:
            self._model = row[0]

    @classmethod
    def open(cls, folder: Path, model_key: str) -> Self:
        """The cache in this folder, made or remade as needed; in memory where the folder cannot be written to."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return cls(_connect_or_remake(folder / CACHE_FILE), model_key)
        except (OSError, sqlite3.Error):
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            _create(connection)
            return cls(connection, model_key)

    @classmethod
    def open_to_read(cls, folder: Path, model_key: str) -> Self | None:
        """For the reading processes: the cache as it is, None where there is none."""
        try:
            connection = sqlite3.connect(f"{(folder / CACHE_FILE).absolute().as_uri()}?mode=ro", uri=True)
            return cls(connection, model_key)
        except sqlite3.Error:
            return None

    def find(self, file: FileEntry) -> KnownFile | None:
        """What is known of a file that looks as it did when it was read."""
        return self._found(
            file,
            f"SELECT c.content_id, {_COLUMNS} FROM files f JOIN contents c USING (content_id)"  # noqa: S608 - constant
            " LEFT JOIN predictions p ON p.content_id = c.content_id AND p.model = ?"
            " WHERE f.path = ? AND f.size_bytes = ? AND f.mtime_ns = ? AND f.inode = ? AND c.version = ?",
            (self._model, _text(file.path), file.size_bytes, file.mtime_ns, file.inode, _VERSION),
        )

    def find_content(self, file: FileEntry, content_id: ContentId) -> KnownFile | None:
        """What is known of a content, whatever its file is called now."""
        return self._found(
            file,
            f"SELECT c.content_id, {_COLUMNS} FROM contents c"  # noqa: S608 - constant
            " LEFT JOIN predictions p ON p.content_id = c.content_id AND p.model = ?"
            " WHERE c.content_id = ? AND c.version = ?",
            (self._model, bytes.fromhex(content_id), _VERSION),
        )

    def _found(self, file: FileEntry, query: str, values: tuple[object, ...]) -> KnownFile | None:
        try:
            row = self._connection.execute(query, values).fetchone()
            return self._known(file, row) if row else None
        except (sqlite3.Error, ValueError, TypeError, KeyError):
            return None  # damaged rows are read again from the photo

    def _known(self, file: FileEntry, row: tuple[Any, ...]) -> KnownFile | None:
        content, media_format, metadata, pixel_source, statistics, stage, reason, classes, probabilities = row
        if stage is not None:
            return KnownFile(None, Skipped(file.path, Stage(stage), reason))
        has_pixels = pixel_source is not None
        if has_pixels and classes is None:
            return None  # read, but not yet by this network
        return KnownFile(
            Inspection(
                file,
                ContentId(content.hex()),
                media_format,
                codec.unpack_metadata(metadata),
                PixelSource(pixel_source) if has_pixels else None,
                codec.unpack_statistics(statistics) if statistics else None,
                codec.unpack_prediction(self._model_key, classes, probabilities) if has_pixels else None,
            ),
            None,
        )

    def add(self, inspection: Inspection, embedding: NDArray[np.float16] | None, thumbnail: bytes) -> None:
        """Remembers one inspection; visible to others after `commit`."""
        content = bytes.fromhex(inspection.content_id)
        self.add_file(inspection.file, inspection.content_id)
        self._write(
            "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
            (
                content,
                _VERSION,
                inspection.media_format,
                codec.pack_metadata(inspection.metadata),
                inspection.pixel_source,
                codec.pack_statistics(inspection.statistics) if inspection.statistics else None,
            ),
        )
        if inspection.prediction is not None and embedding is not None:
            self._add_prediction(content, inspection.prediction, embedding)
        if thumbnail:
            self._write("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", (content, thumbnail))

    def _add_prediction(self, content: bytes, prediction: Prediction, embedding: NDArray[np.float16]) -> None:
        if self._model is None:
            self._write("INSERT OR IGNORE INTO models (model_key) VALUES (?)", (self._model_key,))
            query = "SELECT model FROM models WHERE model_key = ?"
            self._model = self._connection.execute(query, (self._model_key,)).fetchone()[0]
        self._write(
            "INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?, ?)",
            (content, self._model, *codec.pack_prediction(prediction), embedding.astype("<f2").tobytes()),
        )

    def add_failure(self, file: FileEntry, content_id: ContentId, skipped: Skipped) -> None:
        """Remembers that a content cannot be processed, so that the next run need not try."""
        self.add_file(file, content_id)
        self._write(
            "INSERT OR REPLACE INTO contents VALUES (?, ?, '', '{}', NULL, NULL, ?, ?)",
            (bytes.fromhex(content_id), _VERSION, skipped.stage, skipped.reason),
        )

    def add_file(self, file: FileEntry, content_id: ContentId) -> None:
        """Remembers the shortcut from a file to its content."""
        self._write(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            (_text(file.path), file.size_bytes, file.mtime_ns, file.inode, bytes.fromhex(content_id)),
        )

    def thumbnail(self, content_id: str) -> bytes | None:
        """The small JPEG of a content, None where there is none."""
        with contextlib.suppress(sqlite3.Error):
            query = "SELECT jpeg FROM thumbnails WHERE content_id = ?"
            row = self._connection.execute(query, (bytes.fromhex(content_id),)).fetchone()
            return row[0] if row else None
        return None

    def embeddings(self) -> Iterator[tuple[ContentId, NDArray[np.float16]]]:
        """All (content, embedding (512,)) of this network."""
        query = "SELECT content_id, embedding FROM predictions WHERE model = ?"
        for content, packed in self._connection.execute(query, (self._model,)):
            yield ContentId(content.hex()), np.frombuffer(packed, "<f2")

    def commit(self) -> None:
        """Makes what was added durable enough: a power cut may lose it, never damage it (WAL)."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.commit()

    def forget_oldest(self, most: int = MOST_PHOTOS) -> int:
        """Drops contents beyond `most`, those without a known file first; returns how many."""
        (count,) = self._connection.execute("SELECT count(*) FROM contents").fetchone()
        excess = count - most
        if excess <= 0:
            return 0
        self._write(
            "DELETE FROM contents WHERE content_id IN (SELECT content_id FROM contents"
            " ORDER BY content_id IN (SELECT content_id FROM files) LIMIT ?)",
            (excess,),
        )
        for table in ("files", "predictions", "thumbnails"):
            self._write(f"DELETE FROM {table} WHERE content_id NOT IN (SELECT content_id FROM contents)", ())  # noqa: S608
        return int(excess)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        # A cache that cannot be written (full disk, read-only) only costs time.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(statement, values)

    def close(self) -> None:
        """Commits and closes."""
        self.commit()
        self._connection.close()

    def __enter__(self) -> Self:
        """The cache itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commits and closes, after an error too: what was added is true all the same."""
        self.close()


def _text(path: str) -> str | bytes:
    """Paths with undecodable bytes are stored as bytes: SQLite's text must be valid."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape")
    return path


def _connect_or_remake(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    # The progress of the run writes from one thread and closes from another.
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create(connection)
        elif version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"cache of schema {version}")
        connection.execute("SELECT * FROM contents, predictions, files, models, thumbnails LIMIT 0")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")
