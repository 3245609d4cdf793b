"""From a preparation to files: plans against the destination as it is, and carries the plan out under its lock."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from album_sort import __version__
from album_sort.classifier.labels import load_wording
from album_sort.core.planning.check import check_plan
from album_sort.core.planning.plan import plan_filings
from album_sort.core.planning.pruning import orphans, with_left_out, with_prune
from album_sort.events import EventSink, Notice, OpFinished, StageFinished, StageProgress, StageStarted
from album_sort.fileops.apply import Applied, apply_plan
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import read_foreign
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.recover import remove_temporaries
from album_sort.fileops.space import check_space
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.hand import (
    all_albums,
    carried_names,
    remember_hand,
    see,
    unwanted,
    with_hand,
    with_names_elsewhere,
)
from album_sort.pipeline.keeping import kept_after, trips_after
from album_sort.pipeline.net import Net
from album_sort.pipeline.prepare import Preparation
from album_sort.pipeline.remembered import remember_run
from album_sort.pipeline.rest import Absent
from album_sort.pipeline.unchanged import IDLE_SETTINGS
from album_sort.state.cache import InferenceCache
from album_sort.state.journal import StateJournal
from album_sort.state.store import DestinationState
from album_sort.types import Action, ContentId, Filing, OpResult, OpStatus, Plan, PlannedOp, Reason, RunId, run_id_of
from album_sort.types.ledger import DestinationPicture, DestinationRecords, LedgerRow, RunRecord, RunStatus
from album_sort.types.told import Word


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A plan and the picture it was made from."""

    plan: Plan
    picture: DestinationPicture
    has_hand_news: bool = False
    """Whether a person has done something in the albums that has to be remembered."""

    @property
    def has_work(self) -> bool:
        """Whether carrying it out would write anything."""
        return bool(self.plan.effects or self.picture.stale_temporaries) or self.picture.has_news or self.has_hand_news


def make_plan(preparation: Preparation, records: DestinationRecords, known: Planned | None = None) -> Planned:
    """What has to happen in the destination as it is now. Reads only.

    `known`: what was planned a moment ago from the same preparation; it stands where the destination is still as it was then.
    """
    request = preparation.request
    fs = RealFileSystem()
    picture = preparation.picture or see(request.destination, records, preparation.layout, preparation.policy.rules)
    titles = {album: preparation.base_title(album) for album in all_albums(preparation.policy.rules)}
    carried = carried_names(picture, preparation.layout, preparation.policy.rules, titles)
    picture = with_hand(picture, preparation.hand, carried)
    picture = with_names_elsewhere(
        picture, preparation.hand, preparation.filings, preparation.layout, preparation.policy.rules
    )
    picture = read_foreign(request.destination, fs, picture, preparation.filings)
    # What is pruned depends on the sources, too.
    if known is not None and known.picture == picture and not request.settings.prune:
        return known
    net = Net(is_strict=request.settings.strict)
    plan_id, digest = new_run_id(request.now_utc), settings_digest(preparation)

    def planned(groups: Sequence[Sequence[Filing]]) -> Plan:
        return plan_filings(
            (filing for group in groups for filing in group),
            picture,
            mode=request.settings.mode,
            destination=request.destination,
            created_utc=request.now_utc,
            plan_id=plan_id,
            settings_digest=digest,
            skipped=preparation.skipped,
        )

    _, plan = net.together(_by_group(preparation.filings), lambda group: group[0].file.path, planned)
    if net.faults:
        faults = (*preparation.skipped, *net.faults.values())
        plan = replace(plan, skipped=tuple(sorted(faults, key=lambda one: one.path)))
    plan = with_left_out(plan, unwanted(picture, preparation.hand.corrections))
    if request.settings.prune:
        absent = Absent(preparation.rest.roots)
        gone = [row for row in orphans(plan, picture) if is_source_gone(row) and not absent.covers(row.source)]
        plan = with_prune(plan, gone, picture.ledger.values(), max_share=request.settings.prune_limit)
    check_plan(plan, picture)
    return Planned(plan, picture, preparation.hand.has_news)


def _by_group(filings: Sequence[Filing]) -> list[list[Filing]]:
    """The filings of each photo: they are planned, or left out, together."""
    groups: dict[ContentId, list[Filing]] = {}
    for filing in filings:
        groups.setdefault(filing.group_id, []).append(filing)
    return list(groups.values())


def is_source_gone(row: LedgerRow) -> bool:
    """Only of an absolute path can it be said: a relative one means another file from another working folder."""
    return os.path.isabs(row.source) and not os.path.lexists(row.source)


def new_run_id(now_utc: datetime) -> RunId:
    """`20261122-201530-3fa9`: sorts by time, also within a second, whose part in 65,536ths stands last.

    No two runs of a destination begin at one moment: the later one is put after the last (`not_before`).
    """
    return run_id_of(f"{now_utc:%Y%m%d-%H%M%S}-{(now_utc.microsecond << 16) // 1_000_000:04x}")


