"""Makes EXIF blocks, videos and XMP for tests of the readers."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping

from PIL import Image
from PIL.ExifTags import IFD

EXIF_IFD, GPS_IFD = IFD.Exif, IFD.GPSInfo


def exif_block(
    image: Mapping[int, object] | None = None,
    exif: Mapping[int, object] | None = None,
    gps: Mapping[int, object] | None = None,
) -> bytes:
    """A TIFF block behind `Exif` and two zero bytes, with tags by number."""
    block = Image.Exif()
    block.update(image or {})
    block.get_ifd(EXIF_IFD).update(exif or {})
    if gps:
        block.get_ifd(GPS_IFD).update(gps)
    return block.tobytes()


def picture(kind: str, exif: bytes) -> bytes:
    """A small picture of a Pillow format with an EXIF block inside."""
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(stream, kind, exif=exif)
    return stream.getvalue()


def jpeg_with(
    image: Mapping[int, object] | None = None,
    exif: Mapping[int, object] | None = None,
    gps: Mapping[int, object] | None = None,
) -> bytes:
    """A small JPEG with EXIF tags by number."""
    return picture("JPEG", exif_block(image, exif, gps))


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of the ISO base media format."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def movie(
    *,
    created: int = 0,
    keys: Mapping[str, str] | None = None,
    user_data: Mapping[bytes, str] | None = None,
    duration_s: float = 2.0,
    media_bytes: int = 64,
    size: tuple[int, int] = (1440, 1080),
) -> bytes:
    """A MOV without samples whose `moov` stands at its end; `created` counts seconds since 1904."""
    header = box(b"mvhd", struct.pack(">4xIIII", created, created, 600, int(duration_s * 600)), bytes(80))
    sides = struct.pack(">II", size[0] << 16, size[1] << 16)
    track = box(b"trak", box(b"tkhd", bytes(40), struct.pack(">i", 0x10000), bytes(32), sides))
    names = [box(b"mdta", key.encode()) for key in keys or {}]
    values = [
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for number, text in enumerate((keys or {}).values(), 1)
    ]
    meta = box(
        b"meta", box(b"hdlr", bytes(24)), box(b"keys", struct.pack(">II", 0, len(names)), *names), box(b"ilst", *values)
    )
    texts = [
        box(kind, struct.pack(">HH", len(text.encode()), 0), text.encode()) for kind, text in (user_data or {}).items()
    ]
    moov = box(b"moov", header, track, meta, box(b"udta", *texts))
    return box(b"ftyp", b"qt  ", bytes(4)) + box(b"mdat", bytes(media_bytes)) + moov


def heif_with_exif(block: bytes, *, brand: bytes = b"heic", prefix: bytes = struct.pack(">I", 6)) -> bytes:
    """The boxes of a HEIF file that lead to its EXIF item, without any picture."""
    item = prefix + block
    infe = box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"Exif", b"\0")
    iinf = box(b"iinf", bytes(4), struct.pack(">H", 1), infe)
    ftyp = box(b"ftyp", brand, bytes(4), b"mif1")

    def meta(offset: int) -> bytes:
        place = struct.pack(">HHHII", 1, 0, 1, offset, len(item))
        return box(b"meta", bytes(4), iinf, box(b"iloc", bytes(4), b"\x44\x00", struct.pack(">H", 1), place))

    start = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + box(b"mdat", item)


def xmp(properties: str) -> bytes:
    """A sidecar whose description holds the given elements."""
    return f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:GCamera="http://ns.google.com/photos/1.0/camera/">{properties}</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()
