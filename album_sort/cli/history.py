"""`runs`, `undo`, `verify`: what was done in a destination, taking it back, and whether it is still whole. No network."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from album_sort.cli._clock import utc_now
from album_sort.cli._console import make_printer, out_console, print_json
from album_sort.cli._layout import print_table, printable, say
from album_sort.cli._pages import REPORT_PAGE, point_to_newest_page, remake_newest_page, runs_folder
from album_sort.cli._stop import stop_on_signals
from album_sort.errors import DestinationError, ExitCode, UsageError
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.picture import take_picture
from album_sort.fileops.undo import Undone, undo_run
from album_sort.fileops.verify import Verdict, Verified, counted, verify
from album_sort.pipeline.execute import held_destination
from album_sort.pipeline.remembered import forget_run, open_to_read
from album_sort.types import OpStatus
from album_sort.types.ledger import RunRecord, RunStatus


def run_runs(destination: str, *, as_json: bool) -> ExitCode:
    """Lists the runs of a destination, oldest first."""
    _must_be_ours(destination)
    with open_to_read(destination) as state:
        runs = state.runs()
    if as_json:
        for run in runs:
            print_json(
                {
                    "run": run.run_id,
                    "command": run.command,
                    "started_utc": run.started_utc.isoformat(),
                    "finished_utc": run.finished_utc.isoformat() if run.finished_utc else None,
                    "status": run.status,
                    "mode": run.mode,
                    "done": run.done,
                    "failed": run.failed,
                }
            )
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
    headings = ("Run", "Started (UTC)", "Command", "Mode", "Status", "Files", "Failed")
    print_table(out_console(), headings, rows, right=(5, 6))
    return ExitCode.DONE


def run_undo(destination: str, run_id: str, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Takes a run back; without an id, the last one that still has an effect."""
    _must_be_ours(destination)
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False, log_file="")
    with stop_on_signals() as stop, printer, held_destination(destination, wait, printer) as state:
        run = _chosen(state.runs(), run_id, destination)
        # What the user has moved since is found again, so that it can be taken back from there.
        state.remember_moves(take_picture(destination, RealFileSystem(), state.records()))
        with stop.gently():
            undone = undo_run(destination, RealFileSystem(), state.journal(run.run_id), stop=stop)
        status = RunStatus.UNDONE if undone.is_complete else RunStatus.PARTIAL
        state.finish_run(run.run_id, status, utc_now())
        forget_run(state)
        if undone.is_complete:
            # Its report speaks of files that are no more there; the journal keeps what happened.
            shutil.rmtree(runs_folder(destination) / run.run_id, ignore_errors=True)
        remake_newest_page(destination)
        point_to_newest_page(destination)
    return _tell_undone(run, undone, quiet=quiet, as_json=as_json)


def _chosen(runs: Sequence[RunRecord], run_id: str, destination: str) -> RunRecord:
    if run_id:
        found = [run for run in runs if run.run_id == run_id or run.run_id.startswith(run_id)]
        if len(found) != 1:
            known = ", ".join(run.run_id for run in runs[-5:]) or "none"
            raise UsageError(f"no run {run_id!r} in {destination!r}", hint=f"the last runs are: {known}")
        return found[0]
    alive = [run for run in runs if run.status is not RunStatus.UNDONE and run.done]
    if not alive:
        raise UsageError(f"there is no run to undo in {destination!r}", hint="`album-sort runs` lists them all")
    return alive[-1]


def _tell_undone(run: RunRecord, undone: Undone, *, quiet: bool, as_json: bool) -> ExitCode:
    left = [result for result in undone.results if result.status is not OpStatus.DONE]
    if as_json:
        print_json({"event": "undone", "run": run.run_id, "undone": len(undone.results) - len(left), "left": len(left)})
    elif not quiet or left:
        console = out_console()
        taken = len(undone.results) - len(left)
        say(console, f"Run {run.run_id}: {taken:,} files taken back, {len(left):,} left as they are.")
        for result in left:
            say(console, printable(result.error), indent=2, hanging=4)
    if undone.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.PARTIAL if left else ExitCode.DONE


def run_verify(destination: str, *, quiet: bool, verbose: bool, as_json: bool) -> ExitCode:
    """Reads every file of the albums again; exit code 3 where one is missing or damaged."""
    _must_be_ours(destination)
    fs = RealFileSystem()
    with open_to_read(destination) as state:
        picture = take_picture(destination, fs, state.records())
    verified = [file for file in verify(destination, fs, picture) if file.path != REPORT_PAGE]
    bad = [file for file in verified if file.verdict not in (Verdict.OK, Verdict.FOREIGN)]
    if as_json:
        for file in verified:
            print_json({"path": file.path, "verdict": file.verdict, "detail": file.detail})
    else:
        shown = verified if verbose else bad
        _print_verified(shown, verified, quiet=quiet)
    return ExitCode.PARTIAL if bad else ExitCode.DONE


def _print_verified(shown: Sequence[Verified], verified: Sequence[Verified], *, quiet: bool) -> None:
    console = out_console()
    for file in shown:
        detail = f" ({file.detail})" if file.detail else ""
        say(console, f"{file.verdict:12} {printable(file.path)}{printable(detail)}", hanging=13)
    if not quiet:
        counts = counted(verified)
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items() if count)
        say(console, told or "nothing filed yet")


def _must_be_ours(destination: str) -> None:
    if not runs_folder(destination).parent.is_dir():
        raise DestinationError(
            f"{destination!r} holds no albums made by album-sort", hint="give the folder that was given to --out"
        )
