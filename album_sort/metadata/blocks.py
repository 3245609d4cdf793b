"""Where EXIF, XMP and IPTC sit inside a file: hands out bare blocks, so that their readers never meet a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from album_sort.containers import heif, isobmff, jpeg, png, riff, tiff
from album_sort.metadata.inflate import unbrotlied
from album_sort.metadata.jpeg_segments import MAX_XMP_BYTES, JpegBlocks, jpeg_blocks
from album_sort.metadata.png_texts import PngBlocks, png_blocks

# Containers put their metadata first; a search through megabytes of pixels would cost more than it finds.
SEARCH_BYTES = 256 << 10
MAX_BLOCKS = 4
"""Of one kind in a file: each costs time, and nobody writes more than two."""
MAX_IPTC_BYTES = 1 << 20

_FUJI, _FUJI_PREVIEW_BYTES = b"FUJIFILMCCD-RAW", 1 << 20
_CR3 = b"ftypcrx "
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
# Tags of a TIFF's first directory.
_XMP, _IPTC, _PHOTOSHOP = 0x02BC, 0x83BB, 0x8649


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
    if data.startswith(png.SIGNATURE):
        return _of_png(data, png_blocks(data))
    if data.startswith(jpeg.SIGNATURE):
        return _of_jpeg(data, jpeg_blocks(data))
    if data.startswith(tiff.FILE_STARTS):
        return _of_tiff(data)
    if data.startswith(_FUJI):
        return _of_raf(data)
    xmp = _xmp(_xmp_holders(data)) or _searched_xmp(data)
    if data.startswith(_CR3, 4):
        parts = tuple(_cr3_blocks(data))
        return Embedded((parts,) if parts else (), xmp)
    return Embedded(_exif(data, _wrapped_exif(data)), xmp)


def _of_png(data: bytes, held: PngBlocks) -> Embedded:
    xmp = _xmp(held.xmp) or _searched_xmp(data)
    return Embedded(_exif(data, held.exif), xmp, tuple(held.iptc[:MAX_BLOCKS]), tuple(held.times))


def _of_jpeg(data: bytes, held: JpegBlocks) -> Embedded:
    """Its segments have all been looked through: its pixels need not be searched for a packet."""
    return Embedded(_exif(data, held.exif), _xmp(held.xmp), held.iptc)


def _of_tiff(data: bytes) -> Embedded:
    held = tiff.below(data, (), (_XMP, _IPTC, _PHOTOSHOP))
    xmp = _xmp([tiff.value(data, held, _XMP, MAX_XMP_BYTES)]) or _searched_xmp(data)
    iptc = (tiff.value(data, held, tag, MAX_IPTC_BYTES) for tag in (_IPTC, _PHOTOSHOP))
    return Embedded((((Ifd.IMAGE, data),),), xmp, tuple(filter(None, iptc)))


def _of_raf(data: bytes) -> Embedded:
    """Fuji's RAW: its EXIF is that of the preview."""
    start = int.from_bytes(data[84:88], "big")
    preview = data[start : start + _FUJI_PREVIEW_BYTES]
    held = jpeg_blocks(preview).exif if preview.startswith(jpeg.SIGNATURE) else ()
    return Embedded(_exif(preview, held), _searched_xmp(data))


def _exif(data: bytes, held: Sequence[bytes]) -> tuple[ExifParts, ...]:
    """Of blocks where the formats say that they are; else the last resort."""
    blocks = [block for one in held if (block := _bare(one))][:MAX_BLOCKS]
    if not blocks and (searched := _searched(data)):
        blocks = [searched]
    return tuple(((Ifd.IMAGE, block),) for block in blocks)


def _wrapped_exif(data: bytes) -> Sequence[bytes]:
    if riff.is_webp(data):
        return [data[chunk.start : chunk.end] for chunk in riff.chunks(data) if chunk.kind == b"EXIF"]
    if data[4:8] in (b"ftyp", b"JXL "):
        items = _jxl_boxes(data, b"Exif") if data[4:8] == b"JXL " else heif.items_of_type(data, b"Exif")
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


def _jxl_boxes(data: bytes, kind: bytes) -> Iterator[bytes]:
    """Boxes of a kind at the top of a JPEG XL, also those packed with Brotli (`brob`: the kind, then the stream)."""
    packed = 0
    for box in isobmff.boxes(data):
        if box.kind == kind:
            yield data[box.start : box.end]
        elif box.kind == b"brob" and data[box.start : box.start + 4] == kind and packed < MAX_BLOCKS:
            packed += 1
            yield unbrotlied(data[box.start + 4 : box.end])


def _cr3_blocks(data: bytes) -> Iterator[tuple[Ifd, bytes]]:
    moov = isobmff.first(data, b"moov")
    uuid = isobmff.child(data, moov, b"uuid") if moov else None
    if uuid is None or data[uuid.start : uuid.start + 16] != _CANON_UUID:
        return
    for box in isobmff.boxes(data, uuid.start + 16, uuid.end):
        if box.kind in (b"CMT1", b"CMT2", b"CMT4"):
            yield (Ifd.GPS if box.kind == b"CMT4" else Ifd.IMAGE), data[box.start : box.end]


def _xmp(holders: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(islice((packet for held in holders if (packet := _packet(held, len(held)))), MAX_BLOCKS))


def _searched_xmp(data: bytes) -> tuple[bytes, ...]:
    """The places of formats other than JPEG vary with who wrote them."""
    packet = _packet(data, SEARCH_BYTES)
    return (packet,) if packet else ()


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
    if data[4:8] == b"ftyp":
        yield from heif.items_of_type(data, b"mime")
    elif data[4:8] == b"JXL ":
        yield from _jxl_boxes(data, b"xml ")
    elif riff.is_webp(data):
        for chunk in riff.chunks(data):
            if chunk.kind == b"XMP ":
                yield data[chunk.start : min(chunk.end, chunk.start + MAX_XMP_BYTES)]
