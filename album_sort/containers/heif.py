"""The item tables of a HEIF file (HEIC, AVIF): the picture, its thumbnails, how each is turned; where items of metadata lie.

Reads only boxes (ISO 14496-12, 23008-12), no pixel. Of the picture's tables every offset is checked: damaged ones give
None, and the caller decodes the picture itself. Metadata are taken as far as they are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from album_sort.containers.isobmff import (
    FULL_BOX_BYTES,
    MAX_BOXES,
    Box,
    MalformedError,
    boxes,
    child,
    first,
    number,
    whole_boxes,
)

MAX_ITEM_BYTES = 4 << 20
MAX_ITEMS = 8
"""Of one type."""
MAX_PIECES = 1 << 16
"""Of all items: fields of no bytes at all would let a small table name millions of them."""

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


def read_tables(data: bytes) -> HeifTables | None:
    """The tables of a HEIF file; None where they do not hold together."""
    try:
        return _read(data)
    except (MalformedError, IndexError):
        return None


def _read(data: bytes) -> HeifTables:
    outer = list(boxes(data, is_strict=True))
    meta = _only(outer, b"meta")
    inner = list(whole_boxes(data, meta.start + FULL_BOX_BYTES, meta.end))
    pitm, iref = _only(inner, b"pitm"), _only(inner, b"iref")
    properties = list(whole_boxes(data, _only(inner, b"iprp").start, _only(inner, b"iprp").end))
    catalogue = _only(properties, b"ipco")
    by_index = list(whole_boxes(data, catalogue.start, catalogue.end))
    of_item = _associations(data, _only(properties, b"ipma"), by_index)
    id_bytes = 2 if data[pitm.start] == 0 else 4
    primary_id = number(data, pitm.start + FULL_BOX_BYTES, id_bytes, pitm.end)
    thumbnails = []
    for item_id, reference_at in _thumbnail_references(data, iref, primary_id):
        held = of_item.get(item_id, ())
        if not _is_cropped(held):
            thumbnails.append(HeifThumbnail(item_id, _size(data, held), _turns(data, held), reference_at))
    own = of_item.get(primary_id, ())
    return HeifTables(
        primary_id_at=pitm.start + FULL_BOX_BYTES,
        primary_id_bytes=id_bytes,
        size=_size(data, own),
        turns=_turns(data, own),
        thumbnails=() if _is_cropped(own) else tuple(thumbnails),
        is_complete=all(box.is_whole for box in outer),
    )


def _only(among: list[Box], kind: bytes) -> Box:
    found = [box for box in among if box.kind == kind]
    if len(found) != 1:
        raise MalformedError
    return found[0]


def _associations(data: bytes, ipma: Box, by_index: list[Box]) -> dict[int, tuple[Box, ...]]:
    """The property boxes of each item, in order."""
    at, end = ipma.start, ipma.end
    id_bytes = 2 if number(data, at, 1, end) < 1 else 4
    index_bytes = 2 if number(data, at + 3, 1, end) & 1 else 1
    items: dict[int, tuple[Box, ...]] = {}
    count, at = number(data, at + 4, 4, end), at + 8
    for _ in range(min(count, MAX_BOXES)):
        item_id, used = number(data, at, id_bytes, end), number(data, at + id_bytes, 1, end)
        at += id_bytes + 1
        # The highest bit says "essential"; 0 stands for no property, the others count from 1.
        indices = [
            number(data, at + n * index_bytes, index_bytes, end) & (0x7F if index_bytes == 1 else 0x7FFF)
            for n in range(used)
        ]
        items[item_id] = tuple(by_index[index - 1] for index in indices if index)
        at += used * index_bytes
    return items


def _thumbnail_references(data: bytes, iref: Box, primary_id: int) -> Iterator[tuple[int, int]]:
    """(item, offset of its `thmb`) of what refers to the primary item as its thumbnail."""
    id_bytes = 2 if data[iref.start] == 0 else 4
    for box in whole_boxes(data, iref.start + FULL_BOX_BYTES, iref.end):
        if box.kind == b"thmb":
            item_id = number(data, box.start, id_bytes, box.end)
            count = number(data, box.start + id_bytes, 2, box.end)
            targets_at = box.start + id_bytes + 2
            targets = [number(data, targets_at + n * id_bytes, id_bytes, box.end) for n in range(count)]
            if targets == [primary_id]:
                yield item_id, box.at + 4


def _size(data: bytes, held: tuple[Box, ...]) -> tuple[int, int]:
    for box in held:
        if box.kind == b"ispe":
            at = box.start + FULL_BOX_BYTES
            return number(data, at, 4, box.end), number(data, at + 4, 4, box.end)
    raise MalformedError


def _turns(data: bytes, held: tuple[Box, ...]) -> tuple[bytes, ...]:
    return tuple(data[box.at + 4 : box.end] for box in held if box.kind in _TURNS)


def _is_cropped(held: tuple[Box, ...]) -> bool:
    """A clean aperture: what is shown has not the size that is stored."""
    return any(box.kind == b"clap" for box in held)


def items_of_type(data: bytes, item_type: bytes) -> Iterator[bytes]:
    """The bytes of each item of a type (`Exif`, `mime`) of a HEIF file, at most MAX_ITEMS of them."""
    meta = first(data, b"meta")
    infos = child(data, meta, b"iinf", FULL_BOX_BYTES) if meta else None
    places = child(data, meta, b"iloc", FULL_BOX_BYTES) if meta else None
    if meta is None or infos is None or places is None:
        return
    item_ids = list(islice(_item_ids(data, infos, item_type), MAX_ITEMS))
    extents = _extents(data[places.start : places.end]) if item_ids else {}
    for item_id in item_ids:
        in_idat, pieces = extents.get(item_id, (False, []))
        base, limit = 0, len(data)
        if in_idat:
            idat = child(data, meta, b"idat", FULL_BOX_BYTES)
            if idat is None:
                continue
            base, limit = idat.start, idat.end
        yield _joined(data, [(base + start, min(base + start + length, limit)) for start, length in pieces])


def _joined(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    """The pieces one after the other, as far as MAX_ITEM_BYTES: thousands of pieces may each name the whole file."""
    joined = bytearray()
    for start, end in spans:
        joined += data[start : min(end, start + MAX_ITEM_BYTES - len(joined))]
        if len(joined) >= MAX_ITEM_BYTES:
            break
    return bytes(joined)


def _item_ids(data: bytes, infos: Box, item_type: bytes) -> Iterator[int]:
    count_bytes = 2 if data[infos.start : infos.start + 1] == b"\0" else 4
    for box in boxes(data, infos.start + 4 + count_bytes, infos.end):
        version = data[box.start : box.start + 1]
        id_bytes = 4 if version == b"\3" else 2
        type_at = box.start + 4 + id_bytes + 2
        if box.kind == b"infe" and version >= b"\2" and data[type_at : type_at + 4] == item_type:
            yield int.from_bytes(data[box.start + 4 : box.start + 4 + id_bytes], "big")


def _extents(payload: bytes) -> dict[int, tuple[bool, list[tuple[int, int]]]]:
    """By item: whether its offsets count from the `idat` box, and its (offset, length) pieces, MAX_PIECES of all together."""
    found: dict[int, tuple[bool, list[tuple[int, int]]]] = {}
    if len(payload) < 8:
        return found
    version, at, left = payload[0], 6, MAX_PIECES
    offset_bytes, length_bytes = payload[4] >> 4, payload[4] & 15
    base_bytes, index_bytes = payload[5] >> 4, (payload[5] & 15 if version in (1, 2) else 0)
    wide = 4 if version == 2 else 2

    def following(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(payload[at - size : at], "big")

    for _ in range(min(following(wide), MAX_BOXES)):
        item_id = following(wide)
        in_idat = version in (1, 2) and following(2) & 15 == 1
        following(2)
        base = following(base_bytes)
        pieces = []
        for _ in range(min(following(2), left)):
            following(index_bytes)
            start = following(offset_bytes)
            pieces.append((base + start, following(length_bytes)))
            if at > len(payload):
                return found
        left -= len(pieces)
        found[item_id] = (in_idat, pieces)
    return found
