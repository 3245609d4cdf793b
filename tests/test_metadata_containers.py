"""Where cameras and editors put dates and places inside stills: each container is read, and an odd one costs nothing else."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from album_sort.metadata.files import read_metadata
from album_sort.metadata.inflate import inflated
from album_sort.types import Metadata, TimePrecision, TimeSource
from tests.container_builders import (
    CHANGES,
    chunk,
    damaged,
    dataset,
    exif_at,
    jpeg_with_iptc,
    jxl,
    plain,
    png_with,
    raw_profile,
    resources,
    segment,
)
from tests.exif_builders import box, xmp

DAY = datetime(2014, 7, 27, 10, 11, 12)
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
PACKET = xmp("<photoshop:DateCreated>2014-07-27T10:11:12</photoshop:DateCreated>")


def locals_of(data: bytes, kind: str = "jpeg") -> list[datetime | None]:
    return [one.local for one in read_metadata(data, kind).time_candidates]


# IPTC


@pytest.mark.parametrize(
    ("date", "time", "local", "offset"),
    [
        (b"20140727", b"101112+0200", DAY, 120),
        (b"20140727", b"101112-0730", DAY, -450),
        (b"20140727", b"101112+0000", DAY, None),  # what programs write that know no zone
        (b"20140727", b"101112", DAY, None),
        (b"2014:07:27", b"10:11:12+02:00", DAY, 120),
        (b"2014-07-27", b"", datetime(2014, 7, 27), None),
    ],
)
def test_iptc_tells_the_day_and_the_time(date: bytes, time: bytes, local: datetime, offset: int | None) -> None:
    (taken,) = read_metadata(jpeg_with_iptc(dataset(55, date) + dataset(60, time)), "jpeg").time_candidates
    assert (taken.source, taken.utc_offset_minutes) == (TimeSource.IPTC, offset)
    assert taken.local == local


def test_an_impossible_time_of_iptc_leaves_its_day() -> None:
    data = jpeg_with_iptc(dataset(55, b"20140727") + dataset(60, b"998812+0000"))
    (taken,) = read_metadata(data, "jpeg").time_candidates
    assert taken.local is not None
    assert taken.local.date() == DAY.date()


def test_iptc_without_time_is_a_day() -> None:
    (taken,) = read_metadata(jpeg_with_iptc(dataset(55, b"19750615")), "jpeg").time_candidates
    assert (taken.local, taken.precision) == (datetime(1975, 6, 15), TimePrecision.DAY)


def test_the_digital_date_of_iptc_is_that_of_the_scan() -> None:
    iim = dataset(62, b"20190303") + dataset(63, b"101112") + dataset(55, b"19750615")
    found = read_metadata(jpeg_with_iptc(iim), "jpeg").time_candidates
    assert {one.source: one.local and one.local.year for one in found} == {
        TimeSource.IPTC: 1975,
        TimeSource.EXIF_DIGITIZED: 2019,
    }


def test_iptc_tells_keywords_and_caption_in_its_character_set() -> None:
    utf8 = dataset(90, b"\x1b%G", record=1) + dataset(25, "Zürich".encode()) + dataset(120, "Fête".encode())
    latin = dataset(25, "Zürich".encode("latin-1")) + dataset(25, b"lake") + dataset(5, b"Title")
    found = read_metadata(jpeg_with_iptc(utf8), "jpeg"), read_metadata(jpeg_with_iptc(latin), "jpeg")
    assert [(one.keywords, one.description) for one in found] == [
        (("Zürich",), "Fête"),
        (("Zürich", "lake"), "Title"),
    ]


def test_iptc_is_found_behind_other_resources_and_over_two_segments() -> None:
    other = b"8BIM\x04\x25\x03abc" + struct.pack(">I", 3) + b"xyz\0"
    whole = resources(dataset(55, b"20140727"), before=other)
    data = segment(plain(), 0xED, b"Photoshop 3.0\0" + whole[:30], b"Photoshop 3.0\0" + whole[30:])
    assert locals_of(data) == [datetime(2014, 7, 27)]


@pytest.mark.parametrize("tag", [33723, 34377])
@pytest.mark.parametrize("is_turned", [False, True])
def test_iptc_is_read_in_tiff(tag: int, is_turned: bool) -> None:
    """Bare or as Photoshop's resources; libtiff declares numbers of four bytes and turns them round."""
    block = dataset(55, b"20140727") + dataset(25, b"abc")
    block = block if tag == 33723 else resources(block)
    if is_turned:
        if tag == 34377:
            pytest.skip("only bare datasets are declared as numbers")
        block += b"\0" * (-len(block) % 4)
        block = b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "TIFF", tiffinfo={tag: block})
    assert locals_of(stream.getvalue(), "tiff") == [datetime(2014, 7, 27)]


