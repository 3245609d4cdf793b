"""MOV and MP4: creation date, place, content identifier and size, from a few bounded reads of the `moov` box."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from album_sort.core.bounded import altitude, counted_moment, finite
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.isobmff import Box, boxes, child
from album_sort.metadata.tags import clean
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimeSource

# `moov` holds the sample tables: about 1 MB per hour of film. A larger one is read only as far as this.
MAX_MOOV_BYTES = 8 << 20
MAX_TOP_BOXES = 1000
MAX_KEYS = 256

# QuickTime counts seconds from here.
_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001  # naive UTC, as everywhere
_ISO6709 = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?", re.ASCII)

_KEYS = {
    "com.apple.quicktime.creationdate": "date",
    "com.apple.quicktime.location.ISO6709": "location",
    "com.apple.quicktime.content.identifier": "identifier",
    "com.apple.quicktime.make": "make",
    "com.apple.quicktime.model": "model",
    "com.apple.quicktime.software": "software",
    "com.apple.quicktime.description": "description",
    "com.android.manufacturer": "make",
    "com.android.model": "model",
}
_USER_DATA = {
    b"\xa9day": "date",
    b"\xa9xyz": "location",
    b"\xa9mak": "make",
    b"\xa9mod": "model",
    b"\xa9swr": "software",
}


def read_quicktime(stream: BinaryIO) -> Metadata:
    """What the video's `moov` box says, wherever in the file it is; a warning where there is none that can be read."""
    try:
        moov = _moov(stream)
    except OSError as error:
        return Metadata(warnings=(f"video cannot be read: {error.strerror or error}",))
    if moov is None:
        return Metadata(warnings=("no moov box: the video is cut off or no MOV or MP4",))
    whole = Box(b"moov", 0, len(moov))
    created, duration_s = _movie_header(moov, whole)
    width, height = _picture_size(moov, whole)
    texts = {**_user_data(moov, whole), **_keyed(moov, whole)}
    return Metadata(
        time_candidates=_times(created, texts.get("date", "")),
        positions=_positions(texts.get("location", "")),
        width_px=width,
        height_px=height,
        camera_make=texts.get("make", ""),
        camera_model=texts.get("model", ""),
        software=texts.get("software", ""),
        content_identifier=texts.get("identifier", ""),
        description=texts.get("description", ""),
        duration_s=duration_s,
    )


def _moov(stream: BinaryIO) -> bytes | None:
    """The payload of `moov`, found by hopping over the other boxes without reading them."""
    at = 0
    for _ in range(MAX_TOP_BOXES):
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 8:
            return None
        size, start = int.from_bytes(header[:4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(header[8:16], "big"), 16
        if header[4:8] == b"moov":
            stream.seek(at + start)
            return stream.read(MAX_MOOV_BYTES if size == 0 else min(max(size - start, 0), MAX_MOOV_BYTES))
        # Beyond 2**62 no file system can seek; zero means "to the end of the file".
        if size < start or at + size > 1 << 62:
            return None
        at += size
    return None


def _movie_header(moov: bytes, whole: Box) -> tuple[datetime | None, float | None]:
    """Creation (naive UTC; zero means unknown) and duration in seconds, from `mvhd`."""
    box = child(moov, whole, b"mvhd")
    if box is None:
        return None, None
    layout = ">4xQ8xIQ" if moov[box.start : box.start + 1] == b"\1" else ">4xI4xII"
    try:
        seconds, timescale, duration = struct.unpack_from(layout, moov, box.start)
    except struct.error:
        return None, None
    created = counted_moment(_EPOCH, seconds * 1_000_000) if seconds else None
    # All ones mean that the duration is unknown.
    known = timescale and duration not in (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
    return created, finite(duration / timescale, 0) if known else None


def _picture_size(moov: bytes, whole: Box) -> tuple[int | None, int | None]:
    """Width and height as shown of the first track that has a picture, from `tkhd`."""
    for track in boxes(moov, whole.start, whole.end):
        header = child(moov, track, b"tkhd") if track.kind == b"trak" else None
        if header is None or header.end - header.start < 84:
            continue
        matrix_b, width, height = struct.unpack_from(">i28xII", moov, header.end - 40)
        if width and height:
            # The matrix of a video turned by a quarter has b = ±1: its sides change places.
            sides = (width >> 16, height >> 16)
            return sides if matrix_b == 0 else sides[::-1]
    return None, None


def _user_data(moov: bytes, whole: Box) -> dict[str, str]:
    """`udta`'s `©` texts: two bytes length, two bytes language, text."""
    udta = child(moov, whole, b"udta")
    texts: dict[str, str] = {}
    for box in boxes(moov, udta.start, udta.end) if udta else ():
        if box.kind in _USER_DATA:
            body = moov[box.start : min(box.end, box.start + 1024)]
            # Some writers nest an iTunes `data` box instead.
            body = body[16:] if body[4:8] == b"data" else body[4 : 4 + int.from_bytes(body[:2], "big")]
            texts[_USER_DATA[box.kind]] = clean(body.decode("utf-8", "ignore"))
    return texts


def _keyed(moov: bytes, whole: Box) -> dict[str, str]:
    """Apple's and Android's `meta`: names in `keys`, values in `ilst` by the number of their name."""
    meta = child(moov, whole, b"meta")
    if meta is None:
        return {}
    # In MP4 four bytes of version stand first, in MOV none do.
    skip = 0 if moov[meta.start + 4 : meta.start + 8] in (b"hdlr", b"keys") else 4
    keys, values = (child(moov, meta, kind, skip) for kind in (b"keys", b"ilst"))
    if keys is None or values is None:
        return {}
    names = list(_key_names(moov, keys))
    texts: dict[str, str] = {}
    for box in boxes(moov, values.start, values.end):
        number = int.from_bytes(box.kind, "big")
        data = child(moov, box, b"data")
        if data and 0 < number <= len(names) and names[number - 1] in _KEYS:
            body = moov[data.start + 8 : min(data.end, data.start + 2048)]
            texts[_KEYS[names[number - 1]]] = clean(body.decode("utf-8", "ignore"))
    return texts


def _key_names(moov: bytes, keys: Box) -> Iterator[str]:
    at = keys.start + 8
    for _ in range(MAX_KEYS):
        size = int.from_bytes(moov[at : at + 4], "big")
        if size < 8 or at + size > keys.end:
            return
        yield moov[at + 8 : at + size].decode("utf-8", "ignore")
        at += size


def _times(created: datetime | None, date_text: str) -> tuple[TimeCandidate, ...]:
    """The date with an offset first: `mvhd` is UTC by the standard, and local time with careless cameras."""
    moment = parse_moment(date_text)
    named = () if moment is None else (local_candidate(TimeSource.QUICKTIME, moment, "creationdate"),)
    plain = () if created is None else (TimeCandidate(TimeSource.QUICKTIME, utc=created, note="mvhd creation time"),)
    return (*named, *plain)


def _positions(location: str) -> tuple[GeoPosition, ...]:
    """ISO 6709, as in `+34.7309-086.5869+191.3/`."""
    match = _ISO6709.match(location)
    if match is None:
        return ()
    lat, lon = finite(match[1], -90, 90), finite(match[2], -180, 180)
    if lat is None or lon is None or (lat, lon) == (0, 0):
        return ()
    return (GeoPosition(lat, lon, PositionSource.QUICKTIME, altitude(match[3])),)
