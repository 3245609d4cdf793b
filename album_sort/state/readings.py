"""What the learned head reads in each photo, kept beside the predictions: made anew for a new head, from what the cache holds.

No photo is decoded and no network asked: kept classes and embedding are all that a head reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.head import Head
from album_sort.core.checked import NONSENSE
from album_sort.core.looks import look_of
from album_sort.state import codec
from album_sort.state.cache_file import CacheFile, Statement
from album_sort.state.cache_rows import COLUMNS
from album_sort.types import Inspection, Prediction

TABLE = """CREATE TABLE IF NOT EXISTS readings ( -- what a learned head reads in a prediction
    content INTEGER NOT NULL, model INTEGER NOT NULL, head TEXT NOT NULL, readings BLOB NOT NULL,
    PRIMARY KEY (content, model)
) WITHOUT ROWID"""
"""Made when it is first written to: files of before there were heads keep what they know."""

CLOSER_LOOK_VERSION = 1
"""Raised whenever a closer look at the same pixels would give other numbers."""

_AT_ONCE = 500

_THIS_MODEL = "(SELECT model FROM models WHERE model_key = ?)"

_IDS = ", ".join("?" * _AT_ONCE)

_FIND = f"""SELECT c.content_id, r.readings FROM contents c JOIN readings r
ON r.content = c.content AND r.model = {_THIS_MODEL} AND r.head = ? WHERE c.content_id IN ({_IDS})"""  # noqa: S608 - constant

_FIND_EMBEDDING = f"""SELECT c.content_id, p.embedding FROM contents c JOIN predictions p
ON p.content = c.content AND p.model = {_THIS_MODEL} WHERE c.content_id IN ({_IDS})"""  # noqa: S608 - constant

_FIND_PREDICTION = f"""SELECT c.content_id, p.embedding, p.top FROM contents c JOIN predictions p
ON p.content = c.content AND p.model = {_THIS_MODEL} WHERE c.content_id IN ({_IDS})"""  # noqa: S608 - constant
_ITS_READINGS = "(SELECT readings FROM readings r WHERE r.content = c.content AND r.model = p.model AND r.head = ?)"
"""A column: a join of one table more leads SQLite's planner astray."""

_PLAIN = COLUMNS.count(",") + 1

_ADD = f"""INSERT OR REPLACE INTO readings
SELECT content, {_THIS_MODEL}, ?, ? FROM contents WHERE content_id = ?"""  # noqa: S608 - constant


def add_statements(model_key: str, head: Head, read: Mapping[bytes, bytes]) -> list[Statement]:
    """Remembers what a head reads in contents that are known."""
    if not read:
        return []
    return [(TABLE, ()), *((_ADD, (model_key, head.version, readings, content)) for content, readings in read.items())]


def asked_with(
    file: CacheFile, head: Head | None, query: str, values: tuple[object, ...]
) -> tuple[str, tuple[object, ...]]:
    """A query for `COLUMNS`, with its values, that asks for what a head has read as well, where any has read anything.

    Its table is made when it is first written to.
    """
    if head is None or not file.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'readings'"):
        return query, values
    return query.replace(COLUMNS, f"{COLUMNS}, {_ITS_READINGS}"), (head.version, *values)


def parted(row: Sequence[Any], head: Head | None) -> tuple[Sequence[Any], bytes]:
    """The columns of such a query that are `COLUMNS`, and what was read; empty where that is not whole."""
    read = row[_PLAIN] if len(row) > _PLAIN else None
    is_whole = isinstance(read, bytes) and head is not None and len(read) == size_of(head)
    return row[:_PLAIN], read if is_whole and isinstance(read, bytes) else b""


def size_of(head: Head) -> int:
    """Bytes of what a head reads in one photo."""
    return 2 * len(head.albums)


def read_as_remembered(prediction: Prediction, embedding: NDArray[np.float16], head: Head | None) -> Prediction:
    """A prediction as the cache would give it back, with what a head reads in it, of a picture that nobody remembers."""
    kept = codec.unpack_prediction(prediction.model_key, codec.pack_prediction(prediction))
    return kept if head is None else kept.read_as(head.read(kept, embedding_as_remembered(embedding)))


