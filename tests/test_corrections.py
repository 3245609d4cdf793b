"""What a person corrected in a sidecar wins; what a program only copied there does not. Films whose UTC is wall time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.dates.capture_time import CaptureChoice, choose_capture_time
from album_sort.core.dates.sidecar_corrections import settled_positions, settled_times
from album_sort.metadata.coordinates import parse_pair
from album_sort.metadata.xmp import read_xmp
from album_sort.types import GeoPosition, PositionSource, TimeCandidate, TimePrecision, TimeSource
from tests.exif_builders import xmp

NOW = datetime(2026, 1, 1)
CAMERA = datetime(2019, 3, 3, 10, 0, 0)


def said(source: TimeSource, local: datetime | None = None, **more: object) -> TimeCandidate:
    return TimeCandidate(source, local, note=source.value, **more)  # type: ignore[arg-type]


def chosen(*candidates: TimeCandidate, zone: int | None = None, clock: int = 0) -> CaptureChoice:
    offset = None if zone is None else lambda _: zone
    return choose_capture_time(
        settled_times(candidates), now_utc=NOW, zone_offset=offset, clock_correction_minutes=clock
    )


def sidecar(properties: str) -> tuple[TimeCandidate, ...]:
    return read_xmp(xmp(properties), is_sidecar=True).time_candidates


EXIF = said(TimeSource.EXIF_ORIGINAL, CAMERA)


@pytest.mark.parametrize(
    ("properties", "day"),
    [
        ("<exif:DateTimeOriginal>1975-06-15T12:00:00</exif:DateTimeOriginal>", "1975-06-15"),
        ("<photoshop:DateCreated>1975-06-15T12:00:00</photoshop:DateCreated>", "1975-06-15"),
        ("<photoshop:DateCreated>1975-06-15</photoshop:DateCreated>", "1975-06-15"),
        ("<photoshop:DateCreated>1975</photoshop:DateCreated>", "1975-01-01"),
        ("<exif:DateTimeOriginal>2019-03-03T11:00:00</exif:DateTimeOriginal>", "2019-03-03"),
        # one repeats the camera's, the other one was corrected
        (
            "<exif:DateTimeOriginal>2019-03-03T10:00:00</exif:DateTimeOriginal>"
            "<photoshop:DateCreated>1975-06-15T12:00:00</photoshop:DateCreated>",
            "1975-06-15",
        ),
        (
            "<photoshop:DateCreated>2019-03-03T10:00:00</photoshop:DateCreated>"
            "<exif:DateTimeOriginal>1975-06-15T12:00:00</exif:DateTimeOriginal>",
            "1975-06-15",
        ),
    ],
)
def test_a_date_of_the_shot_in_a_sidecar_is_a_correction(properties: str, day: str) -> None:
    time = chosen(EXIF, *sidecar(properties)).capture_time
    assert time is not None
    assert (time.source, time.local.date().isoformat()) == (TimeSource.SIDECAR, day)


@pytest.mark.parametrize(
    "properties",
    [
        "<xmp:CreateDate>2020-01-01T00:00:00</xmp:CreateDate>",  # when the RAW was first opened
        "<exif:DateTimeDigitized>2020-01-01T00:00:00</exif:DateTimeDigitized>",
        "<exif:DateTimeOriginal>2019-03-03T10:00:00</exif:DateTimeOriginal>",
        "<exif:DateTimeOriginal>2019:03:03 10:00:00.500</exif:DateTimeOriginal>",
        "<exif:DateTimeOriginal>2019-03-03T10:00:00+09:00</exif:DateTimeOriginal>",
        "<exif:DateTimeOriginal>2019-03-03T01:00:00Z</exif:DateTimeOriginal>",  # brought to UTC
        "<exif:DateTimeOriginal>2019-03-03T10:00</exif:DateTimeOriginal>",
        "<photoshop:DateCreated>2019-03-03</photoshop:DateCreated>",
        "<photoshop:DateCreated>2019-03</photoshop:DateCreated>",
    ],
)
def test_a_sidecar_that_repeats_the_camera_changes_nothing(properties: str) -> None:
    time = chosen(EXIF, *sidecar(properties)).capture_time
    assert time is not None
    assert (time.source, time.local) == (TimeSource.EXIF_ORIGINAL, CAMERA)


def test_the_offset_of_a_sidecar_that_repeats_the_camera_is_kept() -> None:
    time = chosen(
        EXIF, *sidecar("<exif:DateTimeOriginal>2019-03-03T10:00:00+09:00</exif:DateTimeOriginal>")
    ).capture_time
    assert time is not None
    assert (time.source, time.utc_offset_minutes) == (TimeSource.EXIF_ORIGINAL, 540)


def test_a_sidecar_adds_the_time_of_day_to_a_camera_that_knows_the_day_only() -> None:
    day = said(TimeSource.EXIF_ORIGINAL, datetime(2019, 3, 3), precision=TimePrecision.DAY)
    time = chosen(day, *sidecar("<exif:DateTimeOriginal>2019-03-03T18:30:00</exif:DateTimeOriginal>")).capture_time
    assert time is not None
    assert time.local == datetime(2019, 3, 3, 18, 30)


def test_embedded_xmp_stays_below_exif() -> None:
    embedded = read_xmp(xmp("<exif:DateTimeOriginal>1975-06-15T12:00:00</exif:DateTimeOriginal>"))
    time = chosen(EXIF, *embedded.time_candidates).capture_time
    assert time is not None
    assert time.source is TimeSource.EXIF_ORIGINAL


def test_takeouts_json_is_nobodys_correction() -> None:
    time = chosen(EXIF, said(TimeSource.TAKEOUT, utc=datetime(2020, 5, 5))).capture_time
    assert time is not None
    assert time.local == CAMERA


def test_a_clock_set_right_for_the_run_is_not_undone_by_a_copy_in_a_sidecar() -> None:
    copied = sidecar("<exif:DateTimeOriginal>2019-03-03T10:00:00</exif:DateTimeOriginal>")
    time = chosen(EXIF, *copied, clock=90).capture_time
    assert time is not None
    assert time.local == datetime(2019, 3, 3, 11, 30)


def test_a_films_utc_copied_into_a_sidecar_without_saying_so_is_no_correction() -> None:
    film = said(TimeSource.QUICKTIME, utc=CAMERA)
    time = chosen(film, said(TimeSource.SIDECAR, CAMERA), zone=540).capture_time
    assert time is not None
    assert time.local == datetime(2019, 3, 3, 19)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2024, 1, 1)),
    st.integers(-3 * 86400, 3 * 86400).filter(lambda seconds: abs(seconds) > 2),
)
def test_every_other_second_is_a_correction(camera: datetime, seconds: int) -> None:
    shifted = camera + timedelta(seconds=seconds)
    settled = settled_times((said(TimeSource.EXIF_ORIGINAL, camera), said(TimeSource.SIDECAR, shifted)))
    assert [one.source for one in settled] == [TimeSource.EXIF_ORIGINAL, TimeSource.SIDECAR]
    same = settled_times((said(TimeSource.EXIF_ORIGINAL, camera), said(TimeSource.SIDECAR, camera)))
    assert [one.source for one in same] == [TimeSource.EXIF_ORIGINAL, TimeSource.XMP]


# Places


def test_a_place_set_in_a_sidecar_wins_and_a_copy_of_the_cameras_is_dropped() -> None:
    camera = GeoPosition(48.2, 16.37, PositionSource.EXIF, 170, fix_utc=CAMERA)
    moved = GeoPosition(47.07, 15.44, PositionSource.SIDECAR)
    copied = GeoPosition(48.20001, 16.37001, PositionSource.SIDECAR)
    assert settled_positions((camera, moved)) == (moved, camera)
    assert settled_positions((camera, copied)) == (camera,)
    assert settled_positions((copied,)) == (copied,)


NEW_YORK, SYDNEY = (40.71, -74.01), (-33.87, 151.21)


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        (("40,42.6N", ""), ("74,0.6W", ""), NEW_YORK),
        (("40,42,36N", ""), ("74,0,36W", ""), NEW_YORK),
        (("40.71", "N"), ("74.01", "W"), NEW_YORK),
        (("40.71", "n"), ("74.01", "w"), NEW_YORK),
        (("40.71", "North"), ("74.01", "West"), NEW_YORK),
        (("40.71n", ""), ("74.01w", ""), NEW_YORK),
        (("40.71 North", ""), ("74.01 West", ""), NEW_YORK),
        (("N 40.71", ""), ("W 74.01", ""), NEW_YORK),
        (("+40.71", ""), ("-74.01", ""), NEW_YORK),
        (("40.71", ""), ("-74.01", ""), NEW_YORK),
        (("40.71", "N"), ("-74.01", "W"), NEW_YORK),
        (("40 deg 42' 36.0\" N", ""), ("74 deg 0' 36.0\" W", ""), NEW_YORK),
        (("40°42'36\"", "N"), ("74°0'36\"", "W"), NEW_YORK),
        (("33,52.2S", ""), ("151,12.6E", ""), SYDNEY),
        (("-33.87", ""), ("151.21", ""), SYDNEY),
        (("33.87", "S"), ("151.21", "E"), SYDNEY),
        (("40.71", ""), ("74.01", ""), None),  # may be on the wrong side of the globe
        (("40,42.6", ""), ("74,0.6", ""), None),
        (("40.71", "N"), ("74.01", ""), None),
        (("40.71", "E"), ("74.01", "N"), None),
        (("40.71N", "S"), ("74.01", "W"), None),
        (("99", "N"), ("74.01", "W"), None),
        (("40,99N", ""), ("74,0W", ""), None),
        (("0", "N"), ("0", "E"), None),
        (("", "N"), ("74", "W"), None),
        (("inf", "N"), ("nan", "W"), None),
    ],
)
def test_places_as_text(
    latitude: tuple[str, str], longitude: tuple[str, str], place: tuple[float, float] | None
) -> None:
    found = parse_pair(latitude, longitude)
    assert found == (place and pytest.approx(place, abs=1e-6))


@pytest.mark.parametrize(
    "properties",
    [
        "<exif:GPSLatitude>40.71</exif:GPSLatitude><exif:GPSLatitudeRef>N</exif:GPSLatitudeRef>"
        "<exif:GPSLongitude>74.01</exif:GPSLongitude><exif:GPSLongitudeRef>W</exif:GPSLongitudeRef>",
        "<rdf:Description exif:GPSLatitude='40.71' exif:GPSLatitudeRef='N' exif:GPSLongitude='74.01' exif:GPSLongitudeRef='W'/>",
        "<exif:GPSLatitude><rdf:Seq><rdf:li>40,42.6N</rdf:li></rdf:Seq></exif:GPSLatitude>"
        "<exif:GPSLongitude><rdf:Bag><rdf:li>74,0.6W</rdf:li></rdf:Bag></exif:GPSLongitude>",
    ],
)
@pytest.mark.parametrize(("is_sidecar", "source"), [(False, PositionSource.XMP), (True, PositionSource.SIDECAR)])
def test_references_in_xmp_are_honoured_however_they_are_written(
    properties: str,
    is_sidecar: bool,
    source: PositionSource,
) -> None:
    (position,) = read_xmp(xmp(properties), is_sidecar=is_sidecar).positions
    assert (position.lat_deg, position.lon_deg) == pytest.approx((40.71, -74.01))
    assert position.source is source


# Films whose UTC is wall time


@pytest.mark.parametrize("source", [TimeSource.QUICKTIME, TimeSource.FILM])
@pytest.mark.parametrize("witness", [TimeSource.FILE_NAME, TimeSource.EXIF_ORIGINAL])
def test_a_films_date_that_a_witness_has_as_wall_time_is_not_shifted(source: TimeSource, witness: TimeSource) -> None:
    evening = datetime(2024, 5, 1, 20)
    time = chosen(said(source, utc=evening), said(witness, evening + timedelta(seconds=1)), zone=540).capture_time
    assert time is not None
    assert (time.local.replace(second=0), time.utc_offset_minutes) == (evening, 540)


def test_a_films_true_utc_is_shifted_to_the_place() -> None:
    evening = datetime(2024, 5, 1, 20)
    utc = said(TimeSource.QUICKTIME, utc=evening - timedelta(hours=9))
    for others in ((), (said(TimeSource.FILE_NAME, evening),)):
        time = chosen(utc, *others, zone=540).capture_time
        assert time is not None
        assert time.local == evening