# PNG


@pytest.mark.parametrize(
    "text",
    [
        "2014:07:27 10:11:12",
        "2014-07-27T10:11:12",
        "2014-07-27T10:11:12Z",
        "2014-07-27 10:11:12",
        "Sun, 27 Jul 2014 10:11:12 +0000",
        "Sun, 27 Jul 2014 10:11:12 GMT",
        "27 Jul 2014 10:11:12 +0200",
        "Sun Jul 27 10:11:12 2014",
        "Sun Jul 27 10:11:12 CEST 2014",
        "Sun 27 Jul 2014 10:11:12 AM CEST",
        "July 27, 2014 10:11:12",
        "Jul 27, 2014, 10:11:12 AM",
        "2014/07/27 10:11:12",
    ],
)
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_a_png_tells_when_it_was_made(text: str, kind: bytes) -> None:
    body = text.encode()
    if kind == b"zTXt":
        body = b"\0" + zlib.compress(body)
    elif kind == b"iTXt":
        body = b"\0\0en\0Date\0" + body
    assert locals_of(png_with(chunk(kind, b"Creation Time\0" + body)), "png") == [DAY]


@pytest.mark.parametrize("name", ["exif", "APP1"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_imagemagicks_profiles_hold_exif(name: str, is_packed: bool) -> None:
    profile = raw_profile(name, exif_at("2014:07:27 10:11:12"))
    title = f"Raw profile type {name}".encode() + b"\0"
    made = chunk(b"zTXt", title + b"\0" + zlib.compress(profile)) if is_packed else chunk(b"tEXt", title + profile)
    assert locals_of(png_with(made), "png") == [DAY]


@pytest.mark.parametrize(
    "made",
    [
        chunk(b"tEXt", b"Raw profile type xmp\0" + raw_profile("xmp", PACKET)),
        chunk(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(raw_profile("app1", XMP_HEAD + PACKET))),
        chunk(
            b"zTXt",
            b"Raw profile type iptc\0\0" + zlib.compress(raw_profile("iptc", resources(dataset(55, b"20140727")))),
        ),
        chunk(b"tEXt", b"Raw profile type iptc\0" + raw_profile("IPTC profile", resources(dataset(55, b"20140727")))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET),
        chunk(b"eXIf", exif_at("2014:07:27 10:11:12")[6:]),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_pngs_blocks_are_found_also_behind_its_pixels(made: bytes, is_late: bool) -> None:
    (taken,) = locals_of(png_with(made, behind_the_pixels=is_late), "png")
    assert taken is not None
    assert taken.date() == DAY.date()


@pytest.mark.parametrize("name", [b"date:create", b"date:modify", b"date:timestamp", b"Software", b"png:tIME"])
def test_the_times_of_a_converted_file_are_no_date_of_the_photo(name: bytes) -> None:
    """ImageMagick writes when the file that it read was made: of a copy, that is the day of the copy."""
    made = chunk(b"tEXt", name + b"\x002020-01-02T03:04:05+00:00")
    assert locals_of(png_with(made, chunk(b"tIME", struct.pack(">HBBBBB", 2020, 1, 2, 3, 4, 5))), "png") == []


def test_a_bomb_in_a_png_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(50 << 20), 9)
    assert len(inflated(bomb, 1 << 20)) == 1 << 20
    data = png_with(*(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb) for _ in range(20)))
    assert read_metadata(data, "png").time_candidates == ()


# JPEG


GOOD = exif_at("2014:07:27 10:11:12")


@pytest.mark.parametrize(
    "first",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0" + b"\xff" * 40,
        exif_at("0000:00:00 00:00:00"),
    ],
)
def test_a_broken_or_empty_exif_leaves_the_next_one(first: bytes) -> None:
    assert locals_of(segment(plain(), 0xE1, first, GOOD)) == [DAY]


def test_of_two_exifs_the_first_is_believed() -> None:
    data = segment(plain(), 0xE1, GOOD, exif_at("2020:01:02 03:04:05"))
    assert locals_of(data)[0] == DAY


def test_exif_that_goes_on_in_the_next_segment_is_read_whole() -> None:
    assert locals_of(segment(plain(), 0xE1, GOOD[:30], b"Exif\0\0" + GOOD[30:])) == [DAY]


def extension(packet: bytes, digest: str) -> bytes:
    return b"http://ns.adobe.com/xmp/extension/\0" + digest.encode() + struct.pack(">II", len(packet), 0) + packet


def test_an_xmp_extension_is_read_where_its_digest_is_right() -> None:
    digest = hashlib.md5(PACKET).hexdigest().upper()  # noqa: S324 - the format's own
    main = xmp(
        f"<xmpNote:HasExtendedXMP xmlns:xmpNote='http://ns.adobe.com/xmp/note/'>{digest}</xmpNote:HasExtendedXMP>"
    )
    assert locals_of(segment(plain(), 0xE1, XMP_HEAD + main, extension(PACKET, digest))) == [DAY]
    damaged = PACKET.replace(b"2014", b"2015")
    assert locals_of(segment(plain(), 0xE1, XMP_HEAD + main, extension(damaged, digest))) == []


def test_two_xmp_packets_are_both_read() -> None:
    empty = xmp("")
    assert locals_of(segment(plain(), 0xE1, XMP_HEAD + empty, XMP_HEAD + PACKET)) == [DAY]


# JPEG XL


def test_boxes_packed_with_brotli_are_read() -> None:
    brotli = pytest.importorskip("brotli")
    packed = box(b"brob", b"Exif", brotli.compress(bytes(4) + GOOD[6:]))
    assert locals_of(jxl(packed), "jxl") == [DAY]
    assert locals_of(jxl(box(b"brob", b"xml ", brotli.compress(PACKET))), "jxl") == [DAY]
    assert locals_of(jxl(box(b"brob", b"Exif", brotli.compress(bytes(4) + GOOD[6:])[:20])), "jxl") == []


def test_a_bomb_of_brotli_is_not_unpacked() -> None:
    brotli = pytest.importorskip("brotli")
    bomb = box(b"brob", b"Exif", brotli.compress(bytes(100 << 20)))
    assert read_metadata(jxl(*[bomb] * 10), "jxl").time_candidates == ()


def test_plain_boxes_of_jpeg_xl_are_read() -> None:
    assert locals_of(jxl(box(b"xml ", PACKET)), "jxl") == [DAY]


# All of them


SOUND = (
    jpeg_with_iptc(dataset(55, b"20140727") + dataset(60, b"101112+0200") + dataset(120, b"words")),
    segment(plain(), 0xE1, GOOD, GOOD[:60], XMP_HEAD + PACKET),
    png_with(
        chunk(b"tEXt", b"Creation Time\x002014:07:27 10:11:12"),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile("exif", GOOD))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET)),
    ),
    jxl(box(b"Exif", bytes(4), GOOD[6:]), box(b"brob", b"Exif\x0b\x02\x80abc\x03"), box(b"xml ", PACKET)),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOUND), CHANGES, st.floats(0, 1))
def test_damage_anywhere_never_raises(data: bytes, changes: list[tuple[float, bytes]], kept: float) -> None:
    assert isinstance(read_metadata(damaged(data, changes, kept), "jpeg"), Metadata)
