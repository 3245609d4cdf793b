"""Sidecars, videos and names as sources of metadata, and how several become one."""

from __future__ import annotations

import io
import json
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.metadata.filename import candidates_from_folder, candidates_from_name
from album_sort.metadata.files import read_metadata, read_sidecar, read_video_metadata
from album_sort.metadata.merging import merge_metadata
from album_sort.metadata.quicktime import read_quicktime
from album_sort.metadata.takeout import read_takeout
from album_sort.metadata.xmp import MAX_BYTES, read_xmp
from album_sort.types import GeoPosition, Metadata, PositionSource, TimeCandidate, TimePrecision, TimeSource
from tests.exif_builders import box, jpeg_with, movie, xmp

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "photos"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the development photos of ../shared are absent")

# 2025-05-26 14:27:06 UTC in seconds since 1904.
MADE_1904 = 3_831_114_426


# XMP


def test_xmp_tells_date_place_and_words() -> None:
    found = read_xmp(
        xmp(
            """<exif:DateTimeOriginal>2019-04-15T14:40:24.5-07:00</exif:DateTimeOriginal>
            <exif:GPSLatitude>43,28.0468N</exif:GPSLatitude><exif:GPSLongitude>11,53,6.5W</exif:GPSLongitude>
            <exif:GPSAltitude>1000/10</exif:GPSAltitude><xmp:Rating>5</xmp:Rating>
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Bride</rdf:li></rdf:Alt></dc:title>
            <dc:subject><rdf:Bag><rdf:li>wedding</rdf:li><rdf:li>church</rdf:li></rdf:Bag></dc:subject>
            <digiKam:TagsList><rdf:Seq><rdf:li>People/Maria</rdf:li></rdf:Seq></digiKam:TagsList>
            <lr:hierarchicalSubject><rdf:Bag><rdf:li>Family|wedding</rdf:li></rdf:Bag></lr:hierarchicalSubject>"""
        )
    )
    (taken,) = found.time_candidates
    assert (taken.source, taken.local, taken.utc_offset_minutes) == (
        TimeSource.XMP,
        datetime(2019, 4, 15, 14, 40, 24, 500_000),
        -420,
    )
    (position,) = found.positions
    assert (round(position.lat_deg, 4), round(position.lon_deg, 4), position.altitude_m) == (43.4674, -11.8851, 100)
    assert (found.description, found.rating, found.people) == ("Bride", 5, ("Maria",))
    assert found.keywords == ("Maria", "wedding", "church")


def test_xmp_written_as_attributes_under_other_prefixes_is_the_same() -> None:
    found = read_xmp(
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://ns.adobe.com/photoshop/1.0/"'
        b' xmlns:b="http://ns.adobe.com/xap/1.0/"><rdf:Description a:DateCreated="2008-05" b:Rating="-1"/></rdf:RDF>'
    )
    assert [(one.local, one.precision) for one in found.time_candidates] == [
        (datetime(2008, 5, 1), TimePrecision.MONTH)
    ]
    assert found.rating == -1


def test_of_several_xmp_dates_the_one_of_the_shot_counts() -> None:
    found = read_xmp(
        xmp("<xmp:CreateDate>2020-01-05</xmp:CreateDate><photoshop:DateCreated>1965-07-03</photoshop:DateCreated>")
    )
    assert [one.local for one in found.time_candidates] == [datetime(1965, 7, 3)]


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x:xmpmeta>&b;</x:xmpmeta>'
LEAK = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x:xmpmeta>&a;</x:xmpmeta>'


@pytest.mark.parametrize(
    "packet", [b"", b"<x:xmpmeta>", b"\0\1\2", BOMB, LEAK, b"<a>" * 200_000, b" " * (MAX_BYTES + 1)]
)
def test_xmp_that_cannot_be_trusted_is_a_warning(packet: bytes) -> None:
    """Damage, entity bombs, entities that read files, deep nesting, size."""
    found = read_xmp(packet)
    assert found.warnings
    assert found == Metadata(warnings=found.warnings)


# Google Takeout


