"""Real pictures in many formats, and damage of many kinds done to them; every mutation is known by its number."""

from __future__ import annotations

import random

import numpy as np
import skimage.data
from PIL import Image

from tests.decode_samples import (
    encoded,
    exif,
    jpeg_with_mpf_preview,
    jpeg_with_thumbnail,
    picture,
    stored,
)
from tests.raw_samples import XTRANS, dng, linear_of, sensor_of

# Numbers at which counting goes wrong.
_EDGES = (0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF)


def seeds() -> dict[str, bytes]:
    """Files by suffix-like name, small enough that thousands of decodes take minutes."""
    cat, coffee = picture(448, 300), Image.fromarray(skimage.data.coffee()).resize((600, 400))
    deep = Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 257)
    more = {"save_all": True, "append_images": [coffee.resize((448, 300))]}
    return {
        "plain.jpg": encoded(coffee, "JPEG", exif=exif(6)),
        "progressive.jpg": encoded(coffee, "JPEG", progressive=True),
        "cmyk.jpg": encoded(cat.convert("CMYK"), "JPEG"),
        "restarts.jpg": encoded(coffee, "JPEG", restart_marker_rows=1),
        "thumbnail.jpg": jpeg_with_thumbnail(picture(1344, 900), cat, 8),
        "preview.jpg": jpeg_with_mpf_preview(picture(1344, 900), picture(672, 450)),
        "plain.png": encoded(coffee, "PNG", exif=exif(3)),
        "palette.png": encoded(cat.quantize(64), "PNG", transparency=3),
        "deep.png": encoded(deep, "PNG"),
        "animated.png": encoded(cat, "PNG", **more),
        "lossy.webp": encoded(coffee, "WEBP", exif=exif(5)),
        "lossless.webp": encoded(cat, "WEBP", lossless=True),
        "animated.webp": encoded(cat, "WEBP", **more),
        "plain.tif": encoded(stored(cat, 6), "TIFF", exif=exif(6)),
        "lzw.tif": encoded(cat, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": encoded(cat, "TIFF", compression="jpeg"),
        "pages.tif": encoded(cat, "TIFF", compression="tiff_adobe_deflate", **more),
        "fax.tif": encoded(cat.convert("1"), "TIFF", compression="group4"),
        "animated.gif": encoded(cat, "GIF", **more),
        "plain.bmp": encoded(cat, "BMP"),
        "palette.bmp": encoded(cat.quantize(200), "BMP"),
        "plain.avif": encoded(cat, "AVIF", exif=exif(2)),
        "raw.dng": dng(cat, 6, sensor_of(cat)),
        "tiny-preview.dng": dng(picture(160, 107), 1, sensor_of(cat, XTRANS), pattern=XTRANS),
        "no-preview.dng": dng(None, 8, sensor_of(cat)),
        "linear.dng": dng(None, 1, linear_of(cat)),
    }


def mutated(data: bytes, number: int) -> bytes:
    """The file with damage number `number`: the same number gives the same damage."""
    chance = random.Random(number)  # noqa: S311 - repeatable on purpose
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        _damage(damaged, chance)
    return bytes(damaged)


def _damage(data: bytearray, chance: random.Random) -> None:
    # Headers decide what a decoder does: half of the damage goes there.
    reach = min(len(data), 1024) if chance.random() < 0.5 else len(data)
    at = chance.randrange(reach) if reach else 0
    length = chance.choice((1, 2, 4, 64, 4096))
    kind = chance.randrange(7)
    if kind == 0:
        del data[at:]
    elif kind == 1:
        del data[at : at + length]
    elif kind == 2:
        data[at : at + length] = bytes(len(data[at : at + length]))
    elif kind == 3:
        data[at:at] = data[at : at + length]
    elif kind == 4:
        data[at : at + length] = chance.randbytes(len(data[at : at + length]))
    elif kind == 5 and data:
        data[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
    elif data:
        data[at] = chance.choice(_EDGES) if chance.random() < 0.5 else data[at] ^ 1 << chance.randrange(8)
