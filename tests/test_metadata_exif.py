"""EXIF in every container, through the quirks of cameras, and never an exception."""

from __future__ import annotations

import io
import struct
import time
import zlib
from datetime import datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from album_sort.metadata.exif import read_exif
from album_sort.metadata.exif_gps import gps_positions
from album_sort.metadata.files import read_metadata
from album_sort.types import Metadata, TimePrecision, TimeSource
from tests.exif_builders import box, exif_block, heif_with_exif, jpeg_with, picture, xmp

DATE, ORIGINAL, DIGITIZED = 0x0132, 0x9003, 0x9004
OFFSET_ORIGINAL, SUBSEC_ORIGINAL, COMMENT = 0x9011, 0x9291, 0x9286
TAKEN = datetime(2024, 2, 29, 23, 59, 58)
PLAIN = exif_block({0x010F: "Canon", 0x0110: "Canon EOS 5D", 0x0112: 6}, {ORIGINAL: "2024:02:29 23:59:58"})
APPLE_ID = "602FEBB7-6B59-4799-96E6-9C8484D873C7"


def original(metadata: Metadata) -> datetime | None:
    """The wall time of DateTimeOriginal."""
    return next((one.local for one in metadata.time_candidates if one.source is TimeSource.EXIF_ORIGINAL), None)


def raf() -> bytes:
    """A Fuji RAW: its JPEG, which has the EXIF, stands where byte 84 says."""
    return b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">I", 200) + bytes(112) + picture("JPEG", PLAIN)


def cr3() -> bytes:
    """A Canon CR3: each directory is a block of its own inside `moov`."""
    image = exif_block({0x010F: "Canon", 0x0110: "Canon EOS 5D", 0x0112: 6})[6:]
    exif = exif_block({ORIGINAL: "2024:02:29 23:59:58"})[6:]
    uuid = box(b"uuid", bytes.fromhex("85c0b687820f11e08111f4ce462b6a48"), box(b"CMT1", image), box(b"CMT2", exif))
    return box(b"ftyp", b"crx ", bytes(4)) + box(b"moov", uuid)


CONTAINERS = {
    "jpeg": picture("JPEG", PLAIN),
    "png": picture("PNG", PLAIN),
    "webp": picture("WEBP", PLAIN),
    "tiff": picture("TIFF", PLAIN),
    "heic": heif_with_exif(PLAIN),
    "heic of an unusual brand": heif_with_exif(PLAIN, brand=b"hevx"),
    "heic without the Exif mark": heif_with_exif(PLAIN[6:], prefix=bytes(4)),
    "heic with broken boxes": heif_with_exif(PLAIN).replace(b"iloc", b"oops"),
    "avif": heif_with_exif(PLAIN, brand=b"avif"),
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n" + struct.pack(">I", 12 + len(PLAIN)) + b"Exif" + struct.pack(">I", 6) + PLAIN,
    "raf": raf(),
    "cr3": cr3(),
    "jpeg cut in the middle": picture("JPEG", PLAIN)[:400],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_exif_is_found_in_every_container(container: str) -> None:
    found = read_exif(CONTAINERS[container])
    assert original(found) == TAKEN
    assert (found.camera, found.orientation) == ("Canon EOS 5D", 6)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"GIF89a", b"%PDF", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", bytes(500)]
)
def test_no_exif_is_no_metadata(data: bytes) -> None:
    assert read_metadata(data, "") == Metadata()


