"""What a film's `moov` says beside its header: the dates of its tracks, and the boxes of camera makers and of 3GPP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime

from album_sort.containers.isobmff import Box, boxes, child
from album_sort.core.bounded import counted_moment
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.exif import read_exif
from album_sort.metadata.nikon import nikon_date
from album_sort.metadata.xmp import read_xmp
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeSource

MAX_BOX_BYTES = 1 << 20
_JPEG = b"\xff\xd8"

# QuickTime counts seconds from here.
_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001  # naive UTC, as everywhere


def since_1904(seconds: int) -> datetime | None:
    """Naive UTC of QuickTime's seconds; None for zero, which means unknown, and beyond all years."""
    return counted_moment(_EPOCH, seconds * 1_000_000) if seconds else None


def track_creation(moov: bytes, whole: Box) -> datetime | None:
    """The earliest creation that a track or its media has: some recorders leave the one of the whole film empty."""
    found = []
    for track in boxes(moov, whole.start, whole.end):
        if track.kind != b"trak":
            continue
        media = child(moov, track, b"mdia")
        for box in (child(moov, track, b"tkhd"), child(moov, media, b"mdhd") if media else None):
            created = None if box is None else since_1904(_creation(moov, box))
            if created is not None:
                found.append(created)
    return min(found, default=None)


def _creation(moov: bytes, box: Box) -> int:
    """Seconds since 1904 of a `tkhd` or `mdhd`, whose first byte says how wide its numbers are."""
    wide = 8 if moov[box.start : box.start + 1] == b"\1" else 4
    return int.from_bytes(moov[box.start + 4 : min(box.start + 4 + wide, box.end)], "big")


def vendor_metadata(moov: bytes, whole: Box) -> Iterator[Metadata]:
    """Canon's thumbnail with EXIF, Nikon's tags, 3GPP's place and XMP, as far as `udta` has them."""
    udta = child(moov, whole, b"udta")
    for box in boxes(moov, udta.start, udta.end) if udta else ():
        body = moov[box.start : min(box.end, box.start + MAX_BOX_BYTES)]
        if box.kind == b"CNTH":
            inner = child(moov, box, b"CNDA")
            yield from _of_thumbnail(moov[inner.start : min(inner.end, inner.start + MAX_BOX_BYTES)] if inner else b"")
        elif box.kind == b"NCDT":
            inner = child(moov, box, b"NCTG")
            yield from _of_nikon(moov[inner.start : inner.end] if inner else b"")
        elif box.kind == b"loci":
            yield from _of_3gpp(body)
        elif box.kind == b"XMP_":
            yield read_xmp(body)


def _of_thumbnail(thumbnail: bytes) -> Iterator[Metadata]:
    """Canon writes wall time into the EXIF of a picture inside the film."""
    at = thumbnail.find(_JPEG, 0, 64)
    if at >= 0:
        found = read_exif(thumbnail[at:])
        yield Metadata(
            time_candidates=found.time_candidates,
            positions=found.positions,
            camera_make=found.camera_make,
            camera_model=found.camera_model,
        )


def _of_nikon(tags: bytes) -> Iterator[Metadata]:
    moment = parse_moment(nikon_date(tags, ">"))
    if moment is not None:
        candidate = local_candidate(TimeSource.QUICKTIME, moment, "Nikon DateTimeOriginal")
        yield Metadata(time_candidates=(candidate,))


def _of_3gpp(body: bytes) -> Iterator[Metadata]:
    """`loci`: version, language, name, role, then longitude, latitude and altitude as numbers of 16.16 bits."""
    rest = body[6:]
    is_wide = rest[:2] in (b"\xfe\xff", b"\xff\xfe")
    end = (
        next((at for at in range(0, len(rest), 2) if rest[at : at + 2] == b"\0\0"), -1) if is_wide else rest.find(b"\0")
    )
    at = end + (3 if is_wide else 2)
    if end < 0 or at + 12 > len(rest):
        return
    lon, lat, height = (number / 65536 for number in struct.unpack_from(">iii", rest, at))
    if (lat, lon) != (0, 0) and abs(lat) <= 90 and abs(lon) <= 180:
        yield Metadata(positions=(GeoPosition(lat, lon, PositionSource.QUICKTIME, height),))
