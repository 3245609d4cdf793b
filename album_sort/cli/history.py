"""`runs`, `undo`, `verify`: what was done in a destination, taking it back, and whether it is still whole."""

from __future__ import annotations

import os
from collections.abc import Mapping

from album_sort.cli._console import make_printer, print_json
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.fileops.verify import Verdict, Verified
from album_sort.operations.as_json import run_as_json
from album_sort.operations.order import settings_at_hand
from album_sort.operations.runs import runs_of
from album_sort.operations.undo import TakenBack, undo
from album_sort.operations.verify import verify
from album_sort.operations.words import terminal_words
from album_sort.process.effects import stop_on_signals
from album_sort.sentences import sentence
from album_sort.terminal.layout import err_console, out_console, print_table, printable, say

_RUN_HEADS = ("run", "started", "command", "mode", "status", "files", "failed")

SHOWN_FOREIGN = 5
"""Files that are not ours, named without -v: they are not a fault, but somebody wants to know which they are."""


def run_runs(destination: str, *, as_json: bool) -> ExitCode:
    """Lists the runs of a destination, oldest first."""
    runs = runs_of(destination)
    if as_json:
        for run in runs:
            print_json(run_as_json(run))
        return ExitCode.DONE
    rows = [
        (
            run.run_id,
            f"{run.started_utc:%Y-%m-%d %H:%M:%S}",
            run.command,
            run.mode,
            sentence(f"command.status-{run.status}"),
            f"{run.done:,}",
            f"{run.failed:,}",
        )
        for run in runs
    ]
    heads = [sentence(f"command.head-{name}") for name in _RUN_HEADS]
    print_table(out_console(), heads, rows, right=(5, 6))
    return ExitCode.DONE


def run_undo(destination: str, run_id: str, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Takes a run back; without an id, the last one that still has an effect."""

    def tell(taken: TakenBack) -> None:
        _tell_undone(taken, quiet=quiet, as_json=as_json)

    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")
    settings = settings_at_hand(destination, lambda kept: read_layers(None, os.environ, {}, kept))
    with stop_on_signals() as stop, printer:
        taken = undo(destination, run_id, wait_seconds=wait, sink=printer, stop=stop, tell=tell, settings=settings)
    if taken.undone is not None and taken.undone.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if taken.is_complete else ExitCode.PARTIAL


def _tell_undone(taken: TakenBack, *, quiet: bool, as_json: bool) -> None:
    console, undone, left = out_console(), taken.undone, taken.left
    if as_json:
        row = {"event": "undone", "run": taken.run_id, "undone": taken.taken, "left": len(left)}
        print_json({**row, "was_killed": True} if undone is None else row)
    if undone is None:
        if not quiet and not as_json:
            say(console, sentence("command.undo-finished", run=taken.run_id))
        return
    if taken.corrections and not quiet and not as_json:
        words = terminal_words(taken.lang, console.encoding)
        say(console, words.text("undo_corrections_stay", n=taken.corrections))
    if taken.is_lesson and not left:
        if not quiet and not as_json:
            words = terminal_words(taken.lang, console.encoding)
            say(console, words.text("undo_lesson", run=taken.run_id))
    elif not as_json and (not quiet or left):
        taken_back, stay = sentence("command.taken-back", n=taken.taken), sentence("command.left", n=len(left))
        say(console, sentence("command.undone", run=taken.run_id, taken=taken_back, left=stay))
        for result in left:
            say(console, printable(result.error), indent=2, hanging=4)
    for error in undone.untidy:
        say(err_console(), printable(sentence("command.folder-stays", why=error)))
    if undone.is_half_done:
        say(err_console(), sentence("command.undo-half-way"))


def run_verify(destination: str, *, quiet: bool, verbose: bool, as_json: bool) -> ExitCode:
    """Reads every file of the albums again; exit code 3 where one is missing or damaged."""
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")

    def tell(file: Verified) -> None:
        if as_json:
            print_json({"path": file.path, "verdict": file.verdict, "detail": file.detail})
        elif verbose:
            _print_file(file)

    albums = verify(destination, sink=printer, on_file=tell)
    if as_json:
        return ExitCode.PARTIAL if albums.bad else ExitCode.DONE
    for file in () if verbose else albums.bad if quiet else (*albums.bad, *albums.foreign[:SHOWN_FOREIGN]):
        _print_file(file)
    if not quiet:
        _print_counts(albums.counts)
    more = len(albums.foreign) - SHOWN_FOREIGN
    if not quiet and not verbose and more > 0:
        say(out_console(), sentence("command.more-foreign", n=more), indent=2)
    return ExitCode.PARTIAL if albums.bad else ExitCode.DONE


def _print_file(file: Verified) -> None:
    detail = f" ({file.detail})" if file.detail else ""
    say(out_console(), f"{_in_words(file.verdict):12} {printable(file.path)}{printable(detail)}", hanging=13)


def _print_counts(counts: Mapping[Verdict, int]) -> None:
    told = ", ".join(
        sentence("command.counted", n=count, verdict=_in_words(verdict)) for verdict, count in counts.items() if count
    )
    say(out_console(), told or sentence("command.nothing-filed"))


def _in_words(verdict: Verdict) -> str:
    return sentence(f"command.verdict-{verdict.replace(' ', '-')}")
