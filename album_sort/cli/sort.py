"""`album-sort sort`: preview or run, then the summary and the exit code."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from album_sort import __version__
from album_sort.classifier.labels import load_wording
from album_sort.cli._console import make_printer
from album_sort.cli._files_from import listed_paths
from album_sort.cli._stop import StopRequest, stop_on_signals
from album_sort.cli._summary import print_summary
from album_sort.config import (
    ResolvedSettings,
    Settings,
    cache_folder,
    new_homeless_cache,
    read_layers,
    resolve_settings,
)
from album_sort.core.planning.planfile import plan_to_lines
from album_sort.errors import DestinationError, ExitCode, UsageError
from album_sort.events import Event, EventSink, FileLeftOut, Notice, StageFinished, StageStarted
from album_sort.fileops.lock import check_unlocked
from album_sort.fileops.trouble import describe
from album_sort.operations.clock import utc_now
from album_sort.operations.differences import say_differences, say_overruled
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.outcome import Outcome, Told
from album_sort.operations.own_files import check_log_file, check_plan_file, write_plan
from album_sort.operations.pages import point_to_newest_page
from album_sort.operations.reports import ReportWriter
from album_sort.operations.words import terminal_words
from album_sort.paths import given_path
from album_sort.pipeline.execute import Planned, carry_out, make_plan
from album_sort.pipeline.holding import clear_after_kill, held_destination, say_unreadable, usable_destination
from album_sort.pipeline.kept import KeptSettings, read_kept
from album_sort.pipeline.policy import check_kept_rules
from album_sort.pipeline.prepare import Preparation, prepare
from album_sort.pipeline.remembered import (
    Remembered,
    read_remembered,
    remember_nothing_written,
)
from album_sort.pipeline.reporting import changes_since
from album_sort.pipeline.scouting import Scouted, SortRequest, scout
from album_sort.pipeline.unchanged import LastRun, inputs_digest, is_undisturbed, keep_last_run, recall_last_run
from album_sort.state.store import DestinationState
from album_sort.types import LANGUAGES, Reason, StageTiming
from album_sort.types.ledger import RunStatus


@dataclass(frozen=True, slots=True)
class SortCall:
    """The command line, as given."""

    sources: tuple[str, ...]
    files_from: str | None
    destination: str
    flags: Mapping[str, object]
    config_file: Path | None
    is_preview: bool
    save_plan: Path | None
    save: bool
    """Whether the destination keeps this run's settings."""
    quiet: bool
    verbose: bool
    as_json: bool


def run_sort(call: SortCall) -> ExitCode:
    """Previews or sorts; raises `AlbumSortError` for what stops a run."""
    destination = given_path(call.destination)
    kept = read_kept(destination)
    resolved = _absolute(resolve_settings(read_layers(call.config_file, os.environ, call.flags, kept.layer())))
    check_kept_rules(resolved)
    settings = resolved.settings
    # Absolute, because the albums remember where each photo came from, and the next run may start in another folder.
    listed = listed_paths(call.files_from)
    sources = (*map(given_path, _sources(call)), *listed)
    is_preview = call.is_preview or call.save_plan is not None
    usable_destination(destination, sources, for_writing=not is_preview)
    if call.save_plan is not None:
        check_plan_file(call.save_plan)
    if settings.log_file:
        check_log_file(Path(settings.log_file))
    if settings.nice:
        os.nice(settings.nice)
    # Hundreds of thousands of small values that live to the end: looking for cycles among them again and again took a quarter of a run.
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    keeps = kept.after(resolved, save=call.save)
    request = SortRequest(
        sources, destination, settings, utc_now(), keeps=keeps.values, saves=call.save, may_be_gone=frozenset(listed)
    )
    printer = make_printer(
        quiet=call.quiet,
        as_json=call.as_json,
        with_progress=settings.progress,
        log_file=settings.log_file,
        lang=settings.lang or LANGUAGES[0],
    )
    with stop_on_signals() as stop:
        known = KnownProblems.read(cache_folder(), destination)
        run = _Run(call, request, resolved, kept, stop, _Marking(printer, known))
        with printer:
            own = resolve_settings(read_layers(call.config_file, os.environ, call.flags))
            if (folder := new_homeless_cache()) is not None:
                said = Reason.of("notice.no-home", folder=str(folder))
                printer(Notice(load_wording().say(said, settings.lang or LANGUAGES[0])))
            for notice in say_overruled(kept, own, settings.lang or LANGUAGES[0]):
                printer(notice)
            outcome = run.preview() if is_preview else run.sort()
            printer(outcome.as_event(known))
        print_summary(outcome, known, quiet=call.quiet, verbose=call.verbose, as_json=call.as_json)
        if not is_preview:
            known.keep(outcome.told.problems, sources)
        return outcome.exit_code