def test_offset_and_fraction_of_a_second_belong_to_their_own_date() -> None:
    found = read_exif(
        jpeg_with(
            {DATE: "2024:03:05 10:00:00"},
            {ORIGINAL: "2024:02:29 23:59:58", SUBSEC_ORIGINAL: "409", OFFSET_ORIGINAL: "-07:00", 0x9292: "5"},
        )
    )
    first, last = found.time_candidates
    assert (first.local, first.utc_offset_minutes) == (datetime(2024, 2, 29, 23, 59, 58, 409_000), -420)
    assert first.utc == datetime(2024, 3, 1, 6, 59, 58, 409_000)
    assert (last.source, last.utc_offset_minutes, last.utc) == (TimeSource.EXIF_DATETIME, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024:02:29 23:59:58", TAKEN),
        ("2024-02-29 23:59:58", TAKEN),
        ("2024/02/29 23:59:58", TAKEN),
        ("2024-02-29T23:59:58", TAKEN),
        ("2024:2:29 23:59:58", TAKEN),
        ("2024:02:29 23:59:60", datetime(2024, 2, 29, 23, 59, 59)),
        ("2024:02:29", datetime(2024, 2, 29)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("0001:01:01 00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_as_cameras_write_them(text: str, expected: datetime | None) -> None:
    assert original(read_exif(jpeg_with(exif={ORIGINAL: text}))) == expected


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2015:08:22 24:08:19", "2015-08-22 00:08:19", "second"),
        ("2024:02:29 23:59:61", "2024-02-29 23:59:00", "minute"),
        ("2019:05:06 10:65:12", "2019-05-06 00:00:00", "day"),
        ("2024:02:29 25:00:00", "2024-02-29 00:00:00", "day"),
        ("2023:02:29 10:00:00", "2023-02-01 00:00:00", "month"),
        ("2024:13:01 10:00:00", "2024-01-01 00:00:00", "year"),
        ("1993:00:00 12:00:00", "1993-01-01 00:00:00", "year"),
        ("1993:08:00 00:00:00", "1993-08-01 00:00:00", "month"),
        ("1993:08:  :  :  ", "1993-08-01 00:00:00", "month"),
        ("2004: 1: 5  9: 8: 7", "2004-01-05 09:08:07", "second"),
        ("2019:05:06 07:08:09 PM", "2019-05-06 19:08:09", "second"),
        ("5/6/2006", "2006-01-01 00:00:00", "year"),
    ],
)
def test_good_parts_survive_bad_ones(text: str, expected: str, precision: str) -> None:
    """Telephones that count the first hour as 24, archives that write unknown parts as zero, a minute of 65."""
    (candidate,) = read_exif(jpeg_with(exif={ORIGINAL: text, SUBSEC_ORIGINAL: "0"})).time_candidates
    assert (str(candidate.local), candidate.precision) == (expected, precision)


def test_a_date_without_time_is_a_day() -> None:
    (candidate,) = read_exif(jpeg_with(exif={ORIGINAL: "2024:02:29"})).time_candidates
    assert candidate.precision is TimePrecision.DAY


def test_a_date_that_is_none_is_told_but_an_empty_one_is_not() -> None:
    assert "0000:00:00" in str(read_exif(jpeg_with(exif={ORIGINAL: "0000:00:00 00:00:00"})).warnings)
    assert read_exif(jpeg_with(exif={ORIGINAL: "    :  :     :  :  "})).warnings == ()


def gps(lat: object, lon: object, north: object = "N", east: object = "E", **more: object) -> dict[int, object]:
    """Tags of the GPS directory; references that are None are left out."""
    names = {"altitude_ref": 5, "altitude": 6, "clock": 7, "speed_ref": 12, "speed": 13, "day": 29}
    tags = {1: north, 2: lat, 3: east, 4: lon} | {names[name]: value for name, value in more.items()}
    return {tag: value for tag, value in tags.items() if value is not None}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (gps((43.0, 28.0, 2.814), (11.0, 53.0, 6.456)), (43.4674, 11.8851)),
        (gps((33.0, 51.0, 25.0), (151.0, 12.0, 36.0), "S", "E"), (-33.8569, 151.21)),
        (gps((34.0, 39.0, 53.18), (86.0, 28.0, 13.38), "n", "w"), (34.6648, -86.4704)),
        (gps((43.4674, 0.0, 0.0), (11.8851, 0.0, 0.0)), (43.4674, 11.8851)),
        (gps((43.0, 28.0469, 0.0), (11.0, 53.1076, 0.0)), (43.4674, 11.8851)),
        (gps((43.0, 59.0, 60.0), (11.0, 53.0, 6.456)), (44.0, 11.8851)),
        (gps((43.0, 28.0, IFDRational(0, 0)), (11.0, 53.0, IFDRational(0, 0))), (43.4667, 11.8833)),
    ],
    ids=["plain", "south", "lower case", "decimal degrees", "decimal minutes", "rounded up", "seconds 0/0"],
)
def test_positions_are_read_through_their_quirks(tags: dict[int, object], expected: tuple[float, float]) -> None:
    (position,) = read_exif(jpeg_with(gps=tags)).positions
    assert (round(position.lat_deg, 4), round(position.lon_deg, 4)) == expected


