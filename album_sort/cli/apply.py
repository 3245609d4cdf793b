"""`apply PLAN`: carries out a plan that `--save-plan` wrote."""

from __future__ import annotations

import os
from pathlib import Path

from album_sort.cli._console import make_printer, print_json
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.operations.apply import AppliedPlan, apply, read_plan
from album_sort.operations.order import settings_at_hand
from album_sort.process.effects import stop_on_signals
from album_sort.sentences import sentence
from album_sort.terminal.layout import err_console, out_console, printable, say


def run_apply(plan_file: Path, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Applies the plan to the destination it was made for."""
    saved = read_plan(plan_file)
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=not quiet, log_file="")
    with stop_on_signals() as stop, printer:
        settings = settings_at_hand(saved.destination, lambda kept: read_layers(None, os.environ, {}, kept))
        done = apply(saved, wait_seconds=wait, sink=printer, stop=stop, settings=settings)
    return _tell(done, quiet=quiet, as_json=as_json)


def _tell(done: AppliedPlan, *, quiet: bool, as_json: bool) -> ExitCode:
    plan, failed, stopped_by = done.plan, done.failed, done.applied.stopped_by
    if as_json:
        print_json({"event": "applied", "run": plan.plan_id, "done": done.done, "failed": len(failed)})
    elif not quiet:
        say(out_console(), sentence("command.applied", n=done.done, failed=len(failed), run=plan.plan_id))
    targets = {op.op_id: op for op in plan.ops}
    for result in failed:
        said = f"{printable(targets[result.op_id].source)}: {printable(result.error)}"
        say(err_console(), said, indent=2, hanging=4)
    if stopped_by:
        say(err_console(), sentence("command.stopped-early", why=stopped_by))
        return ExitCode.INTERRUPTED if stopped_by == "interrupted" else ExitCode.FATAL
    return ExitCode.DONE if done.is_whole else ExitCode.PARTIAL
