"""EXIF of a still, through ExifRead: dates, camera and exposure, with tag names as in the standard. Never raises."""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import exifread
from exifread.core.exceptions import ExifError

from album_sort.containers.tiff import EXIF_IFD, below, value
from album_sort.metadata.apple import apple_texts
from album_sort.metadata.blocks import ExifParts, Ifd, embedded
from album_sort.metadata.dates import Moment, local_candidate, microseconds, parse_moment, parse_offset
from album_sort.metadata.exif_gps import GPS_NAMES, gps_candidates, gps_positions
from album_sort.metadata.merging import merge_metadata
from album_sort.metadata.tags import Tags, clean, first_number, positive, text, whole
from album_sort.types import Metadata, TimeCandidate, TimePrecision, TimeSource

# ExifRead reports damage to its logger, which without a handler would print on the user's terminal.
logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)

# A few hundred reads are usual. A hostile file can ask for billions (65,535 entries of 999 values in each of thousands
# of directories), so the block runs dry instead: ExifRead takes that as the end of the file and keeps what it has.
MAX_READS = 20_000
MAX_READ_BYTES = 4 << 20

# What ExifRead is known to raise on damaged input besides its own errors.
_READ_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ExifError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)

_DATE_TAGS = (
    (TimeSource.EXIF_ORIGINAL, "DateTimeOriginal", "OffsetTimeOriginal", "SubSecTimeOriginal"),
    (TimeSource.EXIF_DIGITIZED, "DateTimeDigitized", "OffsetTimeDigitized", "SubSecTimeDigitized"),
    (TimeSource.EXIF_DATETIME, "DateTime", "OffsetTime", "SubSecTime"),
)

_MAKER_NOTE, _USER_COMMENT = 0x927C, 0x9286
_COMMENT_CHARSETS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp"}


class _BoundedBlock(io.BytesIO):
    """A block that ends after a bounded number of reads and bytes."""

    def __init__(self, block: bytes) -> None:
        super().__init__(block)
        self.reads_left = MAX_READS
        self.bytes_left = MAX_READ_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """As `BytesIO.read`, until the bounds are used up."""
        self.reads_left -= 1
        if self.reads_left < 0:
            return b""
        if size is not None and 0 <= size <= 8:  # nearly all of them, so they are kept quick
            return super().read(size)
        wanted = self.bytes_left if size is None or size < 0 else min(size, self.bytes_left)
        found = super().read(wanted)
        self.bytes_left -= len(found)
        return found


def read_exif(data: bytes) -> Metadata:
    """What the EXIF in a file's bytes says, whatever the container; empty metadata where there is none."""
    return read_exif_blocks(embedded(data).exif)


def read_exif_blocks(blocks: Sequence[ExifParts]) -> Metadata:
    """What each EXIF of a file says, together: where one is broken or empty, the next one counts."""
    return merge_metadata(*map(_read_one, blocks))


def _read_one(parts: ExifParts) -> Metadata:
    """What one EXIF says.

    Damage becomes a warning in the result; whatever could be read besides it is kept.
    """
    warnings: list[str] = []
    tags: dict[str, Any] = {}
    for kind, block in parts:
        tags.update(_read_tags(kind, block, warnings))
    if not tags:
        return Metadata(warnings=tuple(warnings))
    make = text(tags, "Image Make")
    maker_note, comment = _skipped_tags(parts[0][1])
    identifier, burst = apple_texts(maker_note) if make == "Apple" else ("", "")
    dates = _dates(tags, warnings)
    return Metadata(
        time_candidates=(*dates, *gps_candidates(tags)),
        positions=gps_positions(tags, warnings),
        orientation=_orientation(tags),
        width_px=whole(tags, *_exif("ExifImageWidth"), "Image ImageWidth"),
        height_px=whole(tags, *_exif("ExifImageLength"), "Image ImageLength"),
        camera_make=make,
        camera_model=text(tags, "Image Model"),
        lens_model=text(tags, *_exif("LensModel")),
        software=text(tags, "Image Software"),
        iso=whole(tags, *_exif("ISOSpeedRatings")),
        exposure_s=positive(tags, *_exif("ExposureTime")),
        f_number=positive(tags, *_exif("FNumber")),
        focal_length_mm=positive(tags, *_exif("FocalLength")),
        focal_length_35mm=positive(tags, *_exif("FocalLengthIn35mmFilm")),
        flash_fired=_flash(tags),
        subject_distance_m=positive(tags, *_exif("SubjectDistance")),
        content_identifier=identifier,
        burst_id=burst,
        user_comment=comment,
        description=text(tags, "Image ImageDescription"),
        warnings=tuple(warnings),
    )