@pytest.mark.parametrize(
    "tags",
    [
        gps((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        gps((IFDRational(0, 0),) * 3, (IFDRational(0, 0),) * 3),
        gps((43.0, 28.0, 2.8), (11.0, 53.0, 6.4), None, None),
        gps((43.0, 28.0, 2.8), (11.0, 53.0, 6.4), "N", None),
        gps((43.0, 2806.0, 0.0), (11.0, 53.0, 6.4)),
        gps((95.0, 0.0, 0.0), (11.0, 53.0, 6.4)),
        gps((43.0, 28.0, 2.8), (190.0, 53.0, 6.4)),
        gps((43.0, 28.0, 2.8), None),
    ],
    ids=["0/0 island", "0/0", "no references", "one reference", "scaled minutes", "lat 95", "lon 190", "half"],
)
def test_a_position_that_may_be_wrong_is_none(tags: dict[int, object]) -> None:
    assert read_exif(jpeg_with(gps=tags)).positions == ()


@pytest.mark.parametrize(("lat", "lon"), [(-33.8569, 151.21), (40.5, -3.7)])
def test_signed_degrees_stand_in_for_missing_references(lat: float, lon: float) -> None:
    """As some software writes them, against the standard."""
    tags = {"GPS GPSLatitude": SimpleNamespace(values=[lat, 0, 0]), "GPS GPSLongitude": SimpleNamespace(values=[lon])}
    (position,) = gps_positions(tags, [])
    assert (position.lat_deg, position.lon_deg) == (lat, lon)


def test_altitude_speed_and_fix_come_with_the_position() -> None:
    found = read_exif(
        jpeg_with(
            gps=gps(
                (31.0, 30.0, 0.0),
                (35.0, 30.0, 0.0),
                altitude_ref=b"\1",
                altitude=430.0,
                speed_ref="N",
                speed=10.0,
                day="2024:02:29",
                clock=(22.0, 59.0, 58.5),
            )
        )
    )
    (position,) = found.positions
    assert (position.altitude_m, position.speed_kmh) == (-430, 18.52)
    assert position.fix_utc == datetime(2024, 2, 29, 22, 59, 58, 500_000)
    assert [(one.source, one.utc) for one in found.time_candidates] == [(TimeSource.GPS, position.fix_utc)]


def test_a_gps_day_without_time_is_no_fix() -> None:
    found = read_exif(jpeg_with(gps=gps((31.0, 30.0, 0.0), (35.0, 30.0, 0.0), day="2024:02:29")))
    assert found.time_candidates == ()
    assert found.positions[0].fix_utc is None


@pytest.mark.parametrize(("written", "expected"), [(1, 1), (6, 6), (8, 8), (0, 1), (9, 1), (65535, 1)])
def test_orientation_is_one_of_eight(written: int, expected: int) -> None:
    assert read_exif(jpeg_with({0x0112: written})).orientation == expected


def test_the_exposure_is_read() -> None:
    found = read_exif(
        jpeg_with(
            {0x010F: "NIKON CORPORATION\0\0", 0x0110: "NIKON D810 ", 0x0131: "Ver.1.12", 0x010E: "Bride"},
            {
                0x8827: 400,
                0x829A: 0.004,
                0x829D: 2.8,
                0x920A: 50.0,
                0xA405: 75,
                0x9209: 25,
                0xA434: "100 mm",
            },
        )
    )
    assert (found.camera_make, found.camera, found.software) == ("NIKON CORPORATION", "NIKON D810", "Ver.1.12")
    assert (found.iso, found.exposure_s, found.f_number) == (400, 0.004, 2.8)
    assert (found.focal_length_mm, found.focal_length_35mm, found.flash_fired) == (50, 75, True)
    assert (found.lens_model, found.description) == ("100 mm", "Bride")


@pytest.mark.parametrize(
    "raw",
    [
        b"ASCII\0\0\0Screenshot",
        b"UNICODE\0" + "Screenshot".encode("utf-16-le"),
        b"UNICODE\0" + "Screenshot".encode("utf-16-be"),
        b"UNICODE\0" + "Screenshot".encode("utf-16"),
        b"\0\0\0\0\0\0\0\0Screenshot",
        b"Screenshot",
    ],
)
def test_a_user_comment_is_read_in_its_character_set(raw: bytes) -> None:
    """iOS marks screenshots with it."""
    assert read_exif(jpeg_with(exif={COMMENT: raw})).user_comment == "Screenshot"


def apple_maker_note(identifier: str, burst: str) -> bytes:
    entries, texts = b"", b""
    for tag, text in ((0x000B, burst), (0x0011, identifier)):
        entries += struct.pack(">HHII", tag, 2, len(text) + 1, 14 + 2 + 24 + 4 + len(texts))
        texts += text.encode() + b"\0"
    return b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + bytes(4) + texts


@pytest.mark.parametrize(("make", "expected"), [("Apple", (APPLE_ID, "BURST-1")), ("Canon", ("", ""))])
def test_apples_maker_note_tells_live_photos_and_bursts(make: str, expected: tuple[str, str]) -> None:
    found = read_exif(jpeg_with({0x010F: make}, {0x927C: apple_maker_note(APPLE_ID, "BURST-1")}))
    assert (found.content_identifier, found.burst_id) == expected


def test_embedded_xmp_adds_to_the_exif() -> None:
    """In the application segment of a JPEG and in the text chunk of a PNG."""
    packet = xmp("<xmp:Rating>4</xmp:Rating><GCamera:MotionPhoto>1</GCamera:MotionPhoto>")
    jpeg, png, info = io.BytesIO(), io.BytesIO(), PngImagePlugin.PngInfo()
    Image.new("RGB", (16, 16)).save(jpeg, "JPEG", exif=PLAIN, xmp=packet)
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    Image.new("RGB", (16, 16)).save(png, "PNG", pnginfo=info)
    for data, taken in ((jpeg.getvalue(), TAKEN), (png.getvalue(), None)):
        found = read_metadata(data, "")
        assert (found.rating, found.is_motion_photo, original(found)) == (4, True, taken)


def hostile_tiff() -> bytes:
    """Directories that point to each other, each claiming 65,535 entries of 999 values: days of reading, if obeyed."""
    entry = struct.pack("<HHII", 0x9003, 5, 999, 8)
    directory = struct.pack("<H", 0xFFFF) + entry * 5000
    return b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + directory


def test_a_hostile_block_costs_no_more_than_a_moment() -> None:
    data = hostile_tiff()
    segment = b"\xff\xd8\xff\xe1" + struct.pack(">H", 65535) + data[:65533] + b"\xff\xd9"
    for hostile in (segment, data[6:], heif_with_exif(data)):
        start = time.process_time()
        read_metadata(hostile, "")
        assert time.process_time() - start < 2


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for start in (
        b"",
        b"\xff\xd8\xff\xe1\x01\x00Exif\0\0MM\0*",
        b"II*\0\x08\0\0\0",
        b"\0\0\0\x18ftypheic",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
    ):
        read_metadata(start + data, "")


RICH = jpeg_with(
    {0x010F: "Apple", 0x0110: "iPhone", 0x0112: 6, DATE: "2024:03:05 10:00:00"},
    {
        ORIGINAL: "2024:02:29 23:59:58",
        OFFSET_ORIGINAL: "-07:00",
        COMMENT: b"ASCII\0\0\0x",
        0x927C: apple_maker_note("a", "b"),
    },
    gps((43.0, 28.0, 2.8), (11.0, 53.0, 6.4), altitude=100.0, day="2024:02:29", clock=(1.0, 2.0, 3.0)),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from((RICH, *CONTAINERS.values())),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=12),
)
def test_damaged_exif_never_raises(data: bytes, damage: list[tuple[int, int]]) -> None:
    """Bytes of real EXIF overwritten at random; warnings are errors here, so none leaks either."""
    damaged = bytearray(data)
    for place, value in damage:
        damaged[place % len(damaged)] = value
    assert isinstance(read_metadata(bytes(damaged), ""), Metadata)


def test_the_checksum_of_a_chunk_is_not_asked_for() -> None:
    """A PNG whose eXIf chunk has a wrong checksum still tells its date."""
    data = picture("PNG", PLAIN)
    at = data.index(b"eXIf")
    checksum = struct.pack(">I", zlib.crc32(data[at : at + 4 + len(PLAIN) - 6]))
    assert original(read_exif(data.replace(checksum, bytes(4)))) == TAKEN
