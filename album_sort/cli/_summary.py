"""The end of a run in words: albums with counts, what needs attention, where the report is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from rich.console import Console

from album_sort.cli._console import err_console, out_console, print_json
from album_sort.cli._layout import Last, print_table, printable, say
from album_sort.cli._outcome import Outcome, Told
from album_sort.pipeline.execute import Planned
from album_sort.pipeline.prepare import Preparation
from album_sort.types import REVIEW, Action, RunChanges

SHOWN_PROBLEMS = 10
"""Reasons; more are in the report."""

SHOWN_MOVES = 3
"""Photos that are in another album than after the last run; more are in the report."""

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
    sources = ", ".join(printable(repr(source)) for source in outcome.sources)
    say(console, f"No photos found in {sources}.")
    if outcome.preparation is None:
        return
    for reason, count in Counter(one.reason for one in outcome.preparation.skipped).most_common(3):
        say(console, f"{count:,} left out: {printable(outcome.preparation.say(reason))}", indent=2)


def _print_albums(console: Console, told: Told, *, is_preview: bool) -> None:
    rows = [
        (printable(album.title), f"{album.photos:,}", f"{album.new:,}", printable(album.example))
        for album in told.albums
    ]
    headings = ("Album", "Photos", "To file" if is_preview else "Filed now", "For example")
    print_table(console, headings, rows, right=(1, 2), last=Last.SPARED)


def _print_files(console: Console, planned: Planned, preparation: Preparation) -> None:
    console.print()
    for op in planned.plan.ops:
        arrow = "=" if not op.action.has_effect else "->"
        said = f"{op.action:9} {printable(op.source)} {arrow} {printable(op.target)}"
        say(console, said, hanging=10)
        for reason in op.why:
            say(console, printable(preparation.say(reason)), indent=10)


def _print_sentences(console: Console, outcome: Outcome) -> None:
    told = outcome.told
    console.print()
    for sentence in (*_totals(told), *_changes(outcome.changes), *_remarks(outcome)):
        say(console, sentence)


def _totals(told: Told) -> Iterator[str]:
    actions = Counter(told.actions)
    review = sum(album.photos for album in told.albums if album.album == REVIEW)
    albums = sum(album.album != REVIEW for album in told.albums)
    yield (
        f"{told.photos + len(told.problems):,} photos: {told.photos - review:,} in {albums} "
        f"{'album' if albums == 1 else 'albums'}, {review:,} to review, {len(told.problems):,} could not be processed."
    )
    if told.trips:
        yield f"{told.trips} trip{'s' if told.trips != 1 else ''} found."
    for action, one, many in (
        (Action.DUPLICATE, "exact duplicate is stored once.", "exact duplicates are stored once."),
        (Action.TRASH, "file whose source is gone goes to the trash.", "files whose source is gone go to the trash."),
        (Action.MOVE, "file moves to another folder.", "files move to another folder."),
    ):
        if actions[action]:
            yield f"{actions[action]:,} {one if actions[action] == 1 else many}"
    if told.clashes == 1:
        yield "1 file gets a suffix, because another photo has its name."
    elif told.clashes:
        yield f"{told.clashes:,} files get a suffix, because another photo has their name."
    if told.left:
        yield f"{told.left:,} photo{'s are' if told.left != 1 else ' is'} not filed yet."


def _changes(changes: RunChanges | None) -> Iterator[str]:
    if changes is None:
        return
    yield (
        f"Since the last run ({changes.previous_started_utc:%Y-%m-%d %H:%M} UTC): {changes.added:,} new, "
        f"{changes.gone:,} gone, {len(changes.moved):,} in another album."
    )
    for photo in changes.moved[:SHOWN_MOVES]:
        yield f"  {printable(photo.source)}: {printable(photo.before)} -> {printable(photo.after)}"
    if len(changes.moved) > SHOWN_MOVES:
        yield f"  and {len(changes.moved) - SHOWN_MOVES:,} more in the report"


def _remarks(outcome: Outcome) -> Iterator[str]:
    if outcome.is_preview:
        yield f"Space needed: {_size(outcome.told.expected_bytes)}. This was a preview: nothing was written."
    elif outcome.applied is None:
        yield "Nothing new: nothing was written."
    else:
        yield f"Network: {outcome.network}"
    for path in outcome.report_paths:
        if path.suffix == ".html":
            yield f"Report: {printable(str(path))}"


def _print_problems(outcome: Outcome) -> None:
    """Grouped by reason; cron's mail shows nothing else."""
    problems = outcome.told.problems
    console = err_console()
    if problems:
        files = "file" if len(problems) == 1 else "files"
        say(console, f"{len(problems):,} {files} could not be processed:")
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for path, stage, reason in problems:
            by_reason[f"{reason} ({stage})"].append(path)
        for reason, sources in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:SHOWN_PROBLEMS]:
            more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
            say(console, f"{printable(sources[0])}{more}: {printable(reason)}", indent=2, hanging=4)
        if len(by_reason) > SHOWN_PROBLEMS:
            others = len(by_reason) - SHOWN_PROBLEMS
            say(console, f"and {others} other reason{'s' if others != 1 else ''}, in the report", indent=2)
    if outcome.applied is not None and outcome.applied.stopped_by:
        say(console, f"stopped early: {outcome.applied.stopped_by}; the next run goes on from here")


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
