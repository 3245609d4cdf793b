"""What a JPEG says about itself before its pixels: size, EXIF, colour profile, previews. Reads no pixel."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image, TiffImagePlugin

from album_sort.images.pixels import LIBRARY_ERRORS, upright_orientation

# Frame headers (SOF0..SOF15 without DHT, JPG and DAC, which share the range).
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MAX_SEGMENTS = 2000
# Huffman codes, quantization, restart interval.
_TABLES = frozenset({0xC4, 0xDB, 0xDD})

# MP Format (CIPA DC-007): entries of these types are smaller copies of the picture itself.
_MP_ENTRIES = 0xB002
_MP_PREVIEW_TYPES = frozenset({0x010001, 0x010002})
_MP_ENTRY_BYTES = 16
_MAX_MP_ENTRIES = 32


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """The header of one JPEG."""

    width_px: int
    """As stored, before turning."""
    height_px: int
    frame_marker: int
    """0xC0 baseline, 0xC2 progressive ..."""
    frame_at: int
    """Offset of the frame header's marker."""
    scan_at: int
    """Offset of the first scan's marker."""
    components: int
    exif: bytes = b""
    """TIFF structure of the EXIF segment, without its `Exif` prefix."""
    icc_profile: bytes = b""
    mp_index: bytes = b""
    """TIFF structure of the MP Format segment."""
    mp_at: int = 0
    """Offset of that structure: MP offsets count from there."""
    has_stray_bytes: bool = False
    """Whether there is something between the segments that belongs to none."""
    tables: tuple[tuple[int, bytes], ...] = ()
    """Marker and body of the segments that tell how the pixels are coded, in the order of the file."""

    @property
    def is_progressive(self) -> bool:
        """Whether the decoder must hold all coefficients before it has a pixel."""
        return self.frame_marker not in (0xC0, 0xC1)


def read_layout(data: bytes) -> JpegLayout | None:
    """The header up to the first scan; None where it does not hold together."""
    segments: dict[int, list[tuple[int, bytes]]] = {}
    frame_at, has_stray_bytes = 0, False
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at, end = data.find(b"\xff", at), at
        has_stray_bytes |= at != end
        while 0 <= at < len(data) - 1 and data[at + 1] == 0xFF:
            at += 1
        if at < 0 or at + 4 > len(data):
            return None
        marker = data[at + 1]
        if marker == 0xDA:
            return _layout(data, segments, frame_at, at, has_stray_bytes=has_stray_bytes)
        if marker in _STANDALONE or marker == 0:
            has_stray_bytes = True
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 2:
            return None
        if marker in _FRAMES:
            frame_at = at
        elif marker in (0xE1, 0xE2) or marker in _TABLES:
            segments.setdefault(marker, []).append((at + 4, data[at + 4 : at + 2 + size]))
        at += 2 + size
    return None


def _layout(
    data: bytes, segments: dict[int, list[tuple[int, bytes]]], frame_at: int, scan_at: int, *, has_stray_bytes: bool
) -> JpegLayout | None:
    if not frame_at:
        return None
    exif = next((body[6:] for _, body in segments.get(0xE1, []) if body.startswith(b"Exif\0")), b"")
    mp_at, mp_index = next(
        ((at + 4, body[4:]) for at, body in segments.get(0xE2, []) if body.startswith(b"MPF\0")), (0, b"")
    )
    return JpegLayout(
        width_px=int.from_bytes(data[frame_at + 7 : frame_at + 9], "big"),
        height_px=int.from_bytes(data[frame_at + 5 : frame_at + 7], "big"),
        frame_marker=data[frame_at + 1],
        frame_at=frame_at,
        scan_at=scan_at,
        components=data[frame_at + 9],
        exif=exif,
        icc_profile=_icc_profile([body for _, body in segments.get(0xE2, [])]),
        mp_index=mp_index,
        mp_at=mp_at,
        has_stray_bytes=has_stray_bytes,
        tables=_tables(segments),
    )


def _tables(segments: dict[int, list[tuple[int, bytes]]]) -> tuple[tuple[int, bytes], ...]:
    """A later table replaces an earlier one of its number: the order of the file decides."""
    found = [(at, marker, body) for marker in _TABLES for at, body in segments.get(marker, [])]
    return tuple((marker, body) for _, marker, body in sorted(found))


def _icc_profile(bodies: list[bytes]) -> bytes:
    """A profile put together from its numbered pieces; empty where one is missing."""
    pieces = sorted(body[12:] for body in bodies if body.startswith(b"ICC_PROFILE\0") and len(body) > 14)
    if not pieces or len(pieces) != pieces[0][1] or [piece[0] for piece in pieces] != list(range(1, len(pieces) + 1)):
        return b""
    return b"".join(piece[2:] for piece in pieces)


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What decoding needs from EXIF."""

    orientation: int = 1
    thumbnail: bytes = b""
    """JPEG of IFD1; empty where there is none."""


def exif_facts(exif: bytes) -> ExifFacts:
    """Orientation and thumbnail of an EXIF block; broken EXIF gives the defaults."""
    if not exif:
        return ExifFacts()
    tags = Image.Exif()
    try:
        tags.load(exif)
        orientation = upright_orientation(tags.get(ExifTags.Base.Orientation))
    except LIBRARY_ERRORS:
        return ExifFacts()
    try:
        first = tags.get_ifd(ExifTags.IFD.IFD1)
        start = first.get(ExifTags.Base.JpegIFOffset, 0)
        length = first.get(ExifTags.Base.JpegIFByteCount, 0)
        thumbnail = exif[start : start + length] if start > 0 and length > 0 else b""
    except LIBRARY_ERRORS:
        thumbnail = b""
    return ExifFacts(orientation, thumbnail if thumbnail.startswith(b"\xff\xd8\xff") else b"")


def mp_previews(data: bytes, layout: JpegLayout) -> list[bytes]:
    """Smaller copies of the picture that an MP Format index lists, smallest first."""
    if not layout.mp_index:
        return []
    try:
        index = TiffImagePlugin.ImageFileDirectory_v2(layout.mp_index[:8])
        stream = io.BytesIO(layout.mp_index)
        stream.seek(index.next)
        index.load(stream)
        entries = index[_MP_ENTRIES]
        order: Literal["little", "big"] = "little" if layout.mp_index.startswith(b"II") else "big"
    except LIBRARY_ERRORS:
        return []
    previews = []
    for at in range(0, min(len(entries), _MAX_MP_ENTRIES * _MP_ENTRY_BYTES) - _MP_ENTRY_BYTES + 1, _MP_ENTRY_BYTES):
        kind, size, offset = (int.from_bytes(entries[at + n : at + n + 4], order) for n in (0, 4, 8))
        picture = data[layout.mp_at + offset : layout.mp_at + offset + size]
        if kind & 0xFFFFFF in _MP_PREVIEW_TYPES and offset and picture.startswith(b"\xff\xd8\xff"):
            previews.append(picture)
    return sorted(previews, key=len)
