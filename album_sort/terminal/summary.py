"""The end of a run in words: albums with counts, what needs attention, where the report is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from album_sort.operations.clock import local_time
from album_sort.operations.known_problems import KnownProblems, Problem
from album_sort.operations.outcome import Outcome, RunSummary
from album_sort.operations.summary import grouped, pages, remarks, totals
from album_sort.operations.words import Words, terminal_words
from album_sort.terminal.by_hand import print_by_hand, print_deleted_by_hand
from album_sort.terminal.first_run import print_next
from album_sort.terminal.layout import Last, Terminal, err_console, out_console, print_table, printable, say, say_link
from album_sort.types import RunChanges

FEW_ALBUMS = 6
"""So many are shown whether or not anything in them is new."""

SHOWN_PROBLEMS = 10
"""Reasons; more are in the report."""

SHOWN_DAMAGED = 5
"""Photos of which a part is missing; more are in the report."""

SHOWN_MOVES = 3
"""Photos that are in another album than after the last run; more are in the report."""


def print_summary(outcome: Outcome, known: KnownProblems, *, quiet: bool, verbose: bool) -> None:
    """What was done to stdout, problems to stderr."""
    summary = outcome.summary
    if not quiet:
        console = out_console()
        words = terminal_words(outcome.lang, console.encoding)
        if not summary.photos:
            _print_nothing_found(console, words, outcome)
        else:
            _print_albums(console, words, outcome, shows_all=verbose or outcome.is_first)
            if verbose:
                _print_files(console, outcome)
            _print_sentences(console, words, outcome, verbose=verbose)
            if outcome.preparation is not None:
                by_hand = outcome.preparation.hand
                print_by_hand(console, words, by_hand, outcome.destination, outcome.preparation.base_title)
    # A run over nothing writes no report that would name those of before.
    tells_all = verbose or outcome.is_preview or (not summary.photos and not quiet)
    news = [one for one in summary.problems if tells_all or not known.knows(*one)]
    _print_problems(outcome, news, quiet=quiet, verbose=verbose)
    if outcome.preparation is not None:
        console = err_console()
        words = terminal_words(outcome.lang, console.encoding)
        print_deleted_by_hand(console, words, outcome.preparation.hand, outcome.destination)
    if not quiet:
        print_next(outcome)


def _print_nothing_found(console: Terminal, words: Words, outcome: Outcome) -> None:
    if outcome.preparation is not None and outcome.preparation.waiting:
        # With --limit, all that this run took up was broken.
        say(console, words.text("waiting", n=outcome.preparation.waiting))
        return
    sources = ", ".join(printable(repr(source)) for source in outcome.sources)
    say(console, words.text("nothing_found", sources=sources))
    if outcome.preparation is None:
        return
    left_out = (one.reason for one in outcome.preparation.skipped if not one.is_problem)
    for reason, count in Counter(left_out).most_common(3):
        said = printable(outcome.preparation.say(reason))
        say(console, words.text("left_out", n=count, reason=said), indent=2)


def _print_albums(console: Terminal, words: Words, outcome: Outcome, *, shows_all: bool) -> None:
    """Those with news; all of them in the first run, where they are few, and for those who ask."""
    albums = outcome.summary.albums
    shown = albums if shows_all or len(albums) <= FEW_ALBUMS else [album for album in albums if album.new]
    rows = [(printable(one.title), f"{one.photos:,}", f"{one.new:,}", printable(one.example)) for one in shown]
    if rows:
        key = "to_file" if outcome.is_preview else "filed_now"
        headings = [words.text(key) for key in ("album", "photos", key, "example")]
        print_table(console, headings, rows, right=(1, 2), last=Last.SPARED)
    if len(shown) < len(albums):
        say(console, words.text("albums_without_news", n=len(albums) - len(shown)))


def _print_files(console: Terminal, outcome: Outcome) -> None:
    if outcome.planned is None or outcome.preparation is None:
        return
    console.print()
    for op in outcome.planned.plan.ops:
        arrow = "=" if not op.action.has_effect else "->"
        said = f"{op.action:9} {printable(op.source)} {arrow} {printable(op.target)}"
        say(console, said, hanging=10)
        for reason in op.why:
            say(console, printable(outcome.preparation.say(reason)), indent=10)


def _print_sentences(console: Terminal, words: Words, outcome: Outcome, *, verbose: bool) -> None:
    summary = outcome.summary
    console.print()
    for sentence in totals(words, outcome):
        say(console, sentence)
    _print_damaged(console, words, summary, has_report=bool(outcome.report_paths))
    if outcome.changes is not None:
        _print_changes(console, words, outcome.changes, has_report=bool(outcome.report_paths))
    for sentence in remarks(words, outcome, verbose=verbose):
        say(console, printable(sentence))
    for page in pages(outcome):
        say_link(console, printable(words.text("report", path=str(page))), page)


def _print_damaged(console: Terminal, words: Words, summary: RunSummary, *, has_report: bool) -> None:
    """Photos that their owner will want to look for in a backup."""
    if not summary.damaged:
        return
    say(console, words.text("damaged", n=len(summary.damaged)))
    for path, reason in summary.damaged[:SHOWN_DAMAGED]:
        said = words.text("damaged_photo", path=printable(path), reason=printable(reason))
        say(console, said, indent=2, hanging=4)
    more = len(summary.damaged) - SHOWN_DAMAGED
    if more > 0:
        say(console, words.text("more_in_report" if has_report else "more", n=more), indent=2)


def _print_changes(console: Terminal, words: Words, changes: RunChanges, *, has_report: bool) -> None:
    moment = f"{local_time(changes.previous_started_utc):%Y-%m-%d %H:%M}"
    say(console, words.text("changes", moment=moment, added=changes.added, moved=len(changes.moved)))
    for photo in changes.moved[:SHOWN_MOVES]:
        said = f"{printable(photo.source)}: {printable(photo.before)} -> {printable(photo.after)}"
        say(console, said, indent=2, hanging=4)
    more = len(changes.moved) - SHOWN_MOVES
    if more > 0:
        say(console, words.text("more_in_report" if has_report else "more", n=more), indent=2)
    if changes.elsewhere:
        say(console, words.text("not_among_these", n=changes.elsewhere))


def _print_problems(outcome: Outcome, problems: Sequence[Problem], *, quiet: bool, verbose: bool) -> None:
    """Grouped by reason; cron's mail shows nothing else. Those of before are only counted, for those who look."""
    console = err_console()
    words = terminal_words(outcome.lang, console.encoding)
    if problems:
        say(console, words.text("problems", n=len(problems)))
        by_reason = grouped(problems)
        for (reason, stage), paths in by_reason[:SHOWN_PROBLEMS]:
            one, several = ("problem_at", "problem_of_several_at") if verbose else ("problem", "problem_of_several")
            key = one if len(paths) == 1 else several
            values = {"path": printable(paths[0]), "reason": printable(reason), "stage": words.text(f"at_{stage}")}
            say(console, words.text(key, **values, n=len(paths) - 1), indent=2, hanging=4)
        others = len(by_reason) - SHOWN_PROBLEMS
        if others > 0:
            say(
                console,
                words.text("more_reasons_in_report" if outcome.report_paths else "more_reasons", n=others),
                indent=2,
            )
    before = len(outcome.summary.problems) - len(problems)
    if before and not quiet:
        say(console, words.text("problems_as_before", n=before))
    if outcome.applied is not None and outcome.applied.stopped_by:
        why = outcome.applied.stopped_by
        said = words.text("interrupted") if why == "interrupted" else printable(why)
        say(console, words.text("stopped", why=said))
