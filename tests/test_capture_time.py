"""When a photo was taken: which statement is believed, which is refused, and how the offset is known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.dates.capture_time import (
    CaptureChoice,
    choose_capture_time,
    civil_offset,
    logical_day,
    parse_clock_correction,
)
from album_sort.errors import UsageError
from album_sort.types import CaptureTime, TimeCandidate, TimePrecision, TimeSource

NOW = datetime(2026, 8, 1, 12)
LABELS = Path(__file__).resolve().parent.parent / "labels"


def said(
    source: TimeSource,
    local: str = "",
    *,
    utc: str = "",
    offset: int | None = None,
    precision: TimePrecision = TimePrecision.SECOND,
) -> TimeCandidate:
    """A candidate from ISO texts."""
    wall = datetime.fromisoformat(local) if local else None
    instant = datetime.fromisoformat(utc) if utc else None
    return TimeCandidate(source, wall, instant, offset, precision, source.value)


def zone(name: str) -> Callable[[datetime], int | None]:
    """What the integrator passes for a position: its time zone's offset at a moment."""

    def offset(moment: datetime) -> int | None:
        aware = moment.replace(tzinfo=ZoneInfo(name)) if moment.tzinfo is None else moment.astimezone(ZoneInfo(name))
        delta = aware.utcoffset()
        return None if delta is None else int(delta.total_seconds() // 60)

    return offset


def choose(*candidates: TimeCandidate, place: str = "", clock: int = 0) -> CaptureChoice:
    return choose_capture_time(
        candidates, now_utc=NOW, zone_offset=zone(place) if place else None, clock_correction_minutes=clock
    )


def time_of(*candidates: TimeCandidate, place: str = "", clock: int = 0) -> CaptureTime:
    chosen = choose(*candidates, place=place, clock=clock).capture_time
    assert chosen is not None
    return chosen


def test_the_most_trustworthy_source_decides() -> None:
    """The order of `TimeSource` is the order of trust, whatever the order of the candidates."""
    candidates = [said(source, f"2020-01-{day + 2:02d} 10:00:00") for day, source in enumerate(TimeSource)]
    while candidates:
        assert time_of(*reversed(candidates)).source is candidates[0].source
        del candidates[0]


def test_no_candidates_mean_no_time() -> None:
    assert choose() == CaptureChoice(None)


def test_a_written_offset_gives_utc() -> None:
    taken = time_of(said(TimeSource.EXIF_ORIGINAL, "2025-12-30 09:00:00", offset=540), place="Europe/Berlin")
    assert taken.utc_offset_minutes == 540
    assert taken.utc == datetime(2025, 12, 30)


def test_the_offset_may_be_written_in_another_source_that_states_the_same_moment() -> None:
    taken = time_of(
        said(TimeSource.EXIF_ORIGINAL, "2019-04-15 14:40:24"), said(TimeSource.XMP, "2019-04-15 14:40:24", offset=-420)
    )
    assert (taken.source, taken.utc_offset_minutes) == (TimeSource.EXIF_ORIGINAL, -420)


def test_the_zone_of_the_position_gives_the_offset_with_daylight_saving() -> None:
    summer = time_of(said(TimeSource.EXIF_ORIGINAL, "2024-07-01 10:00:00"), place="Europe/Rome")
    winter = time_of(said(TimeSource.EXIF_ORIGINAL, "2024-01-01 10:00:00"), place="Europe/Rome")
    assert (summer.utc_offset_minutes, winter.utc_offset_minutes) == (120, 60)


def test_the_gps_clock_reveals_the_offset() -> None:
    """15-minute rounding: Nepal's +05:45, seconds apart."""
    taken = time_of(
        said(TimeSource.EXIF_ORIGINAL, "2024-05-01 10:00:20"), said(TimeSource.GPS, utc="2024-05-01 04:15:00")
    )
    assert taken.utc_offset_minutes == 345
    assert taken.local == datetime(2024, 5, 1, 10, 0, 20)


@pytest.mark.parametrize("utc", ["2024-05-01 04:08:00", "2024-04-30 10:00:00", "2024-05-01 03:45:00"])
def test_an_old_fix_reveals_nothing(utc: str) -> None:
    """Minutes off, a day off, or an offset that no zone has."""
    taken = time_of(said(TimeSource.EXIF_ORIGINAL, "2024-05-01 10:00:20"), said(TimeSource.GPS, utc=utc))
    assert taken.utc_offset_minutes is None


def test_a_phone_that_writes_wall_time_as_gps_time_keeps_the_offset_of_its_place() -> None:
    """Seen in Nokia phones: GPSTimeStamp equal to the wall time in Spain."""
    taken = time_of(
        said(TimeSource.EXIF_DATETIME, "2022-02-03 14:44:07"),
        said(TimeSource.GPS, utc="2022-02-03 14:44:09"),
        place="Europe/Madrid",
    )
    assert (taken.local.hour, taken.utc_offset_minutes) == (14, 60)


def test_a_camera_left_on_home_time_is_ordered_by_the_gps_clock() -> None:
    """Its wall time stays as written; the offset is the camera's, so that its UTC is right."""
    choice = choose(
        said(TimeSource.EXIF_ORIGINAL, "2024-05-01 09:00:00"),
        said(TimeSource.GPS, utc="2024-05-01 13:00:10"),
        place="Europe/Paris",
    )
    assert choice.capture_time is not None
    assert choice.capture_time.utc == datetime(2024, 5, 1, 13)
    assert "time.offset-gps-not-place" in [reason.code for reason in choice.reasons]


def test_quicktime_utc_becomes_wall_time_by_the_zone_of_its_position() -> None:
    taken = time_of(said(TimeSource.QUICKTIME, utc="2024-12-31 16:30:00"), place="Asia/Tokyo")
    assert (taken.local, taken.utc_offset_minutes) == (datetime(2025, 1, 1, 1, 30), 540)


def test_quicktime_utc_becomes_wall_time_by_its_own_file_name() -> None:
    taken = time_of(
        said(TimeSource.QUICKTIME, utc="2024-12-31 16:30:04"), said(TimeSource.FILE_NAME, "2025-01-01 01:30:00")
    )
    assert (taken.source, taken.local, taken.utc_offset_minutes) == (
        TimeSource.QUICKTIME,
        datetime(2025, 1, 1, 1, 30, 4),
        540,
    )


def test_utc_alone_stands_in_for_wall_time_and_says_so() -> None:
    choice = choose(said(TimeSource.QUICKTIME, utc="2024-12-31 16:30:00"))
    assert choice.capture_time is not None
    assert (choice.capture_time.local, choice.capture_time.utc_offset_minutes) == (datetime(2024, 12, 31, 16, 30), None)
    assert choice.reasons[-1].code == "time.utc-as-local"


def test_any_wall_time_is_better_than_utc_without_a_place() -> None:
    taken = time_of(
        said(TimeSource.TAKEOUT, utc="2024-12-31 23:30:00"),
        said(TimeSource.FILE_NAME, "2025-01-01", precision=TimePrecision.DAY),
    )
    assert (taken.source, taken.local.date()) == (TimeSource.FILE_NAME, date(2025, 1, 1))


def test_takeout_gives_the_offset_of_a_camera_without_one() -> None:
    taken = time_of(
        said(TimeSource.EXIF_ORIGINAL, "2018-09-28 15:35:49"), said(TimeSource.TAKEOUT, utc="2018-09-28 22:35:49")
    )
    assert taken.utc_offset_minutes == -420


def test_takeout_equal_to_wall_time_proves_no_offset() -> None:
    taken = time_of(
        said(TimeSource.EXIF_ORIGINAL, "2018-09-28 15:35:49"), said(TimeSource.TAKEOUT, utc="2018-09-28 15:35:49")
    )
    assert taken.utc_offset_minutes is None


def test_a_day_stays_a_day() -> None:
    """A WhatsApp name gives no time of day, and the file's own time adds none."""
    taken = time_of(
        said(TimeSource.FILE_NAME, "2023-01-02", precision=TimePrecision.DAY),
        said(TimeSource.MTIME, utc="2023-01-02 08:00:00"),
    )
    assert (taken.precision, taken.local) == (TimePrecision.DAY, datetime(2023, 1, 2))


def test_a_day_takes_its_time_from_a_statement_that_agrees() -> None:
    taken = time_of(
        said(TimeSource.FILE_NAME, "2023-01-02", precision=TimePrecision.DAY),
        said(TimeSource.EXIF_DATETIME, "2023-01-02 17:45:12"),
    )
    assert (taken.source, taken.precision) == (TimeSource.FILE_NAME, TimePrecision.SECOND)
    assert taken.local == datetime(2023, 1, 2, 17, 45, 12)


def test_a_year_in_a_good_source_is_less_than_a_date_in_a_lesser_one() -> None:
    taken = time_of(
        said(TimeSource.XMP, "2008-01-01", precision=TimePrecision.YEAR),
        said(TimeSource.FILE_NAME, "2009-03-04 10:00:00"),
    )
    assert taken.source is TimeSource.FILE_NAME


@pytest.mark.parametrize("named", [("1985-07-12", TimePrecision.DAY), ("1985-07-01", TimePrecision.MONTH)])
def test_the_day_in_the_name_of_a_scanned_print_comes_before_the_scan(named: tuple[str, TimePrecision]) -> None:
    """A scanner says when it made the picture digital; it does not know when the shot was taken."""
    scan = (
        said(TimeSource.EXIF_DIGITIZED, "2019-04-04 20:00:00"),
        said(TimeSource.EXIF_DATETIME, "2019-04-04 20:00:00"),
        said(TimeSource.MTIME, utc="2019-04-04 18:00:00"),
    )
    taken = time_of(*scan, said(TimeSource.FILE_NAME, named[0], precision=named[1]))
    assert (taken.source, str(taken.local.date()), taken.precision) == (TimeSource.FILE_NAME, *named)
    assert time_of(*scan, said(TimeSource.FILE_NAME, "2019-04-03 20:00:00")).source is TimeSource.EXIF_DIGITIZED
    album = said(TimeSource.FOLDER_NAME, named[0], precision=named[1])
    assert time_of(*scan, album).source is TimeSource.FOLDER_NAME
    of_camera = time_of(said(TimeSource.EXIF_ORIGINAL, "2019-04-04 20:00:00"), said(TimeSource.FILE_NAME, named[0]))
    assert of_camera.source is TimeSource.EXIF_ORIGINAL


@pytest.mark.parametrize("source", [TimeSource.EXIF_ORIGINAL, TimeSource.XMP, TimeSource.IPTC, TimeSource.FILE_NAME])
@pytest.mark.parametrize("scanner", [TimeSource.EXIF_DIGITIZED, TimeSource.EXIF_DATETIME])
def test_a_mere_year_of_a_print_comes_before_its_scan(source: TimeSource, scanner: TimeSource) -> None:
    """`1954 Grandmother.jpg`, or `1954:00:00`, beside the date on which a scanner or an editor wrote the file."""
    year = said(source, "1954-01-01", precision=TimePrecision.YEAR)
    taken = time_of(year, said(scanner, "2019-04-04 20:00:00"))
    assert (taken.source, taken.local.year, taken.precision) == (source, 1954, TimePrecision.YEAR)
    # The same year is not a contradiction: then the day is the better half.
    assert time_of(year, said(scanner, "1954-12-30 20:00:00")).source is scanner


def test_a_folder_of_an_earlier_year_does_not_outweigh_when_a_photo_was_changed() -> None:
    folder = said(TimeSource.FOLDER_NAME, "1999-01-01", precision=TimePrecision.YEAR)
    assert time_of(folder, said(TimeSource.EXIF_DATETIME, "2005-01-02 03:04:05")).source is TimeSource.EXIF_DATETIME


def test_mtime_is_the_marked_last_resort() -> None:
    taken = time_of(said(TimeSource.MTIME, utc="2023-01-02 08:00:00"))
    assert taken.source is TimeSource.MTIME
    assert not taken.is_reliable


@pytest.mark.parametrize(
    ("local", "code"),
    [
        ("1970-01-01 00:00:00", "time.never-set"),
        ("1969-12-31 16:00:00", "time.never-set"),
        ("1904-01-01 00:00:00", "time.never-set"),
        ("1980-01-01 12:34:56", "time.clock-reset"),
        ("2000-01-01 00:00:17", "time.clock-reset"),
        ("2001-01-01 00:12:00", "time.clock-reset"),
        ("2002-12-08 12:00:00", "time.clock-reset"),
        ("1800-05-05 10:00:00", "time.before-photography"),
        ("2026-08-03 00:00:00", "time.future"),
        ("2101-01-01 00:00:00", "time.future"),
    ],
)
def test_impossible_dates_are_refused_and_the_next_source_counts(local: str, code: str) -> None:
    choice = choose(said(TimeSource.EXIF_ORIGINAL, local), said(TimeSource.FILE_NAME, "2015-06-07 08:09:10"))
    assert [row.reason.code for row in choice.refused] == [code]
    assert choice.capture_time is not None
    assert choice.capture_time.source is TimeSource.FILE_NAME


@pytest.mark.parametrize(
    "local",
    ["2001-01-01 15:00:00", "2002-12-08 12:00:01", "2020-01-01 00:00:30", "1965-07-03 00:00:00", "2026-08-02 01:00:00"],
)
def test_unusual_dates_that_can_be_true_are_kept(local: str) -> None:
    """A real New Year's Day, fireworks, a scanned print, and today east of here."""
    assert time_of(said(TimeSource.EXIF_ORIGINAL, local)).local == datetime.fromisoformat(local)


def test_a_day_written_by_hand_is_believed() -> None:
    party = said(TimeSource.FILE_NAME, "2000-01-01", precision=TimePrecision.DAY)
    assert time_of(party).local == datetime(2000, 1, 1)


def test_a_clock_correction_moves_what_the_camera_wrote_and_nothing_else() -> None:
    wrong, name = (
        said(TimeSource.EXIF_ORIGINAL, "2000-01-01 00:10:00"),
        said(TimeSource.FILE_NAME, "2015-06-07 08:09:10"),
    )
    corrected = time_of(wrong, name, clock=60 * 24 * 5000)
    assert corrected.local == datetime(2000, 1, 1, 0, 10) + timedelta(days=5000)
    assert time_of(name, clock=90).local == datetime(2015, 6, 7, 8, 9, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Canon EOS 5D=+1h30m", ("Canon EOS 5D", 90)),
        ("X-T1=-2d", ("X-T1", -2880)),
        ("NIKON D810=+05:30", ("NIKON D810", 330)),
        ("a=b=-45m", ("a=b", -45)),
    ],
)
def test_clock_corrections_are_read(text: str, expected: tuple[str, int]) -> None:
    assert parse_clock_correction(text) == expected


