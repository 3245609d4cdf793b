"""A saved plan carries the trips that its run would have kept, so that later runs keep their titles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from album_sort.core.planning.planfile import plan_from_lines, plan_to_lines
from album_sort.errors import UsageError
from album_sort.operations.apply import apply
from album_sort.operations.stop import StopRequest
from album_sort.pipeline.keeping import still_known_by, trips_digest
from album_sort.state.store import DestinationState
from album_sort.types import ContentId, KeptTrips, KnownTrip
from tests.destination_builders import plan_on_paper


def trip(title: str, *members: int) -> KnownTrip:
    contents = frozenset(ContentId(f"{n:064x}") for n in members)
    return KnownTrip("t1", title, date(2025, 12, 20), date(2026, 1, 3), contents)


@pytest.mark.parametrize("meanwhile", [None, "another title"])
def test_an_applied_plan_keeps_the_trips_that_its_run_would_have_kept(tmp_path: Path, meanwhile: str | None) -> None:
    """What another run has made of them since stands."""
    albums = tmp_path / "Albums"
    with DestinationState.open(albums) as state:
        trips = KeptTrips(trips_digest(state.trips()), (trip("Niseko", 1, 2),))
        plan = replace(plan_on_paper([]), destination=str(albums), trips=trips)
        if meanwhile is not None:
            state.store_trips([trip(meanwhile, 1)])
    read_back = plan_from_lines(plan_to_lines(plan))
    assert read_back == plan
    apply(read_back, wait_seconds=1.0, sink=lambda _: None, stop=StopRequest())
    with DestinationState.open_read_only(albums) as state:
        assert [one.title for one in state.trips()] == [meanwhile or "Niseko"]


def test_a_plan_of_before_trips_were_kept_leaves_them_as_they_are(tmp_path: Path) -> None:
    lines = [line.replace('"schema_version": 3', '"schema_version": 2') for line in plan_to_lines(plan_on_paper([]))]
    old = plan_from_lines(line.replace('"trips": 0, ', "") for line in lines)
    with DestinationState.open(tmp_path) as state:
        assert still_known_by(old, state) is None


def test_a_plan_that_has_lost_a_trip_is_refused() -> None:
    whole = [*plan_to_lines(replace(plan_on_paper([]), trips=KeptTrips("", (trip("Niseko", 1),))))]
    with pytest.raises(UsageError):
        plan_from_lines([line for line in whole if '"Niseko"' not in line])
