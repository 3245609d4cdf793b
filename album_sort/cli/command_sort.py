"""`sort` and `apply`: what files photos.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from album_sort.cli import _options as o

_SETTINGS_OF_SORT = frozenset(
    {
        "mode", "layout", "also", "albums", "lang", "precision_target", "home", "day_begins", "clock", "include",
        "exclude", "since", "until", "limit", "recheck", "prune", "prune_limit", "model", "weights", "offline", "precision", "batch_size",
        "workers", "threads", "nice", "report", "log_file", "wait",
        "strict",
    }
)  # fmt: skip


def sort(
    out: o.Out,
    photos: o.Photos = None,
    dry_run: o.DryRun = False,
    save_plan: o.SavePlan = None,
    save: o.Save = False,
    mode: o.ModeOption = None,
    layout: o.LayoutOption = None,
    also: o.Also = None,
    albums: o.Albums = None,
    lang: o.Lang = None,
    precision_target: o.PrecisionTarget = None,
    home: o.HomeOption = None,
    day_begins: o.DayBegins = None,
    clock: o.Clock = None,
    include: o.Include = None,
    exclude: o.Exclude = None,
    since: o.Since = None,
    until: o.Until = None,
    limit: o.Limit = None,
    files_from: o.FilesFrom = None,
    recheck: o.Recheck = None,
    prune: o.Prune = None,
    prune_limit: o.PruneLimit = None,
    model: o.Model = None,
    weights: o.Weights = None,
    offline: o.Offline = None,
    precision: o.PrecisionOption = None,
    batch_size: o.BatchSize = None,
    workers: o.Workers = None,
    threads: o.Threads = None,
    nice: o.Nice = None,
    report: o.ReportFolder = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    json: o.JsonOption = False,
    log_file: o.LogFile = None,
    no_progress: o.NoProgress = None,
    wait: o.Wait = None,
    strict: o.Strict = None,
    config: o.ConfigFile = None,
) -> None:
    """Sorts photos into albums (the default command).

    album-sort ~/Photos --out ~/Albums --dry-run
    """
    raise typer.Exit(_run_sort(locals()))


def _run_sort(given: Mapping[str, Any]) -> int:
    """The exit code of a run with these values of `sort`'s parameters."""
    from album_sort.cli.sort import SortCall, run_sort  # noqa: PLC0415 - see above

    flags = {name: value for name, value in given.items() if name in _SETTINGS_OF_SORT}
    flags["progress"] = None if given["no_progress"] is None else not given["no_progress"]
    call = SortCall(
        sources=tuple(given["photos"] or ()),
        files_from=given["files_from"],
        destination=str(given["out"]),
        flags=flags,
        config_file=given["config"],
        is_preview=given["dry_run"],
        save_plan=given["save_plan"],
        save=given["save"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        as_json=given["json"],
    )
    return run_sort(call)


def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A file written by --save-plan.")],
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Carries out a saved plan; files that have changed since are refused, one by one.

    album-sort ~/Photos --out ~/Albums --save-plan plan.jsonl; album-sort apply plan.jsonl
    """
    from album_sort.cli.apply import run_apply  # noqa: PLC0415 - see above

    raise typer.Exit(run_apply(plan, wait=wait, quiet=quiet, as_json=json))
