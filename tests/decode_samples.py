"""Makes photo files of every format and kind for the decoding tests, from a picture that scikit-image ships."""

from __future__ import annotations

import io
import struct
from functools import cache

import numpy as np
import simplejpeg
import skimage.data
from numpy.typing import NDArray
from PIL import ExifTags, Image

from album_sort.types import Preprocessing

RESNET = Preprocessing(256, 224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# How a camera held in each of the eight ways stores what a person sees upright: the inverse of the Orientation.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def picture(width: int = 448, height: int = 300) -> Image.Image:
    """A cat, RGB, of the given size."""
    return (
        Image.fromarray(skimage.data.chelsea()).crop((0, 0, 448, 300)).resize((width, height), Image.Resampling.BICUBIC)
    )


def stored(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera with this EXIF Orientation stores it."""
    turn = STORED_AS.get(orientation)
    return image if turn is None else image.transpose(turn)


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with an Orientation."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A file of Pillow's format name; the smallest PNG would take ten times as long."""
    if kind == "PNG":
        options.setdefault("compress_level", 1)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif_block(orientation: int, thumbnail: bytes) -> bytes:
    """An EXIF segment's body with an Orientation and a thumbnail, as cameras write it."""
    first = struct.pack("<H", 1) + struct.pack("<HHII", 0x0112, 3, 1, orientation) + struct.pack("<I", 26)
    second = (
        struct.pack("<H", 2)
        + struct.pack("<HHII", 0x0201, 4, 1, 56)
        + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail))
        + struct.pack("<I", 0)
    )
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + thumbnail


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment after its first two bytes."""
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def jpeg_with_thumbnail(image: Image.Image, thumbnail: Image.Image, orientation: int = 1) -> bytes:
    """A camera's JPEG: the picture with a thumbnail in its EXIF block."""
    small = encoded(thumbnail, "JPEG", quality=80)
    return with_segment(encoded(image, "JPEG", quality=90), 0xE1, exif_block(orientation, small))


def jpeg_with_mpf_preview(image: Image.Image, preview: Image.Image) -> bytes:
    """A camera's JPEG with a second, smaller JPEG behind it that an MP Format index lists."""
    main = encoded(image, "JPEG", quality=90)
    small = encoded(preview, "JPEG", quality=85)
    # An index of fixed size: its two entries follow the three tags.
    entries_at = 8 + 2 + 3 * 12 + 4
    body_size = 4 + entries_at + 2 * 16
    main_size = len(main) + 4 + body_size
    index_at = 2 + 4 + 4
    tags = (
        struct.pack("<H", 3)
        + struct.pack("<HHI4s", 0xB000, 7, 4, b"0100")
        + struct.pack("<HHII", 0xB001, 4, 1, 2)
        + struct.pack("<HHII", 0xB002, 7, 32, entries_at)
        + struct.pack("<I", 0)
    )
    entries = struct.pack("<IIIHH", 0x20030000, main_size, 0, 0, 0)
    entries += struct.pack("<IIIHH", 0x00010001, len(small), main_size - index_at, 0, 0)
    return with_segment(main, 0xE2, b"MPF\0II*\0" + struct.pack("<I", 8) + tags + entries) + small


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two pictures of the same shape: 1 the same, about 0 for one that is turned."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def unpacked(jpeg: bytes) -> NDArray[np.uint8]:
    """Pixels of a thumbnail."""
    rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(jpeg)
    return rgb


def deep_planes(image: Image.Image, order: str) -> bytes:
    """A TIFF of 16 bits whose colours follow one another; `order` "<" or ">"."""
    planes = [np.asarray(band).astype(f"{order}u2") * 257 for band in image.split()]
    count, size = len(planes), planes[0].nbytes
    lists_at = 8 + 2 + 10 * 12 + 4
    pixels_at = lists_at + count * (2 + 4 + 4)

    def tag(number: int, kind: int, values: int, value: int) -> bytes:
        short = kind == 3 and values == 1
        return struct.pack(f"{order}HHI", number, kind, values) + struct.pack(
            f"{order}{'HH' if short else 'I'}", *((value, 0) if short else (value,))
        )

    tags = (
        tag(256, 4, 1, image.width),
        tag(257, 4, 1, image.height),
        tag(258, 3, count, lists_at),
        tag(259, 3, 1, 1),
        tag(262, 3, 1, 2),
        tag(273, 4, count, lists_at + 2 * count),
        tag(277, 3, 1, count),
        tag(278, 4, 1, image.height),
        tag(279, 4, count, lists_at + 6 * count),
        tag(284, 3, 1, 2),
    )
    head = b"II*\0" if order == "<" else b"MM\0*"
    lists = struct.pack(f"{order}{count}H", *[16] * count)
    lists += struct.pack(f"{order}{count}I", *(pixels_at + size * index for index in range(count)))
    lists += struct.pack(f"{order}{count}I", *[size] * count)
    directory = struct.pack(f"{order}IH", 8, len(tags)) + b"".join(tags) + bytes(4)
    return head + directory + lists + b"".join(plane.tobytes() for plane in planes)
