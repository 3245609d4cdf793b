"""Numbers from outside: whatever a file says, only finite numbers of a possible size come in, and from every reader the same."""

from __future__ import annotations

import io
import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from album_sort.core.bounded import LARGEST, altitude, finite, whole
from album_sort.core.trips.positions import refusal
from album_sort.metadata.exif import read_exif
from album_sort.metadata.quicktime import read_quicktime
from album_sort.metadata.takeout import read_takeout
from album_sort.metadata.xmp import read_xmp
from album_sort.types import Metadata
from tests.exif_builders import jpeg_with, movie, xmp

NO_NUMBERS: tuple[object, ...] = (
    "inf", "-inf", "Infinity", "nan", "NaN", "1e999", "-1e999", "1e999/1", "1/0", "0/0", "1/0.0", "", "/", "1/", "/1", "1_000", "0x10",
    "9" * 5000, "1/" + "9" * 5000, "1" + "0" * 80, "--1", "1e", None, True, False, [], (), {}, math.inf, -math.inf, math.nan, 10**400,
    Fraction(10**400), IFDRational(1, 0), b"12",
)  # fmt: skip


@pytest.mark.parametrize("said", NO_NUMBERS, ids=lambda said: repr(said)[:20])
def test_what_is_no_finite_number_is_none(said: object) -> None:
    assert finite(said) is None
    assert whole(said) is None
    assert altitude(said) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [("12", 12), ("1.5", 1.5), (" 191/10 ", 19.1), ("1,5", 1.5), ("-3/2", -1.5), ("1e2", 100), (7, 7), ((2.5,), 2.5),
     ([Fraction(1, 4), 9], 0.25), (IFDRational(3, 2), 1.5)],
)  # fmt: skip
def test_numbers_as_files_write_them_are_read(said: object, number: float) -> None:
    assert finite(said) == number


@given(st.one_of(st.text(max_size=400), st.floats(), st.integers(), st.fractions(), st.lists(st.floats())))
def test_every_number_that_comes_in_is_finite_and_within_its_bounds(said: object) -> None:
    found = finite(said)
    assert found is None or (math.isfinite(found) and abs(found) <= LARGEST)
    side = whole(said, 1, 100)
    assert side is None or 1 <= side <= 100


def xmp_of(**properties: str) -> bytes:
    """A packet with properties named `exif_GPSAltitude` and the like."""
    tags = ((name.replace("_", ":"), text) for name, text in properties.items())
    return xmp("".join(f"<{name}>{text}</{name}>" for name, text in tags))


ENDLESS = ("inf", "-inf", "nan", "1e999", "1e999/1", "1/0", "9" * 400, "21000", "-4294967295", "123456789")


@pytest.mark.parametrize("height", ENDLESS)
def test_an_endless_altitude_leaves_the_place_whatever_file_says_it(height: str) -> None:
    """The same in each reader: the position is kept, its height is unknown, and deciding on it does not raise."""
    packet = xmp_of(exif_GPSLatitude="48,12.5N", exif_GPSLongitude="16,22.1E", exif_GPSAltitude=height)
    takeout = json.dumps(
        {
            "photoTakenTime": {"timestamp": "1500000000"},
            "geoData": {"latitude": 48.2, "longitude": 16.3, "altitude": height},
        }
    )
    read = [read_xmp(packet), read_takeout(takeout.encode())]
    if height.isdecimal():
        read.append(read_quicktime(io.BytesIO(movie(user_data={b"\xa9xyz": f"+48.2000+016.3000+{height}/"}))))
    for metadata in read:
        (position,) = metadata.positions
        assert position.altitude_m is None
        assert refusal(position) is None


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_json_may_hold_numbers_that_json_does_not_have(number: str) -> None:
    said = (
        f'{{"photoTakenTime": {{"timestamp": {number}}}, "geoDataExif": {{"latitude": {number}, "longitude": 16.3}},'
        f' "geoData": {{"latitude": 48.2, "longitude": 16.3, "altitude": {number}}}}}'
    )
    metadata = read_takeout(said.encode())
    assert metadata.time_candidates == ()
    assert [position.altitude_m for position in metadata.positions] == [None]


def test_rationals_over_zero_in_exif_are_unknown_numbers() -> None:
    nothing = IFDRational(1, 0)
    gps = {1: "N", 2: (48, 12, 30), 3: "E", 4: (16, 22, 6), 5: b"\1", 6: nothing, 0x0D: nothing}
    exif = {0x829A: nothing, 0x829D: nothing, 0x920A: nothing}
    metadata = read_exif(jpeg_with({}, exif, gps))
    assert [(one.altitude_m, one.speed_kmh) for one in metadata.positions] == [(None, None)]
    assert (metadata.exposure_s, metadata.f_number, metadata.focal_length_mm) == (None, None, None)


def test_below_the_sea_is_said_by_the_reference_or_by_the_sign() -> None:
    assert altitude("430", is_below=True) == -430
    assert altitude("-430", is_below=True) == -430
    assert altitude(-430) == -430


@pytest.mark.parametrize("stars", ["nan", "inf", "1e999", "99", "-7", "five", ""])
def test_a_rating_that_is_none_is_unknown(stars: str) -> None:
    assert read_xmp(xmp_of(xmp_Rating=stars)).rating is None


@pytest.mark.parametrize("degrees", ["9" * 400 + ",0N", "48," + "9" * 400 + "N", "48,12," + "9" * 400 + "N"])
def test_degrees_of_a_thousand_digits_are_no_place(degrees: str) -> None:
    packet = xmp_of(exif_GPSLatitude=degrees, exif_GPSLongitude="16,22.1E")
    assert read_xmp(packet) == Metadata()
