"""Carries out a plan that was saved before; rows whose files have changed since are refused one by one."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

from album_sort.classifier.labels import load_wording
from album_sort.config import cache_folder
from album_sort.core.planning.planfile import plan_from_lines
from album_sort.core.planning.replay import replayed
from album_sort.errors import UsageError, why_unreadable
from album_sort.events import EventSink
from album_sort.fileops.apply import Applied
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.recover import remove_temporaries
from album_sort.fileops.space import check_space
from album_sort.operations.clock import now_there
from album_sort.operations.pages import lead_to_newest_page
from album_sort.operations.pages_now import show_as_they_lie
from album_sort.operations.previews import with_previews
from album_sort.operations.stop import StopRequest
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.execute import apply_and_tell, begin_run, doubt_refused, is_source_gone, new_run_id, status_of
from album_sort.pipeline.hand import remember_hand_moves, why_unwanted
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.keeping import keeps_anything_new, still_kept_by, still_known_by
from album_sort.pipeline.remembered import language_of
from album_sort.reading import read_given
from album_sort.sentences import sentence, spoken
from album_sort.settings import Settings
from album_sort.types import OpResult, OpStatus, Plan, PlannedOp, Skipped
from album_sort.types.inner_paths import NO_RUN

_MOST_BYTES = 1 << 29
"""A plan for more than half a million photos."""


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """What came of a plan."""

    plan: Plan
    """With the id of the run that carried it out."""
    applied: Applied
    left: tuple[Skipped, ...] = ()
    """Files that were left where they are, for what was decided since the plan was made."""

    def left_in_words(self, most: int) -> tuple[tuple[str, str], ...]:
        """Path and reason of the first ones."""
        wording = load_wording()
        return tuple((one.path, wording.say(one.reason, spoken())) for one in self.left[:most])

    @property
    def is_idle(self) -> bool:
        """Whether nothing was left to do, so that there was no run."""
        return not self.plan.plan_id

    @property
    def done(self) -> int:
        """Files that were filed, moved or taken away."""
        return count_done(self.applied)

    @property
    def failed(self) -> tuple[OpResult, ...]:
        """Rows that were refused."""
        return failed_of(self.applied)

    @property
    def is_whole(self) -> bool:
        """Whether all of the plan is carried out, and nothing had been left out of it."""
        left_out = any(skipped.is_problem for skipped in self.plan.skipped)
        return not (self.failed or self.applied.untidy or self.applied.stopped_by or left_out)


def count_done(applied: Applied | None) -> int:
    """Files that were really filed, moved or taken away."""
    results = applied.results if applied is not None else ()
    return sum(result.status is OpStatus.DONE and result.action.has_effect for result in results)


def failed_of(applied: Applied | None) -> tuple[OpResult, ...]:
    """Rows that were refused, or that the disk did not take."""
    results = applied.results if applied is not None else ()
    return tuple(result for result in results if result.status is OpStatus.FAILED)


def read_plan(plan_file: Path) -> Plan:
    """A saved plan; raises `UsageError` for what is none."""
    try:
        data = read_given(plan_file, _MOST_BYTES)
    except OSError as error:
        raise UsageError(
            sentence("order.cannot-read-the-plan", plan_file=str(plan_file), why=why_unreadable(error)),
            hint=sentence("order.give-a-file-that"),
        ) from error
    return plan_from_lines(io.BytesIO(data), name=str(plan_file))


def apply(
    saved: Plan, *, wait_seconds: float, sink: EventSink, stop: StopRequest, settings: Settings | None = None
) -> AppliedPlan:
    """Applies a plan to the destination it was made for; of the settings those count that say how, not what."""
    with held_destination(saved.destination, wait_seconds, sink) as state:
        if state.finished_undo is not None:
            lead_to_newest_page(saved.destination)
        now_utc, fs = now_there(state), RealFileSystem()
        picture, hand = remember_hand_moves(saved.destination, state, now_utc)
        remove_temporaries(saved.destination, fs, picture.stale_temporaries)
        now = replayed(saved, picture, hand.corrections, lambda op: why_unwanted(op, hand), is_source_gone)
        # A run of its own: applying a plan twice must not write into the history of the first time.
        plan = replace(now.plan, plan_id=new_run_id(now_utc))
        if not plan.effects and not keeps_anything_new(plan, state):
            if picture.has_news or hand.has_news:
                show_as_they_lie(saved.destination, state)
            return AppliedPlan(replace(plan, plan_id=NO_RUN), Applied(tuple(map(_as_it_was, plan.ops))), now.left)
        check_space(plan, can_reflink=can_reflink(plan.destination))
        journal = begin_run(state, plan, "apply", now_utc, keeps=still_kept_by(plan, state))
        with stop.gently():
            applied = apply_and_tell(plan, fs, journal, language_of(state), sink=sink, stop=stop)
            doubt_refused(plan, applied, cache_folder())
            trips = still_known_by(plan, state)
            if trips is not None:
                state.store_trips(trips)
            state.finish_run(plan.plan_id, status_of(applied), utc_now())
            applied = with_previews(plan, applied, state, settings or Settings(), sink=sink, stop=stop)
            show_as_they_lie(saved.destination, state)
    return AppliedPlan(plan, applied, now.left)


def _as_it_was(op: PlannedOp) -> OpResult:
    return OpResult(op.op_id, OpStatus.DONE, op.action, op.content_id, op.size_bytes)
