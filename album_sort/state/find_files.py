"""What the cache knows of files that a run looks at: of those that look as they did when they were read."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.core.albums.head import Head
from album_sort.state import readings
from album_sort.state.cache_file import CacheFile
from album_sort.state.cache_rows import COLUMNS, ITS_PREDICTION, KnownFile, known_of, path_to_column
from album_sort.state.kernel_numbers import number_to_column
from album_sort.types import FileEntry

_AT_ONCE = 500
"""Paths in one query: ten thousand single ones took half a second."""

_FIND = f"""SELECT f.path, f.size_bytes, f.mtime_ns, f.inode, {COLUMNS}
FROM files f JOIN contents c USING (content) {ITS_PREDICTION}
WHERE c.version = ? AND f.path IN ({", ".join("?" * _AT_ONCE)})"""  # noqa: S608 - constant


def find_files(cache: CacheFile, files: Sequence[FileEntry], by: tuple[str, Head | None, int]) -> dict[str, KnownFile]:
    """What is known of these files, by path; `by` the network of this key, what a head reads in it, and the version of reading."""
    model_key, head, version = by
    query, values = readings.asked_with(cache, head, _FIND, (model_key, version))
    known = {}
    for start in range(0, len(files), _AT_ONCE):
        part = {path_to_column(file.path): file for file in files[start : start + _AT_ONCE]}
        paths = [*part, *[None] * (_AT_ONCE - len(part))]
        for path, size_bytes, mtime_ns, inode, *row in cache.rows(query, (*values, *paths)):
            file = part[path]
            if (size_bytes, mtime_ns, inode) == looks_of(file):
                found = known_of(file, *readings.parted(row, head), model_key)
                if found is not None:
                    known[file.path] = found
    return known


def looks_of(file: FileEntry) -> tuple[int, int | bytes, int | bytes]:
    """Size, time and inode as the columns of `files` hold them."""
    return file.size_bytes, number_to_column(file.mtime_ns), number_to_column(file.inode)
