"""RAW files show the camera's own preview; where it is missing, tiny or broken the RAW is developed, within limits."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from album_sort.images import UndecodableError, decode_picture
from album_sort.images.cr3 import cr3_preview
from album_sort.types import DecodedPicture, PixelSource
from tests.decode_samples import RESNET, encoded, likeness, picture, stored
from tests.raw_samples import BAYER, PREVIEW_UUID, WHITE, XTRANS, behind_filters, box, cr3, dng, linear_of, sensor_of

FULL = (1344, 900)


def decoded(data: bytes) -> DecodedPicture:
    return decode_picture(data, RESNET, suffix=".dng")


@functools.cache
def upright_view(size: tuple[int, int] = FULL) -> np.ndarray:
    return decode_picture(encoded(picture(*size), "PNG"), RESNET).views[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_raw_file_shows_its_preview_turned_as_the_raw_asks(orientation: int) -> None:
    upright = picture(480, 640) if orientation >= 5 else picture(640, 480)
    shown = decoded(dng(stored(upright, orientation), orientation))
    assert shown.pixel_source is PixelSource.RAW_PREVIEW
    assert (shown.width_px, shown.height_px) == upright.size
    assert likeness(shown.views[0], upright_view(upright.size)) > 0.98


def test_a_raw_preview_that_the_camera_has_turned_is_not_turned_again() -> None:
    shown = decoded(dng(picture(480, 640), 6))
    assert (shown.width_px, shown.height_px) == (480, 640)
    assert likeness(shown.views[0], upright_view((480, 640))) > 0.98


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_raw_without_a_preview_is_developed_and_turned_upright_once(orientation: int) -> None:
    shown = decoded(dng(None, orientation, sensor_of(stored(picture(*FULL), orientation))))
    assert shown.pixel_source is PixelSource.SCALED
    assert (shown.width_px, shown.height_px) == FULL
    assert likeness(shown.views[0], upright_view()) > 0.98
    assert shown.warnings == ()


FILTERS = {"RGGB": BAYER, "GRBG": ("GR", "BG"), "BGGR": ("BG", "GR"), "X-Trans": XTRANS}


@pytest.mark.parametrize("name", FILTERS)
def test_colours_are_right_behind_any_colour_filter(name: str) -> None:
    shown = decoded(dng(None, 1, sensor_of(picture(*FULL), FILTERS[name]), pattern=FILTERS[name]))
    assert colour_error(shown.views[0]) < 0.02


def test_a_raw_that_has_all_colours_in_each_pixel_is_developed() -> None:
    assert colour_error(decoded(dng(None, 1, linear_of(picture(*FULL)))).views[0]) < 0.02


def test_the_white_balance_of_the_camera_is_applied() -> None:
    assert tint_of(linear_of(picture(*FULL).convert("L")) * NEUTRAL, np.uint16) < 6


def test_grey_stays_grey_where_values_of_eight_bits_are_no_longer_proportional_to_light() -> None:
    """The camera's white balance would make a lossy DNG pink."""
    light = linear_of(picture(*FULL).convert("L")) * NEUTRAL / WHITE
    assert tint_of(255 * light ** (1 / 2.2), np.uint8) < 6


NEUTRAL = np.array((0.5, 1.0, 0.66))
"""Sensors measure more green than red and blue."""


def tint_of(measured: np.ndarray, kind: type[np.unsignedinteger]) -> float:
    """How far red, green and blue of a grey picture are apart once it is developed, in steps of 255."""
    view = decoded(dng(None, 1, behind_filters(measured.astype(kind)), neutral=tuple(NEUTRAL))).views[0]
    return float(np.ptp(view.mean(axis=(0, 1))))


def colour_error(view: np.ndarray) -> float:
    """How far the shares of red, green and blue are from the picture's; brightness is for the developer to choose."""
    ours, expected = (one.mean(axis=(0, 1)) / one.sum(axis=2).mean() for one in (view, upright_view()))
    return float(np.abs(ours - expected).max())


