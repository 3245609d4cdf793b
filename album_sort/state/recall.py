"""What was once read of files that a run does not look at: by their contents, whether or not the files are still there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from album_sort.core.albums.head import Head
from album_sort.core.checked import NONSENSE
from album_sort.state import readings
from album_sort.state.cache_file import CacheFile
from album_sort.state.cache_rows import COLUMNS, ITS_PREDICTION, known_of, path_to_column
from album_sort.state.kernel_numbers import number_from_column
from album_sort.types import ContentId, FileEntry, Inspection

_AT_ONCE = 500
"""Values in one query."""

_PLACES = ", ".join("?" * _AT_ONCE)

_BY_PATH = f"""SELECT f.path, f.size_bytes, f.mtime_ns, {COLUMNS}
FROM files f JOIN contents c USING (content) {ITS_PREDICTION} WHERE f.path IN ({_PLACES})"""  # noqa: S608 - constant

_BY_CONTENT = f"""SELECT {COLUMNS} FROM contents c {ITS_PREDICTION}
WHERE c.content_id IN ({_PLACES})"""  # noqa: S608 - constant

By = tuple[str, Head | None]
"""The key of a network, and what reads in its predictions."""


def recall(cache: CacheFile, by: By, files: Mapping[str, tuple[FileEntry, ContentId]]) -> dict[str, Inspection]:
    """The inspection of each file whose content is known, by path; that of the path itself before one of an equal content."""
    found: dict[str, Inspection] = {}
    by_column = {path_to_column(path): path for path in files}
    for column, size_bytes, mtime_ns, *row in _in_portions(cache, _BY_PATH, by, list(by_column)):
        file, content_id = files[by_column[column]]
        if isinstance(row[0], bytes) and row[0].hex() == content_id:
            try:
                size, mtime = int(number_from_column(size_bytes)), int(number_from_column(mtime_ns))
            except NONSENSE:
                continue
            if (size, mtime) != (file.size_bytes, file.mtime_ns):
                file = replace(file, size_bytes=size, mtime_ns=mtime)
            _take(found, file, row, by)
    of_content: defaultdict[bytes, list[FileEntry]] = defaultdict(list)
    for file, content_id in files.values():
        if file.path not in found:
            of_content[bytes.fromhex(content_id)].append(file)
    for columns in _in_portions(cache, _BY_CONTENT, by, list(of_content)):
        for file in of_content.get(columns[0], ()):
            _take(found, file, columns, by)
    return found


def _in_portions(cache: CacheFile, text: str, by: By, values: Sequence[object]) -> Iterator[Sequence[Any]]:
    model_key, head = by
    query, before = readings.asked_with(cache, head, text, (model_key,))
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        yield from cache.rows(query, (*before, *part, *[None] * (_AT_ONCE - len(part))))


def _take(found: dict[str, Inspection], file: FileEntry, row: Sequence[Any], by: By) -> None:
    model_key, head = by
    known = known_of(file, *readings.parted(row, head), model_key, by_any_network=True)
    if known is not None and known.inspection is not None:
        found[file.path] = known.inspection
