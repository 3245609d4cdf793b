"""Thumbnails of the report: the colours that the photo shows, upright whichever way the camera was held, sharp, small."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from album_sort.classifier.resnet18 import RESNET18
from album_sort.images import decode_picture
from album_sort.pipeline.engine import THUMBNAIL_PX
from tests import pictures

# Primaries as XYZ (red, green, blue in columns), adapted to D50 as profiles hold them.
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
D50 = (0.9642, 1.0, 0.8249)
GAMMA = 563 / 256
COLOUR = (180, 90, 70)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the sensor holds an upright picture: the inverse of what EXIF asks the viewer to do."""


def profile(primaries: np.ndarray) -> bytes:
    """An ICC profile (version 2) of these primaries and one gamma."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    name = b"made for a test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0" + name,
        b"wtpt": xyz(D50),
        **{letter + b"XYZ": xyz(tuple(primaries[:, number])) for number, letter in enumerate((b"r", b"g", b"b"))},
        **{letter + b"TRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) for letter in (b"r", b"g", b"b")},
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += padded
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += (
        struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
        + bytes(28)
        + struct.pack(">3i", *(round(v * 65536) for v in D50))
    )
    return header + bytes(128 - len(header)) + table + body


def as_stored(colour: tuple[int, int, int], primaries: np.ndarray) -> tuple[int, ...]:
    """The numbers that a camera with this colour space writes for an sRGB colour."""
    values = np.array(colour) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    own = np.linalg.solve(primaries, SRGB @ linear)
    return tuple(round(float(value)) for value in 255 * own ** (1 / GAMMA))


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0, **options)
    return buffer.getvalue()


def thumbnail_of(data: bytes) -> Image.Image:
    made = decode_picture(data, RESNET18.preprocessing, thumbnail_px=THUMBNAIL_PX).thumbnail
    return Image.open(io.BytesIO(made)).convert("RGB")


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
def test_a_wide_colour_space_is_shown_in_its_true_colours(primaries: np.ndarray) -> None:
    stored = as_stored(COLOUR, primaries)
    assert max(abs(a - b) for a, b in zip(stored, COLOUR, strict=True)) > 8, "without the profile it would look wrong"
    data = jpeg(Image.new("RGB", (1200, 900), stored), icc_profile=profile(primaries))
    shown = np.asarray(thumbnail_of(data)).reshape(-1, 3).mean(axis=0)
    assert np.abs(shown - COLOUR).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_upright_whichever_way_the_camera_was_held(orientation: int) -> None:
    upright = Image.new("RGB", (800, 600), (20, 20, 20))
    upright.paste((230, 40, 40), (0, 0, 400, 300))
    upright.paste((40, 230, 40), (400, 0, 800, 300))
    stored = upright.transpose(TURNS[orientation]) if orientation in TURNS else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    thumbnail = thumbnail_of(jpeg(stored, exif=exif))
    assert thumbnail.size == (THUMBNAIL_PX, THUMBNAIL_PX * 3 // 4)
    width, height = thumbnail.size
    seen = [thumbnail.getpixel((width * x // 4, height * y // 4)) for x, y in ((1, 1), (3, 1), (1, 3), (3, 3))]
    for pixel, expected in zip(seen, ((230, 40, 40), (40, 230, 40), (20, 20, 20), (20, 20, 20)), strict=True):
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, expected, strict=True)) <= 12, (orientation, seen)


def edges(image: Image.Image) -> float:
    grey = np.asarray(image.convert("L"), dtype=float)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def test_a_thumbnail_is_small_and_keeps_the_edges_of_the_photo() -> None:
    """Against the sharpest reduction there is; a blur of one pixel would keep two fifths of them."""
    photo = Image.fromarray(pictures.temple()).resize((2400, 1600), Image.Resampling.LANCZOS)
    thumbnail = thumbnail_of(jpeg(photo))
    assert edges(thumbnail) > 0.6 * edges(photo.resize(thumbnail.size, Image.Resampling.LANCZOS))
    assert len(decode_picture(jpeg(photo), RESNET18.preprocessing, thumbnail_px=THUMBNAIL_PX).thumbnail) < 20_000
