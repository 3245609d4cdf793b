"""The changes that a person makes in the albums: a plan to look at, then one run that carries it out and that `undo` takes back whole.

What is said is remembered by content with the run, and enters the decisions where it belongs, as in every later run: the plan is that
of a run over all photos in the albums. Sources are only listed; what the cache does not know is left to the next `sort`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from album_sort import __version__
from album_sort.classifier.labels import load_wording
from album_sort.errors import DestinationError, UsageError
from album_sort.events import Event, EventSink, Notice, StageFinished, StageProgress, StageStarted
from album_sort.fileops.apply import Applied
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.space import check_space
from album_sort.fileops.trouble import describe
from album_sort.operations.change_words import Drafted, with_change
from album_sort.operations.clock import now_there
from album_sort.operations.order import SettingsHere
from album_sort.operations.previews import Previewer
from album_sort.operations.reports import ReportWriter
from album_sort.operations.runs import must_be_ours
from album_sort.operations.stop import StopRequest
from album_sort.pipeline.changing import Draft, changed_trips
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.execute import Planned, apply_and_tell, begin_run, doubt_refused, make_plan, status_of
from album_sort.pipeline.fixing import look_at, remember_all
from album_sort.pipeline.hand import shape_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.kept import kept_of
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.previewing import read_by
from album_sort.pipeline.remembered import LIFTED, Remembered, open_to_read, read_remembered
from album_sort.pipeline.rest import trips_to_remember
from album_sort.pipeline.scouting import SortRequest, scout
from album_sort.sentences import sentence
from album_sort.state.previews import previews_of
from album_sort.state.store import DestinationState
from album_sort.state.words import trip_word
from album_sort.types import (
    Action,
    AlbumId,
    AlbumRelPath,
    ContentId,
    OpResult,
    OpStatus,
    PlannedOp,
    Reason,
    Role,
    RunId,
    TimeSource,
)
from album_sort.types.changes import Change
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import CHANGE
from album_sort.types.told import About, Word


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of one photo (its other files go with it)."""

    photo: ContentId
    action: Action
    """`move`; `copy` or a link for one that comes (back) into the albums; `trash` for one that is taken out; `keep`."""
    origin: AlbumRelPath
    """Where it lies; empty for one that comes in."""
    target: AlbumRelPath
    """Where it will lie; empty for one that is taken out."""
    before: str
    """Title of the album that it is in; empty for one that comes in."""
    album: AlbumId
    """Where it will be; empty for one that is taken out."""
    title: str
    """Of that album."""
    why: tuple[str, ...]
    """In the language of the albums; the first is the one that decided."""


