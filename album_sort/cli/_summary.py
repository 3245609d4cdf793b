"""The end of a run in words: albums with counts, what needs attention, where the report is."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from album_sort.cli._console import err_console, out_console, print_json
from album_sort.errors import ExitCode
from album_sort.fileops.apply import Applied
from album_sort.pipeline.execute import Planned
from album_sort.pipeline.prepare import Preparation
from album_sort.types import REVIEW, Action, AlbumId, OpStatus, PlannedOp, Role, Skipped, Stage

SHOWN_PROBLEMS = 10
"""More are in the report."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run (or preview) has come to."""

    preparation: Preparation
    planned: Planned
    applied: Applied | None
    """None where nothing was carried out."""
    is_preview: bool = False
    report_paths: tuple[Path, ...] = ()

    @cached_property
    def photos(self) -> list[PlannedOp]:
        """The row of each photo that is filed."""
        failed = self._failed
        ops = (op for op in self.planned.plan.ops if op.role is Role.PRIMARY and op.action is not Action.TRASH)
        return [op for op in ops if op.op_id not in failed]

    @cached_property
    def problems(self) -> list[Skipped]:
        """What could not be processed, before and while files were filed."""
        ops = {op.op_id: op for op in self.planned.plan.ops} if self._failed else {}
        late = [Skipped(ops[op_id].source, Stage.APPLY, error) for op_id, error in self._failed.items()]
        return [one for one in self.preparation.skipped if one.is_problem] + late

    @cached_property
    def _failed(self) -> dict[int, str]:
        results = self.applied.results if self.applied is not None else ()
        return {result.op_id: result.error for result in results if result.status is OpStatus.FAILED}

    def with_reports(self, paths: tuple[Path, ...]) -> Outcome:
        """The same, with its reports."""
        return replace(self, report_paths=paths)

    @property
    def exit_code(self) -> ExitCode:
        """By the table in `errors`."""
        if self.applied is not None and self.applied.stopped_by == "interrupted":
            return ExitCode.INTERRUPTED
        if self.applied is not None and self.applied.stopped_by:
            return ExitCode.FATAL
        return ExitCode.PARTIAL if self.problems else ExitCode.DONE