def embedding_as_remembered(embedding: NDArray[np.float16]) -> NDArray[np.float16]:
    """An embedding (512,) as the cache would give it back."""
    return codec.unpack_embedding(codec.pack_embedding(embedding))


def with_readings(
    inspections: Mapping[str, Inspection], file: CacheFile, model_key: str, head: Head
) -> tuple[dict[str, Inspection], list[Statement]]:
    """The same inspections, each prediction with its readings, and what is to be remembered of those read just now."""
    if all(each.prediction is None or each.prediction.readings for each in inspections.values()):
        return dict(inspections), []
    waiting = {
        bytes.fromhex(each.content_id): each
        for each in inspections.values()
        if each.prediction is not None and not each.prediction.readings
    }
    found: dict[bytes, bytes] = dict(_pairs(file, _FIND, (model_key, head.version), list(waiting)))
    found = {content: readings for content, readings in found.items() if len(readings) == size_of(head)}
    missing = [content for content in waiting if content not in found]
    added: dict[bytes, bytes] = {}
    for content, packed in find_embeddings(file, model_key, missing):
        readings = _read(waiting[content], packed, head)
        if readings:
            found[content] = added[content] = readings
    done = {path: _with(each, found) for path, each in inspections.items()}
    return done, add_statements(model_key, head, added)


def find_embeddings(file: CacheFile, model_key: str, contents: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Contents with their packed embeddings, of those that a network has seen."""
    return _pairs(file, _FIND_EMBEDDING, (model_key,), contents)


def find_looks(
    file: CacheFile, model_key: str, contents: Sequence[bytes]
) -> Iterator[tuple[bytes, NDArray[np.float16]]]:
    """Contents with what is learned on, of those that a network has seen; damaged ones are passed over."""
    for start in range(0, len(contents), _AT_ONCE):
        part = contents[start : start + _AT_ONCE]
        values = (model_key, *part, *[None] * (_AT_ONCE - len(part)))
        for content, embedding, top in file.rows(_FIND_PREDICTION, values):
            with suppress(*NONSENSE):
                yield content, look_of(codec.unpack_embedding(embedding), codec.unpack_prediction(model_key, top))


def look_as_remembered(prediction: Prediction, embedding: NDArray[np.float16]) -> NDArray[np.float16]:
    """What is learned on, of a picture that nobody remembers, as the cache would give it back."""
    kept = codec.unpack_prediction(prediction.model_key, codec.pack_prediction(prediction))
    return look_of(embedding_as_remembered(embedding), kept)


def closer_as_remembered(parts: NDArray[np.float16]) -> NDArray[np.float16]:
    """What a closer look has told (CLOSER_VIEWS, 512), as the cache would give it back."""
    return codec.unpack_closer(codec.pack_closer(parts))


def _pairs(
    file: CacheFile, query: str, values: tuple[object, ...], contents: Sequence[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, len(contents), _AT_ONCE):
        part = contents[start : start + _AT_ONCE]
        yield from file.rows(query, (*values, *part, *[None] * (_AT_ONCE - len(part))))


def _read(inspection: Inspection, packed: bytes, head: Head) -> bytes:
    """Nothing where the embedding is damaged: the photo is then judged by the class map alone."""
    if inspection.prediction is None:
        return b""
    try:
        return head.read(inspection.prediction, codec.unpack_embedding(packed))
    except (ValueError, TypeError):
        return b""


def _with(inspection: Inspection, found: Mapping[bytes, bytes]) -> Inspection:
    prediction = inspection.prediction
    if prediction is None or prediction.readings:
        return inspection
    readings = found.get(bytes.fromhex(inspection.content_id))
    return inspection if readings is None else replace(inspection, prediction=prediction.read_as(readings))


def closer_key(model_key: str, inspection_version: int) -> str:
    """The key of closer looks in the table of predictions: other pixels are another preprocessing.

    For a table of their own older versions would take the cache for damaged, and throw it away.
    """
    return f"{model_key}-i{inspection_version}-closer{CLOSER_LOOK_VERSION}"
