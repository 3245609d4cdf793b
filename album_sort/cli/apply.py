"""`apply PLAN`: carries out a plan that `--save-plan` wrote; rows whose files have changed since are refused one by one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from album_sort import __version__
from album_sort.cli._console import err_console, make_printer, out_console, print_json
from album_sort.cli._layout import number_of, printable, say
from album_sort.cli._process import stop_on_signals
from album_sort.config import cache_folder
from album_sort.core.planning.planfile import plan_from_lines
from album_sort.errors import ExitCode, UsageError, why_unreadable
from album_sort.fileops.apply import Applied
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.space import check_space
from album_sort.operations.clock import utc_now
from album_sort.operations.pages import point_to_newest_page
from album_sort.pipeline.execute import apply_and_tell, doubt_refused, new_run_id, status_of
from album_sort.pipeline.holding import held_destination
from album_sort.pipeline.remembered import language_of, not_before
from album_sort.reading import read_given
from album_sort.types import OpStatus, Plan
from album_sort.types.ledger import RunRecord, RunStatus

_MOST_BYTES = 1 << 29
"""A plan for more than half a million photos."""


def run_apply(plan_file: Path, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Applies the plan to the destination it was made for."""
    try:
        data = read_given(plan_file, _MOST_BYTES)
    except OSError as error:
        raise UsageError(
            f"cannot read the plan {str(plan_file)!r}: {why_unreadable(error)}",
            hint="give a file that `album-sort PHOTOS --out ALBUMS --save-plan FILE` has written",
        ) from error
    saved = plan_from_lines(io.BytesIO(data), name=str(plan_file))
    del data
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=not quiet, log_file="")
    with stop_on_signals() as stop, printer, held_destination(saved.destination, wait, printer) as state:
        if state.finished_undo is not None:
            point_to_newest_page(saved.destination)
        now_utc = not_before(utc_now(), max((run.started_utc for run in state.runs()), default=None))
        # A run of its own: applying a plan twice must not write into the history of the first time.
        plan = replace(saved, plan_id=new_run_id(now_utc))
        check_space(plan, can_reflink=can_reflink(plan.destination))
        run = RunRecord(
            plan.plan_id,
            "apply",
            now_utc,
            None,
            RunStatus.RUNNING,
            plan.mode,
            plan.settings_digest,
            version=__version__,
        )
        journal = state.begin_run(run, plan)
        with stop.gently():
            applied = apply_and_tell(
                plan,
                RealFileSystem(),
                journal,
                language_of(state),
                sink=printer,
                stop=stop,
                on_result=lambda _op, _result: None,
            )
        doubt_refused(plan, applied, cache_folder())
        state.finish_run(plan.plan_id, status_of(applied), utc_now())
    return _tell(plan, applied, quiet=quiet, as_json=as_json)


def _tell(plan: Plan, applied: Applied, *, quiet: bool, as_json: bool) -> ExitCode:
    failed = [result for result in applied.results if result.status is OpStatus.FAILED]
    done = sum(result.status is OpStatus.DONE and result.action.has_effect for result in applied.results)
    if as_json:
        print_json({"event": "applied", "run": plan.plan_id, "done": done, "failed": len(failed)})
    elif not quiet:
        say(out_console(), f"{number_of(done, 'file')} filed, {len(failed):,} refused (run {plan.plan_id}).")
    targets = {op.op_id: op for op in plan.ops}
    for result in failed:
        said = f"{printable(targets[result.op_id].source)}: {printable(result.error)}"
        say(err_console(), said, indent=2, hanging=4)
    if applied.stopped_by:
        say(err_console(), f"stopped early: {applied.stopped_by}")
        return ExitCode.INTERRUPTED if applied.stopped_by == "interrupted" else ExitCode.FATAL
    return (
        ExitCode.PARTIAL
        if failed or applied.untidy or any(skipped.is_problem for skipped in plan.skipped)
        else ExitCode.DONE
    )
