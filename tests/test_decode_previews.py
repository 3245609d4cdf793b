"""A preview inside a file may stand for its picture only where it shows the same, in the same shape, large enough."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from album_sort.containers.heif import read_tables
from album_sort.containers.isobmff import is_complete
from album_sort.images import decode_picture
from album_sort.images.previews import is_usable_size
from album_sort.types import PixelSource
from tests.decode_samples import (
    RESNET,
    encoded,
    jpeg_with_mpf_preview,
    jpeg_with_thumbnail,
    likeness,
    picture,
    stored,
)

FULL = (2688, 1800)


def full_view() -> np.ndarray:
    return decode_picture(encoded(picture(*FULL), "JPEG", quality=90), RESNET).views[0]


def test_a_large_exif_thumbnail_stands_for_the_picture() -> None:
    decoded = decode_picture(jpeg_with_thumbnail(picture(*FULL), picture(448, 300)), RESNET)
    assert decoded.pixel_source is PixelSource.EXIF_THUMBNAIL
    assert (decoded.width_px, decoded.height_px) == FULL
    assert likeness(decoded.views[0], full_view()) > 0.97


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_turned_as_its_picture(orientation: int) -> None:
    data = jpeg_with_thumbnail(stored(picture(*FULL), orientation), stored(picture(448, 300), orientation), orientation)
    decoded = decode_picture(data, RESNET)
    assert decoded.pixel_source is PixelSource.EXIF_THUMBNAIL
    assert (decoded.width_px, decoded.height_px) == FULL
    assert likeness(decoded.views[0], full_view()) > 0.97


def test_an_mpf_preview_stands_for_the_picture() -> None:
    decoded = decode_picture(jpeg_with_mpf_preview(picture(*FULL), picture(672, 450)), RESNET)
    assert decoded.pixel_source is PixelSource.MPF_PREVIEW
    assert likeness(decoded.views[0], full_view()) > 0.98


def upside_down(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_180)


def with_bars(image: Image.Image) -> Image.Image:
    """The picture in a frame of another shape, as cameras letter-box a 3:2 photo in a 4:3 thumbnail."""
    framed = Image.new("RGB", (image.width, image.width * 3 // 4))
    framed.paste(image, (0, (framed.height - image.height) // 2))
    return framed


UNFIT = {
    "too small": picture(160, 107),
    "letter-boxed": with_bars(picture(448, 300)),
    "turned": picture(300, 448),
    "of the photo before it was edited": upside_down(picture(448, 300)),
    "a blank card": Image.new("RGB", (448, 300), (90, 90, 90)),
}


@pytest.mark.parametrize("what", UNFIT)
def test_an_unfit_thumbnail_is_not_looked_at(what: str) -> None:
    """Editing programs leave thumbnails of the unedited photo behind: the picture itself is decoded then."""
    decoded = decode_picture(jpeg_with_thumbnail(picture(*FULL), UNFIT[what]), RESNET)
    assert decoded.pixel_source is PixelSource.SCALED
    assert likeness(decoded.views[0], full_view()) > 0.999


def test_a_clear_sky_at_the_top_is_compared_by_its_brightness() -> None:
    sky = picture(*FULL).copy()
    ImageDraw.Draw(sky).rectangle((0, 0, FULL[0], FULL[1] // 3), fill=(120, 160, 220))
    small = sky.resize((448, 300), Image.Resampling.BILINEAR)
    assert decode_picture(jpeg_with_thumbnail(sky, small), RESNET).pixel_source is PixelSource.EXIF_THUMBNAIL


@pytest.mark.parametrize("break_at", [0, 1, 2, 3, 5, 8, 20, 60, 200])
def test_a_broken_thumbnail_is_not_looked_at(break_at: int) -> None:
    data = bytearray(jpeg_with_thumbnail(picture(*FULL), picture(448, 300)))
    start = data.index(b"\xff\xd8", 2) + break_at
    data[start : start + 40] = b"\0" * 40
    decoded = decode_picture(bytes(data), RESNET)
    assert likeness(decoded.views[0], full_view()) > 0.9


def test_a_small_picture_is_decoded_itself_although_it_has_a_thumbnail() -> None:
    decoded = decode_picture(jpeg_with_thumbnail(picture(672, 450), picture(448, 300)), RESNET)
    assert decoded.pixel_source is PixelSource.FULL


@pytest.mark.parametrize(
    ("preview", "full", "is_usable"),
    [
        ((320, 240), (4032, 3024), True),
        ((240, 320), (3024, 4032), True),
        ((416, 312), (5712, 4284), True),
        ((341, 256), (4000, 3000), True),
        ((160, 120), (4032, 3024), False),
        ((320, 240), (4032, 2268), False),
        ((320, 240), (3024, 4032), False),
        ((640, 480), (4272, 2848), False),
    ],
)
def test_a_usable_preview_has_the_shape_and_the_pixels(
    preview: tuple[int, int], full: tuple[int, int], is_usable: bool
) -> None:
    assert is_usable_size(preview, full, 224) is is_usable


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def heif(*, thumbnail_of: int = 1, turn: int = 1, is_cropped: bool = False) -> bytes:
    """The tables of an iPhone's file: item 1 the picture, item 2 its thumbnail; no pixel."""
    zero = b"\0\0\0\0"
    properties = box(
        b"ipco",
        box(b"ispe", zero, struct.pack(">II", 4032, 3024)),
        box(b"ispe", zero, struct.pack(">II", 320, 240)),
        box(b"irot", bytes([turn])),
        box(b"clap", b"\0" * 32),
    )
    own = b"\x01\x83\x84" if is_cropped else b"\x01\x83"
    associations = struct.pack(">IHB", 2, 1, len(own)) + own + struct.pack(">HB", 2, 2) + b"\x02\x83"
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(
        b"meta",
        zero,
        box(b"pitm", zero, struct.pack(">H", 1)),
        box(b"iref", zero, box(b"thmb", struct.pack(">HHH", 2, 1, thumbnail_of))),
        box(b"iprp", properties, box(b"ipma", zero, associations)),
    )


def test_the_tables_of_a_heif_tell_its_thumbnail() -> None:
    data = heif()
    tables = read_tables(data)
    assert tables is not None
    assert tables.size == (4032, 3024)
    (thumbnail,) = tables.thumbnails
    assert (thumbnail.item_id, thumbnail.size, thumbnail.turns) == (2, (320, 240), tables.turns)
    assert data[thumbnail.reference_at :].startswith(b"thmb")
    assert data[tables.primary_id_at :][: tables.primary_id_bytes] == b"\0\1"


def test_a_thumbnail_of_another_item_is_not_ours() -> None:
    tables = read_tables(heif(thumbnail_of=7))
    assert tables is not None
    assert tables.thumbnails == ()


def test_a_cropped_picture_has_no_usable_thumbnail() -> None:
    tables = read_tables(heif(is_cropped=True))
    assert tables is not None
    assert tables.thumbnails == ()


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damaged_tables_are_read_without_error(at: int, damage: bytes) -> None:
    data = bytearray(heif())
    data[at : at + len(damage)] = damage
    read_tables(bytes(data))
    is_complete(bytes(data))


@given(st.integers(0, 400))
def test_tables_of_a_cut_off_file_are_read_without_error(kept: int) -> None:
    cut = heif()[:kept]
    tables = read_tables(cut)
    assert tables is None or tables.is_complete