UNFIT: dict[str, Any] = {
    "tiny": picture(160, 107),
    "no JPEG": b"\xff\xd8\xff" + b"junk" * 100,
    "cut off": encoded(picture(448, 300), "JPEG")[:300],
    "too large": encoded(picture(64, 64), "JPEG").replace(b"\x08\0\x40\0\x40\x03", b"\x08\xff\0\xff\0\x03"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_a_raw_with_an_unfit_preview_is_developed(what: str) -> None:
    shown = decoded(dng(UNFIT[what], 1, sensor_of(picture(*FULL))))
    assert shown.pixel_source is PixelSource.SCALED
    assert likeness(shown.views[0], upright_view()) > 0.98


def test_a_raw_that_cannot_be_developed_is_shown_by_its_tiny_preview_and_says_so() -> None:
    cut = dng(picture(160, 107), 1, sensor_of(picture(*FULL)))[: -FULL[0] * FULL[1]]
    shown = decoded(cut)
    assert shown.pixel_source is PixelSource.RAW_PREVIEW
    assert shown.warnings[0] == "only a small preview of 160 x 107 pixels"
    assert shown.missing_share == pytest.approx(0.5, abs=0.02)
    assert likeness(shown.views[0], upright_view()) > 0.95


def test_a_raw_without_preview_that_is_cut_off_is_shown_as_far_as_it_goes() -> None:
    whole = dng(None, 1, noisy(sensor_of(picture(*FULL))))
    shown = decoded(whole[: -FULL[0] * FULL[1]])
    assert shown.warnings == ("truncated: 50% of the rows are missing",)
    upper = decode_picture(encoded(picture(*FULL).crop((0, 0, FULL[0], FULL[1] // 2)), "PNG"), RESNET)
    assert likeness(shown.views, upper.views) > 0.98
    with pytest.raises(UndecodableError, match=rf"skip\.cut-short \(format=DNG, missing={len(whole) - 3000}\)"):
        decoded(whole[:3000])


ENDS = {"in nothing": lambda values, row: 0 * values[row:], "in its last row": lambda values, row: values[row - 1]}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("sensor_from", [sensor_of, linear_of], ids=["behind filters", "all colours"])
def test_a_raw_whose_data_end_early_is_shown_as_far_as_it_goes(
    end: str, sensor_from: Callable[[Image.Image], np.ndarray]
) -> None:
    """LibRaw goes on with zeros or with the last row, and keeps silent about it."""
    sensor = noisy(sensor_from(picture(*FULL)))
    half = FULL[1] // 2
    sensor[half:] = ENDS[end](sensor, half)
    shown = decoded(dng(None, 1, sensor))
    assert shown.warnings == ("truncated: 50% of the rows are missing",)
    upper = decode_picture(encoded(picture(*FULL).crop((0, 0, FULL[0], half)), "PNG"), RESNET)
    assert likeness(shown.views, upper.views) > 0.98
    assert decoded(dng(picture(160, 107), 1, sensor)).pixel_source is PixelSource.RAW_PREVIEW


def test_a_raw_without_its_pixels_is_refused() -> None:
    """Test files of other programs come like this."""
    with pytest.raises(UndecodableError, match=r"skip\.cut-short \(format=DNG, missing="):
        decoded(dng(None, 1, 0 * sensor_of(picture(*FULL))))


def noisy(sensor: np.ndarray) -> np.ndarray:
    """As a sensor measures it: no two rows are alike."""
    noise = np.random.default_rng(5).normal(0, 12, sensor.shape)
    return np.clip(sensor + noise, 0, WHITE).astype(np.uint16)


def test_a_raw_of_too_many_pixels_is_not_developed() -> None:
    sensor, size = sensor_of(picture()), (12_000, 10_001)
    with pytest.raises(UndecodableError, match=r"skip\.too-many-pixels \(height_px=10001, .* width_px=12000\)"):
        decoded(dng(None, 1, sensor, said_size=size))
    assert decoded(dng(picture(160, 107), 1, sensor, said_size=size)).pixel_source is PixelSource.RAW_PREVIEW


def test_a_raw_that_has_all_colours_in_each_pixel_may_have_a_quarter_of_the_pixels() -> None:
    """It takes four times the memory."""
    behind_filters, all_colours = dng(None, 1, sensor_of(picture())), dng(None, 1, linear_of(picture()))
    limit = 2 * picture().width * picture().height
    decode_picture(behind_filters, RESNET, suffix=".dng", pixel_limit=limit)
    with pytest.raises(UndecodableError, match=r"skip\.too-many-pixels"):
        decode_picture(all_colours, RESNET, suffix=".dng", pixel_limit=limit)
    decode_picture(all_colours, RESNET, suffix=".dng", pixel_limit=2 * limit)


LARGEST = """
import resource, sys, time
from pathlib import Path
from tests.fuzz.decode_many import peak_bytes
from tests.test_decode_raw import decoded
data = Path(sys.argv[1]).read_bytes()
started = time.process_time()
shown = decoded(data)
print(shown.width_px, shown.height_px, time.process_time() - started, peak_bytes())
"""


@pytest.mark.long
@pytest.mark.parametrize("size", [(12_000, 10_000), (6_000, 5_000)], ids=["behind filters", "all colours"])
def test_the_largest_raw_that_is_developed_takes_seconds_and_less_than_a_gigabyte(
    size: tuple[int, int], tmp_path: Path
) -> None:
    shape = size[::-1] if size[0] > 6_000 else (*size[::-1], 3)
    values = np.random.default_rng(3).integers(0, 4096, shape, np.uint16)
    (tmp_path / "large.dng").write_bytes(dng(None, 1, values))
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", LARGEST, str(tmp_path / "large.dng")]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    width, height, seconds, peak_bytes = (float(value) for value in run.stdout.split())
    assert [width, height] == list(size)
    assert seconds < 4
    assert peak_bytes < 1 << 30


JPEG = encoded(Image.new("RGB", (48, 32), (90, 60, 30)), "JPEG")


def test_the_preview_of_a_cr3_is_found_behind_other_boxes() -> None:
    assert cr3_preview(cr3(JPEG)) == JPEG
    assert cr3_preview(cr3(JPEG, long_sizes=True)) == JPEG


NO_PREVIEW = {
    "nothing": b"",
    "no box of previews": box(b"ftyp", b"crx "),
    "another uuid": cr3(JPEG).replace(PREVIEW_UUID, bytes(16)),
    "another box in it": cr3(JPEG).replace(b"PRVW", b"THMB"),
    "no JPEG in it": cr3(b"\0" * 100),
    "an empty one": cr3(b""),
    "cut in the JPEG": cr3(JPEG)[: cr3(JPEG).index(JPEG) + len(JPEG) // 2],
    "cut in the fields": cr3(JPEG)[: cr3(JPEG).index(b"PRVW") + 6],
    "longer than its box": cr3(JPEG, said_length=len(JPEG) + 4) + bytes(64),
    "a box of no size before it": bytes(4) + b"free" + cr3(JPEG),
    "a box smaller than its header before it": b"\0\0\0\7free" + cr3(JPEG),
    "a box of 2^64 - 1 bytes before it": b"\0\0\0\1free" + b"\xff" * 8 + cr3(JPEG),
    "thousands of boxes before it": box(b"free") * 5000 + cr3(JPEG),
}


@pytest.mark.parametrize("what", NO_PREVIEW)
def test_a_cr3_without_a_whole_preview_has_none(what: str) -> None:
    assert cr3_preview(NO_PREVIEW[what]) == b""


@given(st.integers(0, 200), st.binary(min_size=1, max_size=16), st.integers(0, 1000))
def test_damaged_boxes_of_a_cr3_are_read_without_error(at: int, damage: bytes, kept: int) -> None:
    data = bytearray(cr3(JPEG))
    data[at : at + len(damage)] = damage
    found = cr3_preview(bytes(data[:kept]))
    assert found == b"" or found.startswith(b"\xff\xd8\xff")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_boxes_without_error(data: bytes) -> None:
    cr3_preview(data)
