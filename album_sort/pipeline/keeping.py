"""What a destination keeps after a run: settings, sources, network, what was learned; also where the run is carried out as a saved plan."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable

from album_sort.core.checked import LONGEST_SETTING
from album_sort.core.known_trips import trip_to_json
from album_sort.core.learning.lesson import lesson_to_text
from album_sort.pipeline.kept import KEPT
from album_sort.pipeline.lessons import CORRECTED, KEY, setting_of
from album_sort.pipeline.prepare import Preparation
from album_sort.pipeline.remembered import (
    LANGUAGE,
    LIFTED,
    MODEL,
    ROOTS,
    WEIGHTS,
    RememberedWeights,
    open_to_read,
    read_roots,
    roots_as_text,
    roots_of,
)
from album_sort.pipeline.rest import outermost, trips_to_remember
from album_sort.state.store import DestinationState
from album_sort.types import Kept, KeptTrips, KnownTrip, Plan


def kept_after(preparation: Preparation, state: DestinationState) -> dict[str, str]:
    """What the destination keeps after this run, by key."""
    folders = [source for source in preparation.request.sources if os.path.isdir(source)]
    weights = preparation.engine.weights
    model, used = weights.backbone.name, RememberedWeights(weights.sha256, os.path.abspath(weights.path)).as_text()
    before, before_weights = state.setting(MODEL) or "", state.setting(WEIGHTS) or ""
    # Another network counts for one run, as every other setting; of the same one, the place may have changed.
    is_other = before_weights and (RememberedWeights.of(before_weights) or weights).sha256 != weights.sha256
    if before and not preparation.request.saves and (is_other or before != model):
        model, used = before, before_weights
    return {
        LANGUAGE: preparation.lang,
        MODEL: model,
        WEIGHTS: used,
        ROOTS: roots_as_text(outermost((*read_roots(state), *folders))),
        LIFTED: preparation.lifted,
        **{setting_of(lesson.lesson_id): lesson_to_text(lesson) for lesson in preparation.relearned},
        **preparation.by_corrections.keeps,
        **preparation.request.keeps,
    }


def trips_after(preparation: Preparation, state: DestinationState) -> list[KnownTrip] | None:
    """The trips that the destination knows after this run; None where the run has looked at photos apart from all others."""
    if preparation.library.is_apart:
        return None
    return trips_to_remember(preparation.library.found_trips, state.trips(), preparation.rest.forgotten)


def trips_by_plan(preparation: Preparation) -> KeptTrips | None:
    """The same for a plan that is saved. Reads only."""
    with open_to_read(preparation.request.destination) as state:
        after = trips_after(preparation, state)
        if after is None:
            return None
        known = (KnownTrip(trip.trip_id, trip.title, trip.start, trip.end, trip.members) for trip in after)
        return KeptTrips(trips_digest(state.trips()), tuple(known))


def still_known_by(plan: Plan, state: DestinationState) -> tuple[KnownTrip, ...] | None:
    """The trips once a saved plan is carried out; None where they stay as another run has left them since."""
    if plan.trips is None or plan.trips.before != trips_digest(state.trips()):
        return None
    return plan.trips.after


def trips_digest(trips: Iterable[KnownTrip]) -> str:
    """Short hash of trips, whatever their order."""
    told = json.dumps(sorted((trip_to_json(trip) for trip in trips), key=lambda each: str(each["trip_id"])))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def kept_by_plan(preparation: Preparation) -> tuple[Kept, ...]:
    """The same for a plan that is saved, each beside what is kept now. Reads only."""
    with open_to_read(preparation.request.destination) as state:
        after = kept_after(preparation, state)
        return tuple(
            Kept(key, state.setting(key) or "", text)
            for key, text in sorted(after.items())
            if len(text) <= LONGEST_SETTING  # nobody could read it back
        )


def still_kept_by(plan: Plan, state: DestinationState) -> dict[str, str]:
    """What the destination keeps once a saved plan is carried out, by key.

    What another run has changed since the plan was made stays as that run has left it; folders of photos are added to those of now.
    What no run keeps is passed over: a plan is a file that anybody may have written.
    """
    found = {}
    for one in plan.keeps:
        if not _is_of_runs(one.key):
            continue
        now = state.setting(one.key) or ""
        if one.key == ROOTS:
            found[ROOTS] = roots_as_text(outermost((*roots_of(now), *roots_of(one.after))))
        else:
            found[one.key] = one.after if now == one.before else now
    return found


def keeps_anything_new(plan: Plan, state: DestinationState) -> bool:
    """Whether the destination would keep another setting, or know other trips, once a saved plan is carried out."""
    trips = still_known_by(plan, state)
    is_other_trip = trips is not None and trips_digest(trips) != trips_digest(state.trips())
    return is_other_trip or any((state.setting(key) or "") != text for key, text in still_kept_by(plan, state).items())


def _is_of_runs(key: str) -> bool:
    is_named = key in (LANGUAGE, MODEL, WEIGHTS, ROOTS, LIFTED, *KEPT)
    return is_named or (key.startswith((KEY, CORRECTED)) and " of " not in key)
