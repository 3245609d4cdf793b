"""Ids of runs stand in the order of their times: the newest report, and a history that is made anew, are found by them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from album_sort.pipeline.execute import new_run_id
from album_sort.pipeline.remembered import not_before


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)), st.integers(16, 3_000_000))
def test_the_id_of_a_later_run_is_the_greater_one(earlier: datetime, microseconds: int) -> None:
    assert new_run_id(earlier) < new_run_id(earlier + timedelta(microseconds=microseconds))


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)), st.timedeltas(timedelta(-9), timedelta(0)))
def test_a_clock_that_stands_or_was_set_back_does_not_turn_the_order(earlier: datetime, change: timedelta) -> None:
    assert new_run_id(earlier) < new_run_id(not_before(earlier + change, earlier))
