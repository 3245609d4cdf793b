"""`runs`, `undo`, `verify`: what was done in a destination, taking it back, and whether it is still whole."""

from __future__ import annotations

from collections.abc import Sequence

from album_sort.cli._console import make_printer, print_json
from album_sort.errors import ExitCode
from album_sort.fileops.verify import Verified, counted
from album_sort.operations.as_json import run_as_json
from album_sort.operations.runs import runs_of
from album_sort.operations.undo import TakenBack, undo
from album_sort.operations.verify import verify
from album_sort.operations.words import terminal_words
from album_sort.process.effects import stop_on_signals
from album_sort.terminal.layout import err_console, number_of, out_console, print_table, printable, say

SHOWN_FOREIGN = 5
"""Files that are not ours, named without -v: they are not a fault, but somebody wants to know which they are."""

_RUN_HEADINGS = ("Run", "Started (UTC)", "Command", "Mode", "Status", "Files", "Failed")


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
            run.status,
            f"{run.done:,}",
            f"{run.failed:,}",
        )
        for run in runs
    ]
    print_table(out_console(), _RUN_HEADINGS, rows, right=(5, 6))
    return ExitCode.DONE


def run_undo(destination: str, run_id: str, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Takes a run back; without an id, the last one that still has an effect."""

    def tell(taken: TakenBack) -> None:
        _tell_undone(taken, quiet=quiet, as_json=as_json)

    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")
    with stop_on_signals() as stop, printer:
        taken = undo(destination, run_id, wait_seconds=wait, sink=printer, stop=stop, tell=tell)
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
            ended = f"The undo of run {taken.run_id}, which had not come to its end, is finished"
            say(console, f"{ended}; nothing else was taken back.")
        return
    if taken.corrections and not quiet and not as_json:
        words = terminal_words(taken.lang, console.encoding)
        say(console, words.text("undo_corrections_stay", n=taken.corrections))
    if taken.is_lesson and not left:
        if not quiet and not as_json:
            words = terminal_words(taken.lang, console.encoding)
            say(console, words.text("undo_lesson", run=taken.run_id))
    elif not as_json and (not quiet or left):
        stay = "1 left as it is" if len(left) == 1 else f"{len(left):,} left as they are"
        say(console, f"Run {taken.run_id}: {number_of(taken.taken, 'file')} taken back, {stay}.")
        for result in left:
            say(console, printable(result.error), indent=2, hanging=4)
    for error in undone.untidy:
        say(err_console(), printable(f"an empty folder could not be removed ({error}); the next run tries again"))
    if undone.is_half_done:
        say(err_console(), "The disk stopped this undo half way; the next run, or the next undo, finishes it first.")


def run_verify(destination: str, *, quiet: bool, verbose: bool, as_json: bool) -> ExitCode:
    """Reads every file of the albums again; exit code 3 where one is missing or damaged."""
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")
    albums = verify(destination, sink=printer)
    if as_json:
        for file in albums.files:
            print_json({"path": file.path, "verdict": file.verdict, "detail": file.detail})
        return ExitCode.PARTIAL if albums.bad else ExitCode.DONE
    shown = albums.files if verbose else albums.bad if quiet else (*albums.bad, *albums.foreign[:SHOWN_FOREIGN])
    _print_verified(shown, albums.files, quiet=quiet)
    more = len(albums.foreign) - SHOWN_FOREIGN
    if not quiet and not verbose and more > 0:
        say(out_console(), f"and {number_of(more, 'foreign file')} more; -v names them all", indent=2)
    return ExitCode.PARTIAL if albums.bad else ExitCode.DONE


def _print_verified(shown: Sequence[Verified], verified: Sequence[Verified], *, quiet: bool) -> None:
    console = out_console()
    for file in shown:
        detail = f" ({file.detail})" if file.detail else ""
        say(console, f"{file.verdict:12} {printable(file.path)}{printable(detail)}", hanging=13)
    if not quiet:
        counts = counted(verified)
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items() if count)
        say(console, told or "nothing filed yet")