def print_summary(outcome: Outcome, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Data to stdout, problems to stderr."""
    if as_json:
        print_json(_json_summary(outcome))
        return
    if not quiet:
        console = out_console()
        if not outcome.photos:
            _print_nothing_found(console, outcome)
        else:
            _print_albums(console, outcome)
            if verbose:
                _print_files(console, outcome)
            _print_sentences(console, outcome)
    _print_problems(outcome)


def _print_nothing_found(console: Console, outcome: Outcome) -> None:
    sources = ", ".join(repr(source) for source in outcome.preparation.request.sources)
    console.print(f"No photos found in {escape(sources)}.")
    reasons = Counter(skipped.reason for skipped in outcome.preparation.skipped)
    for reason, count in reasons.most_common(3):
        console.print(f"  {count:,} left out: {escape(reason)}")


def _print_albums(console: Console, outcome: Outcome) -> None:
    by_album: defaultdict[AlbumId, list[PlannedOp]] = defaultdict(list)
    for op in outcome.photos:
        by_album[op.album].append(op)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("Album", no_wrap=True, overflow="ellipsis")
    table.add_column("Photos", justify="right", no_wrap=True)
    table.add_column("To file" if outcome.is_preview else "Filed now", justify="right", no_wrap=True)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, style="dim")
    for album in sorted(by_album, key=lambda album: (album == REVIEW, -len(by_album[album]), album)):
        ops = by_album[album]
        new = sum(op.action.has_effect for op in ops)
        title = outcome.preparation.title(album)
        table.add_row(escape(printable(title)), f"{len(ops):,}", f"{new:,}", escape(printable(ops[0].target)))
    console.print(table)


def _print_files(console: Console, outcome: Outcome) -> None:
    console.print()
    for op in outcome.planned.plan.ops:
        arrow = "=" if not op.action.has_effect else "->"
        console.print(
            f"{op.action:9} {printable(op.source)} {arrow} {printable(op.target)}", markup=False, soft_wrap=True
        )
        for reason in op.why:
            said = outcome.preparation.wording.say(reason, outcome.preparation.lang)
            console.print(f"          {printable(said)}", markup=False, soft_wrap=True)


def _print_sentences(console: Console, outcome: Outcome) -> None:
    photos, problems = outcome.photos, outcome.problems
    ops = outcome.planned.plan.ops
    actions = Counter(op.action for op in ops)
    review = sum(op.album == REVIEW for op in photos)
    albums = len({op.album for op in photos} - {REVIEW})
    plural = "album" if albums == 1 else "albums"
    console.print()
    console.print(
        f"{len(photos) + len(problems):,} photos: {len(photos) - review:,} in {albums} {plural}, "
        f"{review:,} to review, {len(problems):,} could not be processed."
    )
    trips = len(outcome.preparation.library.trips)
    if trips:
        console.print(f"{trips} trip{'s' if trips != 1 else ''} found.")
    if actions[Action.DUPLICATE]:
        console.print(f"{actions[Action.DUPLICATE]:,} exact duplicates are stored once.")
    clashes = sum(any(reason.code == "plan.clash" for reason in op.why) for op in ops)
    if clashes:
        console.print(f"{clashes:,} files get a suffix, because another photo has their name.")
    if actions[Action.TRASH]:
        console.print(f"{actions[Action.TRASH]:,} files whose source is gone go to the trash.")
    if actions[Action.MOVE]:
        console.print(f"{actions[Action.MOVE]:,} files move to another folder.")
    if outcome.is_preview:
        needed = outcome.planned.plan.expected_bytes
        console.print(f"Space needed: {_size(needed)}. This was a preview: nothing was written.")
    elif outcome.applied is None:
        console.print("Nothing new: nothing was written.")
    else:
        console.print(f"Network: {escape(_network(outcome))}")
    for path in outcome.report_paths:
        if path.suffix == ".html":
            console.print(f"Report: {escape(str(path))}", soft_wrap=True)


def _network(outcome: Outcome) -> str:
    weights = outcome.preparation.engine.weights
    return outcome.preparation.network_note or f"{weights.backbone.title} (every answer was remembered)"


def _print_problems(outcome: Outcome) -> None:
    """Grouped by reason; cron's mail shows nothing else."""
    problems = outcome.problems
    console = err_console()
    if problems:
        console.print(f"{len(problems):,} files could not be processed:", markup=False)
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for row in problems:
            by_reason[f"{row.reason} ({row.stage})"].append(row.path)
        for reason, sources in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:SHOWN_PROBLEMS]:
            more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
            console.print(f"  {printable(sources[0])}{more}: {printable(reason)}", markup=False)
        if len(by_reason) > SHOWN_PROBLEMS:
            console.print("  … more in the report", markup=False)
    if outcome.applied is not None and outcome.applied.stopped_by:
        console.print(f"stopped early: {outcome.applied.stopped_by}; the next run goes on from here", markup=False)


def _json_summary(outcome: Outcome) -> dict[str, object]:
    return {
        "event": "summary",
        "photos": len(outcome.photos) + len(outcome.problems),
        "albums": dict(Counter(op.album for op in outcome.photos)),
        "review": sum(op.album == REVIEW for op in outcome.photos),
        "skipped": len(outcome.problems),
        "actions": dict(Counter(op.action.value for op in outcome.planned.plan.ops)),
        "inferences": outcome.preparation.inspected.inference_count,
        "expected_bytes": outcome.planned.plan.expected_bytes,
        "preview": outcome.is_preview,
        "reports": [str(path) for path in outcome.report_paths],
        "exit_code": int(outcome.exit_code),
    }


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return ""


def printable(text: str) -> str:
    """For a terminal: control characters of a hostile name must not move the cursor, undecodable bytes show as escapes."""
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    encoding = sys.stdout.encoding or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)
