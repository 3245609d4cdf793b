"""What films say of themselves: AVI, Matroska, AVCHD, and the corners of MOV and MP4; thumbnails beside them."""

from __future__ import annotations

import io
import struct
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.metadata.files import read_sidecar
from album_sort.metadata.video import read_video
from album_sort.types import Metadata, TimeSource
from tests.container_builders import (
    CHANGES,
    avchd,
    damaged,
    exif_at,
    matroska,
    plain,
    riff,
    riff_chunk,
    riff_list,
    segment,
)
from tests.exif_builders import box, movie, xmp

DAY = datetime(2006, 12, 25, 10, 11, 12)
MADE_1904 = 3_249_886_272  # 2006-12-25 10:11:12


def read(data: bytes) -> Metadata:
    return read_video(io.BytesIO(data))


def moments(data: bytes) -> list[datetime | None]:
    return [one.local or one.utc for one in read(data).time_candidates]


AVIH = riff_chunk(b"avih", struct.pack("<14I", 40_000, 0, 0, 0, 250, 0, 1, 0, 640, 480, 0, 0, 0, 0))


@pytest.mark.parametrize(
    "text",
    [
        b"MON DEC 25 10:11:12 2006\n\0",
        b"Mon Dec 25 10:11:12 2006",
        b"2006:12:25 10:11:12\0",
        b"2006-12-25 10:11:12",
        b"2006/12/25 10:11:12",
        b"2006-12-25T10:11:12",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        lambda date: riff_list(b"hdrl", AVIH, riff_chunk(b"IDIT", date)),
        lambda date: riff_list(b"hdrl", AVIH, riff_list(b"strl", riff_chunk(b"IDIT", date))),
        lambda date: riff_list(b"INFO", riff_chunk(b"ICRD", date)),
        lambda date: riff_list(b"movi", bytes(1000)) + riff_list(b"INFO", riff_chunk(b"IDIT", date)),
        lambda date: riff_chunk(b"IDIT", date),
        lambda date: riff_list(b"exif", riff_chunk(b"ecor", date)),
    ],
)
def test_an_avi_tells_its_date_wherever_cameras_put_it(text: bytes, place: object) -> None:
    data = riff(place(text))  # type: ignore[operator]
    assert moments(data) == [DAY]


def test_casios_twelve_hours_are_understood() -> None:
    assert moments(riff(riff_chunk(b"IDIT", b"2001/ 1/27  1:42PM\0"))) == [datetime(2001, 1, 27, 13, 42)]


def test_an_avi_tells_size_length_and_words() -> None:
    found = read(riff(riff_list(b"hdrl", AVIH), riff_list(b"INFO", riff_chunk(b"INAM", b"Christmas\0"))))
    assert (found.width_px, found.height_px, found.duration_s, found.description) == (640, 480, 10.0, "Christmas")


def test_exif_inside_an_avi_is_read() -> None:
    body = b"AVIF" + bytes(4) + exif_at("2006:12:25 10:11:12")[6:]
    found = read(riff(riff_list(b"hdrl", riff_list(b"strl", riff_chunk(b"strd", body)))))
    assert [(one.source, one.local) for one in found.time_candidates] == [(TimeSource.EXIF_ORIGINAL, DAY)]


def test_nikons_tags_are_read_in_avi_and_mov() -> None:
    text = b"2006:12:25 10:11:12\0"
    for order in "<>":
        tags = b"".join(struct.pack(f"{order}IHH", tag, 2, len(text)) + text for tag in (1, 0x12))
        data = (
            riff(riff_list(b"ncdt", riff_chunk(b"nctg", tags)))
            if order == "<"
            else _mov(box(b"NCDT", box(b"NCTG", tags)))
        )
        assert moments(data) == [DAY]


def _mov(*user_data: bytes, more: bytes = b"", created: int = 0) -> bytes:
    header = box(b"mvhd", struct.pack(">4xIIII", created, created, 600, 1200), bytes(80))
    return box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", header, box(b"udta", *user_data), more)


def test_canons_thumbnail_inside_a_mov_is_read() -> None:
    picture = segment(plain(), 0xE1, exif_at("2006:12:25 10:11:12"))
    (taken,) = read(_mov(box(b"CNTH", box(b"CNDA", picture)))).time_candidates
    assert (taken.source, taken.local) == (TimeSource.EXIF_ORIGINAL, DAY)


@pytest.mark.parametrize("kind", [b"tkhd", b"mdhd"])
@pytest.mark.parametrize("wide", [False, True])
def test_tracks_tell_the_date_where_the_film_does_not(kind: bytes, wide: bool) -> None:
    body = struct.pack(">B3xQQ", 1, MADE_1904, MADE_1904) if wide else struct.pack(">4xII", MADE_1904, MADE_1904)
    header = box(kind, body, bytes(24))
    track = box(b"trak", header if kind == b"tkhd" else box(b"mdia", header))
    (taken,) = read(_mov(more=track)).time_candidates
    assert (taken.utc, taken.note) == (DAY, "track creation time")
    assert [one.note for one in read(_mov(more=track, created=MADE_1904 + 5)).time_candidates] == ["mvhd creation time"]