@pytest.mark.parametrize("text", ["", "Canon", "Canon=", "=+1h", "Canon=1h", "Canon=+", "Canon=+1x", "Canon=+h"])
def test_a_correction_that_makes_no_sense_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(text))):
        parse_clock_correction(text)


def test_a_night_out_belongs_to_the_day_it_began() -> None:
    assert logical_day(datetime(2024, 1, 1, 2, 30), 4) == date(2023, 12, 31)
    assert logical_day(datetime(2024, 1, 1, 4), 4) == date(2024, 1, 1)


@given(st.integers(-14 * 60, 14 * 60))
def test_a_difference_is_an_offset_only_if_some_zone_has_it(minutes: int) -> None:
    found = civil_offset(timedelta(minutes=minutes))
    assert found is None or (abs(found - minutes) <= 2 and -720 <= found <= 840)


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
CANDIDATES = st.builds(
    TimeCandidate,
    st.sampled_from(TimeSource),
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    st.none() | st.integers(-720, 840),
    st.sampled_from(TimePrecision),
)


@given(st.lists(CANDIDATES, max_size=6))
def test_every_choice_is_possible_and_explained(candidates: list[TimeCandidate]) -> None:
    """Whatever files say: no exception, nothing from the future, and each reason has its sentence."""
    choice = choose_capture_time(candidates, now_utc=NOW, zone_offset=zone("Asia/Tokyo"))
    assert len(choice.refused) <= len(candidates)
    assert {reason.code for reason in (*choice.reasons, *(row.reason for row in choice.refused))} <= set(SENTENCES)
    if choice.capture_time:
        assert choice.capture_time.local <= NOW + timedelta(days=2)
        assert choice.reasons


SENTENCES: dict[str, dict[str, str]] = tomllib.loads((LABELS / "reasons" / "time.toml").read_text(encoding="utf-8"))