def takeout(**changes: object) -> bytes:
    row = {
        "title": "IMG_1.jpg",
        "description": "Can we carry this?",
        "photoTakenTime": {"timestamp": "1538174149"},
        "geoData": {"latitude": 41.2565369, "longitude": -95.9345034, "altitude": 0.0},
        "geoDataExif": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        "people": [{"name": "Katie"}, {"name": "Suzy"}],
    }
    return json.dumps(row | changes).encode()


def test_takeout_tells_utc_place_and_people() -> None:
    found = read_takeout(takeout())
    assert found.time_candidates == (
        TimeCandidate(TimeSource.TAKEOUT, utc=datetime(2018, 9, 28, 22, 35, 49), note="photoTakenTime"),
    )
    assert found.positions == (GeoPosition(41.2565369, -95.9345034, PositionSource.TAKEOUT),)
    assert (found.description, found.people) == ("Can we carry this?", ("Katie", "Suzy"))


def test_takeouts_zero_position_is_none() -> None:
    assert read_takeout(takeout(geoData={"latitude": 0.0, "longitude": 0.0})).positions == ()


def test_takeout_knows_prints_from_before_1970() -> None:
    (taken,) = read_takeout(takeout(photoTakenTime={"timestamp": "-142000000"})).time_candidates
    assert taken.utc is not None
    assert taken.utc.year == 1965


@pytest.mark.parametrize("stamp", ["0", "", "x", None, [], "99999999999999999999", "nan", True])
def test_a_takeout_time_that_is_none_is_left_out(stamp: object) -> None:
    assert read_takeout(takeout(photoTakenTime={"timestamp": stamp})).time_candidates == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"[" * 100_000, b'{"title": "Adelaide"}', b"\xff\xfe", b'{"photoTakenTime": 3}']
)
def test_json_of_no_photo_never_raises(data: bytes) -> None:
    assert read_takeout(data).time_candidates == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(("photoTakenTime", "geoData", "geoDataExif", "people", "description")), JSON))
def test_takeout_of_any_shape_never_raises(row: dict[str, object]) -> None:
    read_takeout(takeout(**row))


# Videos


def test_a_video_tells_its_date_with_offset_its_place_and_its_identifier() -> None:
    found = read_quicktime(
        io.BytesIO(
            movie(
                created=MADE_1904,
                keys={
                    "com.apple.quicktime.creationdate": "2025-05-26T09:27:06-0500",
                    "com.apple.quicktime.location.ISO6709": "+34.6648-086.4704+197.094/",
                    "com.apple.quicktime.content.identifier": "602FEBB7",
                    "com.apple.quicktime.make": "Apple",
                    "com.apple.quicktime.model": "iPhone 15 Pro",
                },
            )
        )
    )
    named, plain = found.time_candidates
    assert (named.local, named.utc_offset_minutes) == (datetime(2025, 5, 26, 9, 27, 6), -300)
    assert (plain.local, plain.utc) == (None, named.utc)
    assert found.positions == (GeoPosition(34.6648, -86.4704, PositionSource.QUICKTIME, 197.094),)
    assert (found.content_identifier, found.camera) == ("602FEBB7", "Apple iPhone 15 Pro")
    assert (found.duration_s, found.width_px, found.height_px) == (2.0, 1440, 1080)


def test_a_phones_mp4_keeps_its_place_in_the_user_data() -> None:
    found = read_quicktime(io.BytesIO(movie(user_data={b"\xa9xyz": "+48.8577+002.295/", b"\xa9day": "2019-07-04"})))
    assert (found.positions[0].lat_deg, found.positions[0].lon_deg) == (48.8577, 2.295)
    assert found.time_candidates[0].precision is TimePrecision.DAY


def test_a_creation_time_of_zero_is_none() -> None:
    assert read_quicktime(io.BytesIO(movie(created=0))).time_candidates == ()