def test_sonys_xml_and_adobes_xmp_beside_the_film_are_read() -> None:
    sony = box(b"meta", bytes(4), box(b"xml ", bytes(4), b'<CreationDate value="2006-12-25T10:11:12+09:00"/>'))
    adobe = box(
        b"uuid",
        bytes.fromhex("be7acfcb97a942e89c71999491e3afac"),
        xmp("<xmp:CreateDate>2006-12-25T10:11:12</xmp:CreateDate>"),
    )
    (taken,) = read(_mov() + sony).time_candidates
    assert (taken.local, taken.utc_offset_minutes) == (DAY, 540)
    assert moments(_mov() + adobe) == [DAY]


def test_players_tags_and_3gpps_place_are_read() -> None:
    data = box(b"data", struct.pack(">II", 1, 0), b"2006-12-25T10:11:12")
    tags = box(b"meta", bytes(4), box(b"hdlr", bytes(24)), box(b"ilst", box(b"\xa9day", data)))
    place = box(
        b"loci",
        bytes(6),
        b"Paris\0\0",
        struct.pack(">iii", int(2.35 * 65536), int(48.85 * 65536), 35 << 16),
        b"earth\0\0",
    )
    found = read(_mov(tags, place))
    assert [one.local for one in found.time_candidates] == [DAY]
    (position,) = found.positions
    assert (round(position.lat_deg, 2), round(position.lon_deg, 2), position.altitude_m) == (48.85, 2.35, 35)


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("+34.7309-086.5869+191.3/", 34.7309, -86.5869),
        ("+3443.854-08635.214/", 34.7309, -86.5869),
        ("+344351.24-0863512.84+191CRSWGS_84/", 34.7309, -86.5869),
        ("-33.8688+151.2093/", -33.8688, 151.2093),
    ],
)
def test_places_of_films_come_in_degrees_minutes_and_seconds(text: str, lat: float, lon: float) -> None:
    (position,) = read(movie(user_data={b"\xa9xyz": text})).positions
    assert (position.lat_deg, position.lon_deg) == pytest.approx((lat, lon), abs=1e-4)


@pytest.mark.parametrize("text", ["+34.7-186.5/", "+99-086.5/", "+3499.9-08635.2/", "34.7,-86.5", "+0+0/", ""])
def test_places_off_the_globe_are_none(text: str) -> None:
    assert read(movie(user_data={b"\xa9xyz": text})).positions == ()


def test_matroska_tells_its_date_in_utc_and_by_its_tags() -> None:
    nanoseconds = int((DAY - datetime(2001, 1, 1)).total_seconds()) * 10**9
    found = read(matroska(nanoseconds=nanoseconds, tags={"DATE_RECORDED": "2006-12-24T20:00:00+0100"}))
    assert [(one.local, one.utc) for one in found.time_candidates] == [
        (datetime(2006, 12, 24, 20), datetime(2006, 12, 24, 19)),
        (None, DAY),
    ]
    assert found.duration_s == 2.5


@pytest.mark.parametrize("step", [188, 192])
@pytest.mark.parametrize(("zone", "offset"), [(0x12, 540), (0x2E, -420), (0x0B, 330), (0x00, None), (0xFF, None)])
def test_avchd_tells_the_cameras_clock(step: int, zone: int, offset: int | None) -> None:
    data = avchd(bytes([zone, 0x20, 0x06, 0x12]), b"\x25\x10\x11\x12", step=step)
    (taken,) = read(data).time_candidates
    assert (taken.source, taken.local, taken.utc_offset_minutes) == (TimeSource.FILM, DAY, offset)


def test_a_thumbnail_beside_a_film_says_when_and_where_but_not_how_large(tmp_path: Path) -> None:
    path = tmp_path / "MVI_1.THM"
    path.write_bytes(segment(plain(), 0xE1, exif_at("2006:12:25 10:11:12")))
    found = read_sidecar(str(path))
    assert [one.local for one in found.time_candidates] == [DAY]
    assert (found.width_px, found.warnings) == (None, ())


def test_a_date_in_user_data_is_plain_text() -> None:
    (taken,) = read(_mov(box(b"date", b"2006-12-25T10:11:12+0100"))).time_candidates
    assert (taken.local, taken.utc_offset_minutes) == (DAY, 60)


SOUND = (
    riff(
        riff_list(b"hdrl", AVIH, riff_chunk(b"IDIT", b"Mon Dec 25 10:11:12 2006")),
        riff_list(b"INFO", riff_chunk(b"ICRD", b"2006")),
    ),
    matroska(nanoseconds=10**18, tags={"DATE_RECORDED": "2006-12-24", "LOCATION": "+48.2+016.3/"}),
    avchd(b"\x12\x20\x06\x12", b"\x25\x10\x11\x12"),
    _mov(box(b"CNTH", box(b"CNDA", segment(plain(), 0xE1, exif_at("2006:12:25 10:11:12")))), box(b"loci", bytes(30))),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOUND), CHANGES, st.floats(0, 1))
def test_damage_anywhere_never_raises(data: bytes, changes: list[tuple[float, bytes]], kept: float) -> None:
    assert isinstance(read(damaged(data, changes, kept)), Metadata)
