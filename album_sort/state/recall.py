"""What was once read of files that a run does not look at: by their contents, whether or not the files are still there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from album_sort.core.checked import NONSENSE
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

Query = Callable[[str, tuple[object, ...]], Sequence[Sequence[Any]]]
"""All rows of a query with its values."""


def recall(query: Query, model_key: str, files: Mapping[str, tuple[FileEntry, ContentId]]) -> dict[str, Inspection]:
    """The inspection of each file whose content is known, by path; that of the path itself before one of an equal content."""
    found: dict[str, Inspection] = {}
    by_column = {path_to_column(path): path for path in files}
    for column, size_bytes, mtime_ns, *row in _in_portions(query, _BY_PATH, model_key, list(by_column)):
        file, content_id = files[by_column[column]]
        if isinstance(row[0], bytes) and row[0].hex() == content_id:
            try:
                size, mtime = int(number_from_column(size_bytes)), int(number_from_column(mtime_ns))
            except NONSENSE:
                continue
            _take(found, replace(file, size_bytes=size, mtime_ns=mtime), row, model_key)
    of_content: defaultdict[bytes, list[FileEntry]] = defaultdict(list)
    for file, content_id in files.values():
        if file.path not in found:
            of_content[bytes.fromhex(content_id)].append(file)
    for columns in _in_portions(query, _BY_CONTENT, model_key, list(of_content)):
        for file in of_content.get(columns[0], ()):
            _take(found, file, columns, model_key)
    return found


def _in_portions(query: Query, text: str, model_key: str, values: Sequence[object]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        yield from query(text, (model_key, *part, *[None] * (_AT_ONCE - len(part))))


def _take(found: dict[str, Inspection], file: FileEntry, row: Sequence[Any], model_key: str) -> None:
    known = known_of(file, row, model_key, by_any_network=True)
    if known is not None and known.inspection is not None:
        found[file.path] = known.inspection
