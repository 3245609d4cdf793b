"""MTS and M2TS (AVCHD): the camera's date, which stands inside the H.264 stream, in front of its first picture."""

from __future__ import annotations

from collections import defaultdict
from typing import BinaryIO

from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.types import Metadata, TimeSource

SEARCH_BYTES = 1 << 20
"""The date is repeated with each group of pictures: the first is within the first megabyte."""

_SYNC, _PACKET = 0x47, 188
_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_DATE, _CLOCK = 0x18, 0x19
_ENTRY_BYTES, MAX_ENTRIES = 5, 128


def is_transport_stream(head: bytes) -> bool:
    """Whether packets of 188 bytes begin here, or of 192 with a time stamp in front (M2TS)."""
    return _first_packet(head) is not None


def _first_packet(head: bytes) -> tuple[int, int] | None:
    """Offset of the first packet and the distance to the next."""
    for offset, step in ((0, _PACKET), (4, 192)):
        marks = head[offset : offset + 3 * step : step]
        if len(marks) == 3 and set(marks) == {_SYNC}:
            return offset, step
    return None


def read_transport_stream(stream: BinaryIO) -> Metadata:
    """Wall time of the camera, with its offset where one is set."""
    data = stream.read(SEARCH_BYTES)
    first = _first_packet(data)
    for payload in _payloads(data, *first).values() if first else ():
        at = payload.find(_MARK)
        if at >= 0:
            text = _date(_unescaped(payload[at + len(_MARK) : at + len(_MARK) + 1024]))
            moment = parse_moment(text)
            if moment is not None:
                return Metadata(time_candidates=(local_candidate(TimeSource.FILM, moment, "AVCHD"),))
    return Metadata()


def _payloads(data: bytes, offset: int, step: int) -> dict[int, bytes]:
    """What the packets carry, joined by their stream."""
    parts: defaultdict[int, list[bytes]] = defaultdict(list)
    for at in range(offset, len(data) - _PACKET + 1, step):
        if data[at] != _SYNC:
            continue
        stream_id = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        has_adaptation, has_payload = data[at + 3] & 0x20, data[at + 3] & 0x10
        start = at + 4 + (1 + data[at + 4] if has_adaptation else 0)
        if has_payload and start < at + _PACKET:
            parts[stream_id].append(data[start : at + _PACKET])
    return {stream_id: b"".join(packets) for stream_id, packets in parts.items()}


def _unescaped(data: bytes) -> bytes:
    """Without the 3 that H.264 puts behind two zero bytes."""
    return data.replace(b"\0\0\3", b"\0\0")


def _date(entries: bytes) -> str:
    """`2011:03:04 10:11:12+09:00` from the entries of five bytes; empty where one of the two is missing."""
    count = entries[0] if entries else 0
    found: dict[int, bytes] = {}
    for number in range(min(count, MAX_ENTRIES)):
        at = 1 + _ENTRY_BYTES * number
        found.setdefault(int.from_bytes(entries[at : at + 1], "big"), entries[at + 1 : at + _ENTRY_BYTES])
    date, clock = found.get(_DATE, b""), found.get(_CLOCK, b"")
    if len(date) < 4 or len(clock) < 4:
        return ""
    # Decimal digits by halves of bytes: zone, century, year, month; day, hour, minute, second.
    text = f"{date[1]:02x}{date[2]:02x}:{date[3]:02x}:{clock[0]:02x} {clock[1]:02x}:{clock[2]:02x}:{clock[3]:02x}"
    return text + _offset(date[0])


def _offset(zone: int) -> str:
    """Of the byte's bits: 0x80 not set, 0x40 summer time, 0x20 west, 0x1E hours, 1 half an hour. Zero is a zone not set."""
    hours, half = zone >> 1 & 15, 30 * (zone & 1)
    if zone & 0xC0 or not zone & 0x1F:
        return ""
    return f"{'-' if zone & 0x20 else '+'}{hours:02d}:{half:02d}"
