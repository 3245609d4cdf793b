"""Resizing in C gives Pillow's pixels, and Pillow does it where the library was not built."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from album_sort.images import resample
from album_sort.images.resample import resize, resize_array

FILTERS = (Image.Resampling.BOX, Image.Resampling.BILINEAR)

needs_library = pytest.mark.skipif(
    not resample._runs(Image.Resampling.BILINEAR), reason="needs AVX2, and a C compiler at the installation"
)


def by_pillow(rgb: NDArray[np.uint8], size: tuple[int, int], how: Image.Resampling) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(rgb).resize(size, how))


@needs_library
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    scale=st.floats(0.05, 3),
    how=st.sampled_from(FILTERS),
    kind=st.sampled_from(["noise", "black and white"]),
    seed=st.integers(0, 99),
)
def test_the_pixels_are_pillows(
    size: tuple[int, int], scale: float, how: Image.Resampling, kind: str, seed: int
) -> None:
    """Widths and heights that shrink or grow alike, as ours do; where height shrinks much more, Pillow begins with it."""
    random = np.random.default_rng(seed)
    width, height = size
    levels = np.arange(256) if kind == "noise" else np.array([0, 255])
    rgb = random.choice(levels, (height, width, 3)).astype(np.uint8)
    across = max(1, round(width * scale))
    for target in ((across, height), (width, max(1, round(height * scale)))):
        np.testing.assert_array_equal(resize_array(rgb, target, how), by_pillow(rgb, target, how))
    square = rgb[: min(size), : min(size)]
    side = max(1, round(min(size) * scale))
    np.testing.assert_array_equal(resize_array(square, (side, side), how), by_pillow(square, (side, side), how))


@needs_library
@pytest.mark.parametrize(("width", "height"), [(534, 356), (408, 306), (356, 534), (341, 256), (146, 110), (640, 300)])
@pytest.mark.parametrize("how", FILTERS)
def test_pictures_of_usual_sizes_are_pillows(width: int, height: int, how: Image.Resampling) -> None:
    rgb = np.asarray(Image.fromarray(data.astronaut()).resize((width, height)))
    for short in (256, 192, 110, 71):
        size = (round(width * short / min(width, height)), round(height * short / min(width, height)))
        np.testing.assert_array_equal(resize_array(rgb, size, how), by_pillow(rgb, size, how))


@pytest.mark.parametrize("how", [*FILTERS, Image.Resampling.BICUBIC])
def test_an_image_is_resized_as_its_pixels_are(how: Image.Resampling) -> None:
    image = Image.fromarray(data.coffee())
    assert np.array_equal(np.asarray(resize(image, (300, 200), how)), np.asarray(image.resize((300, 200), how)))
    grey = image.convert("L")
    assert resize(grey, (30, 20), how).tobytes() == grey.resize((30, 20), how).tobytes()


def test_pixels_that_are_part_of_others_or_read_only_are_taken_as_they_stand() -> None:
    part = data.coffee()[10:200:2, 5:250]
    part.flags.writeable = False
    assert np.array_equal(
        resize_array(part, (122, 47), Image.Resampling.BILINEAR), by_pillow(part, (122, 47), Image.Resampling.BILINEAR)
    )


def test_without_the_library_pillow_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = data.chelsea()
    expected = resize_array(rgb, (225, 150), Image.Resampling.BILINEAR)
    monkeypatch.setattr(resample, "native_library", lambda: None)
    assert np.array_equal(resize_array(rgb, (225, 150), Image.Resampling.BILINEAR), expected)
