"""JPEG's APP1 and APP13 segments: EXIF (also several, also continued), XMP with its extension, Photoshop's resources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from album_sort.metadata.iptc import strip_photoshop

MAX_SEGMENTS = 4096
MAX_XMP_BYTES = 1 << 20

_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_HAS_EXTENSION = re.compile(rb"HasExtendedXMP(?:\s*=\s*[\"']|[^<>]{0,200}>)\s*([0-9A-Fa-f]{32})")
_APP1, _APP13 = 0xE1, 0xED
_TIFF_STARTS = (b"II*\0", b"MM\0*")


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of the APP1 and APP13 segments before the picture."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return
        marker = data[at + 1]
        if marker in (0xDA, 0xD9):
            return
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in (_APP1, _APP13):
            yield marker, data[at + 4 : at + 2 + size]
        at += 2 + max(size, 2)


def jpeg_exif(data: bytes) -> list[bytes]:
    """EXIF blocks in the order of the file, from `Exif` on; one that goes on in the next segment is put together."""
    found: list[bytes] = []
    for marker, body in _segments(data):
        if marker != _APP1 or not body.startswith(_EXIF):
            continue
        if found and not body[6:].startswith(_TIFF_STARTS) and found[-1][6:].startswith(_TIFF_STARTS):
            found[-1] += body[6:]
        else:
            found.append(body)
    return found


def jpeg_xmp(data: bytes) -> list[bytes]:
    """XMP packets in the order of the file; an extension follows the packet that names its digest."""
    packets = []
    extensions: dict[bytes, dict[int, bytes]] = {}
    for marker, body in _segments(data):
        if marker == _APP1 and body.startswith(_XMP):
            packets.append(body)
        elif marker == _APP1 and body.startswith(_EXTENSION):
            head = body[len(_EXTENSION) :]
            offset = int.from_bytes(head[36:40], "big")
            extensions.setdefault(head[:32].upper(), {}).setdefault(offset, head[40:])
    found = []
    for packet in packets:
        found.append(packet)
        named = _HAS_EXTENSION.search(packet)
        extension = _joined(extensions.get(named[1].upper(), {}), named[1]) if named else None
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


def jpeg_iptc(data: bytes) -> list[bytes]:
    """Photoshop's image resources, joined: they go on from one segment to the next. A list of none or one."""
    bodies = [strip_photoshop(body) for marker, body in _segments(data) if marker == _APP13]
    joined = b"".join(body for body in bodies if body is not None)
    return [joined] if joined else []
