"""JPEG's APP1 and APP13 segments: EXIF (also several, also continued), XMP with its extension, Photoshop's resources."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from album_sort.containers.jpeg import APP1, APP13, segments
from album_sort.metadata.iptc import strip_photoshop

MAX_XMP_BYTES = 1 << 20

_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_HAS_EXTENSION = re.compile(rb"HasExtendedXMP(?:\s*=\s*[\"']|[^<>]{0,200}>)\s*([0-9A-Fa-f]{32})")
_TIFF_STARTS = (b"II*\0", b"MM\0*")


@dataclass(frozen=True, slots=True)
class JpegBlocks:
    """What the segments in front of the picture hold, each in the order of the file."""

    exif: tuple[bytes, ...] = ()
    """From `Exif` on."""
    xmp: tuple[bytes, ...] = ()
    """An extension follows the packet that names its digest."""
    iptc: tuple[bytes, ...] = ()
    """Photoshop's image resources, joined, since they go on from one segment to the next: one or none."""


def jpeg_blocks(data: bytes) -> JpegBlocks:
    """All metadata segments of a JPEG."""
    app1, app13 = [], []
    for segment in segments(data):
        if segment.marker == APP1:
            app1.append(data[segment.start : segment.end])
        elif segment.marker == APP13:
            app13.append(data[segment.start : segment.end])
    resources = b"".join(filter(None, map(strip_photoshop, app13)))
    return JpegBlocks(tuple(_exif(app1)), tuple(_xmp(app1)), (resources,) if resources else ())


def _exif(bodies: list[bytes]) -> list[bytes]:
    """EXIF blocks; one that goes on in the next segment is put together."""
    found: list[list[bytes]] = []
    for body in bodies:
        if not body.startswith(_EXIF):
            continue
        if found and not body.startswith(_TIFF_STARTS, 6) and found[-1][0].startswith(_TIFF_STARTS, 6):
            found[-1].append(body[6:])
        else:
            found.append([body])
    return [b"".join(pieces) for pieces in found]


def _xmp(bodies: list[bytes]) -> list[bytes]:
    packets = [body for body in bodies if body.startswith(_XMP)]
    extensions: dict[bytes, dict[int, bytes]] = {}
    for body in bodies:
        if body.startswith(_EXTENSION):
            head = body[len(_EXTENSION) :]
            offset = int.from_bytes(head[36:40], "big")
            extensions.setdefault(head[:32].upper(), {}).setdefault(offset, head[40:])
    found = []
    for packet in packets:
        found.append(packet)
        named = _HAS_EXTENSION.search(packet)
        # Taken away: a thousand packets may name the same megabyte.
        extension = _joined(extensions.pop(named[1].upper(), {}), named[1]) if named else None
        if extension:
            found.append(extension)
    return found


def _joined(pieces: dict[int, bytes], digest: bytes) -> bytes | None:
    """The pieces of an extension in their order; None where one is missing, or where the whole has another digest."""
    if not pieces or sum(map(len, pieces.values())) > MAX_XMP_BYTES:
        return None
    whole = b"".join(pieces[offset] for offset in sorted(pieces))
    found = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    return whole if found == digest.decode("ascii").lower() else None
