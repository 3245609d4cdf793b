"""TIFF directories (TIFF itself, RAW files built like one, EXIF, MP Format): entries by tag, and the values they point to."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

EXIF_IFD, SUB_IFDS = 0x8769, 0x014A

FILE_STARTS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
"""Of a TIFF, and of the RAW files of Olympus and Panasonic, which are TIFFs but for their start."""
MAX_ENTRIES = 1024
MAX_DIRECTORIES = 32
MAX_NUMBERS = 1 << 16

_BYTES_OF_KIND = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
# Signed ones too: what is looked for is never below zero.
_LETTERS = {3: "H", 4: "I", 8: "H", 9: "I", 13: "I"}
_ENTRY_BYTES = 12
_ENTRY = {order: struct.Struct(f"{order}HHI4s") for order in "<>"}
_SHORT = {order: struct.Struct(f"{order}H") for order in "<>"}
_LONG = {order: struct.Struct(f"{order}I") for order in "<>"}


class Entry(NamedTuple):
    """One entry of a directory; its value is `block[start:start + size]`."""

    kind: int
    """TIFF's number of the type: 2 text, 3 and 4 whole numbers ..."""
    values: int
    """How many."""
    start: int
    size: int
    """Bytes, as the entry says: in a cut block behind the end."""


class Directory(NamedTuple):
    """The entries of a directory that were asked for."""

    order: str
    """`<` or `>`, for `struct`."""
    entries: dict[int, Entry]
    """By tag; the first of each counts."""
    next_at: int
    """Offset of the directory that follows; 0 where none does."""


def order_of(block: bytes) -> str | None:
    """Byte order of a block by its first letters, as `struct` writes it; None where it has none, or is a BigTIFF."""
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    return None if order is None or len(block) < 8 or block[2:4] in (b"+\0", b"\0+") else order


def first_at(block: bytes, order: str) -> int:
    """Offset of the first directory."""
    return int(_LONG[order].unpack_from(block, 4)[0])


def directory(block: bytes, order: str, at: int, tags: Collection[int]) -> Directory:
    """The directory at an offset, of which only these tags are looked at; empty where there is none.

    Of a directory that is cut the entries that are there.
    """
    found: dict[int, Entry] = {}
    if at + 2 > len(block):
        return Directory(order, found, 0)
    (count,) = _SHORT[order].unpack_from(block, at)
    start = at + 2
    there = min(count, MAX_ENTRIES, (len(block) - start) // _ENTRY_BYTES)
    entry_at = start
    for tag, kind, length, held in _ENTRY[order].iter_unpack(block[start : start + _ENTRY_BYTES * there]):
        if tag in tags and tag not in found:
            size = length * _BYTES_OF_KIND.get(kind, 1)
            value_at = entry_at + 8 if size <= 4 else _LONG[order].unpack(held)[0]
            found[tag] = Entry(kind, length, value_at, size)
        entry_at += _ENTRY_BYTES
    after = start + _ENTRY_BYTES * count
    return Directory(order, found, _LONG[order].unpack_from(block, after)[0] if after + 4 <= len(block) else 0)


def directories(block: bytes, tags: Collection[int]) -> Iterator[Directory]:
    """The directories that follow one another, and those below them (SubIFDs, EXIF): each once, at most MAX_DIRECTORIES."""
    order = order_of(block)
    if order is None:
        return
    wanted = frozenset((*tags, SUB_IFDS, EXIF_IFD))
    waiting = [first_at(block, order)]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_DIRECTORIES:
        at = waiting.pop()
        if at in seen or at + 2 > len(block):
            continue
        seen.add(at)
        found = directory(block, order, at, wanted)
        for pointer in (SUB_IFDS, EXIF_IFD):
            waiting += numbers(block, found, pointer)[:MAX_DIRECTORIES]
        if found.next_at:
            waiting.append(found.next_at)
        yield found


def numbers(block: bytes, held: Directory, tag: int) -> Sequence[int]:
    """The whole numbers of a tag; none where it is missing, of another type, cut, or of more than MAX_NUMBERS."""
    entry = held.entries.get(tag)
    letter = _LETTERS.get(entry.kind) if entry else None
    if entry is None or letter is None or entry.values > MAX_NUMBERS or entry.start + entry.size > len(block):
        return ()
    return struct.unpack_from(f"{held.order}{entry.values}{letter}", block, entry.start)


def raw(block: bytes, held: Directory, tag: int, max_bytes: int) -> bytes | None:
    """The bytes of a tag's value, as far as they are there, at most `max_bytes`; None where it is missing."""
    entry = held.entries.get(tag)
    return None if entry is None else block[entry.start : entry.start + min(entry.size, max_bytes)]


def below(block: bytes, path: Sequence[int], tags: Collection[int]) -> Directory | None:
    """The directory at the end of a path of tags that point to one, from the first directory on; None where it is missing."""
    order = order_of(block)
    if order is None:
        return None
    at = first_at(block, order)
    for tag in path:
        pointer = raw(block, directory(block, order, at, (tag,)), tag, 4)
        if pointer is None or len(pointer) < 4:
            return None
        at = int(_LONG[order].unpack(pointer)[0])
    return directory(block, order, at, tags)


def value(block: bytes, held: Directory | None, tag: int, max_bytes: int) -> bytes:
    """As `raw`; empty where the tag or the directory is missing."""
    return (raw(block, held, tag, max_bytes) if held else None) or b""
