"""Small JPEGs for the report, by content: apart from the inference cache, since they are ten times its size and can be spared."""

from __future__ import annotations

from pathlib import Path

from album_sort.state.cache_file import CacheFile, Statement

THUMBNAIL_FILE = "thumbnails.sqlite"

MOST_BYTES = 1 << 30
"""Beyond this the oldest are dropped: at about 10 KB each the newest 100,000 photos keep theirs."""

_SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS thumbnails (age INTEGER PRIMARY KEY, content_id BLOB UNIQUE NOT NULL, jpeg BLOB NOT NULL);
"""

_DROP_AT_ONCE = 1000


class ThumbnailStore:
    """One SQLite file in the cache folder. A thumbnail that is not there leaves an empty frame in the report."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._file = CacheFile(folder / THUMBNAIL_FILE, _SCHEMA, _SCHEMA_VERSION)
        self._most_bytes = most_bytes
        self._pending: list[Statement] = []

    def add(self, content_id: str, jpeg: bytes) -> None:
        """Remembers a thumbnail; it is written by `commit`."""
        self._pending.append(
            ("INSERT OR REPLACE INTO thumbnails (content_id, jpeg) VALUES (?, ?)", (bytes.fromhex(content_id), jpeg))
        )

    def get(self, content_id: str) -> bytes | None:
        """The JPEG of a content, None where there is none."""
        self.commit()
        rows = self._file.rows("SELECT jpeg FROM thumbnails WHERE content_id = ?", (bytes.fromhex(content_id),))
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else None

    def commit(self) -> None:
        """Writes what was added."""
        if self._pending:
            self._file.write(self._pending)
            self._pending.clear()

    def drop_oldest(self) -> int:
        """Drops what is beyond the bound, a tenth more so that it is not done at every run; returns how many."""
        self.commit()
        if self._size_bytes() <= self._most_bytes:
            return 0
        dropped = 0
        while self._size_bytes() > self._most_bytes * 0.9:
            oldest = self._file.rows("SELECT age FROM thumbnails ORDER BY age LIMIT ?", (_DROP_AT_ONCE,))
            statement = ("DELETE FROM thumbnails WHERE age <= ?", oldest[-1]) if oldest else None
            if statement is None or not self._file.write([statement]):
                break
            dropped += len(oldest)
        return dropped

    def _size_bytes(self) -> int:
        """Of what is in use; the file itself does not shrink but is filled again."""
        rows = self._file.rows(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Writes what was added and closes."""
        self.commit()
        self._file.close()
