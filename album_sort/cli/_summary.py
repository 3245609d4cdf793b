"""The end of a run in words: albums with counts, what needs attention, where the report is."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from album_sort.cli._console import err_console, out_console, print_json
from album_sort.cli._outcome import Outcome, Told
from album_sort.pipeline.execute import Planned
from album_sort.pipeline.prepare import Preparation
from album_sort.types import REVIEW, Action

SHOWN_PROBLEMS = 10
"""More are in the report."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_summary(outcome: Outcome, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Data to stdout, problems to stderr."""
    told = outcome.told
    if as_json:
        print_json(_json_summary(outcome))
        return
    if not quiet:
        console = out_console()
        if not told.photos:
            _print_nothing_found(console, outcome)
        else:
            _print_albums(console, told, is_preview=outcome.is_preview)
            if verbose and outcome.planned is not None and outcome.preparation is not None:
                _print_files(console, outcome.planned, outcome.preparation)
            _print_sentences(console, outcome)
    _print_problems(outcome)


def _print_nothing_found(console: Console, outcome: Outcome) -> None:
    sources = ", ".join(repr(source) for source in outcome.sources)
    console.print(f"No photos found in {escape(sources)}.")
    skipped = outcome.preparation.skipped if outcome.preparation is not None else ()
    for reason, count in Counter(one.reason for one in skipped).most_common(3):
        console.print(f"  {count:,} left out: {escape(reason)}")


def _print_albums(console: Console, told: Told, *, is_preview: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("Album", no_wrap=True, overflow="ellipsis")
    table.add_column("Photos", justify="right", no_wrap=True)
    table.add_column("To file" if is_preview else "Filed now", justify="right", no_wrap=True)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, style="dim")
    for album in told.albums:
        table.add_row(
            escape(printable(album.title)), f"{album.photos:,}", f"{album.new:,}", escape(printable(album.example))
        )
    console.print(table)


def _print_files(console: Console, planned: Planned, preparation: Preparation) -> None:
    console.print()
    for op in planned.plan.ops:
        arrow = "=" if not op.action.has_effect else "->"
        console.print(
            f"{op.action:9} {printable(op.source)} {arrow} {printable(op.target)}", markup=False, soft_wrap=True
        )
        for reason in op.why:
            said = preparation.wording.say(reason, preparation.lang)
            console.print(f"          {printable(said)}", markup=False, soft_wrap=True)


def _print_sentences(console: Console, outcome: Outcome) -> None:
    told = outcome.told
    actions = Counter(told.actions)
    review = sum(album.photos for album in told.albums if album.album == REVIEW)
    albums = sum(album.album != REVIEW for album in told.albums)
    console.print()
    console.print(
        f"{told.photos + len(told.problems):,} photos: {told.photos - review:,} in {albums} "
        f"{'album' if albums == 1 else 'albums'}, {review:,} to review, {len(told.problems):,} could not be processed."
    )
    if told.trips:
        console.print(f"{told.trips} trip{'s' if told.trips != 1 else ''} found.")
    for action, sentence in (
        (Action.DUPLICATE, "exact duplicates are stored once."),
        (Action.TRASH, "files whose source is gone go to the trash."),
        (Action.MOVE, "files move to another folder."),
    ):
        if actions[action]:
            console.print(f"{actions[action]:,} {sentence}")
    if told.clashes:
        console.print(f"{told.clashes:,} files get a suffix, because another photo has their name.")
    if outcome.is_preview:
        console.print(f"Space needed: {_size(told.expected_bytes)}. This was a preview: nothing was written.")
    elif outcome.applied is None:
        console.print("Nothing new: nothing was written.")
    else:
        console.print(f"Network: {escape(outcome.network)}")
    for path in outcome.report_paths:
        if path.suffix == ".html":
            console.print(f"Report: {escape(str(path))}", soft_wrap=True)


def _print_problems(outcome: Outcome) -> None:
    """Grouped by reason; cron's mail shows nothing else."""
    problems = outcome.told.problems
    console = err_console()
    if problems:
        files = "file" if len(problems) == 1 else "files"
        console.print(f"{len(problems):,} {files} could not be processed:", markup=False)
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for path, stage, reason in problems:
            by_reason[f"{reason} ({stage})"].append(path)
        for reason, sources in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:SHOWN_PROBLEMS]:
            more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
            console.print(f"  {printable(sources[0])}{more}: {printable(reason)}", markup=False)
        if len(by_reason) > SHOWN_PROBLEMS:
            console.print("  … more in the report", markup=False)
    if outcome.applied is not None and outcome.applied.stopped_by:
        console.print(f"stopped early: {outcome.applied.stopped_by}; the next run goes on from here", markup=False)


def _json_summary(outcome: Outcome) -> dict[str, object]:
    told = outcome.told
    return {
        "event": "summary",
        "photos": told.photos + len(told.problems),
        "albums": {album.album: album.photos for album in told.albums},
        "review": sum(album.photos for album in told.albums if album.album == REVIEW),
        "skipped": len(told.problems),
        "actions": dict(told.actions),
        "inferences": outcome.inferences,
        "expected_bytes": told.expected_bytes,
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
