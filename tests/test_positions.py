"""Which positions are believed, which are refused and why, and which are taken from neighbours."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.core.trips.positions import PositionChoice, choose_positions
from album_sort.core.trips.timeline import TimelinePhoto
from album_sort.types import (
    CaptureTime,
    ContentId,
    GeoPosition,
    PositionSource,
    TimePrecision,
    TimeSource,
)

MUNICH, NISEKO = (48.137, 11.575), (42.805, 140.687)
START = datetime.fromisoformat("2024-07-05 12:00")


def at(spot: tuple[float, float], **more: object) -> GeoPosition:
    return GeoPosition(*spot, **{"source": PositionSource.EXIF, **more})  # type: ignore[arg-type]


def shot(
    number: int,
    hours: float,
    *positions: GeoPosition,
    camera: str = "phone",
    offset: int | None = 0,
    may_infer: bool = True,
    precision: TimePrecision = TimePrecision.SECOND,
) -> TimelinePhoto:
    time = CaptureTime(START + timedelta(hours=hours), offset, TimeSource.EXIF_ORIGINAL, precision)
    return TimelinePhoto(ContentId(f"{number:064x}"), time, camera=camera, is_own=may_infer, candidates=positions)


def choose(*shots: TimelinePhoto) -> list[PositionChoice]:
    chosen = choose_positions(shots)
    return [chosen[one.content_id] for one in shots]


@pytest.mark.parametrize(
    ("position", "code"),
    [
        (at((0.0, 0.0)), "position.zero"),
        (at((0.0005, -0.0003)), "position.zero"),
        (at((91.0, 10.0)), "position.off-globe"),
        (at((10.0, -180.5)), "position.off-globe"),
        (at((float("nan"), 10.0)), "position.off-globe"),
        (at((90.0, 0.0)), "position.pole"),
    ],
)
def test_impossible_positions_are_refused_with_the_reason(position: GeoPosition, code: str) -> None:
    (choice,) = choose(shot(1, 0, position))
    assert choice.position is None
    assert [reason.code for reason in choice.why] == [code]


def test_the_next_source_is_taken_when_the_first_is_refused() -> None:
    takeout = at(MUNICH, source=PositionSource.TAKEOUT)
    (choice,) = choose(shot(1, 0, takeout, at((0.0, 0.0))))
    assert choice.position == takeout
    assert choice.why[0].code == "position.zero"


def test_a_fix_hours_older_than_the_photo_is_stale() -> None:
    fresh = shot(1, 0, at(MUNICH, fix_utc=START - timedelta(minutes=5)))
    stale = shot(2, 30, at(MUNICH, fix_utc=START))
    believed, refused = choose(fresh, stale)
    assert believed.position is not None
    assert refused.position is None
    assert refused.why[0].code == "position.stale"


def test_a_wrong_clock_does_not_make_every_fix_stale() -> None:
    shots = [shot(n, 24 * n + 5, at(MUNICH, fix_utc=START + timedelta(hours=24 * n))) for n in range(8)]
    assert all(choice.position is not None for choice in choose(*shots))


def test_a_fix_dated_before_a_week_rollover_is_good() -> None:
    (choice,) = choose(shot(1, 0, at(MUNICH, fix_utc=START - timedelta(weeks=1024))))
    assert choice.position is not None


def test_a_fix_nobody_can_have_flown_to_and_from_is_refused() -> None:
    choices = choose(shot(1, 0, at(MUNICH)), shot(2, 1, at(NISEKO)), shot(3, 2, at(MUNICH)))
    assert choices[1].why[0].code == "position.too-fast"
    # What is left is a gap between two fixes at one place.
    assert choices[1].position is not None
    assert choices[1].position.source is PositionSource.INFERRED
    assert choices[1].position.lat_deg == pytest.approx(MUNICH[0])


def test_a_flight_is_believed() -> None:
    choices = choose(shot(1, 0, at(MUNICH)), shot(2, 12, at(NISEKO)), shot(3, 30, at(MUNICH)))
    assert all(choice.position is not None for choice in choices)


def test_two_telephones_of_one_name_are_both_believed() -> None:
    shots = [shot(n, n, at(NISEKO if n % 2 else MUNICH)) for n in range(12)]
    assert all(choice.position is not None for choice in choose(*shots))


def test_a_receiver_that_repeats_itself_while_the_other_travels_is_frozen() -> None:
    frozen = [shot(n, 3 * n, at((48.137123, 11.575456)), camera="compact") for n in range(6)]
    other = [shot(50 + n, 3 * n + 0.5, at((45.4 + n / 10, 9.19))) for n in range(6)]
    choices = choose(*frozen, *other)
    assert [choice.position is None for choice in choices[:6]] == [False] + [True] * 5
    assert all(choice.position is not None for choice in choices[6:])


def test_a_receiver_that_repeats_itself_at_home_is_believed() -> None:
    shots = [shot(n, 3 * n, at((48.137123, 11.575456))) for n in range(6)]
    assert all(choice.position is not None for choice in choose(*shots))


def test_a_gap_between_two_fixes_at_one_place_is_filled_and_marked() -> None:
    choices = choose(shot(1, 0, at((48.1370, 11.575))), shot(2, 2), shot(3, 4, at((48.1390, 11.575))))
    filled = choices[1].position
    assert filled is not None
    assert filled.source is PositionSource.INFERRED
    assert filled.lat_deg == pytest.approx(48.1380)
    assert choices[1].why[0].code == "position.inferred-between"


def test_a_gap_across_the_180th_meridian_is_filled_on_the_short_side() -> None:
    choices = choose(shot(1, 0, at((-17.0, 179.998))), shot(2, 1), shot(3, 2, at((-17.0, -179.998))))
    filled = choices[1].position
    assert filled is not None
    assert abs(filled.lon_deg) == pytest.approx(180, abs=0.003)


def test_a_gap_between_distant_fixes_is_filled_only_within_the_hour_of_one() -> None:
    far = choose(shot(1, 0, at(MUNICH)), shot(2, 3), shot(3, 6, at((48.4, 9.99))))
    near = choose(shot(1, 0, at(MUNICH)), shot(2, 0.5), shot(3, 6, at((48.4, 9.99))))
    assert far[1].position is None
    assert near[1].position is not None
    assert near[1].why[0].code == "position.inferred-beside"


def test_another_cameras_fix_is_not_taken_over() -> None:
    assert choose(shot(1, 0, at(MUNICH)), shot(2, 0.1, camera="compact"))[1].position is None


def test_screenshots_and_pictures_without_a_camera_get_no_position() -> None:
    screenshot = shot(2, 0.1, may_infer=False)
    received = shot(3, 0.1, camera="")
    assert [c.position for c in choose(shot(1, 0, at(MUNICH)), screenshot, received)[1:]] == [None, None]


def test_a_day_without_time_of_day_gets_no_position() -> None:
    assert choose(shot(1, 0, at(MUNICH)), shot(2, 0.1, precision=TimePrecision.DAY))[1].position is None


def test_a_photo_without_a_date_keeps_its_position() -> None:
    lone = TimelinePhoto(ContentId("0" * 64), None, camera="phone", candidates=(at(MUNICH),))
    assert choose_positions([lone])[lone.content_id].position == at(MUNICH)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_photos_does_not_matter(chance: random.Random) -> None:
    spots = [MUNICH, NISEKO, (48.2, 11.6), None]
    shots = []
    for n in range(40):
        spot = chance.choice(spots)
        camera = chance.choice(["phone", "compact", ""])
        shots.append(shot(n, chance.uniform(0, 100), *([at(spot)] if spot else []), camera=camera))
    before = choose_positions(shots)
    chance.shuffle(shots)
    assert choose_positions(shots) == before
