"""The data of one page in a file: made once after a run, then read part by part, by any thread, without being held in memory.

Whoever makes it names its key (which report, which version of the page); a file of another key is none.
"""

from __future__ import annotations

import json
import os
import re
import struct
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from album_sort.core.checked import NONSENSE, json_object
from album_sort.reading import open_regular
from album_sort.report.pagedata import PACK_THUMBNAILS, PageData

SHORT = 16
"""Digits of a content by which a page names a photo."""

_MARK = b"album-sort page 2\n"
_END = struct.Struct("<QQ")
"""Where the table of the parts begins, and its length: the last bytes of the file."""
_PLACE = struct.Struct("<32sQL")
"""A content, and where its path lies among the paths."""
_HASH_BYTES = 32
_SHORT = re.compile(rf"[0-9a-f]{{{SHORT}}}", re.ASCII)
_MOST_TABLE_BYTES = 64 << 20

Part = tuple[int, int]
"""Offset and length in bytes."""


def write_page_file(
    sink: BinaryIO, key: str, data: PageData, page: Iterable[str], places: Iterable[tuple[bytes, str]]
) -> None:
    """`page`: its text in pieces; `places`: the content (32 bytes) and the path of every photo, of equal contents the first counts."""
    sink.write(_MARK)

    def put(pieces: Iterable[bytes]) -> Part:
        begin = sink.tell()
        sink.writelines(pieces)
        return begin, sink.tell() - begin

    table = {
        "key": key,
        "language": data.info.language,
        "trips": list(data.photos.trip_ids.known),
        "page": put(piece.encode() for piece in page),
        "index": put([data.index().encode()]),
        "hashes": put(bytes.fromhex(content) for content in data.hashes()),
        "chunks": [put([b"[", b",".join(data.cards(chunk)), b"]"]) for chunk in data.chunks],
    }
    records = []
    begin = sink.tell()
    for content, path in places:
        said = path.encode("utf-8", "surrogateescape")
        records.append(_PLACE.pack(content, sink.tell() - begin, len(said)))
        sink.write(said)
    table["paths"] = (begin, sink.tell() - begin)
    # The sort is stable: of equal beginnings the first stays the first.
    table["places"] = put(sorted(records, key=lambda record: record[: SHORT // 2]))
    begin, length = put([json.dumps(table).encode("ascii")])
    sink.write(_END.pack(begin, length))


class PageFile:
    """Such a file, open. It is closed when nobody has it any more: a request may still read while another file takes its place."""

    def __init__(self, path: Path, key: str) -> None:
        """Raises ValueError for a file of another key, or of another make; OSError where there is none."""
        self._descriptor = open_regular(path, follow=False)
        weakref.finalize(self, os.close, self._descriptor)
        try:
            self._read_table(key)
        except NONSENSE as error:
            raise ValueError(f"{path} is no page") from error

    def _read_table(self, key: str) -> None:
        size = os.fstat(self._descriptor).st_size
        begin, length = _END.unpack(os.pread(self._descriptor, _END.size, size - _END.size))
        if os.pread(self._descriptor, len(_MARK), 0) != _MARK or length > _MOST_TABLE_BYTES:
            raise ValueError("another make")
        table = json_object(self._part((begin, length)))
        if table["key"] != key:
            raise ValueError("another key")
        self.language = str(table["language"])
        self.trips = tuple(map(str, table["trips"]))
        """Ids by the numbers that the page knows them by."""
        names = ("page", "index", "hashes", "paths", "places")
        parts = [*(table[name] for name in names), *table["chunks"]]
        self._page, self._index, self._hashes, self._paths, self._places, *self._chunks = (
            (int(offset), int(size)) for offset, size in parts
        )

    def _part(self, part: Part) -> bytes:
        offset, length = part
        found = os.pread(self._descriptor, length, offset)
        if len(found) != length:
            raise ValueError("it is cut off")
        return found

    def page(self) -> str:
        """The text of the page."""
        return self._part(self._page).decode()

    def index(self) -> bytes:
        """The index of all photos, as JSON."""
        return self._part(self._index)

    def cards(self, chunk: int) -> bytes | None:
        """The cards of a chunk as a JSON list; None where there is no such chunk."""
        return self._part(self._chunks[chunk]) if 0 <= chunk < len(self._chunks) else None

    def pack(self, number: int) -> list[str] | None:
        """The contents whose thumbnails are in a pack, in the order of the page; None where there is no such pack."""
        size = PACK_THUMBNAILS * _HASH_BYTES
        offset, length = self._hashes
        if not 0 <= number * size < length:
            return None
        found = self._part((offset + number * size, min(size, length - number * size)))
        return [found[at : at + _HASH_BYTES].hex() for at in range(0, len(found), _HASH_BYTES)]

    def place(self, short: str) -> tuple[str, str] | None:
        """The whole content, and where it lies in the albums, by its first digits; None for one that is not there."""
        if not _SHORT.fullmatch(short):
            return None
        wanted = bytes.fromhex(short)
        low, high = 0, self._places[1] // _PLACE.size
        while low < high:
            middle = (low + high) // 2
            if self._record(middle)[: len(wanted)] < wanted:
                low = middle + 1
            else:
                high = middle
        if low * _PLACE.size >= self._places[1] or not (record := self._record(low)).startswith(wanted):
            return None
        content, offset, length = _PLACE.unpack(record)
        path = self._part((self._paths[0] + offset, length))
        return content.hex(), path.decode("utf-8", "surrogateescape")

    def _record(self, number: int) -> bytes:
        return self._part((self._places[0] + number * _PLACE.size, _PLACE.size))
