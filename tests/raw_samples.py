"""Makes RAW files for the decoding tests: DNGs with true sensor values, written field by field, and the boxes of a CR3."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.decode_samples import encoded

BAYER = ("RG", "GB")
XTRANS = ("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG")

WHITE = 4095
"""Sensor value of full light: twelve bits, as in most cameras."""

# TIFF field types: their codes and how one value is packed.
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = (
    (1, "B"),
    (2, "B"),
    (3, "H"),
    (4, "I"),
    (5, "II"),
    (10, "ii"),
)

# XYZ (D65) to linear sRGB: a sensor whose colours are those of a screen.
_SCREEN_COLOURS = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a TIFF directory."""

    tag: int
    kind: tuple[int, str]
    values: tuple[int, ...]

    def packed(self) -> bytes:
        _, form = self.kind
        return struct.pack(f"<{form * (len(self.values) // len(form))}", *self.values)


def dng(
    preview: Image.Image | bytes | None,
    orientation: int = 1,
    sensor: NDArray[np.unsignedinteger] | None = None,
    *,
    said_size: tuple[int, int] | None = None,
    pattern: tuple[str, ...] = BAYER,
    neutral: tuple[float, ...] = (1, 1, 1),
) -> bytes:
    """A RAW file: a JPEG preview in the first directory (or none), sensor values in a second one.

    `sensor`: (H, W) behind colour filters, or (H, W, 3) of a linear DNG; grey where not given. `said_size`: another
    width and height than it has. `neutral`: what the sensor measures of grey.
    """
    values = np.full((480, 640), 1000, np.uint16) if sensor is None else sensor
    jpeg = encoded(preview, "JPEG", quality=90) if isinstance(preview, Image.Image) else preview
    height, width = values.shape[:2]
    size = said_size or (width, height)
    first = _first_directory(orientation, neutral)
    raw = _sensor_directory(size, values, pattern if values.ndim == 2 else ())
    if jpeg is None:
        # A single directory that is both.
        return _file([[*first, *raw]], [values.tobytes()])
    shown = preview.size if isinstance(preview, Image.Image) else (320, 240)
    return _file([[*_preview_directory(shown, len(jpeg)), *first], raw], [jpeg, values.tobytes()])


def sensor_of(image: Image.Image, pattern: tuple[str, ...] = BAYER) -> NDArray[np.unsignedinteger]:
    """What a sensor behind colour filters measures of a picture: (H, W), proportional to light."""
    return behind_filters(linear_of(image), pattern)


def behind_filters(light: NDArray[np.unsignedinteger], pattern: tuple[str, ...] = BAYER) -> NDArray[np.unsignedinteger]:
    """Of (H, W, 3) the one colour that each pixel's filter lets through: (H, W)."""
    rows, columns = np.indices(light.shape[:2])
    filters = np.array([["RGB".index(colour) for colour in row] for row in pattern])
    channel = filters[rows % len(pattern), columns % len(pattern[0])]
    return np.take_along_axis(light, channel[..., np.newaxis], axis=2)[..., 0]


def linear_of(image: Image.Image) -> NDArray[np.uint16]:
    """A picture's pixels, proportional to light: (H, W, 3)."""
    coded = np.asarray(image.convert("RGB")) / 255.0
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return (light * WHITE).astype(np.uint16)


def _first_directory(orientation: int, neutral: tuple[float, ...]) -> list[Field]:
    matrix = tuple(part for value in _SCREEN_COLOURS for part in (round(value * 10_000), 10_000))
    return [
        Field(271, _ASCII, tuple(b"Maker\0")),
        Field(272, _ASCII, tuple(b"Model X\0")),
        Field(274, _SHORT, (orientation,)),
        Field(50706, _BYTE, (1, 4, 0, 0)),
        Field(50708, _ASCII, tuple(b"Maker Model X\0")),
        Field(50721, _SIGNED_RATIONAL, matrix),
        Field(50728, _RATIONAL, tuple(part for value in neutral for part in (round(value * 10_000), 10_000))),
        Field(50778, _SHORT, (21,)),
    ]


