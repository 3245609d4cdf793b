"""Photos of plain bytes: uncompressed, so that no library's version changes them. Their dates are in their names."""

from __future__ import annotations

import os
import struct
from pathlib import Path

SIDE = 96
NAMES = (
    "IMG_20240501_120000.bmp",
    "IMG_20240502_090000.bmp",
    "IMG_20190807_060000.bmp",
    "Screenshot_20230101-101010.bmp",
)


def make_photos(folder: Path) -> None:
    """A few, with times that do not change either."""
    folder.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        path = folder / name
        path.write_bytes(picture(number))
        os.utime(path, ns=(1_700_000_000_000_000_000 + number, 1_700_000_000_000_000_000 + number))


def picture(number: int) -> bytes:
    """A BMP of coloured squares by chance: no network sees anything in it, so that no later rule will either."""
    value, colours = number + 1, []
    for _ in range((SIDE // 8) ** 2):
        value = (value * 1_103_515_245 + 12_345) % 2**31
        colours.append((value >> 7 & 0xFFFFFF).to_bytes(3, "little"))
    rows = [
        b"".join(colour * 8 for colour in colours[at : at + SIDE // 8]) * 8 for at in range(0, len(colours), SIDE // 8)
    ]
    pixels = b"".join(rows)
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, len(pixels), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + head + pixels
