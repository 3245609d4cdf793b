"""MOV and MP4: creation date, place, content identifier and size, from a few bounded reads of the `moov` box."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from album_sort.containers.isobmff import Box, boxes, child
from album_sort.containers.source import FileSource
from album_sort.core.bounded import finite
from album_sort.metadata.coordinates import parse_iso6709
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.merging import merge_metadata
from album_sort.metadata.quicktime_vendors import since_1904, track_creation, vendor_metadata
from album_sort.metadata.tags import clean
from album_sort.metadata.xmp import read_xmp
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimeSource

# `moov` holds the sample tables: about 1 MB per hour of film. A larger one is read only as far as this.
MAX_MOOV_BYTES = 8 << 20
MAX_TOP_BOXES = 1000
MAX_KEYS = 256

MAX_XMP_BYTES = 1 << 20
MAX_SONY_BYTES = 256 << 10
MAX_TOP_METADATA = 4

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_SONY_DATE = re.compile(rb"<CreationDate value=[\"']([0-9T:+\-.Z]{10,40})[\"']")

_KEYS = {
    "com.apple.quicktime.creationdate": "date",
    "com.apple.quicktime.location.ISO6709": "location",
    "com.apple.quicktime.content.identifier": "identifier",
    "com.apple.quicktime.make": "make",
    "com.apple.quicktime.model": "model",
    "com.apple.quicktime.software": "software",
    "com.apple.quicktime.description": "description",
    "com.apple.quicktime.location.iso6709": "location",
    "com.android.manufacturer": "make",
    "com.android.model": "model",
}
_USER_DATA = {
    b"\xa9day": "date",
    b"date": "date",
    b"\xa9xyz": "location",
    b"\xa9mak": "make",
    b"\xa9mod": "model",
    b"\xa9swr": "software",
}


def read_quicktime(stream: BinaryIO) -> Metadata:
    """What the video's `moov` box says, wherever in the file it is; a warning where there is none that can be read."""
    try:
        source = FileSource(stream)
        moov = _moov(source)
    except OSError as error:
        return Metadata(warnings=(f"video cannot be read: {error.strerror or error}",))
    if moov is None:
        return Metadata(warnings=("no moov box: the video is cut off or no MOV or MP4",))
    whole = Box(b"moov", 0, 0, len(moov), len(moov))
    created, duration_s = _movie_header(moov, whole)
    width, height = _picture_size(moov, whole)
    texts = {**_user_data(moov, whole), **_keyed(moov, whole)}
    when = (created, "mvhd creation time") if created else (track_creation(moov, whole), "track creation time")
    own = Metadata(
        time_candidates=_times(*when, texts.get("date", "")),
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
    return merge_metadata(own, *vendor_metadata(moov, whole), *_top_metadata(source))


def _moov(source: FileSource) -> bytes | None:
    """The payload of `moov`."""
    found = next((box for box in _top_boxes(source) if box.kind == b"moov"), None)
    return None if found is None else _payload(source, found, MAX_MOOV_BYTES)


def _top_boxes(source: FileSource) -> Iterator[Box]:
    """The boxes at the top, found by hopping over them without reading them."""
    return islice(boxes(source), MAX_TOP_BOXES)


def _payload(source: FileSource, box: Box, most: int, skip: int = 0) -> bytes:
    """A box's payload without its first `skip` bytes, at most so many."""
    start = box.start + skip
    return source[start : min(box.end, start + most)]


def _top_metadata(source: FileSource) -> list[Metadata]:
    """Beside `moov`: Adobe's XMP, and the XML of Sony's cameras with a wall time and its offset."""
    found = []
    for box in _top_boxes(source):
        if box.kind == b"uuid" and _payload(source, box, len(_XMP_UUID)) == _XMP_UUID:
            found.append(read_xmp(_payload(source, box, MAX_XMP_BYTES, len(_XMP_UUID))))
        elif box.kind == b"meta" and (named := _SONY_DATE.search(_payload(source, box, MAX_SONY_BYTES))):
            moment = parse_moment(named[1].decode("ascii"))
            if moment is not None:
                candidate = local_candidate(TimeSource.QUICKTIME, moment, "Sony CreationDate")
                found.append(Metadata(time_candidates=(candidate,)))
        if len(found) >= MAX_TOP_METADATA:
            break
    return found


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
    created = since_1904(seconds)
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
            if body[4:8] == b"data":
                body = body[16:]
            elif box.kind != b"date":  # which is text and nothing else
                body = body[4 : 4 + int.from_bytes(body[:2], "big")]
            texts[_USER_DATA[box.kind]] = clean(body.decode("utf-8", "ignore"))
        elif box.kind == b"meta" and (values := child(moov, box, b"ilst", 4)):
            texts = {**_itunes_texts(moov, values), **texts}
    return texts


def _itunes_texts(moov: bytes, values: Box) -> dict[str, str]:
    """The same names as players' tags: each box holds a `data` box with kind and country in front of its text."""
    found = ((box.kind, child(moov, box, b"data")) for box in boxes(moov, values.start, values.end))
    return {
        _USER_DATA[kind]: clean(moov[data.start + 8 : min(data.end, data.start + 1024)].decode("utf-8", "ignore"))
        for kind, data in found
        if data and kind in _USER_DATA
    }


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
    """Each name stands in a box of its own, behind version and count."""
    for box in islice(boxes(moov, keys.start + 8, keys.end), MAX_KEYS):
        yield moov[box.start : box.end].decode("utf-8", "ignore")


def _times(created: datetime | None, note: str, date_text: str) -> tuple[TimeCandidate, ...]:
    """The date with an offset first: `mvhd` is UTC by the standard, and local time with careless cameras."""
    moment = parse_moment(date_text)
    named = () if moment is None else (local_candidate(TimeSource.QUICKTIME, moment, "creationdate"),)
    plain = () if created is None else (TimeCandidate(TimeSource.QUICKTIME, utc=created, note=note),)
    return (*named, *plain)


def _positions(location: str) -> tuple[GeoPosition, ...]:
    """ISO 6709, as in `+34.7309-086.5869+191.3/`."""
    place = parse_iso6709(location)
    return () if place is None else (GeoPosition(place[0], place[1], PositionSource.QUICKTIME, place[2]),)
