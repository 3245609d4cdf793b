"""Boxes of the ISO base media format (HEIC, AVIF, JPEG XL, CR3, MOV, MP4), within bounds whatever their sizes claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

# A real file has a few hundred boxes per level; hostile ones have millions of empty ones.
MAX_BOXES = 4096
MAX_ITEM_BYTES = 4 << 20
MAX_ITEMS = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its type and where its payload lies."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between two offsets, cut at the end of the data; stops at the first that makes no sense."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, header = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield Box(data[start + 4 : start + 8], start + header, min(start + size, end))
        start += size


def child(data: bytes, parent: Box, kind: bytes, skip: int = 0) -> Box | None:
    """The first box of a kind inside another; `skip` bytes of the parent's payload are its own fields."""
    return next((box for box in boxes(data, parent.start + skip, parent.end) if box.kind == kind), None)


def top_level(data: bytes, kind: bytes) -> Box | None:
    """The first box of a kind in the file."""
    return next((box for box in boxes(data) if box.kind == kind), None)


def heif_items(data: bytes, item_type: bytes) -> Iterator[bytes]:
    """The bytes of each item of a type (`Exif`, `mime`) of a HEIF file, at most MAX_ITEMS of them."""
    meta = top_level(data, b"meta")
    infos = child(data, meta, b"iinf", 4) if meta else None
    places = child(data, meta, b"iloc", 4) if meta else None
    if meta is None or infos is None or places is None:
        return
    item_ids = list(islice(_item_ids(data, infos, item_type), MAX_ITEMS))
    extents = _extents(data[places.start : places.end]) if item_ids else {}
    for item_id in item_ids:
        in_idat, pieces = extents.get(item_id, (False, []))
        base, limit = 0, len(data)
        if in_idat:
            idat = child(data, meta, b"idat", 4)
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
    """By item: whether its offsets count from the `idat` box, and its (offset, length) pieces."""
    found: dict[int, tuple[bool, list[tuple[int, int]]]] = {}
    if len(payload) < 8:
        return found
    version, at = payload[0], 6
    offset_bytes, length_bytes = payload[4] >> 4, payload[4] & 15
    base_bytes, index_bytes = payload[5] >> 4, (payload[5] & 15 if version in (1, 2) else 0)
    wide = 4 if version == 2 else 2

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(payload[at - size : at], "big")

    for _ in range(min(number(wide), MAX_BOXES)):
        item_id = number(wide)
        in_idat = version in (1, 2) and number(2) & 15 == 1
        number(2)
        base = number(base_bytes)
        pieces = []
        for _ in range(min(number(2), MAX_BOXES)):
            number(index_bytes)
            start = number(offset_bytes)
            pieces.append((base + start, number(length_bytes)))
            if at > len(payload):
                return found
        found[item_id] = (in_idat, pieces)
    return found