class CountingStream(io.BytesIO):
    """Counts the bytes that are really read."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def test_media_data_is_hopped_over() -> None:
    stream = CountingStream(movie(created=MADE_1904, media_bytes=3_000_000))
    assert read_quicktime(stream).time_candidates
    assert stream.read_bytes < 4000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        movie()[:-200],
        box(b"ftyp", bytes(8)),
        b"\0\0\0\1mdat\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(20),
        b"\0\0\0\1mdat" + bytes(8) + bytes(20),
        b"\xff\xff\xff\xffmoov" + bytes(20),
        b"\0\0\0\0moov" + bytes(20),
    ],
)
def test_hostile_boxes_never_raise(data: bytes) -> None:
    assert read_quicktime(io.BytesIO(data)).time_candidates == ()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=10))
def test_damaged_videos_never_raise(damage: list[tuple[int, int]]) -> None:
    data = bytearray(movie(created=MADE_1904, keys={"com.apple.quicktime.creationdate": "2025-05-26T09:27:06-0500"}))
    for place, value in damage:
        data[place % len(data)] = value
    read_quicktime(io.BytesIO(bytes(data)))


# Files


def test_files_that_cannot_be_opened_are_warnings(tmp_path: Path) -> None:
    for read in (read_sidecar, read_video_metadata):
        (warning,) = read(str(tmp_path / "gone")).warnings
        assert "cannot be read" in warning


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-16"?>'])
def test_sidecars_are_read_in_the_encodings_that_their_standards_allow(
    tmp_path: Path, encoding: str, declared: str
) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    if encoding == "utf-8-sig":
        declared = declared.replace("UTF-16", "utf-8")
    xmp = declared + XMP_OF_A_DAY
    (tmp_path / "a.xmp").write_bytes((mark + xmp).encode(encoding))
    (tmp_path / "a.json").write_bytes((mark + '{"photoTakenTime": {"timestamp": "1462536672"}}').encode(encoding))
    (shown,) = read_sidecar(str(tmp_path / "a.xmp")).time_candidates
    assert str(shown.local) == "1975-06-15 12:00:00"
    (taken,) = read_sidecar(str(tmp_path / "a.json")).time_candidates
    assert str(taken.utc) == "2016-05-06 12:11:12"


XMP_OF_A_DAY = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="Łódź" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    'exif:DateTimeOriginal="1975-06-15T12:00:00"/></rdf:RDF></x:xmpmeta>'
)


def test_sidecars_are_told_apart_by_content(tmp_path: Path) -> None:
    texts = {
        "a.xmp": xmp("<xmp:Rating>3</xmp:Rating>"),
        "b.json": takeout(),
        "c.AAE": b"<?xml version='1.0'?><plist></plist>",
        "d.xmp": b"settings",
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    found = {name: read_sidecar(str(tmp_path / name)) for name in texts}
    assert found["a.xmp"].rating == 3
    assert found["b.json"].people == ("Katie", "Suzy")
    assert found["c.AAE"] == Metadata()
    assert found["d.xmp"].warnings == ("sidecar is neither XMP nor Takeout JSON",)


# Names


@pytest.mark.parametrize(
    ("name", "local", "precision"),
    [
        ("IMG_20230102_101112.jpg", "2023-01-02 10:11:12", "second"),
        ("IMG_20230102_101112_HDR.jpg", "2023-01-02 10:11:12", "second"),
        ("VID_20230102_101112.mp4", "2023-01-02 10:11:12", "second"),
        ("MVIMG_20230102_101112.jpg", "2023-01-02 10:11:12", "second"),
        ("20230102_101112(0).jpg", "2023-01-02 10:11:12", "second"),
        ("Screenshot_20230102-101112_Maps.png", "2023-01-02 10:11:12", "second"),
        ("Screen Shot 2023-01-02 at 1.11.12 PM.png", "2023-01-02 13:11:12", "second"),
        ("Screenshot 2023-01-02 at 12.11.12\u202fAM.png", "2023-01-02 00:11:12", "second"),
        ("Bildschirmfoto 2023-01-02 um 10.11.12.png", "2023-01-02 10:11:12", "second"),
        ("Capture d’écran 2023-01-02 à 10.11.12.png", "2023-01-02 10:11:12", "second"),
        ("截屏2023-01-02 下午3.11.12.png", "2023-01-02 15:11:12", "second"),
        ("WhatsApp Image 2023-01-02 at 10.11.12.jpeg", "2023-01-02 10:11:12", "second"),
        ("signal-2023-01-02-101112.jpg", "2023-01-02 10:11:12", "second"),
        ("signal-2023-01-02-10-11-12-123.jpg", "2023-01-02 10:11:12", "second"),
        ("photo_2023-01-02_10-11-12.jpg", "2023-01-02 10:11:12", "second"),
        ("2023-01-02 10.11.12.jpg", "2023-01-02 10:11:12", "second"),
        ("WP_20140102_10_11_12_Pro.jpg", "2014-01-02 10:11:12", "second"),
        ("00100lPORTRAIT_00100_BURST20200101101010123_COVER.jpg", "2020-01-01 10:10:10.123000", "second"),
        ("2023-01-02 10.11.jpg", "2023-01-02 10:11:00", "minute"),
        ("IMG-20230102-WA0001.jpg", "2023-01-02 00:00:00", "day"),
        ("DSC_20230102_0001.jpg", "2023-01-02 00:00:00", "day"),
        ("20230102.jpg", "2023-01-02 00:00:00", "day"),
        ("1965-07-03 Wedding.jpg", "1965-07-03 00:00:00", "day"),
        ("IMG_20230102_256199.jpg", "2023-01-02 00:00:00", "day"),
        ("photo_123@02-01-2023_10-11-12.jpg", "2023-01-02 10:11:12", "second"),
        ("스크린샷 2023-01-02 오후 3.11.12.png", "2023-01-02 15:11:12", "second"),
        (unicodedata.normalize("NFD", "스크린샷 2023-01-02 오전 10.11.12.png"), "2023-01-02 10:11:12", "second"),
        ("Hochzeit 2.1.2023 (3).jpg", "2023-01-02 00:00:00", "day"),
        ("1985-07 Rome 003.jpg", "1985-07-01 00:00:00", "month"),
    ],
)
def test_dates_in_names_keep_their_precision(name: str, local: str, precision: str) -> None:
    (candidate,) = candidates_from_name(name)
    assert (str(candidate.local), candidate.precision) == (local, precision)


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("PXL_20230102_101112345.MP.jpg", datetime(2023, 1, 2, 10, 11, 12, 345_000)),
        ("1577836800000.jpg", datetime(2020, 1, 1)),
        ("mmexport1577836800000.jpg", datetime(2020, 1, 1)),
    ],
)
def test_some_names_are_utc(name: str, utc: datetime) -> None:
    (candidate,) = candidates_from_name(name)
    assert (candidate.local, candidate.utc) == (None, utc)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.jpg",
        "DSC_20231301.jpg",
        "IMG_20190229_101112.jpg",
        "P1020304.JPG",
        "12345678901234567.jpg",
        "IMG_2019-12.jpg",
        "",
        ".",
    ],
)
def test_numbers_that_are_no_dates_stay_numbers(name: str) -> None:
    assert candidates_from_name(name) == ()


@pytest.mark.parametrize(
    ("folder", "local", "precision"),
    [
        ("/photos/2019/07/03", "2019-07-03", "day"),
        ("/photos/2023-01-02 Hiking/raw", "2023-01-02", "day"),
        ("/photos/2019-07 Italy", "2019-07-01", "month"),
        ("Takeout/Google Photos/Photos from 2016", "2016-01-01", "year"),
    ],
)
def test_folders_give_a_weak_hint(folder: str, local: str, precision: str) -> None:
    (candidate,) = candidates_from_folder(folder)
    assert (str(candidate.local)[:10], candidate.precision, candidate.source) == (
        local,
        precision,
        TimeSource.FOLDER_NAME,
    )
    assert candidates_from_folder("/photos/Italy") == ()


@given(st.text(max_size=60))
def test_no_name_raises(name: str) -> None:
    candidates_from_name(name)
    candidates_from_folder(name)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))
def test_every_time_stamp_is_read_back(taken: datetime) -> None:
    for pattern in (
        "IMG_%Y%m%d_%H%M%S.jpg",
        "%Y-%m-%d %H.%M.%S.jpg",
        "Screenshot_%Y-%m-%d-%H-%M-%S.png",
        "%Y%m%d%H%M%S.jpg",
    ):
        (candidate,) = candidates_from_name(taken.strftime(pattern))
        assert candidate.local == taken.replace(microsecond=0)


# Merging

CANDIDATE = st.builds(TimeCandidate, st.sampled_from(TimeSource), st.just(datetime(2020, 1, 1)))
PART = st.builds(
    Metadata,
    time_candidates=st.lists(CANDIDATE, max_size=2).map(tuple),
    orientation=st.sampled_from((1, 6)),
    camera_model=st.sampled_from(("", "A", "B")),
    iso=st.none() | st.just(100),
)


@given(PART, PART, PART)
def test_merging_is_associative_and_the_first_wins(one: Metadata, two: Metadata, three: Metadata) -> None:
    assert merge_metadata(merge_metadata(one, two), three) == merge_metadata(one, merge_metadata(two, three))
    assert merge_metadata(one, two).camera_model == (one.camera_model or two.camera_model)
    assert merge_metadata() == Metadata()


def test_merging_keeps_the_candidates_of_all_in_order() -> None:
    first = read_metadata(jpeg_with(exif={0x9003: "2024:02:29 23:59:58"}), "jpeg")
    merged = merge_metadata(first, read_takeout(takeout()))
    assert [one.source for one in merged.time_candidates] == [TimeSource.EXIF_ORIGINAL, TimeSource.TAKEOUT]
    assert merged.people == ("Katie", "Suzy")


# Real photos

REFERENCE = {
    "apple_edits/IMG_1853.HEIC": (
        "2023-03-23 10:19:38.409000",
        -420,
        (32.844, -116.5293),
        "Apple iPhone SE (2nd generation)",
    ),
    "apple_edits/wedding.jpg": ("2019-04-15 14:40:24.860000", None, None, "NIKON D810"),
    "apple_media_types/IMG_1994.JPG": ("2020-04-15 10:25:51", None, None, "Canon PowerShot G10"),
    "apple_media_types/IMG_3582.HEIC": ("2025-05-26 09:27:06.603000", -300, (34.6648, -86.4704), "Apple iPhone 15 Pro"),
    "apple_media_types/IMG_3582.mov": ("2025-05-26 09:27:06", -300, (34.6648, -86.4704), "Apple iPhone 15 Pro"),
    "apple_media_types/IMG_3539.MOV": ("2016-01-18 15:20:40", -420, None, "Apple iPhone 5"),
    "exif_gps/heic/mobile/iphone_13_pro_max.HEIC": ("2022-02-16 12:55:41.762000", 60, None, "Apple iPhone 13 Pro Max"),
    "exif_gps/jpg/gps/DSCN0010.jpg": ("2008-10-22 16:28:39", None, (43.4674, 11.8851), "NIKON COOLPIX P6000"),
    "exif_gps/jpg/hdr/iphone_hdr_YES.jpg": ("2015-04-10 20:12:23.550000", None, (40.447, -3.7248), "Apple iPhone 6"),
}


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("name", REFERENCE)
def test_real_photos_tell_what_is_known_of_them(name: str) -> None:
    path = SHARED / "personal" / name
    is_video = name.lower().endswith(".mov")
    found = read_video_metadata(str(path)) if is_video else read_metadata(path.read_bytes(), "")
    taken = found.time_candidates[0]
    position = [(round(one.lat_deg, 4), round(one.lon_deg, 4)) for one in found.positions]
    local, offset, place, camera = REFERENCE[name]
    assert (str(taken.local), taken.utc_offset_minutes, found.camera) == (local, offset, camera)
    assert position == ([place] if place else [])


@pytest.mark.shared
@needs_shared
def test_nasty_files_never_raise() -> None:
    for path in sorted((SHARED / "nasty").rglob("*")):
        if path.is_file():
            read_metadata(path.read_bytes(), "")
            read_video_metadata(str(path))
            read_sidecar(str(path))
