"""Where EXIF, XMP and IPTC sit inside a file: hands out bare blocks, so that their readers never meet a container."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from album_sort.metadata.inflate import unbrotlied
from album_sort.metadata.isobmff import boxes, child, heif_items, top_level
from album_sort.metadata.jpeg_segments import MAX_XMP_BYTES, jpeg_exif, jpeg_iptc, jpeg_xmp
from album_sort.metadata.png_texts import SIGNATURE as PNG
from album_sort.metadata.png_texts import PngBlocks, png_blocks
from album_sort.metadata.tiff import IPTC, PHOTOSHOP, XMP, value

# Containers put their metadata first; a search through megabytes of pixels would cost more than it finds.
SEARCH_BYTES = 256 << 10
MAX_CHUNKS = 4096
MAX_BLOCKS = 4
"""Of one kind in a file: each costs time, and nobody writes more than two."""
MAX_IPTC_BYTES = 1 << 20

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_JPEG = b"\xff\xd8"


class Ifd(StrEnum):
    """What the first directory of a block is: Canon's CR3 keeps each directory in a block of its own."""

    IMAGE = "Image"
    GPS = "GPS"


ExifParts = tuple[tuple[Ifd, bytes], ...]
"""The TIFF blocks that make up one EXIF, most often one."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """All blocks of metadata inside one file."""

    exif: tuple[ExifParts, ...] = ()
    """Each EXIF in the order of the file, most often one; the file itself where it is a TIFF or a RAW built like one."""
    xmp: tuple[bytes, ...] = ()
    """Packets, each from `<x:xmpmeta` or `<rdf:RDF` to its end."""
    iptc: tuple[bytes, ...] = ()
    """Image resources of Photoshop, or bare datasets."""
    times: tuple[tuple[str, str], ...] = ()
    """Dates as text, each with what it is called: those of PNG."""


def embedded(data: bytes) -> Embedded:
    """What a file holds, by its format."""
    png = png_blocks(data) if data.startswith(PNG) else PngBlocks()
    return Embedded(_exif(data, png), _xmp(data, png), _iptc(data, png), tuple(png.times))


def _exif(data: bytes, png: PngBlocks) -> tuple[ExifParts, ...]:
    if data.startswith(_TIFF_STARTS):
        return (((Ifd.IMAGE, data),),)
    if data[4:12] == b"ftypcrx ":
        parts = tuple(_cr3_blocks(data))
        return (parts,) if parts else ()
    if data.startswith(b"FUJIFILMCCD-RAW"):
        start = int.from_bytes(data[84:88], "big")
        data = data[start : start + (1 << 20)]
    blocks = [block for held in _wrapped_exif(data, png) if (block := _bare(held))][:MAX_BLOCKS]
    if not blocks and (searched := _searched(data)):
        blocks = [searched]
    return tuple(((Ifd.IMAGE, block),) for block in blocks)


def _wrapped_exif(data: bytes, png: PngBlocks) -> Sequence[bytes]:
    if data.startswith(_JPEG):
        return jpeg_exif(data)
    if png.exif:
        return png.exif
    if _is_webp(data):
        return [data[at : at + size] for kind, at, size in _riff_chunks(data) if kind == b"EXIF"]
    if data[4:8] in (b"ftyp", b"JXL "):
        items = _jxl_boxes(data, b"Exif") if data[4:8] == b"JXL " else heif_items(data, b"Exif")
        # Four bytes say how far the TIFF header is from here, most often the six of `Exif\0\0`.
        return [item[4 + min(int.from_bytes(item[:4], "big"), len(item)) :] for item in items]
    return ()


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


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at + 8, size
        at += 8 + size + size % 2


def _jxl_boxes(data: bytes, kind: bytes) -> Iterator[bytes]:
    """Boxes of a kind at the top of a JPEG XL, also those packed with Brotli (`brob`: the kind, then the stream)."""
    packed = 0
    for box in boxes(data):
        if box.kind == kind:
            yield data[box.start : box.end]
        elif box.kind == b"brob" and data[box.start : box.start + 4] == kind and packed < MAX_BLOCKS:
            packed += 1
            yield unbrotlied(data[box.start + 4 : box.end])


def _cr3_blocks(data: bytes) -> Iterator[tuple[Ifd, bytes]]:
    moov = top_level(data, b"moov")
    uuid = child(data, moov, b"uuid") if moov else None
    if uuid is None or data[uuid.start : uuid.start + 16] != _CANON_UUID:
        return
    for box in boxes(data, uuid.start + 16, uuid.end):
        if box.kind in (b"CMT1", b"CMT2", b"CMT4"):
            yield (Ifd.GPS if box.kind == b"CMT4" else Ifd.IMAGE), data[box.start : box.end]


def _xmp(data: bytes, png: PngBlocks) -> tuple[bytes, ...]:
    found = [packet for held in _xmp_holders(data, png) if (packet := _packet(held, len(held)))][:MAX_BLOCKS]
    # A JPEG's segments have all been looked through; the places of other formats vary with who wrote them.
    if not found and not data.startswith(_JPEG) and (packet := _packet(data, SEARCH_BYTES)):
        found = [packet]
    return tuple(found)


def _packet(held: bytes, limit: int) -> bytes | None:
    """The first packet that begins before `limit`."""
    for opening, closing in ((b"<x:xmpmeta", b"</x:xmpmeta>"), (b"<rdf:RDF", b"</rdf:RDF>")):
        start = held.find(opening, 0, limit)
        end = held.find(closing, start, start + MAX_XMP_BYTES) if start >= 0 else -1
        if end >= 0:
            return held[start : end + len(closing)]
    return None


def _xmp_holders(data: bytes, png: PngBlocks) -> Iterator[bytes]:
    """Where the formats say that a packet is."""
    if data.startswith(_JPEG):
        yield from jpeg_xmp(data)
    elif data.startswith(PNG):
        yield from png.xmp
    elif data[4:8] == b"ftyp":
        yield from heif_items(data, b"mime")
    elif data[4:8] == b"JXL ":
        yield from _jxl_boxes(data, b"xml ")
    elif _is_webp(data):
        yield from (
            data[at : at + min(size, MAX_XMP_BYTES)] for kind, at, size in _riff_chunks(data) if kind == b"XMP "
        )
    elif data.startswith(_TIFF_STARTS):
        yield value(data, (XMP,), MAX_XMP_BYTES) or b""


def _iptc(data: bytes, png: PngBlocks) -> tuple[bytes, ...]:
    if data.startswith(_JPEG):
        return tuple(jpeg_iptc(data))
    if png.iptc:
        return tuple(png.iptc[:MAX_BLOCKS])
    if data.startswith(_TIFF_STARTS):
        held = (value(data, (tag,), MAX_IPTC_BYTES) for tag in (IPTC, PHOTOSHOP))
        return tuple(block for block in held if block)
    return ()
