"""`fix`: what a person says of photos and albums, and the list of all that was said."""

from __future__ import annotations

import os
from collections.abc import Sequence

from album_sort.cli._ending import code_of
from album_sort.cli._printer import make_printer
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.fileops.apply import Applied
from album_sort.operations.apply import count_done, failed_of
from album_sort.operations.as_json import changes_as_json
from album_sort.operations.changes import apply_changes, preview_changes
from album_sort.operations.fix import FixOrder, fix
from album_sort.operations.order import settings_at_hand, settings_here
from album_sort.process.effects import stop_on_signals
from album_sort.terminal.carried_out import tell_failures
from album_sort.terminal.fixes import tell_changes, tell_fixed, tell_hand
from album_sort.terminal.printers import print_json
from album_sort.types.changes import Change


def run_fix(order: FixOrder, *, wait: float, quiet: bool) -> ExitCode:
    """Has the word remembered, or carried out, and says what came of it."""
    printer = make_printer(quiet=quiet, as_json=False, with_progress=False)
    settings = settings_at_hand(order.destination, lambda kept: read_layers(None, os.environ, {}, kept))
    with stop_on_signals() as stop, printer:
        fixed = fix(
            order,
            wait_seconds=wait,
            sink=printer,
            stop=stop,
            tell_hand=lambda told: None if quiet else tell_hand(told),
            settings=settings,
        )
    if not quiet:
        tell_fixed(fixed, count_done(fixed.applied) if order.at_once else -1)
    return _told_failures(fixed.applied)


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
        make_printer(quiet=quiet, as_json=as_json, with_progress=False) as sink,
    ):
        if dry_run:
            plan, run_id, applied = preview_changes(destination, changes, here, sink=sink), None, None
        else:
            done = apply_changes(destination, changes, here, sink=sink, stop=stop, wait_seconds=wait)
            plan, run_id, applied = done.plan, done.run_id, done.applied
    if as_json:
        print_json(changes_as_json(plan, run_id))
    elif not quiet:
        tell_changes(plan, -1 if dry_run else count_done(applied))
    return _told_failures(applied)


def _told_failures(applied: Applied | None) -> ExitCode:
    failed, stopped_by = failed_of(applied), applied.stopped_by if applied is not None else ""
    tell_failures(failed, stopped_by)
    is_untidy = applied is not None and bool(applied.untidy)
    return code_of(stopped_by, is_whole=not failed and not is_untidy)