def _preview_directory(size: tuple[int, int], length: int) -> list[Field]:
    return [
        Field(254, _LONG, (1,)),
        Field(256, _LONG, size[:1]),
        Field(257, _LONG, size[1:]),
        Field(259, _SHORT, (7,)),
        Field(262, _SHORT, (6,)),
        Field(277, _SHORT, (3,)),
        Field(273, _LONG, ()),
        Field(279, _LONG, (length,)),
    ]


def _sensor_directory(
    size: tuple[int, int], values: NDArray[np.unsignedinteger], pattern: tuple[str, ...]
) -> list[Field]:
    samples = 1 if pattern else 3
    white = WHITE if values.itemsize == 2 else 255
    fields = [
        Field(254, _LONG, (0,)),
        Field(256, _LONG, size[:1]),
        Field(257, _LONG, size[1:]),
        Field(258, _SHORT, (8 * values.itemsize,) * samples),
        Field(259, _SHORT, (1,)),
        Field(262, _SHORT, (32803 if pattern else 34892,)),
        Field(273, _LONG, ()),
        Field(277, _SHORT, (samples,)),
        Field(278, _LONG, size[1:]),
        Field(279, _LONG, (values.nbytes,)),
        Field(50714, _SHORT, (0,) * samples),
        Field(50717, _LONG, (white,) * samples),
    ]
    if pattern:
        colours = tuple("RGB".index(colour) for row in pattern for colour in row)
        fields += [Field(33421, _SHORT, (len(pattern), len(pattern[0]))), Field(33422, _BYTE, colours)]
    return fields


def _file(directories: list[list[Field]], strips: list[bytes]) -> bytes:
    """A little-endian TIFF: each directory but the first is a SubIFD of it; an empty field 273 gets its strip's offset."""
    sizes = [_directory_size(fields, index, len(directories)) for index, fields in enumerate(directories)]
    starts = [8 + sum(sizes[:index]) for index in range(len(directories))]
    strips_at = [8 + sum(sizes) + sum(len(strip) for strip in strips[:index]) for index in range(len(strips))]
    out = b"II*\0" + struct.pack("<I", 8)
    for fields, start, strip_at in zip(directories, starts, strips_at, strict=True):
        located = [Field(273, _LONG, (strip_at,)) if field.tag == 273 else field for field in fields]
        if start == 8 and len(starts) > 1:
            located.append(Field(330, _LONG, tuple(starts[1:])))
        out += _directory(located, start)
    return out + b"".join(strips)


def _directory_size(fields: list[Field], index: int, count: int) -> int:
    located = [Field(273, _LONG, (0,)) if field.tag == 273 else field for field in fields]
    if index == 0 and count > 1:
        located.append(Field(330, _LONG, (0,) * (count - 1)))
    return len(_directory(located, 0))


def _directory(fields: list[Field], start: int) -> bytes:
    entries, beyond = b"", b""
    beyond_at = start + 2 + 12 * len(fields) + 4
    for field in sorted(fields, key=lambda field: field.tag):
        packed = field.packed()
        count = len(field.values) // len(field.kind[1])
        if len(packed) > 4:
            value = struct.pack("<I", beyond_at + len(beyond))
            beyond += packed + b"\0" * (len(packed) % 2)
        else:
            value = packed.ljust(4, b"\0")
        entries += struct.pack("<HHI", field.tag, field.kind[0], count) + value
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", 0) + beyond


PREVIEW_UUID = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")


def box(kind: bytes, *bodies: bytes, long_sizes: bool = False) -> bytes:
    """An ISO base media box; `long_sizes`: with its size in 64 bits."""
    body = b"".join(bodies)
    if long_sizes:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def cr3(jpeg: bytes, *, said_length: int | None = None, long_sizes: bool = False) -> bytes:
    """The outermost boxes of a Canon CR3, in the order of the camera, with the preview but no picture."""
    length = len(jpeg) if said_length is None else said_length
    fields = struct.pack(">IHHHHI", 0, 1, 1620, 1080, 1, length)
    preview = box(b"PRVW", fields, jpeg)
    return b"".join(
        (
            box(b"ftyp", b"crx \0\0\0\1crx isom"),
            box(b"moov", bytes(40)),
            box(b"uuid", bytes(range(16)), bytes(20)),
            box(b"uuid", PREVIEW_UUID, struct.pack(">II", 0, 1), preview, long_sizes=long_sizes),
            box(b"mdat", bytes(32)),
        )
    )
