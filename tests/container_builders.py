"""Makes the containers of metadata that cameras and editors write: IPTC, PNG texts, AVI, Matroska, AVCHD, JPEG XL boxes."""

from __future__ import annotations

import io
import struct
import zlib

from hypothesis import strategies as st
from PIL import Image

from tests.exif_builders import box, exif_block

EXIF_ORIGINAL = 36867


CHANGES = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6)
"""Where (as a share of the file) some bytes are overwritten, and with what."""


def damaged(data: bytes, changes: list[tuple[float, bytes]], kept: float) -> bytes:
    """A file with some bytes overwritten, then cut: at least its first byte is kept."""
    changed = bytearray(data)
    for where, patch in changes:
        at = int(where * len(changed))
        changed[at : at + len(patch)] = patch
    return bytes(changed[: int(kept * len(changed)) + 1])


def plain(kind: str = "JPEG") -> bytes:
    """A small picture without any metadata."""
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(stream, kind)
    return stream.getvalue()


def exif_at(original: str) -> bytes:
    """An EXIF block with one date, from `Exif` on."""
    return exif_block(exif={EXIF_ORIGINAL: original})


def segment(picture: bytes, marker: int, *bodies: bytes) -> bytes:
    """A JPEG with more segments at its start, in the order given."""
    made = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body for body in bodies)
    return picture[:2] + made + picture[2:]


def dataset(number: int, text: bytes, record: int = 2) -> bytes:
    """One dataset of IPTC."""
    return bytes([0x1C, record, number]) + struct.pack(">H", len(text)) + text


def resources(iim: bytes, *, before: bytes = b"") -> bytes:
    """Photoshop's image resources around IPTC's datasets."""
    return before + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim + b"\0" * (len(iim) % 2)


def jpeg_with_iptc(iim: bytes) -> bytes:
    """A JPEG whose APP13 holds these datasets."""
    return segment(plain(), 0xED, b"Photoshop 3.0\0" + resources(iim))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes, behind_the_pixels: bool = False) -> bytes:
    """A PNG with more chunks, behind its header or in front of its end."""
    picture = plain("PNG")
    at = len(picture) - 12 if behind_the_pixels else 33
    return picture[:at] + b"".join(chunks) + picture[at:]


def raw_profile(name: str, block: bytes) -> bytes:
    """A block as ImageMagick writes it: lines of hexadecimal digits."""
    digits = block.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return f"\n{name}\n{len(block):8d}\n".encode() + "\n".join(lines).encode() + b"\n"


def riff(*chunks: bytes) -> bytes:
    """An AVI of these chunks."""
    body = b"AVI " + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of an AVI."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff_list(kind: bytes, *chunks: bytes) -> bytes:
    """A list of chunks."""
    return riff_chunk(b"LIST", kind + b"".join(chunks))


def element(kind: int, body: bytes) -> bytes:
    """One element of Matroska, its size in eight bytes."""
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + (1 << 56 | len(body)).to_bytes(8, "big") + body


def matroska(*, nanoseconds: int = 0, tags: dict[str, str] | None = None) -> bytes:
    """A film with its date in `Info` (nanoseconds since 2001) and tags behind its first cluster."""
    info = element(0x4461, struct.pack(">q", nanoseconds)) if nanoseconds else b""
    info += element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + element(0x4489, struct.pack(">d", 2500.0))
    simple = b"".join(
        element(0x67C8, element(0x45A3, name.encode()) + element(0x4487, text.encode()))
        for name, text in (tags or {}).items()
    )
    segment_body = (
        element(0x1549A966, info) + element(0x1F43B675, bytes(100)) + element(0x1254C367, element(0x7373, simple))
    )
    return element(0x1A45DFA3, b"\x42\x82\x84webm") + element(0x18538067, segment_body)


def avchd(date: bytes, clock: bytes, *, step: int = 192) -> bytes:
    """A transport stream whose second packets carry the camera's date; four bytes each, decimal digits by halves."""
    entries = b"\x18" + date + b"\x19" + clock
    message = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM\x02" + entries
    stream = b"\0\0\1\x09\x10" * 30 + message + b"\xff" * 400
    packets = []
    for number, at in enumerate(range(0, len(stream), 184)):
        payload = stream[at : at + 184].ljust(184, b"\xff")
        packets.append(bytes(step - 188) + b"\x47\x10\x11" + bytes([0x10 | number % 16]) + payload)
    return b"".join(packets) + bytes(step - 188) + b"\x47\x1f\xff\x10" + b"\xff" * 184


def jxl(*boxes: bytes) -> bytes:
    """The container of a JPEG XL with more boxes."""
    return box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(boxes) + box(b"jxlc", b"\xff\x0a")
