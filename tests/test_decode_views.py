"""What the network looks at: torchvision's resize and crop exactly, and several windows where a crop would lose the sides."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from album_sort.classifier.efficientnet_lite0 import EFFICIENTNET_LITE0
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.torch_startup import import_torchvision, silence
from album_sort.images import decode_picture
from album_sort.images.huge import in_strips, shrink_factor
from album_sort.images.pixels import PIXEL_LIMIT, Request
from album_sort.images.views import resized_size
from album_sort.types import PixelSource, Preprocessing
from tests.decode_samples import RESNET, encoded, exif, likeness, picture, stored


@pytest.fixture(scope="module")
def transforms() -> ModuleType:
    import_torchvision()
    with silence():
        from torchvision import transforms  # noqa: PLC0415 - late, as the project itself does

        return transforms


def by_torchvision(transforms: ModuleType, image: Image.Image, preprocessing: Preprocessing) -> np.ndarray:
    filters = {"bilinear": transforms.InterpolationMode.BILINEAR, "bicubic": transforms.InterpolationMode.BICUBIC}
    resize = transforms.Resize(preprocessing.resize_px, filters[preprocessing.interpolation])
    return np.asarray(transforms.CenterCrop(preprocessing.crop_px)(resize(image)))


@pytest.mark.parametrize("size", [(448, 300), (300, 448), (640, 481), (333, 333), (2000, 1001), (150, 100), (257, 256)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_views_equal_those_of_torchvision(transforms: ModuleType, size: tuple[int, int], interpolation: str) -> None:
    preprocessing = replace(RESNET, interpolation=interpolation)
    decoded = decode_picture(encoded(picture(*size), "PNG"), preprocessing)
    assert (decoded.views[0] == by_torchvision(transforms, picture(*size), preprocessing)).all()


@pytest.mark.parametrize(("resize_px", "crop_px"), [(232, 224), (224, 224), (320, 300), (480, 456)])
def test_other_networks_bring_other_sizes(transforms: ModuleType, resize_px: int, crop_px: int) -> None:
    preprocessing = replace(RESNET, resize_px=resize_px, crop_px=crop_px)
    decoded = decode_picture(encoded(picture(800, 600), "PNG"), preprocessing)
    assert (decoded.views[0] == by_torchvision(transforms, picture(800, 600), preprocessing)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_moves_no_pixel_of_the_crop(transforms: ModuleType, orientation: int) -> None:
    data = encoded(stored(picture(640, 481), orientation), "PNG", exif=exif(orientation))
    difference = decode_picture(data, RESNET).views[0].astype(int) - by_torchvision(
        transforms, picture(640, 481), RESNET
    )
    assert np.abs(difference).max() <= 1, "resizing before turning rounds in another order"


def test_a_large_jpeg_is_decoded_small_and_looks_the_same(transforms: ModuleType) -> None:
    data = encoded(picture(2600, 1740), "JPEG", quality=92)
    decoded = decode_picture(data, RESNET)
    assert decoded.pixel_source is PixelSource.SCALED
    assert (decoded.width_px, decoded.height_px) == (2600, 1740)
    assert likeness(decoded.views[0], by_torchvision(transforms, picture(2600, 1740), RESNET)) > 0.998


def stripes(width: int, height: int) -> Image.Image:
    """From left to right: a ramp from dark to bright."""
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(ramp, (height, width)).copy()).convert("RGB")


@pytest.mark.parametrize(("size", "views"), [((1000, 500), 1), ((1001, 500), 3), ((1500, 500), 3), ((9000, 500), 4)])
@pytest.mark.parametrize("is_tall", [False, True])
def test_a_panorama_keeps_its_sides(size: tuple[int, int], views: int, is_tall: bool) -> None:
    image = stripes(*size).transpose(Image.Transpose.ROTATE_90) if is_tall else stripes(*size)
    decoded = decode_picture(encoded(image, "PNG"), RESNET)
    assert len(decoded.views) == views
    if views > 1:
        assert decoded.views.min() < 5, "the dark end is seen"
        assert decoded.views.max() > 250, "and the bright one"


def test_the_windows_of_a_panorama_are_upright() -> None:
    wide = Image.fromarray(np.hstack([np.asarray(picture(448, 300))] * 3))
    upright = decode_picture(encoded(wide, "PNG"), RESNET)
    turned = decode_picture(encoded(stored(wide, 6), "PNG", exif=exif(6)), RESNET)
    assert np.abs(turned.views[::-1].astype(int) - upright.views).max() <= 1, "in the order in which they are stored"
    assert (turned.width_px, turned.height_px) == (1344, 300)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_any_size_has_one_to_four_views_of_the_input_size(width: int, height: int) -> None:
    decoded = decode_picture(encoded(Image.new("RGB", (width, height)), "BMP"), RESNET)
    count, *shape = decoded.views.shape
    assert 1 <= count <= 4
    assert shape == [224, 224, 3]


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 600))
def test_resizing_keeps_the_short_side_exactly(width: int, height: int, short_px: int) -> None:
    resized = resized_size((width, height), short_px)
    assert min(resized) == short_px
    assert (resized[0] >= resized[1]) == (width >= height) or resized[0] == resized[1]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "L"])
def test_a_huge_picture_is_averaged_in_strips_and_looks_the_same(mode: str) -> None:
    """Strips that do not divide the picture evenly leave no seam."""
    image = picture(449, 301).convert(mode)
    reduced = in_strips(image.size, 3, lambda top, bottom: image.crop((0, top, image.width, bottom)))
    assert reduced.size == (150, 101)
    assert np.abs(np.asarray(reduced).astype(int) - np.asarray(image.reduce(3))).max() <= 1


def test_only_huge_pictures_are_reduced_and_never_below_what_is_needed() -> None:
    request = Request(RESNET, PIXEL_LIMIT, None)
    assert shrink_factor((6000, 4000), request) == 1
    width, height = 12_000, 9_000
    factor = shrink_factor((width, height), request)
    assert factor > 1
    assert height / factor >= 4 * RESNET.resize_px


@pytest.mark.parametrize("size", [(448, 300), (3200, 2400), (900, 300), (200, 150)], ids=str)
def test_what_is_measured_does_not_depend_on_the_network(size: tuple[int, int]) -> None:
    """The cache keeps one set of numbers for a content; otherwise a run with another network would move photos."""
    data = encoded(picture(*size), "JPEG", quality=90)
    one, other = (
        decode_picture(data, network.preprocessing, thumbnail_px=256) for network in (RESNET18, EFFICIENTNET_LITE0)
    )
    assert one.statistics == other.statistics
    assert one.thumbnail == other.thumbnail
