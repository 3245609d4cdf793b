"""The fast way to an eighth of a JPEG gives libjpeg's picture, bit for bit, or nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from album_sort.images import decode_picture, jpeg_eighth
from album_sort.images.jpeg_eighth import decode_eighth
from album_sort.images.jpeg_layout import read_layout
from tests.decode_samples import RESNET, encoded, picture
from tests.native_builders import needs_library

pytestmark = needs_library

SAMPLINGS = ("444", "422", "420", "440")
SIZES = ((480, 320), (333, 257), (8, 8), (17, 100), (1, 1))


def eighth(data: bytes, short_px: int = 1) -> NDArray[np.uint8] | None:
    layout = read_layout(data)
    return None if layout is None else decode_eighth(data, layout, short_px)


def by_libjpeg(data: bytes) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, min_height=1, min_width=1, min_factor=8)
    return rgb


def jpeg(size: tuple[int, int], sampling: str, quality: int) -> bytes:
    data: bytes = simplejpeg.encode_jpeg(np.asarray(picture().resize(size)), quality, colorsubsampling=sampling)
    return data


@pytest.mark.parametrize("quality", [5, 50, 90, 100])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_every_sampling_size_and_quality(sampling: str, size: tuple[int, int], quality: int) -> None:
    data = jpeg(size, sampling, quality)
    found = eighth(data)
    assert found is not None
    assert np.array_equal(found, by_libjpeg(data))


@pytest.mark.parametrize(
    "options", [{"restart_marker_blocks": 7}, {"restart_marker_rows": 1}, {"optimize": True}], ids=str
)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_restarts_and_a_pictures_own_codes(options: dict[str, int], subsampling: int) -> None:
    data = encoded(picture(), "JPEG", subsampling=subsampling, **options)
    found = eighth(data)
    assert found is not None
    assert np.array_equal(found, by_libjpeg(data))


def test_noise_and_flat_colour() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (160, 240, 3), np.uint8)
    for pixels in (noise, np.zeros_like(noise), np.full_like(noise, 255), noise & 128):
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), 95, colorsubsampling="420")
        found = eighth(data)
        assert found is not None
        assert np.array_equal(found, by_libjpeg(data))


@pytest.mark.parametrize(
    "data",
    [
        encoded(picture(), "JPEG", progressive=True),
        encoded(picture().convert("L"), "JPEG"),
        encoded(picture().convert("CMYK"), "JPEG"),
        encoded(picture(), "JPEG", keep_rgb=True),
        encoded(picture(), "JPEG")[:-2],
        encoded(picture(), "JPEG").replace(b"\xff\xc0", b"\xff\xc1\xff\xc0", 1),
    ],
    ids=["progressive", "grey", "CMYK", "RGB", "cut", "broken header"],
)
def test_what_is_unusual_or_damaged_is_left_to_libjpeg(data: bytes) -> None:
    assert eighth(data) is None


def test_a_picture_that_would_become_too_small_is_left_to_libjpeg() -> None:
    data = encoded(picture(480, 320), "JPEG")
    assert eighth(data, 40) is not None
    assert eighth(data, 41) is None


def damaged_files(count: int) -> Iterator[bytes]:
    """Small files, so that most of the damage hits codes and tables; by number, so that each can be found again."""
    seeds = [jpeg((97, 65), sampling, quality) for sampling in SAMPLINGS for quality in (50, 95)]
    seeds += [
        encoded(picture(97, 65), "JPEG", restart_marker_blocks=3),
        encoded(picture(97, 65), "JPEG", optimize=True),
    ]
    for number in range(count):
        chance = random.Random(number)  # noqa: S311 - repeatable on purpose
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    data[at] ^= 1 << chance.randrange(8)
                case 2:
                    del data[at : at + chance.randrange(1, 9)]
                case _:
                    data[at:at] = chance.randbytes(chance.randrange(1, 6))
        yield bytes(data)


def check_damaged(count: int) -> None:
    accepted = 0
    for data in damaged_files(count):
        layout = read_layout(data)
        if layout is None or layout.width_px * layout.height_px > 4_000_000:
            continue
        found = decode_eighth(data, layout, 1)
        if found is not None:
            accepted += 1
            assert np.array_equal(found, by_libjpeg(data)), "libjpeg sees another picture, or complains of this one"
    assert count // 20 < accepted < count


def test_a_damaged_file_gives_libjpegs_picture_or_nothing() -> None:
    check_damaged(3_000)


@pytest.mark.long
def test_many_damaged_files_give_libjpegs_picture_or_nothing() -> None:
    check_damaged(100_000)


def test_a_photo_looks_the_same_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    large = encoded(picture().resize((3200, 2400), Image.Resampling.BICUBIC), "JPEG", quality=90)
    with_it = decode_picture(large, RESNET, thumbnail_px=256)
    monkeypatch.setattr(jpeg_eighth, "native_library", lambda: None)
    without = decode_picture(large, RESNET, thumbnail_px=256)
    assert eighth(large) is None
    assert np.array_equal(with_it.views, without.views)
    assert (with_it.statistics, with_it.thumbnail) == (without.statistics, without.thumbnail)
