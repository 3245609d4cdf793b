"""`apply PLAN`: carries out a plan that `--save-plan` wrote."""

from __future__ import annotations

import os
from pathlib import Path

from album_sort.cli._ending import code_of
from album_sort.cli._printer import make_printer
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.operations.apply import apply, read_plan
from album_sort.operations.order import settings_at_hand
from album_sort.process.effects import stop_on_signals
from album_sort.terminal.carried_out import tell_applied, tell_refused
from album_sort.terminal.printers import print_json


def run_apply(plan_file: Path, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Applies the plan to the destination it was made for."""
    saved = read_plan(plan_file)
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=not quiet)
    with stop_on_signals() as stop, printer:
        settings = settings_at_hand(saved.destination, lambda kept: read_layers(None, os.environ, {}, kept))
        done = apply(saved, wait_seconds=wait, sink=printer, stop=stop, settings=settings)
    if as_json:
        counted = {"done": done.done, "failed": len(done.failed), "left": len(done.left)}
        print_json({"event": "applied", "run": done.plan.plan_id or None, **counted})
    elif not quiet:
        tell_applied(done)
    tell_refused(done)
    return code_of(done.applied.stopped_by, is_whole=done.is_whole)
