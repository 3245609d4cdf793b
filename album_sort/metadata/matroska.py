"""Matroska and WebM: date, length and size, from the elements in front of the film's clusters."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from album_sort.core.bounded import counted_moment
from album_sort.metadata.coordinates import parse_iso6709
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.tags import clean
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimeSource

MAX_ELEMENTS = 4096
MAX_ELEMENT_BYTES = 1 << 20
"""Of `Info`, `Tracks` and `Tags`: those of films have some kilobytes."""

_EPOCH = datetime(2001, 1, 1)  # noqa: DTZ001  # naive UTC, as everywhere

_SEGMENT, _INFO, _TRACKS, _TAGS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1254C367, 0x1F43B675
_DATE_UTC, _DURATION, _SCALE, _TITLE, _WRITER = 0x4461, 0x4489, 0x2AD7B1, 0x7BA9, 0x5741
_TRACK, _VIDEO, _WIDTH, _HEIGHT = 0xAE, 0xE0, 0xB0, 0xBA
_TAG, _SIMPLE_TAG, _TAG_NAME, _TAG_TEXT = 0x7373, 0x67C8, 0x45A3, 0x4487

# Tags of the shot, the best first.
_DATE_TAGS = ("DATE_RECORDED", "COM.APPLE.QUICKTIME.CREATIONDATE", "CREATION_TIME", "DATE_DIGITIZED")
_PLACE_TAGS = ("LOCATION", "COM.APPLE.QUICKTIME.LOCATION.ISO6709", "RECORDING_LOCATION")


def read_matroska(stream: BinaryIO) -> Metadata:
    """What the elements at the top of the segment say; clusters are hopped over, where their size is known."""
    values: dict[int, bytes] = {}
    tags: dict[str, str] = {}
    for kind, body in _segment(stream):
        if kind == _INFO:
            values |= {key: value for key, value in _elements(body) if key in _INFO_KEYS and key not in values}
        elif kind == _TRACKS:
            values |= _picture_size(body)
        else:
            tags |= _tags(body)
    scale = _integer(values.get(_SCALE, b"")) or 1_000_000
    duration = _float(values.get(_DURATION, b""))
    seconds = duration * scale / 1e9 if duration is not None else math.inf
    return Metadata(
        time_candidates=tuple(_times(values, tags)),
        positions=tuple(_positions(tags)),
        width_px=_integer(values.get(_WIDTH, b"")) or None,
        height_px=_integer(values.get(_HEIGHT, b"")) or None,
        software=_text(values.get(_WRITER, b"")),
        description=_text(values.get(_TITLE, b"")),
        duration_s=seconds if 0 < seconds < 10**7 else None,
    )


_INFO_KEYS = frozenset((_DATE_UTC, _DURATION, _SCALE, _TITLE, _WRITER))


def _segment(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """`Info`, `Tracks` and `Tags` of the segment."""
    at = 0
    for _ in range(MAX_ELEMENTS):
        stream.seek(at)
        head = stream.read(12)
        element = _head(head, 0)
        if element is None:
            return
        kind, size, start = element
        if kind == _SEGMENT:
            at += start
            continue
        if size is None or at + start + size > 1 << 62:
            return  # a live recording: nothing behind it can be found
        if kind in (_INFO, _TRACKS, _TAGS):
            stream.seek(at + start)
            yield kind, stream.read(min(size, MAX_ELEMENT_BYTES))
        at += start + size


def _head(data: bytes, at: int) -> tuple[int, int | None, int] | None:
    """Identifier, size (None: unknown) and start of the payload of the element at an offset."""
    kind_bytes = _width(data, at, 4)
    if kind_bytes is None:
        return None
    size_at = at + kind_bytes
    size_bytes = _width(data, size_at, 8)
    if size_bytes is None:
        return None
    start = size_at + size_bytes
    size = int.from_bytes(data[size_at:start], "big") & ((1 << 7 * size_bytes) - 1)
    unknown = (1 << 7 * size_bytes) - 1
    return int.from_bytes(data[at:size_at], "big"), None if size == unknown else size, start


def _width(data: bytes, at: int, most: int) -> int | None:
    """How many bytes a number of variable length has: one more than the zero bits in front."""
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    return width if width <= most and at + width <= len(data) else None


def _elements(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(MAX_ELEMENTS):
        element = _head(body, at)
        if element is None:
            return
        kind, size, start = element
        end = len(body) if size is None else start + size
        yield kind, body[start:end]
        at = end


def _picture_size(tracks: bytes) -> dict[int, bytes]:
    """Width and height of the first track with a picture."""
    for kind, track in _elements(tracks):
        for inner, video in _elements(track) if kind == _TRACK else ():
            if inner == _VIDEO:
                return {key: value for key, value in _elements(video) if key in (_WIDTH, _HEIGHT)}
    return {}


def _tags(body: bytes) -> dict[str, str]:
    """Texts by the upper-case name of their tag."""
    found: dict[str, str] = {}
    for kind, tag in _elements(body):
        for inner, simple in _elements(tag) if kind == _TAG else ():
            if inner == _SIMPLE_TAG:
                values = dict(_elements(simple))
                name = _text(values.get(_TAG_NAME, b"")).upper()
                found.setdefault(name, _text(values.get(_TAG_TEXT, b"")))
    return found


def _times(values: dict[int, bytes], tags: dict[str, str]) -> Iterator[TimeCandidate]:
    """The tags first: `DateUTC` is when the file was written, which for a conversion is years later."""
    for name in _DATE_TAGS:
        moment = parse_moment(tags.get(name, ""))
        if moment is not None:
            yield local_candidate(TimeSource.FILM, moment, f"Matroska {name}")
            break
    raw = values.get(_DATE_UTC, b"")
    if len(raw) == 8:
        nanoseconds = int.from_bytes(raw, "big", signed=True)
        utc = counted_moment(_EPOCH, nanoseconds // 1000) if nanoseconds else None
        if utc is not None:
            yield TimeCandidate(TimeSource.FILM, utc=utc, note="Matroska DateUTC")


def _positions(tags: dict[str, str]) -> Iterator[GeoPosition]:
    for name in _PLACE_TAGS:
        place = parse_iso6709(tags.get(name, ""))
        if place is not None:
            yield GeoPosition(place[0], place[1], PositionSource.QUICKTIME, place[2])
            return


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "big")


def _float(raw: bytes) -> float | None:
    if len(raw) not in (4, 8):
        return None
    (number,) = struct.unpack(">f" if len(raw) == 4 else ">d", raw)
    return number if math.isfinite(number) and number > 0 else None


def _text(raw: bytes) -> str:
    return clean(raw[:2048].decode("utf-8", "replace"))
