"""What machines say to each other, as bytes: numbers, texts and packed values in msgpack, never an object with code in it.

Every `unpack_*` raises one of `NONSENSE` (`core.checked`) for bytes that are not of its `pack_*`: who talks nonsense is left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

from album_sort.core.checked import LARGEST_SIZE, LARGEST_TIME_NS, LONGEST_DETAIL, text, whole
from album_sort.inspection.messages import Failed, Seen
from album_sort.state import codec
from album_sort.types import (
    TOP_CLASSES,
    ContentId,
    FileEntry,
    FileKind,
    Inspection,
    PixelSource,
    Prediction,
    Skipped,
    Stage,
)

_MOST_BYTES = 1 << 28
_MOST_THUMBNAIL_BYTES = 1 << 20
_CLASSES = 1000
_LONGEST_FORMAT = 32
_LONGEST_TIME = 40

_GRAINS_NS = (100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)
"""Steps of time that networks and disks keep: Windows' shares 100 ns, FAT two seconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that a machine is asked to look at, as the run sees it but for its path."""

    path: bytes
    """Where the machine is to find it."""
    size_bytes: int
    mtime_ns: int
    kind: FileKind

    @classmethod
    def of(cls, file: FileEntry, path: str) -> Wanted:
        """Under the path that it has there."""
        return cls(os.fsencode(path), file.size_bytes, file.mtime_ns, file.kind)

    def is_like(self, size_bytes: int, mtime_ns: int) -> bool:
        """Whether a file of this size and time can be the same, seen through a share that keeps times less exactly."""
        if size_bytes != self.size_bytes:
            return False
        return mtime_ns == self.mtime_ns or any(self.mtime_ns // grain * grain == mtime_ns for grain in _GRAINS_NS)


@dataclass(frozen=True, slots=True)
class Found:
    """What a machine says of one file of a chunk."""

    number: int
    """Of the file in the chunk."""
    size_bytes: int
    mtime_ns: int
    """As the machine saw it."""
    answer: Seen | Failed


def pack_wanted(files: Sequence[Wanted]) -> bytes:
    """A chunk."""
    return _pack([[one.path, one.size_bytes, str(one.mtime_ns), one.kind.value] for one in files])


def unpack_wanted(packed: bytes) -> list[Wanted]:
    """The inverse of `pack_wanted`."""
    return [
        Wanted(_bytes(path), whole(size, 0, LARGEST_SIZE), _time(mtime), FileKind(kind))
        for path, size, mtime, kind in _unpack(packed)
    ]


def row_of_seen(number: int, file: FileEntry, seen: Seen) -> list[Any]:
    """One file that was looked at; `file` is as the machine sees it."""
    one = seen.inspection
    return [
        number,
        file.size_bytes,
        str(file.mtime_ns),
        bytes.fromhex(one.content_id),
        one.media_format,
        codec.pack_metadata(one.metadata),
        one.pixel_source and one.pixel_source.value,
        codec.pack_statistics(one.statistics) if one.statistics else None,
        codec.pack_prediction(one.prediction) if one.prediction else None,
        seen.embedding,
        seen.thumbnail,
    ]


def row_of_failed(number: int, failed: Failed) -> list[Any]:
    """One file that cannot be processed, whoever tries: what another try may end otherwise is nobody's answer."""
    content = bytes.fromhex(failed.content_id or "")
    reason = codec.pack_reason(failed.skipped.reason)
    return [number, failed.file.size_bytes, str(failed.file.mtime_ns), content, failed.skipped.stage.value, reason]


def pack_found(rows: Sequence[list[Any]]) -> bytes:
    """The answer to a chunk: rows of files that were looked at or failed; the others are for somebody else."""
    return _pack(rows)


def unpack_found(packed: bytes, chunk: Sequence[FileEntry], model_key: str) -> list[Found]:
    """The inverse of `pack_found`, about the files of the chunk as the run knows them; of a content that nobody was asked for nothing."""
    found: dict[int, Found] = {}
    for row in _unpack(packed):
        number = whole(row[0], 0, len(chunk) - 1)
        size, mtime = whole(row[1], 0, LARGEST_SIZE), _time(row[2])
        content_id = _content(row[3])
        file = chunk[number]
        answer = (
            _failed(row, file, content_id) if len(row) == _FAILED_FIELDS else _seen(row, file, content_id, model_key)
        )
        found[number] = Found(number, size, mtime, answer)
    return list(found.values())


_FAILED_FIELDS = 6


def _failed(row: Sequence[Any], file: FileEntry, content_id: ContentId) -> Failed:
    return Failed(
        file, Skipped(file.path, Stage(row[4]), codec.unpack_reason(text(row[5], LONGEST_DETAIL))), content_id
    )


def _seen(row: Sequence[Any], file: FileEntry, content_id: ContentId, model_key: str) -> Seen:
    media_format, metadata, source, statistics, top, embedding, thumbnail = row[4:]
    if (source is None) != (top is None) or (top is None) != (embedding is None):
        raise ValueError("a picture without a prediction, or a prediction without a picture")
    if len(_bytes(thumbnail)) > _MOST_THUMBNAIL_BYTES:
        raise ValueError(f"a thumbnail of {len(thumbnail)} bytes")
    inspection = Inspection(
        file,
        content_id,
        text(media_format, _LONGEST_FORMAT),
        codec.unpack_metadata(_bytes(metadata)),
        PixelSource(source) if source is not None else None,
        codec.unpack_statistics(_bytes(statistics)) if statistics is not None else None,
        _prediction(_bytes(top), model_key) if top is not None else None,
    )
    if embedding is not None:
        codec.unpack_embedding(_bytes(embedding))  # it can be read: it is kept as it came
    return Seen(inspection, embedding, thumbnail)


def _prediction(packed: bytes, model_key: str) -> Prediction:
    prediction = codec.unpack_prediction(model_key, packed)
    if len(prediction) > TOP_CLASSES or int(prediction.class_indices.max()) >= _CLASSES:
        raise ValueError("classes that there are not")
    probabilities = prediction.probabilities
    if not bool(((probabilities >= 0) & (probabilities <= 1)).all()):
        raise ValueError("probabilities that are none")
    return prediction


def pack_plain(values: Mapping[str, Any]) -> bytes:
    """A mapping of plain values: what is said when machines meet."""
    return _pack(dict(values))


def unpack_plain(packed: bytes) -> dict[str, Any]:
    """The inverse of `pack_plain`."""
    values = _unpack(packed)
    if not isinstance(values, dict):
        raise TypeError(f"a mapping is wanted, not {type(values).__name__}")
    return values


def _pack(values: object) -> bytes:
    packed: bytes = msgpack.packb(values, use_bin_type=True)
    return packed


def _unpack(packed: object) -> Any:  # noqa: ANN401 - checked by who asks
    if not isinstance(packed, bytes) or len(packed) > _MOST_BYTES:
        raise ValueError("no message, or one that is too large")
    try:
        return msgpack.unpackb(packed, raw=False, strict_map_key=True)
    except (msgpack.UnpackException, msgpack.ExtraData) as error:
        raise ValueError(f"a damaged message: {error}") from error


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"bytes are wanted, not {type(value).__name__}")
    return value


def _time(value: object) -> int:
    """Some file systems keep more seconds than 64 bits hold nanoseconds: it goes as digits."""
    return whole(int(text(value, _LONGEST_TIME)), -LARGEST_TIME_NS, LARGEST_TIME_NS)


def _content(value: object) -> ContentId:
    digest = _bytes(value)
    if len(digest) != 32:
        raise ValueError(f"a hash of {len(digest)} bytes")
    return ContentId(digest.hex())