def _exif(name: str) -> tuple[str, str]:
    """Where a tag of the EXIF directory may be: some files (CR3, careless editors) have it in the first directory."""
    return f"EXIF {name}", f"Image {name}"


def _read_tags(kind: Ifd, block: bytes, warnings: list[str]) -> dict[str, Any]:
    """ExifRead's tags of one block, by directory and name."""
    try:
        tags: dict[str, Any] = exifread.process_file(_BoundedBlock(block), details=False, extract_thumbnail=False)
    except _READ_ERRORS as error:
        warnings.append(f"EXIF is damaged ({type(error).__name__}: {error})")
        return {}
    if kind is Ifd.GPS:
        return {f"GPS {GPS_NAMES[tag.tag]}": tag for tag in tags.values() if tag.tag in GPS_NAMES}
    return tags


def _skipped_tags(block: bytes) -> tuple[bytes, str]:
    """Maker note and user comment, which ExifRead leaves out with `details=False` (with it, it takes 30 times as long)."""
    held = below(block, (EXIF_IFD,), (_MAKER_NOTE, _USER_COMMENT))
    return value(block, held, _MAKER_NOTE, 64 << 10), _comment(value(block, held, _USER_COMMENT, 4096))


def _comment(raw: bytes) -> str:
    """EXIF UserComment: its first eight bytes name the character set."""
    if raw[:8] in _COMMENT_CHARSETS:
        charset, raw = _COMMENT_CHARSETS[raw[:8]], raw[8:]
    else:  # eight zero bytes for "undefined", or written without the prefix
        charset, raw = "utf-8", raw.removeprefix(bytes(8))
    if charset == "utf-16" and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        # Without a byte order mark; text in Latin letters tells the order by where its zero bytes are.
        charset = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    return clean(raw.decode(charset, "ignore"))


def _orientation(tags: Tags) -> int:
    turn = first_number(tags, "Image Orientation")
    return int(turn) if turn is not None and turn in range(1, 9) else 1


def _flash(tags: Tags) -> bool | None:
    bits = first_number(tags, *_exif("Flash"))
    return None if bits is None else bool(int(bits) & 1)


def _dates(tags: Tags, warnings: list[str]) -> tuple[TimeCandidate, ...]:
    """Candidates of the three EXIF dates, each with its own offset and fraction of a second."""
    candidates = []
    for source, name, offset_name, fraction_name in _DATE_TAGS:
        written = text(tags, *_exif(name))
        moment = parse_moment(written)
        if moment is not None:
            offset = parse_offset(text(tags, *_exif(offset_name)))
            fraction = microseconds(text(tags, *_exif(fraction_name)))
            candidates.append(local_candidate(source, _completed(moment, offset, fraction), f"EXIF {name}"))
        elif written.strip(" :/-"):  # blanks alone are how the standard writes "unknown"
            warnings.append(f"EXIF {name} is not a date: {written[:40]!r}")
    return tuple(candidates)


def _completed(moment: Moment, offset: int | None, fraction: int) -> Moment:
    """With what the neighbouring tags say, where the date itself does not."""
    is_exact = moment.precision is TimePrecision.SECOND and not moment.local.microsecond
    local = moment.local.replace(microsecond=fraction) if is_exact else moment.local
    return replace(moment, local=local, utc_offset_minutes=offset if offset is not None else moment.utc_offset_minutes)
