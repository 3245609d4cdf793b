"""What a JPEG says about itself before its pixels: size, EXIF, colour profile, previews. Reads no pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from album_sort.containers import jpeg, tiff
from album_sort.images.pixels import upright_orientation

_ORIENTATION, _THUMBNAIL_AT, _THUMBNAIL_BYTES = 0x0112, 0x0201, 0x0202

_TABLES = (jpeg.HUFFMAN, jpeg.QUANTIZATION, jpeg.RESTART)

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
    app1: list[bytes] = []
    app2: list[tuple[int, bytes]] = []
    tables: list[tuple[int, bytes]] = []
    frame_at, has_stray_bytes = 0, False
    for marker, at, start, end, is_after_stray in jpeg.segments(data):
        has_stray_bytes = has_stray_bytes or is_after_stray
        if end < start:
            return None
        if marker == jpeg.SCAN:
            return _layout(data, (app1, app2, tables), frame_at, at, has_stray_bytes=has_stray_bytes)
        if marker in jpeg.FRAMES:
            frame_at = at
        elif marker == jpeg.APP1:
            app1.append(data[start:end])
        elif marker == jpeg.APP2:
            app2.append((start, data[start:end]))
        elif marker in _TABLES:
            tables.append((marker, data[start:end]))
    return None


_Segments = tuple[list[bytes], list[tuple[int, bytes]], list[tuple[int, bytes]]]
"""Bodies of APP1; offset and body of APP2; marker and body of the tables."""


def _layout(
    data: bytes, segments: _Segments, frame_at: int, scan_at: int, *, has_stray_bytes: bool
) -> JpegLayout | None:
    if not frame_at:
        return None
    app1, app2, tables = segments
    mp_at, mp_index = next(((at + 4, body[4:]) for at, body in app2 if body.startswith(b"MPF\0")), (0, b""))
    return JpegLayout(
        width_px=int.from_bytes(data[frame_at + 7 : frame_at + 9], "big"),
        height_px=int.from_bytes(data[frame_at + 5 : frame_at + 7], "big"),
        frame_marker=data[frame_at + 1],
        frame_at=frame_at,
        scan_at=scan_at,
        components=data[frame_at + 9],
        exif=next((body[6:] for body in app1 if body.startswith(b"Exif\0")), b""),
        icc_profile=_icc_profile([body for _, body in app2]),
        mp_index=mp_index,
        mp_at=mp_at,
        has_stray_bytes=has_stray_bytes,
        tables=tuple(tables),
    )


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
    order = tiff.order_of(exif)
    if order is None:
        return ExifFacts()
    first = tiff.directory(exif, order, tiff.first_at(exif, order), (_ORIENTATION,))
    turn = tiff.numbers(exif, first, _ORIENTATION)
    orientation = upright_orientation(turn[0]) if len(turn) == 1 else 1
    if not first.next_at:
        return ExifFacts(orientation)
    second = tiff.directory(exif, order, first.next_at, (_THUMBNAIL_AT, _THUMBNAIL_BYTES))
    starts, lengths = (tiff.numbers(exif, second, tag) for tag in (_THUMBNAIL_AT, _THUMBNAIL_BYTES))
    thumbnail = exif[starts[0] : starts[0] + lengths[0]] if len(starts) == len(lengths) == 1 and starts[0] else b""
    return ExifFacts(orientation, thumbnail if thumbnail.startswith(b"\xff\xd8\xff") else b"")


def mp_previews(data: bytes, layout: JpegLayout) -> list[bytes]:
    """Smaller copies of the picture that an MP Format index lists, smallest first."""
    index = layout.mp_index
    held = tiff.below(index, (), (_MP_ENTRIES,))
    entries = tiff.value(index, held, _MP_ENTRIES, _MAX_MP_ENTRIES * _MP_ENTRY_BYTES)
    order: Literal["little", "big"] = "little" if index.startswith(b"II") else "big"
    previews = []
    for at in range(0, len(entries) - _MP_ENTRY_BYTES + 1, _MP_ENTRY_BYTES):
        kind, size, offset = (int.from_bytes(entries[at + n : at + n + 4], order) for n in (0, 4, 8))
        picture = data[layout.mp_at + offset : layout.mp_at + offset + size]
        if kind & 0xFFFFFF in _MP_PREVIEW_TYPES and offset and picture.startswith(b"\xff\xd8\xff"):
            previews.append(picture)
    return sorted(previews, key=len)