def _absolute(resolved: ResolvedSettings) -> ResolvedSettings:
    """With the file of album rules by its full path: the albums keep it, and the next run may start in another folder."""
    albums = resolved.settings.albums
    settings = replace(resolved.settings, albums=given_path(albums) if albums else "")
    return replace(resolved, settings=settings)


def _sources(call: SortCall) -> tuple[str, ...]:
    """Folders and files to sort, but for those of `--files-from`."""
    if not call.sources and call.files_from is None:
        raise UsageError("no photos given", hint="album-sort ~/Photos --out ~/Albums")
    return call.sources


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
    call: SortCall
    request: SortRequest
    resolved: ResolvedSettings
    kept: KeptSettings
    stop: StopRequest
    printer: EventSink
    timings: dict[str, StageTiming] = field(default_factory=dict)
    """Of the stages that follow the preparation, by name."""

    def preview(self) -> Outcome:
        """Decides everything and writes nothing but the cache, and what was asked for: the plan, the report."""
        remembered = remember_nothing_written(self.request.destination)
        if remembered.records.unfinished_runs:
            words = terminal_words(self.request.settings.lang or remembered.language or LANGUAGES[0])
            self.printer(Notice(words.text("killed_before")))
        preparation = prepare(scout(self.request, remembered, self.printer), remembered, self.printer)
        planned = self._plan(preparation, remembered)
        self._say_differences(preparation, planned)
        if self.call.save_plan is not None:
            write_plan(self.call.save_plan, "".join(plan_to_lines(planned.plan)))
            words = terminal_words(preparation.lang)
            self.printer(Notice(words.text("plan_written", path=str(self.call.save_plan))))
        return self._without_writing(preparation, planned, remembered, is_preview=True)

    def sort(self) -> Outcome:
        """Decides without writing; takes the lock only when there is something to write, or a killed run to clear away."""
        check_unlocked(self.request.destination, wait_seconds=self.request.settings.wait)
        if clear_after_kill(self.request.destination, self.request.settings.wait, self.printer):
            # A killed undo may have taken away the run whose page was shown.
            point_to_newest_page(self.request.destination)
        remembered = remember_nothing_written(self.request.destination)
        scouted = scout(self.request, remembered, self.printer)
        told_again = self._unchanged(scouted, remembered)
        if told_again is not None:
            return Outcome(None, None, None, self.request.sources, told_again=told_again, language=scouted.lang)
        preparation = prepare(scouted, remembered, self.printer)
        planned = self._plan(preparation, remembered)
        self._say_differences(preparation, planned)
        if not planned.has_work and not remembered.records.unfinished_runs and not self._saves_news(preparation):
            outcome = self._without_writing(preparation, planned, remembered, is_preview=False)
            self._keep(scouted, remembered, outcome)
            return outcome
        with held_destination(self.request.destination, self.request.settings.wait, self.printer) as state:
            remembered = read_remembered(state)
            planned = self._plan(preparation, remembered)
            outcome = self._carry_out(preparation, planned, remembered, state)
            self._keep(scouted, read_remembered(state), outcome)
            return outcome

    def _saves_news(self, preparation: Preparation) -> bool:
        """Whether the destination keeps other settings after this run, and may have to be told without a file to file."""
        is_same_network = self.kept.weights is None or self.kept.weights.sha256 == preparation.engine.weights.sha256
        return self.call.save and (self.request.keeps != self.kept.values or not is_same_network)

    def _say_differences(self, preparation: Preparation, planned: Planned) -> None:
        left_alone = say_unreadable(planned.picture, preparation.lang)
        if left_alone:
            self.printer(Notice(left_alone))
        for notice in say_differences(self.kept, self.resolved, planned, preparation, save=self.call.save):
            self.printer(notice)

    def _plan(self, preparation: Preparation, remembered: Remembered) -> Planned:
        with self._stage("plan"):
            return make_plan(preparation, remembered.records)

    def _without_writing(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, *, is_preview: bool
    ) -> Outcome:
        """What a plan says that nobody carries out, with the report where one is asked for."""
        changes = changes_since(remembered, preparation, planned.plan)
        outcome = Outcome(preparation, planned, None, self.request.sources, is_preview=is_preview, changes=changes)
        if not self._report_folder:
            return outcome
        with self._stage("report"):
            writer = self._writer(preparation, planned, remembered, is_preview=is_preview)
            return outcome.with_reports(writer.write_copy(Path(self._report_folder), outcome.exit_code))

    def _carry_out(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, state: DestinationState
    ) -> Outcome:
        """Files the photos, then writes the report; a signal waits for the file in hand, and for the report."""
        changes = changes_since(remembered, preparation, planned.plan)
        writer = self._writer(preparation, planned, remembered, is_preview=False)
        with self.stop.gently(), writer.streaming() as on_result:
            applied = carry_out(planned, preparation, state, sink=self._listen, stop=self.stop, on_result=on_result)
            outcome = Outcome(preparation, planned, applied, self.request.sources, changes=changes)
            if applied.is_destination_gone:
                return outcome
            is_interrupted = bool(applied.stopped_by)
            with self._stage("report"):
                try:
                    paths = writer.finish(outcome.exit_code, is_interrupted=is_interrupted)
                except (OSError, DestinationError) as error:
                    return self._without_report(outcome, state, error)
                if self._report_folder:
                    folder = Path(self._report_folder)
                    paths += writer.write_copy(folder, outcome.exit_code, is_interrupted=is_interrupted)
        return outcome.with_reports(paths)

    def _without_report(self, outcome: Outcome, state: DestinationState, error: OSError | DestinationError) -> Outcome:
        """What is filed is filed; the run stays open, so that the next one writes a report of the albums."""
        if outcome.preparation is not None and outcome.planned is not None:
            said = outcome.preparation.say(Reason.of("notice.no-report", error=describe(error)))
            self.printer(Notice(said, is_urgent=True))
            with suppress(DestinationError):
                state.finish_run(outcome.planned.plan.plan_id, RunStatus.RUNNING, utc_now())
        return replace(outcome, has_no_report=True)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Tells of a stage and keeps its time."""
        self.printer(StageStarted(name))
        begun = time.monotonic()
        yield
        self._listen(StageFinished(name, 0, time.monotonic() - begun))

    def _listen(self, event: Event) -> None:
        """Passes the event on; the time of a stage is kept for the report, of one done twice the sum."""
        if isinstance(event, StageFinished):
            before = self.timings.get(event.stage, StageTiming(event.stage, 0.0))
            self.timings[event.stage] = StageTiming(event.stage, before.seconds + event.seconds, event.done)
        self.printer(event)

    def _keep(self, scouted: Scouted, remembered: Remembered, outcome: Outcome) -> None:
        """So that the next run over the same library need not look at it."""
        if outcome.is_complete:
            run = LastRun(inputs_digest(scouted, remembered), outcome.told.as_text())
            keep_last_run(scouted.engine.cache_folder, self.request.destination, run)

    def _unchanged(self, scouted: Scouted, remembered: Remembered) -> Told | None:
        """What the last run said, where this one would find nothing else; None where photos have to be looked at."""
        settings, destination = self.request.settings, self.request.destination
        last = recall_last_run(scouted.engine.cache_folder, destination)
        if settings.recheck or settings.report or self.call.verbose or self.call.save or last is None:
            return None
        if last.inputs != inputs_digest(scouted, remembered) or not is_undisturbed(destination, remembered):
            return None
        try:
            return Told.again(last.outcome)
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def _report_folder(self) -> str:
        return self.request.settings.report

    def _writer(
        self, preparation: Preparation, planned: Planned, remembered: Remembered, *, is_preview: bool
    ) -> ReportWriter:
        shown = [
            (name.replace("_", "-"), _shown(name, getattr(self.request.settings, name)), self.resolved.origins[name])
            for name in (setting.name for setting in fields(Settings))
        ]
        return ReportWriter(preparation, planned, remembered, tuple(shown), __version__, is_preview, self.timings)


def _shown(name: str, value: object) -> str:
    """A setting's value for the report, as a configuration file has it; where somebody lives is nobody's business."""
    if name == "home":
        return "…" if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
