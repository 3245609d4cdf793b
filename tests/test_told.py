"""What a person says of dates and trips, as values: read, written, laid over what was found; and kept by a state of any age."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.dates.told import MOST_YEARS, parse_told_time, shifted, told_text
from album_sort.core.trips.find import Timeline
from album_sort.core.trips.told import as_told
from album_sort.errors import UsageError
from album_sort.state.facts import value_of, value_to_text
from album_sort.state.schema import CORRECTIONS_BY_HAND, SCHEMA
from album_sort.state.store import DestinationState
from album_sort.state.words import fact_word
from album_sort.types import CaptureTime, ContentId, Mode, Plan, RunId, TimePrecision, TimeSource, Trip
from album_sort.types.ledger import RunRecord, RunStatus
from album_sort.types.told import About, ToldFact, ToldPlace, ToldTime, ToldTrip

NOW = datetime(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("1987", "1987-01-01 00:00", TimePrecision.YEAR),
        ("1987-7", "1987-07-01 00:00", TimePrecision.MONTH),
        (" 1987-07-14 ", "1987-07-14 00:00", TimePrecision.DAY),
        ("1987-07-14T18:30", "1987-07-14 18:30", TimePrecision.MINUTE),
        ("1987-07-14 18:30:05", "1987-07-14 18:30:05", TimePrecision.SECOND),
    ],
)
def test_a_date_is_as_exact_as_it_is_written(text: str, local: str, precision: TimePrecision) -> None:
    assert parse_told_time(text, NOW) == ToldTime(datetime.fromisoformat(local), precision)


@pytest.mark.parametrize(
    "text", ["", "+", "+0d", "soon", "1987-02-30", "87", "1700", "2027", "+201y", "+1x", "1987-07-14 25:00"]
)
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_told_time(text, NOW)
    assert repr(text) in str(caught.value)


SHIFTS = st.builds(
    lambda sign, years, minutes: ToldTime(years=sign * years, minutes=sign * minutes),
    st.sampled_from((1, -1)),
    st.integers(0, MOST_YEARS),
    st.integers(1, 10**6),
)
DATES = st.datetimes(datetime(1826, 1, 1), NOW).map(lambda one: ToldTime(one.replace(microsecond=0)))


@given(SHIFTS | DATES)
def test_what_is_told_is_written_as_it_is_read_in_words_and_in_the_state(told: ToldTime) -> None:
    assert parse_told_time(told_text(told), NOW) == told
    assert value_of(About.TAKEN, value_to_text(told)) == told


@given(SHIFTS, st.datetimes(datetime(1900, 1, 1), NOW))
def test_a_shift_there_and_back_is_none_but_for_a_leap_day(told: ToldTime, local: datetime) -> None:
    time = CaptureTime(local, None, TimeSource.EXIF_ORIGINAL, TimePrecision.SECOND)
    there = shifted(time, ToldTime(minutes=told.minutes))
    assert there is not None
    back = shifted(there[0], ToldTime(minutes=-told.minutes))
    assert back is not None
    assert back[0] == time
    assert shifted(time.__class__(local, None, TimeSource.MTIME, time.precision), told) is None


def content(number: int) -> ContentId:
    return ContentId(f"{number:064x}")


def trip(first: int, count: int) -> Trip:
    members = frozenset(content(first + n) for n in range(count))
    return Trip(f"t{first}", f"Trip {first}", date(2024, 1, 1 + first // 10), date(2024, 1, 2 + first // 10), members)


def timeline(*trips: Trip) -> Timeline:
    return Timeline(trips, {member: one for one in trips for member in one.members}, {})


@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 2), st.booleans()), max_size=30), st.randoms())
def test_no_photo_is_lost_whatever_is_said_of_trips_and_in_whatever_order(
    said: list[tuple[int, int, bool]], random: object
) -> None:
    trips = [trip(first, 10) for first in (0, 10, 20, 30)]
    told = {content(photo): ToldTrip(f"t{key}", "Rome" * (key > 0), is_one=is_one) for photo, key, is_one in said}
    found = as_told(timeline(*trips), told)
    turned = list(told.items())
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert as_told(timeline(*trips), dict(turned)).trips == found.trips
    assert sorted(member for one in found.trips for member in one.members) == sorted(
        member for one in trips for member in one.members
    )
    assert len({one.title for one in found.trips}) == len(found.trips), "two trips never share a folder"
    assert all(found.trip_of[member] == one for one in found.trips for member in one.members)


def test_a_trip_that_grows_keeps_the_name_that_it_was_given_and_one_other_photo_takes_it_nowhere() -> None:
    told = {content(n): ToldTrip("t0", "Honeymoon") for n in range(10)}
    assert [one.title for one in as_told(timeline(trip(0, 30)), told).trips] == ["Honeymoon"]
    assert [one.title for one in as_told(timeline(trip(9, 20)), told).trips] == ["Trip 9"]


def test_a_state_of_the_second_version_learns_of_facts_and_keeps_them_without_its_database(tmp_path: Path) -> None:
    (tmp_path / ".album-sort").mkdir()
    file = tmp_path / ".album-sort/state.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(f"{SCHEMA}{CORRECTIONS_BY_HAND}; PRAGMA user_version = 2;")
        connection.execute("INSERT INTO runs VALUES ('r', 'sort', '2026-01-01', NULL, 'done', 'copy', '', 0, 0, '')")
    connection.close()
    facts = [
        ToldFact(content(1), ToldTime(datetime(1987, 7, 1), TimePrecision.MONTH), NOW, "/p/\udcff.jpg"),
        ToldFact(content(1), ToldPlace(35.0, 135.8, "Kyoto"), NOW, "/p/a.jpg"),
        ToldFact(content(2), ToldTrip("t1", "京都", is_one=True), NOW),
    ]
    with DestinationState.open_read_only(tmp_path) as state:
        assert state.facts() == {}
    with DestinationState.open(tmp_path) as state:
        run = RunRecord(RunId("told"), "fix", NOW, None, RunStatus.RUNNING, Mode.COPY, "")
        words = [fact_word(fact.content_id, fact.about, None, fact) for fact in facts]
        state.begin_run(run, Plan(run.run_id, NOW, str(tmp_path), Mode.COPY, "", ()), words=words)
        state.forget_facts([(content(1), About.PLACE)])
        known = state.facts()
        assert list(known.values()) == [facts[0], facts[2]]
    file.unlink()
    with DestinationState.open(tmp_path) as state:
        assert state.facts() == known
        assert state.corrections() == {}


@pytest.mark.parametrize(
    "value", ["{}", '{"local": "0001-01-01", "precision": "day"}', '{"years": 10000, "minutes": 0}', "[1]"]
)
def test_a_fact_that_makes_no_sense_makes_the_state_anew_and_stops_nothing(tmp_path: Path, value: str) -> None:
    with DestinationState.open(tmp_path) as state:
        state._connection.execute("INSERT INTO told VALUES (?, 'taken', ?, '2026-01-01', '')", (content(1), value))
    with DestinationState.open(tmp_path) as state:
        state.check()
        assert state.facts() == {}
        assert "made anew" in state.notice
