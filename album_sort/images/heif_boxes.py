"""The item tables of a HEIF file: which item is the picture, which are its thumbnails, how each is turned.

Reads only boxes (ISO 14496-12, 23008-12), no pixel. Every offset is checked: damaged tables give None, and the caller
decodes the picture itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MAX_BOXES = 20_000
_FULL_BOX_BYTES = 4  # version and flags

# Item properties that change what an item shows.
_TURNS = (b"irot", b"imir")


@dataclass(frozen=True, slots=True)
class HeifThumbnail:
    """One thumbnail of the primary item."""

    item_id: int
    size: tuple[int, int]
    """Width and height in pixels as stored."""
    turns: tuple[bytes, ...]
    """Its `irot` and `imir` properties, in order."""
    reference_at: int
    """Offset of the four letters `thmb` that make it a thumbnail."""


@dataclass(frozen=True, slots=True)
class HeifTables:
    """What the `meta` box says about the picture."""

    primary_id_at: int
    """Offset of the primary item's number in `pitm`."""
    primary_id_bytes: int
    size: tuple[int, int]
    """Of the primary item, as stored: before `irot`."""
    turns: tuple[bytes, ...]
    thumbnails: tuple[HeifThumbnail, ...]
    is_complete: bool
    """Whether the file is as long as its boxes say."""


class _Malformed(ValueError):
    """A box that reaches outside the box it is in, or a table that ends early."""


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    at: int
    body_at: int
    end: int


def read_tables(data: bytes) -> HeifTables | None:
    """The tables of a HEIF file; None where they do not hold together."""
    try:
        return _read(data)
    except (_Malformed, IndexError):
        return None


def is_complete(data: bytes) -> bool:
    """Whether the outermost boxes end within the file."""
    try:
        return all(box.end <= len(data) for box in _boxes(data, 0, len(data), allow_cut=True))
    except _Malformed:
        return False


def missing_bytes_share(data: bytes) -> float:
    """Of the largest of the outermost boxes, which holds the pixels, the share that is missing; 0 where that is unknown."""
    try:
        outer = list(_boxes(data, 0, len(data), allow_cut=True))
    except _Malformed:
        return 0.0
    largest = max(outer, key=lambda box: box.end - box.body_at, default=None)
    if largest is None or largest.end <= max(len(data), largest.body_at):
        return 0.0
    return min(1.0, (largest.end - len(data)) / (largest.end - largest.body_at))


def _read(data: bytes) -> HeifTables:
    outer = list(_boxes(data, 0, len(data), allow_cut=True))
    meta = _only(outer, b"meta")
    inner = list(_boxes(data, meta.body_at + _FULL_BOX_BYTES, meta.end))
    pitm, iref = _only(inner, b"pitm"), _only(inner, b"iref")
    properties = list(_boxes(data, _only(inner, b"iprp").body_at, _only(inner, b"iprp").end))
    catalogue = _only(properties, b"ipco")
    by_index = list(_boxes(data, catalogue.body_at, catalogue.end))
    of_item = _associations(data, _only(properties, b"ipma"), by_index)
    id_bytes = 2 if data[pitm.body_at] == 0 else 4
    primary_id = _number(data, pitm.body_at + _FULL_BOX_BYTES, id_bytes, pitm.end)
    thumbnails = []
    for item_id, reference_at in _thumbnail_references(data, iref, primary_id):
        boxes = of_item.get(item_id, ())
        if not _is_cropped(boxes):
            thumbnails.append(HeifThumbnail(item_id, _size(data, boxes), _turns(data, boxes), reference_at))
    own = of_item.get(primary_id, ())
    return HeifTables(
        primary_id_at=pitm.body_at + _FULL_BOX_BYTES,
        primary_id_bytes=id_bytes,
        size=_size(data, own),
        turns=_turns(data, own),
        thumbnails=() if _is_cropped(own) else tuple(thumbnails),
        is_complete=all(box.end <= len(data) for box in outer),
    )


def _boxes(data: bytes, start: int, end: int, *, allow_cut: bool = False) -> Iterator[_Box]:
    """The boxes between two offsets; with `allow_cut` the last may reach beyond the end of a cut-off file."""
    at = start
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        size, body_at = _number(data, at, 4, end), at + 8
        if size == 1:
            size, body_at = _number(data, at + 8, 8, end), at + 16
        elif size == 0:
            size = end - at
        if at + size < body_at or (at + size > end and not allow_cut):
            raise _Malformed
        yield _Box(data[at + 4 : at + 8], at, body_at, at + size)
        at += size
    raise _Malformed


def _number(data: bytes, at: int, size: int, end: int) -> int:
    if at + size > min(end, len(data)):
        raise _Malformed
    return int.from_bytes(data[at : at + size], "big")


def _only(boxes: list[_Box], kind: bytes) -> _Box:
    found = [box for box in boxes if box.kind == kind]
    if len(found) != 1:
        raise _Malformed
    return found[0]


def _associations(data: bytes, ipma: _Box, by_index: list[_Box]) -> dict[int, tuple[_Box, ...]]:
    """The property boxes of each item, in order."""
    at, end = ipma.body_at, ipma.end
    id_bytes = 2 if _number(data, at, 1, end) < 1 else 4
    index_bytes = 2 if _number(data, at + 3, 1, end) & 1 else 1
    items: dict[int, tuple[_Box, ...]] = {}
    count, at = _number(data, at + 4, 4, end), at + 8
    for _ in range(min(count, _MAX_BOXES)):
        item_id, used = _number(data, at, id_bytes, end), _number(data, at + id_bytes, 1, end)
        at += id_bytes + 1
        # The highest bit says "essential"; 0 stands for no property, the others count from 1.
        indices = [
            _number(data, at + n * index_bytes, index_bytes, end) & (0x7F if index_bytes == 1 else 0x7FFF)
            for n in range(used)
        ]
        items[item_id] = tuple(by_index[index - 1] for index in indices if index)
        at += used * index_bytes
    return items


def _thumbnail_references(data: bytes, iref: _Box, primary_id: int) -> Iterator[tuple[int, int]]:
    """(item, offset of its `thmb`) of what refers to the primary item as its thumbnail."""
    id_bytes = 2 if data[iref.body_at] == 0 else 4
    for box in _boxes(data, iref.body_at + _FULL_BOX_BYTES, iref.end):
        if box.kind == b"thmb":
            item_id = _number(data, box.body_at, id_bytes, box.end)
            count = _number(data, box.body_at + id_bytes, 2, box.end)
            first = box.body_at + id_bytes + 2
            targets = [_number(data, first + n * id_bytes, id_bytes, box.end) for n in range(count)]
            if targets == [primary_id]:
                yield item_id, box.at + 4


def _size(data: bytes, boxes: tuple[_Box, ...]) -> tuple[int, int]:
    for box in boxes:
        if box.kind == b"ispe":
            at = box.body_at + _FULL_BOX_BYTES
            return _number(data, at, 4, box.end), _number(data, at + 4, 4, box.end)
    raise _Malformed


def _turns(data: bytes, boxes: tuple[_Box, ...]) -> tuple[bytes, ...]:
    return tuple(data[box.at + 4 : box.end] for box in boxes if box.kind in _TURNS)


def _is_cropped(boxes: tuple[_Box, ...]) -> bool:
    """A clean aperture: what is shown has not the size that is stored."""
    return any(box.kind == b"clap" for box in boxes)
