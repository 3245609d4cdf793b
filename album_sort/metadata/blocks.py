"""Where EXIF and XMP sit inside a file: hands out the bare TIFF block, so that its reader never meets a container."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from album_sort.metadata.isobmff import boxes, child, heif_item, top_level
from album_sort.metadata.tiff import XMP, value

# Containers put their metadata first; a search through megabytes of pixels would cost more than it finds.
SEARCH_BYTES = 256 << 10
MAX_XMP_BYTES = 1 << 20
MAX_CHUNKS = 4096

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


class Ifd(StrEnum):
    """What the first directory of a block is: Canon's CR3 keeps each directory in a block of its own."""

    IMAGE = "Image"
    GPS = "GPS"


def exif_blocks(data: bytes) -> tuple[tuple[Ifd, bytes], ...]:
    """The TIFF blocks of a file, most often one; the file itself where it is a TIFF or a RAW built like one."""
    if data.startswith(_TIFF_STARTS):
        return ((Ifd.IMAGE, data),)
    if data[4:12] == b"ftypcrx ":
        return tuple(_cr3_blocks(data))
    if data.startswith(b"FUJIFILMCCD-RAW"):
        start = int.from_bytes(data[84:88], "big")
        data = data[start : start + (1 << 20)]
    block = _bare(_wrapped_exif(data) or b"") or _searched(data)
    return ((Ifd.IMAGE, block),) if block else ()


def _wrapped_exif(data: bytes) -> bytes | None:
    if data.startswith(b"\xff\xd8"):
        return next((body for body in _jpeg_app1(data) if body.startswith(b"Exif\0")), None)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return next((data[at : at + size] for kind, at, size in _png_chunks(data) if kind == b"eXIf"), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return next((data[at : at + size] for kind, at, size in _riff_chunks(data) if kind == b"EXIF"), None)
    if data[4:8] == b"ftyp" or data[4:8] == b"JXL ":
        box = top_level(data, b"Exif") if data[4:8] == b"JXL " else None
        item = data[box.start : box.end] if box else heif_item(data, b"Exif")
        # Four bytes say how far the TIFF header is from here, most often the six of `Exif\0\0`.
        return item[4 + min(int.from_bytes(item[:4], "big"), len(item)) :] if item else None
    return None


def _bare(block: bytes) -> bytes | None:
    """Without the `Exif` and two zero bytes in front; None when no TIFF header follows."""
    if block.startswith(b"Exif"):
        block = block[6:]
    return block if block.startswith((b"II", b"MM")) else None


def _searched(data: bytes) -> bytes | None:
    """The last resort for odd boxes and damaged segments: the first `Exif` mark with a TIFF header behind it."""
    for mark in (b"Exif\0\0II*\0", b"Exif\0\0MM\0*"):
        at = data.find(mark, 0, SEARCH_BYTES)
        if at >= 0:
            return data[at + 6 : at + 6 + (64 << 10)]
    return None


def _jpeg_app1(data: bytes) -> Iterator[bytes]:
    """Bodies of the APP1 segments before the picture."""
    at = 2
    for _ in range(MAX_CHUNKS):
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
        if marker == 0xE1:
            yield data[at + 4 : at + 2 + size]
        at += 2 + max(size, 2)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], at + 8, size
        at += 12 + size


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at + 8, size
        at += 8 + size + size % 2


def _cr3_blocks(data: bytes) -> Iterator[tuple[Ifd, bytes]]:
    moov = top_level(data, b"moov")
    uuid = child(data, moov, b"uuid") if moov else None
    if uuid is None or data[uuid.start : uuid.start + 16] != _CANON_UUID:
        return
    for box in boxes(data, uuid.start + 16, uuid.end):
        if box.kind in (b"CMT1", b"CMT2", b"CMT4"):
            yield (Ifd.GPS if box.kind == b"CMT4" else Ifd.IMAGE), data[box.start : box.end]


def xmp_packet(data: bytes) -> bytes | None:
    """The XMP packet embedded in a file, from `<x:xmpmeta` or `<rdf:RDF` to its end; None where there is none."""
    for held in _xmp_holders(data):
        packet = _packet(held, len(held))
        if packet:
            return packet
    # A JPEG's segments have all been looked through; the places of other formats vary with who wrote them.
    return None if data.startswith(b"\xff\xd8") else _packet(data, SEARCH_BYTES)


def _packet(held: bytes, limit: int) -> bytes | None:
    """The first packet that begins before `limit`."""
    for opening, closing in ((b"<x:xmpmeta", b"</x:xmpmeta>"), (b"<rdf:RDF", b"</rdf:RDF>")):
        start = held.find(opening, 0, limit)
        end = held.find(closing, start, start + MAX_XMP_BYTES) if start >= 0 else -1
        if end >= 0:
            return held[start : end + len(closing)]
    return None


def _xmp_holders(data: bytes) -> Iterator[bytes]:
    """Where the formats say that a packet is."""
    if data.startswith(b"\xff\xd8"):
        yield from (body for body in _jpeg_app1(data) if body.startswith(b"http://ns.adobe.com/xap/1.0/"))
    elif data[4:8] == b"ftyp":
        yield heif_item(data, b"mime") or b""
    elif data[:4] == b"RIFF":
        yield from (
            data[at : at + min(size, MAX_XMP_BYTES)] for kind, at, size in _riff_chunks(data) if kind == b"XMP "
        )
    elif data.startswith(_TIFF_STARTS):
        yield value(data, (XMP,), MAX_XMP_BYTES) or b""
