"""The fast way to a camera's JPEG at an eighth of its size, in C (jpeg_eighth.c): the same pixels as libjpeg's in half its time.

The library is compiled when the project is installed where there is a compiler; without it, and for whatever is
unusual or damaged, the caller asks libjpeg. docs/decisions/0006-jpeg-at-an-eighth.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from album_sort.containers.jpeg import HUFFMAN, QUANTIZATION, RESTART
from album_sort.images.jpeg_layout import JpegLayout
from album_sort.native import CODE_BYTES, native_library, pointer

_BASELINE = (0xC0, 0xC1)
# Of luma, across and down; chroma has one block for them.
_SAMPLINGS = frozenset({0x11, 0x12, 0x21, 0x22})

# fmt: off
_NATURAL_ORDER = (
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)
# fmt: on


@dataclass(slots=True)
class _Coding:
    """How a JPEG's coefficients are written; what this module does not know is missing from it."""

    codes: dict[int, bytes] = field(default_factory=dict)
    """By class and number: how many codes of each length, then the symbols, (272,)."""
    quantization: dict[int, NDArray[np.uint16]] = field(default_factory=dict)
    """By number: (64,) in natural order."""
    restart_interval: int = 0


def decode_eighth(data: bytes, layout: JpegLayout, short_px: int) -> NDArray[np.uint8] | None:
    """(H, W, 3) RGB, H and W an eighth of the picture's, rounded up; None where that is too small, or libjpeg must look.

    short_px: what the short side must keep.
    """
    height, width = -(-layout.height_px // 8), -(-layout.width_px // 8)
    library = native_library()
    if library is None or min(height, width) < short_px:
        return None
    try:
        colours = simplejpeg.decode_jpeg_header(data)[2]
        scan = _read_headers(data, layout)
    except (LookupError, ValueError):
        return None
    if scan is None or colours != "YCbCr":
        return None
    codes, quantization, sampling, interval = scan
    rgb = np.empty((height, width, 3), np.uint8)
    at = layout.scan_at + 2 + _SCAN_HEADER_BYTES
    pixels = np.frombuffer(data, np.uint8, offset=at)
    refused = library.jpeg_eighth_1(
        pointer(pixels),
        pixels.size,
        layout.width_px,
        layout.height_px,
        sampling >> 4,
        sampling & 15,
        interval,
        codes,
        pointer(quantization),
        pointer(rgb),
    )
    return None if refused else rgb


_SCAN_HEADER_BYTES = 12
"""Of a scan of three components, its length field included."""


def _read_headers(data: bytes, layout: JpegLayout) -> tuple[bytes, NDArray[np.uint16], int, int] | None:
    """Codes (3, 2, 272), quantization (3, 64), luma's sampling, restart interval; None for what cameras do not write."""
    frame = data[layout.frame_at + 4 : layout.frame_at + 4 + 15]
    scan = data[layout.scan_at + 2 : layout.scan_at + 2 + _SCAN_HEADER_BYTES]
    if layout.frame_marker not in _BASELINE or layout.components != 3 or layout.has_stray_bytes:
        return None
    if layout.frame_at > layout.scan_at or scan[:3] != b"\0\x0c\x03" or scan[9:] != b"\0\x3f\0":
        return None
    components = frame[6:15]
    numbers, samplings = components[0::3], components[1::3]
    if samplings[0] not in _SAMPLINGS or samplings[1:] != b"\x11\x11" or scan[3:9:2] != numbers:
        return None
    coding = _read_coding(layout.tables)
    codes = b"".join(coding.codes[table >> 4] + coding.codes[0x10 | table & 15] for table in scan[4:9:2])
    quantization = np.concatenate([coding.quantization[number] for number in components[2::3]])
    return codes, quantization, samplings[0], coding.restart_interval


def _read_coding(tables: tuple[tuple[int, bytes], ...]) -> _Coding:
    """All tables as they stand at the first scan; raises LookupError or ValueError where one does not hold together."""
    coding = _Coding()
    for marker, body in tables:
        if marker == HUFFMAN:
            coding.codes |= _codes(body)
        elif marker == QUANTIZATION:
            coding.quantization |= _quantization(body)
        elif marker == RESTART:
            coding.restart_interval = int.from_bytes(body[:2], "big")
    return coding


def _codes(body: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        if len(counts) < 16 or end > len(body) or sum(counts) > 256:
            raise ValueError("a Huffman table ends early")
        if body[at] & 0xEC or (body[at] < 0x10 and max(body[at + 17 : end], default=0) > 15):
            raise ValueError("no Huffman table that libjpeg takes")
        found[body[at]] = (counts + body[at + 17 : end]).ljust(CODE_BYTES, b"\0")
        at = end
    return found


def _quantization(body: bytes) -> dict[int, NDArray[np.uint16]]:
    found = {}
    for at in range(0, len(body), 65):
        if body[at] > 15 or len(body) < at + 65:
            raise ValueError("a quantization table of 16 bits, or one that ends early")
        natural = np.empty(64, np.uint16)
        natural[list(_NATURAL_ORDER)] = np.frombuffer(body, np.uint8, 64, at + 1)
        found[body[at]] = natural
    return found
