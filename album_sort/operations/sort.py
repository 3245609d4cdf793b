"""Sorts, or previews: the same decisions, carried out or only told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from album_sort import __version__
from album_sort.classifier.labels import load_wording
from album_sort.config import new_homeless_cache
from album_sort.core.planning.planfile import plan_to_lines
from album_sort.errors import DestinationError
from album_sort.events import Event, EventSink, FileLeftOut, Notice, StageFinished, StageStarted
from album_sort.fileops.lock import check_unlocked
from album_sort.fileops.trouble import describe
from album_sort.operations.differences import say_differences, say_overruled
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.nothing_new import keep, look
from album_sort.operations.order import SortOrder
from album_sort.operations.others import others_for
from album_sort.operations.outcome import Outcome
from album_sort.operations.own_files import write_plan
from album_sort.operations.pages import lead_to_newest_page, newest_report
from album_sort.operations.previews import Previewer
from album_sort.operations.reports import ReportWriter, is_page
from album_sort.operations.stop import StopRequest
from album_sort.operations.words import terminal_words
from album_sort.pipeline.clock import utc_now
from album_sort.pipeline.execute import Planned, carry_out, make_plan
from album_sort.pipeline.holding import clear_after_kill, held_destination, say_unreadable
from album_sort.pipeline.keeping import kept_by_plan, trips_by_plan
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.previewing import missing_in_albums, missing_in_plan, read_by
from album_sort.pipeline.remembered import (
    Remembered,
    read_remembered,
    remember_nothing_written,
)
from album_sort.pipeline.reporting import changes_since
from album_sort.pipeline.scouting import SortRequest, scout
from album_sort.pipeline.unchanged import looks_of_state
from album_sort.sentences import spoken
from album_sort.settings import SPECS, Settings
from album_sort.state.previews import previews_beside, previews_of
from album_sort.state.store import DestinationState
from album_sort.types import LEARN_AUTO, Reason, StageTiming
from album_sort.types.ledger import RunStatus


def sort(order: SortOrder, known: KnownProblems, *, sink: EventSink, stop: StopRequest) -> Outcome:
    """Files photos into albums; raises `AlbumSortError` for what stops a run.

    `known` are the problems that earlier runs have told of; whoever has told of those of this one lets them be remembered.
    """
    run = _begin(order, known, sink, stop)
    return run.told(run.sort(), known)


def preview(
    order: SortOrder, known: KnownProblems, *, sink: EventSink, stop: StopRequest, save_plan: Path | None = None
) -> Outcome:
    """Decides everything and writes nothing but the cache, and what was asked for: the plan, the report."""
    run = _begin(order, known, sink, stop)
    return run.told(run.preview(save_plan), known)


def _begin(order: SortOrder, known: KnownProblems, sink: EventSink, stop: StopRequest) -> _Run:
    """Tells what has to be known before anything is done."""
    here = order.here
    keeps = here.kept.after(here.resolved, save=order.saves)
    request = SortRequest(
        order.sources,
        order.destination,
        replace(order.settings, learn=order.learn),
        utc_now(),
        keeps={**keeps.values, **({"learn": LEARN_AUTO} if order.learn == LEARN_AUTO else {})},
        saves=order.saves,
        may_be_gone=order.may_be_gone,
        offers=True,
        find_others=others_for(order.settings),
    )
    if (folder := new_homeless_cache()) is not None:
        said = Reason.of("notice.no-home", folder=str(folder))
        sink(Notice(load_wording().say(said, here.lang)))
    for notice in say_overruled(here.kept, here.own, here.lang):
        sink(notice)
    return _Run(order, request, stop, _Marking(sink, known))


@dataclass(frozen=True, slots=True)
class _Marking:
    """Passes events on; of files that an earlier run has told of, it says so."""

    sink: EventSink
    known: KnownProblems

    def __call__(self, event: Event) -> None:
        if isinstance(event, FileLeftOut):
            path, stage = event.skipped.path, event.skipped.stage.value
            event = replace(event, is_known=self.known.knows(path, stage, event.said))
        self.sink(event)


@dataclass(frozen=True, slots=True)
class _Run:
    order: SortOrder
    request: SortRequest
    stop: StopRequest
    sink: EventSink
    timings: dict[str, StageTiming] = field(default_factory=dict)
    """Of the stages that follow the preparation, by name."""

    def told(self, outcome: Outcome, known: KnownProblems) -> Outcome:
        """The same, said to whoever listens."""
        self.sink(outcome.as_event(known))
        return outcome

    def preview(self, save_plan: Path | None) -> Outcome:
        remembered = remember_nothing_written(self.request.destination)
        if remembered.records.unfinished_runs:
            words = terminal_words(self.request.settings.lang or remembered.language or spoken())
            self.sink(Notice(words.text("killed_before")))
        scouted = scout(self.request, remembered, self.sink)
        preparation = prepare(scouted, remembered, self.sink, keeps_picture=True)
        planned = self._plan(preparation, remembered)
        self._say_differences(preparation, planned)
        if save_plan is not None:
            saved = replace(planned.plan, keeps=kept_by_plan(preparation), trips=trips_by_plan(preparation))
            write_plan(save_plan, plan_to_lines(saved))
            words = terminal_words(preparation.lang)
            self.sink(Notice(words.text("plan_written", path=str(save_plan))))
        return self._without_writing(preparation, planned, remembered, is_preview=True)

    def sort(self) -> Outcome:
        """Decides without writing; takes the lock only when there is something to write, or a killed run to clear away."""
        check_unlocked(self.request.destination, wait_seconds=self.request.settings.wait)
        if clear_after_kill(self.request.destination, self.request.settings.wait, self.sink):
            # A killed undo may have taken away the run whose page was shown.
            lead_to_newest_page(self.request.destination)
        found = look(self.order, self.request, self.sink)
        scouted, remembered, said = found.scouted, found.remembered, found.summary
        if said is not None:
            return Outcome(None, None, None, self.request.sources, known_summary=said, language=scouted.lang)
        preparation = prepare(scouted, remembered, self.sink)
        planned = self._plan(preparation, remembered)
        self._say_differences(preparation, planned)
        is_to_be_written = planned.has_work or remembered.records.unfinished_runs or self._saves_news(preparation)
        lacks_page = self._lacks_previews(preparation, planned) or self._lacks_report(planned)
        if not is_to_be_written and not lacks_page:
            outcome = self._without_writing(preparation, planned, remembered, is_preview=False)
            keep(scouted, remembered, outcome, found.state)
            return outcome
        with held_destination(self.request.destination, self.request.settings.wait, self.sink) as state:
            # Again: another run, or a person in the albums, may have come in between; only now does nobody else write here.
            remembered = read_remembered(state)
            planned = self._plan(preparation, remembered, planned)
            outcome = self._carry_out(preparation, planned, remembered, state)
            remembered = read_remembered(state)
        # Closed, the state is one file again, and looks as the next run will find it: asked at once, before another run can have written.
        keep(scouted, remembered, outcome, looks_of_state(self.request.destination))
        return outcome

    def _saves_news(self, preparation: Preparation) -> bool:
        """Whether the destination keeps other settings after this run, and may have to be told without a file to file."""
        if self.request.keeps.get("learn", "") != self.order.here.kept.values.get("learn", ""):
            return True  # it was confirmed
        is_same_network = (
            self.order.here.kept.weights is None
            or self.order.here.kept.weights.sha256 == preparation.engine.weights.sha256
        )
        return self.order.saves and (self.request.keeps != self.order.here.kept.values or not is_same_network)

    def _lacks_report(self, planned: Planned) -> bool:
        """Whether there are photos in the albums, filed by a saved plan, and no run has told of any yet."""
        return bool(planned.picture.ledger) and newest_report(self.request.destination) is None

    def _lacks_previews(self, preparation: Preparation, planned: Planned) -> bool:
        """Whether photos in the albums want a preview, and nobody has tried to make it."""
        store = previews_of(self.request.destination)
        ledger, destination = planned.picture.ledger.values(), self.request.destination
        wanted = self.request.settings.previews
        return wanted and bool(missing_in_albums(read_by(preparation), destination, ledger, store))

    def _say_differences(self, preparation: Preparation, planned: Planned) -> None:
        left_alone = say_unreadable(planned.picture, preparation.lang)
        if left_alone:
            self.sink(Notice(left_alone))
        for notice in say_differences(
            self.order.here.kept, self.order.here.resolved, planned, preparation, save=self.order.saves
        ):
            self.sink(notice)

    def _plan(self, preparation: Preparation, remembered: Remembered, known: Planned | None = None) -> Planned:
        with self._stage("plan"):
            return make_plan(preparation, remembered.records, known)

    def _without_writing(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, *, is_preview: bool
    ) -> Outcome:
        """What a plan says that nobody carries out, with the report where one is asked for."""
        changes = changes_since(remembered, preparation, planned.plan)
        outcome = Outcome(preparation, planned, None, self.request.sources, is_preview=is_preview, changes=changes)
        if not self._report_folder:
            return outcome
        writer = self._writer(preparation, planned, remembered, is_preview=is_preview)
        # a page that is to be one file has no previews beside it
        may_have_previews = is_preview and not is_page(Path(self._report_folder))
        if may_have_previews:
            writer.previews.thin({op.content_id for op in planned.plan.ops})
        if may_have_previews and self.request.settings.previews:
            missing = missing_in_plan(preparation, planned.plan, writer.previews)
            self._previewer(preparation).make(missing, writer.previews)
        with self._stage("report"):
            return outcome.with_reports(self._write_copy(writer, outcome.exit_code, is_interrupted=False))

    def _carry_out(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, state: DestinationState
    ) -> Outcome:
        """Files the photos, then writes the report; a signal waits for the file in hand, and for the report."""
        changes = changes_since(remembered, preparation, planned.plan)
        writer = self._writer(preparation, planned, remembered, is_preview=False)
        with self.stop.gently(), writer.streaming() as on_result:
            applied = carry_out(planned, preparation, state, sink=self._listen, stop=self.stop, on_result=on_result)
            is_told_late = False
            if not applied.stopped_by and not applied.is_destination_gone:
                kept = self._previewer(preparation).keep(
                    self.request.destination, state, read_by(preparation), writer.previews
                )
                applied = applied if kept.is_whole else replace(applied, stopped_by="interrupted")
                is_told_late = kept.has_new
            outcome = Outcome(preparation, planned, applied, self.request.sources, changes=changes)
            if applied.is_destination_gone:
                return outcome
            is_interrupted = bool(applied.stopped_by)
            with self._stage("report"):
                try:
                    if is_told_late:
                        writer.revise()
                    paths = writer.finish(outcome.exit_code, is_interrupted=is_interrupted)
                except (OSError, DestinationError) as error:
                    return self._without_report(outcome, state, error)
                if self._report_folder:
                    paths += self._write_copy(writer, outcome.exit_code, is_interrupted=is_interrupted)
        return outcome.with_reports(paths)

    def _write_copy(self, writer: ReportWriter, exit_code: int, *, is_interrupted: bool) -> tuple[Path, ...]:
        copy = writer.write_copy(Path(self._report_folder), exit_code, is_interrupted=is_interrupted)
        if copy.notice:
            self.sink(Notice(copy.notice))
        return copy.paths

    def _previewer(self, preparation: Preparation) -> Previewer:
        return Previewer(self.request.settings, preparation.lang, self._listen, self.stop)

    def _without_report(self, outcome: Outcome, state: DestinationState, error: OSError | DestinationError) -> Outcome:
        """What is filed is filed; the run stays open, so that the next one writes a report of the albums."""
        if outcome.preparation is not None and outcome.planned is not None:
            said = outcome.preparation.say(Reason.of("notice.no-report", error=describe(error)))
            self.sink(Notice(said, is_urgent=True))
            with suppress(DestinationError):
                state.finish_run(outcome.planned.plan.plan_id, RunStatus.RUNNING, utc_now())
        return replace(outcome, has_no_report=True)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Tells of a stage and keeps its time."""
        self.sink(StageStarted(name))
        begun = time.monotonic()
        yield
        self._listen(StageFinished(name, 0, time.monotonic() - begun))

    def _listen(self, event: Event) -> None:
        """Passes the event on; the time of a stage is kept for the report, of one done twice the sum."""
        if isinstance(event, StageFinished):
            before = self.timings.get(event.stage, StageTiming(event.stage, 0.0))
            self.timings[event.stage] = StageTiming(event.stage, before.seconds + event.seconds, event.done)
        self.sink(event)

    @property
    def _report_folder(self) -> str:
        return self.request.settings.report

    def _writer(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, *, is_preview: bool
    ) -> ReportWriter:
        shown = [
            (
                name.replace("_", "-"),
                _shown(name, getattr(self.request.settings, name)),
                self.order.here.resolved.origins[name],
            )
            for name in (setting.name for setting in fields(Settings))
            if SPECS[name].is_reported
        ]
        destination, report = self.request.destination, Path(self._report_folder)
        store = previews_beside(report) if is_preview else previews_of(destination)
        return ReportWriter(
            preparation, planned, remembered, tuple(shown), __version__, is_preview, self.timings, store
        )


def _shown(name: str, value: object) -> str:
    """A setting's value for the report, as a configuration file has it; where somebody lives is nobody's business."""
    if name == "home":
        return "…" if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
