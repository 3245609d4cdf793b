"""`fix`: what a person says of photos and albums, and the list of all that was said."""

from __future__ import annotations

import os
from collections.abc import Sequence

from album_sort.cli._console import make_printer, print_json
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.fileops.apply import Applied
from album_sort.operations.apply import count_done, failed_of
from album_sort.operations.as_json import changes_as_json, said_as_json
from album_sort.operations.changes import apply_changes, preview_changes
from album_sort.operations.fix import FixOrder, HandTold, fix, said_by_hand
from album_sort.operations.order import settings_at_hand, settings_here
from album_sort.operations.words import terminal_words
from album_sort.process.effects import stop_on_signals
from album_sort.terminal.by_hand import print_by_hand, print_deleted_by_hand
from album_sort.terminal.fixes import print_changes, print_fixed, print_said
from album_sort.terminal.layout import err_console, out_console, printable, say
from album_sort.types.changes import Change


def run_fix(order: FixOrder, *, wait: float, quiet: bool) -> ExitCode:
    """Has the word remembered, or carried out, and says what came of it."""
    printer = make_printer(quiet=quiet, as_json=False, with_progress=False, log_file="")
    settings = settings_at_hand(order.destination, lambda kept: read_layers(None, os.environ, {}, kept))
    with stop_on_signals() as stop, printer:
        fixed = fix(
            order,
            wait_seconds=wait,
            sink=printer,
            stop=stop,
            tell_hand=lambda told: None if quiet else _tell_hand(told),
            settings=settings,
        )
    if not quiet:
        console = out_console()
        moved = (count_done(fixed.applied) if fixed.applied else 0) if order.at_once else -1
        print_fixed(console, terminal_words(fixed.lang, console.encoding), fixed, moved)
    return _exit_code(fixed.applied)


def run_changes(
    changes: Sequence[Change],
    destination: str,
    albums_file: str = "",
    *,
    dry_run: bool = False,
    wait: float = 0.0,
    quiet: bool = False,
    as_json: bool = False,
) -> ExitCode:
    """Shows the plan of changes, or carries them out at once, as one run."""
    flags = {"albums": albums_file} if albums_file else {}
    here = settings_here(destination, lambda kept: read_layers(None, os.environ, flags, kept))
    with (
        stop_on_signals() as stop,
        make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="") as sink,
    ):
        if dry_run:
            plan, run_id, applied = preview_changes(destination, changes, here, sink=sink), None, None
        else:
            done = apply_changes(destination, changes, here, sink=sink, stop=stop, wait_seconds=wait)
            plan, run_id, applied = done.plan, done.run_id, done.applied
    console = out_console()
    if as_json:
        print_json(changes_as_json(plan, run_id))
    elif not quiet:
        moved = -1 if dry_run else count_done(applied) if applied is not None else 0
        print_changes(console, terminal_words(plan.lang, console.encoding), plan, moved)
    return _exit_code(applied)


def _exit_code(applied: Applied | None) -> ExitCode:
    """By what was carried out; what was not is said."""
    failed, stopped_by = failed_of(applied), applied.stopped_by if applied is not None else ""
    for result in failed:
        say(err_console(), printable(result.error), indent=2, hanging=4)
    if stopped_by:
        say(err_console(), printable(stopped_by))
        return ExitCode.INTERRUPTED if stopped_by == "interrupted" else ExitCode.FATAL
    is_untidy = applied is not None and bool(applied.untidy)
    return ExitCode.PARTIAL if failed or is_untidy else ExitCode.DONE


def _tell_hand(told: HandTold) -> None:
    console = out_console()
    words = terminal_words(told.lang, console.encoding)
    print_by_hand(console, words, told.hand, told.destination, lambda album: told.titles.get(album, album))
    console = err_console()
    print_deleted_by_hand(console, terminal_words(told.lang, console.encoding), told.hand, told.destination)


def run_fix_list(destination: str, albums_file: str, *, as_json: bool) -> ExitCode:
    """Everything that was said or done by hand, oldest first. Writes nothing."""
    said = said_by_hand(destination, albums_file)
    if not as_json:
        console = out_console()
        print_said(console, terminal_words(said.lang, console.encoding), said)
        return ExitCode.DONE
    for one in said_as_json(said):
        print_json(one)
    return ExitCode.DONE