def settings_digest(preparation: Preparation) -> str:
    """Short hash of everything that decides where photos go."""
    settings = preparation.request.settings
    told = [
        f"{name}={getattr(settings, name)}"
        for name in sorted(type(settings).__dataclass_fields__)
        if name not in IDLE_SETTINGS
    ]
    told += [preparation.engine.model_key, preparation.policy.rules.digest, preparation.lang]
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def carry_out(
    planned: Planned,
    preparation: Preparation,
    state: DestinationState,
    *,
    sink: EventSink,
    stop: Callable[[], bool],
    on_result: Callable[[PlannedOp, OpResult], None],
) -> Applied:
    """Applies the plan and remembers the outcome; the lock must be held."""
    plan, destination = planned.plan, preparation.request.destination
    fs = RealFileSystem()
    remove_temporaries(destination, fs, planned.picture.stale_temporaries)
    check_space(plan, can_reflink=can_reflink(destination))
    state.remember_moves(planned.picture)
    remember_hand(state, preparation.hand)
    journal = begin_run(state, plan, "sort", plan.created_utc)
    applied = apply_and_tell(plan, fs, journal, preparation.lang, sink=sink, stop=stop, on_result=on_result)
    doubt_refused(plan, applied, preparation.engine.cache_folder)
    trips = trips_after(preparation, state)
    if trips is not None:
        state.store_trips(trips)
    remember_run(state, plan.plan_id, kept_after(preparation, state))
    state.finish_run(plan.plan_id, status_of(applied), utc_now())
    return applied


def begin_run(
    state: DestinationState,
    plan: Plan,
    command: str,
    started_utc: datetime,
    *,
    words: Sequence[Word] = (),
    keeps: Mapping[str, str] = MappingProxyType({}),
) -> StateJournal:
    """Enters the run that is to carry out a plan into the history, with what it remembers; its journal. Raises `DestinationError`."""
    run = RunRecord(
        plan.plan_id,
        command,
        started_utc,
        None,
        RunStatus.RUNNING,
        plan.mode,
        plan.settings_digest,
        version=__version__,
        continues=_finished_by(plan, state),
    )
    return state.begin_run(run, plan, words=words, keeps=keeps)


def _finished_by(plan: Plan, state: DestinationState) -> str:
    """The run before this one, where that was killed and this plan does some of what it has left undone; else empty.

    A run that does other things is a run of its own, even though whoever begins one settles what was killed.
    """
    last = next((run for run in reversed(state.runs()) if run.status is not RunStatus.UNDONE), None)
    if last is None or last.status is not RunStatus.KILLED:
        return ""
    left = {_errand(op) for op in state.left_undone(last.run_id)}
    return last.run_id if any(_errand(op) in left for op in plan.effects) else ""


def _errand(op: PlannedOp) -> tuple[bool, ContentId, str, str]:
    """What a row is to come to, whatever name is free for it by then."""
    return op.action is Action.TRASH, op.content_id, op.folder, op.role


def _unheard(_op: PlannedOp, _result: OpResult) -> None:
    """Nobody wants to hear of single rows."""


def apply_and_tell(
    plan: Plan,
    fs: RealFileSystem,
    journal: StateJournal,
    lang: str,
    *,
    sink: EventSink,
    stop: Callable[[], bool],
    on_result: Callable[[PlannedOp, OpResult], None] = _unheard,
) -> Applied:
    """Applies a plan, telling about progress and failures."""
    begun, done = time.monotonic(), 0
    sink(StageStarted("apply", len(plan.ops)))

    def tell(op: PlannedOp, result: OpResult) -> None:
        nonlocal done
        done += 1
        on_result(op, result)
        sink(OpFinished(op, result))
        sink(StageProgress("apply", done, len(plan.ops), op.target))

    applied = apply_plan(plan, fs, journal, on_result=tell, stop=stop)
    sink(StageFinished("apply", done, time.monotonic() - begun))
    for error in applied.untidy:
        sink(Notice(load_wording().say(Reason.of("notice.untidy", error=error), lang), is_urgent=True))
    return applied


def doubt_refused(plan: Plan, applied: Applied, cache_folder: Path) -> None:
    """The next run reads the sources of refused rows again: one may have been changed under its old size and date."""
    refused = [
        op.source
        for op, result in zip(plan.ops, applied.results, strict=True)
        if result.status is OpStatus.FAILED and op.action.makes_a_file
    ]
    if refused:
        with InferenceCache.open(cache_folder, "") as cache:
            cache.forget_files(refused)


def status_of(applied: Applied) -> RunStatus:
    """How the run will be remembered: as one that still goes on, where the next has to tidy up after it."""
    if applied.untidy:
        return RunStatus.RUNNING
    if applied.stopped_by:
        return RunStatus.INTERRUPTED
    failed = any(result.status is OpStatus.FAILED for result in applied.results)
    return RunStatus.PARTIAL if failed else RunStatus.DONE