@dataclass(frozen=True, slots=True)
class ChangesPlan:
    """What changes come to; nothing has been written."""

    lang: str
    moves: tuple[Move, ...]
    """Photos that move, come in or are taken out, in the order of the plan."""
    staying: tuple[Move, ...]
    """Photos that the changes speak of and that stay where they lie."""
    files: int
    """Files that are moved, made or taken away: sidecars and links among them."""
    remembered: int
    """Words that will be remembered, of photos, albums and trips; 0: all of this is known already."""
    notes: tuple[str, ...] = ()
    """What else is to be known, in the language of the albums: why an album could not be learned."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Photos by title of the album that they come into; under the empty title, those that are taken out."""
        found: dict[str, int] = {}
        for move in self.moves:
            found[move.title] = found.get(move.title, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of changes."""

    plan: ChangesPlan
    run_id: RunId | None
    """What `undo` takes back; None where nothing was left to be done."""
    applied: Applied | None = None

    @property
    def failed(self) -> tuple[OpResult, ...]:
        """Files that stayed as they were, each with the reason."""
        results = self.applied.results if self.applied is not None else ()
        return tuple(result for result in results if result.status is OpStatus.FAILED)

    @property
    def is_complete(self) -> bool:
        """Whether all of it was done; the next `sort` does what is left."""
        applied = self.applied
        return applied is None or not (self.failed or applied.stopped_by or applied.untidy)


def preview_changes(
    destination: str, changes: Sequence[Change], here: SettingsHere, *, sink: EventSink = lambda _: None
) -> ChangesPlan:
    """What these changes would come to. Reads only; no network is run, but for closer looks that an album wants and nobody has taken.

    Raises `UsageError` for a photo, an album or a trip that is not there, and for what cannot be said of them.
    """
    must_be_ours(destination)
    with open_to_read(destination) as state:
        drafted = _drafted(destination, changes, here, state)
    return _decided(drafted, here, sink).plan


def apply_changes(
    destination: str,
    changes: Sequence[Change],
    here: SettingsHere,
    *,
    sink: EventSink = lambda _: None,
    stop: StopRequest | None = None,
    wait_seconds: float = 0.0,
) -> Changed:
    """Remembers the changes and carries them out: one run, all of which `undo` takes back.

    Raises as `preview_changes`, and `DestinationLocked` where another run holds the albums. Killed at any moment, the next run
    finishes it.
    """
    must_be_ours(destination)
    with open_to_read(destination) as before:
        # Before anything is locked or made: a misspelled name leaves no trace.
        _drafted(destination, changes, here, before)
    with held_destination(destination, wait_seconds, sink) as state:
        drafted = _drafted(destination, changes, here, state)
        remember_all(state, drafted.draft.albums)
        decided = _decided(drafted, here, sink)
        if not decided.plan.remembered and not decided.planned.plan.effects:
            return Changed(decided.plan, None)
        return _carry_out(decided, state, sink, stop or StopRequest())


def _drafted(destination: str, changes: Sequence[Change], here: SettingsHere, state: DestinationState) -> Drafted:
    if not changes:
        raise UsageError(sentence("order.no-changes-given"), hint=sentence("order.say-what-is-to"))
    layout, rules = shape_of(kept_of(state), here.settings.albums)
    now = now_there(state)
    albums = look_at(destination, state, layout, rules, now)
    drafted = Drafted(Draft(albums, read_remembered(state), state.settings(), now), here.settings)
    for change in changes:
        with_change(drafted, change)
    return drafted


@dataclass(frozen=True, slots=True, eq=False)
class _Decided:
    """The decisions on all photos in the albums, with the changes."""

    drafted: Drafted
    remembered: Remembered
    """With the changes."""
    preparation: Preparation
    planned: Planned
    words: tuple[Word, ...]
    keeps: Mapping[str, str]
    plan: ChangesPlan


def _decided(drafted: Drafted, here: SettingsHere, sink: EventSink) -> _Decided:
    draft = drafted.draft
    remembered = replace(draft.remembered(), lessons=drafted.lessons(draft.before.lessons))
    settings = replace(here.settings, since=None, until=None, limit=0, prune=False, recheck=False, report="")
    request = SortRequest(
        tuple(root for root in remembered.roots if os.path.isdir(root)),
        draft.albums.destination,
        settings,
        draft.now_utc,
        concerned=frozenset(draft.concerned),
    )
    quiet = _Stages(sink)
    scouted = scout(request, remembered, quiet)
    with scouted.engine.open_cache() as cache:
        known = cache.find_all(scouted.files)
    scouted = replace(scouted, files=tuple(file for file in scouted.files if file.path in known))
    preparation = prepare(scouted, remembered, quiet)
    _refuse_impossible(preparation, draft)
    planned = make_plan(preparation, remembered.records)
    # What a person did before is remembered before, and is no part of this.
    words, keeps = tuple(draft.words()), draft.news
    moves, staying = _moves(preparation, planned, draft)
    plan = ChangesPlan(
        preparation.lang,
        moves,
        staying,
        len(planned.plan.effects),
        len(words) + len(keeps),
        tuple(load_wording().say(note, preparation.lang) for note in drafted.notes),
    )
    return _Decided(drafted, remembered, preparation, planned, words, keeps, plan)


def _refuse_impossible(preparation: Preparation, draft: Draft) -> None:
    """Raises `UsageError` for a photo without a date that something is to be added to, or that would be one of the future."""
    latest = draft.now_utc + timedelta(days=1)
    for facts in preparation.library.photos:
        content, time = facts.group.content_id, facts.capture_time
        fact = draft.facts.get((content, About.TAKEN))
        if fact is None or fact == draft.before.facts.get((content, About.TAKEN)):
            continue
        if time is None or time.source is TimeSource.MTIME:
            raise UsageError(sentence("order.has-no-date-that", note=fact.note), hint=sentence("order.say-when-it-was"))
        if time.local > latest:
            raise UsageError(
                sentence("order.would-be-taken-in", note=fact.note, local=f"{time.local:%Y-%m-%d %H:%M}"),
                hint=sentence("order.add-less"),
            )


@dataclass(frozen=True, slots=True)
class _Stages:
    """Passes on how far things are; what a night's run says of files and settings is not said at every change."""

    sink: EventSink

    def __call__(self, event: Event) -> None:
        if isinstance(event, StageStarted | StageProgress | StageFinished):
            self.sink(event)


def _moves(preparation: Preparation, planned: Planned, draft: Draft) -> tuple[tuple[Move, ...], tuple[Move, ...]]:
    assignments = {one.content_id: one for one in preparation.assignments}
    moves, staying = [], []
    for op in planned.plan.ops:
        if op.role is not Role.PRIMARY or op.action is Action.DUPLICATE:
            continue
        assignment = assignments.get(op.group_id)
        reasons = (*(assignment.reasons if assignment is not None else ()), *op.why)
        if op.action is Action.TRASH:
            reasons = op.why
        move = _move(op, preparation, draft, tuple(map(preparation.say, reasons)))
        if op.action.has_effect and op.action is not Action.RELINK:
            moves.append(move)
        elif op.group_id in draft.concerned:
            staying.append(move)
    return tuple(moves), tuple(staying)


def _move(op: PlannedOp, preparation: Preparation, draft: Draft, why: tuple[str, ...]) -> Move:
    row = draft.albums.picture.ledger.get(op.origin) if op.origin else None
    is_out = op.action is Action.TRASH
    return Move(
        op.group_id,
        op.action,
        op.origin,
        NOWHERE if is_out else op.target,
        draft.title_before(row.album) if row is not None else "",
        AlbumId("") if is_out else op.album,
        "" if is_out else preparation.title(op.album),
        why,
    )


def _carry_out(decided: _Decided, state: DestinationState, sink: EventSink, stop: StopRequest) -> Changed:
    preparation, planned = decided.preparation, decided.planned
    plan, destination = planned.plan, preparation.request.destination
    check_space(plan, can_reflink=can_reflink(destination))
    state.remember_moves(planned.picture)
    trips = trips_to_remember(preparation.library.found_trips, state.trips(), preparation.rest.forgotten)
    words = [*decided.words, *(trip_word(*pair) for pair in changed_trips(state.trips(), trips))]
    keeps = dict(decided.keeps)
    if preparation.lifted != (state.setting(LIFTED) or ""):
        keeps[LIFTED] = preparation.lifted
    store = previews_of(destination)
    said = (preparation, planned, decided.remembered, (), __version__)
    writer = ReportWriter(*said, is_preview=False, timings={}, previews=store)
    with stop.gently():
        journal = begin_run(state, plan, CHANGE, plan.created_utc, words=words, keeps=keeps)
        # The report is completed while it is open: the rows of what is not touched follow those of what is.
        with writer.streaming() as on_result:
            applied = apply_and_tell(
                plan, RealFileSystem(), journal, preparation.lang, sink=sink, stop=stop, on_result=on_result
            )
            doubt_refused(plan, applied, preparation.engine.cache_folder)
            state.finish_run(plan.plan_id, status_of(applied), utc_now())
            if not applied.stopped_by and not applied.is_destination_gone:
                previewer = Previewer(preparation.request.settings, preparation.lang, sink, stop)
                if previewer.keep(destination, state, read_by(preparation), store).has_new:
                    writer.revise()
            if not applied.is_destination_gone:
                _write_report(writer, applied, preparation, sink)
    return Changed(decided.plan, plan.plan_id, applied)


def _write_report(writer: ReportWriter, applied: Applied, preparation: Preparation, sink: EventSink) -> None:
    """What is moved is moved, be it that the disk does not take the report."""
    try:
        writer.finish(0, is_interrupted=bool(applied.stopped_by))
    except (OSError, DestinationError) as error:
        sink(Notice(preparation.say(Reason.of("notice.no-report", error=describe(error))), is_urgent=True))
