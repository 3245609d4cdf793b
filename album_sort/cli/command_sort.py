"""`sort` and `apply`: what files photos.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from album_sort.cli import _options as o


@o.takes_settings(
    beside={"files_from": "limit", "quiet": "report", "verbose": "report", "json": "report", "config": "strict"}
)
def sort(
    *,
    out: o.Out,
    photos: o.Photos = None,
    dry_run: o.DryRun = False,
    save_plan: o.SavePlan = None,
    save: o.Save = False,
    files_from: o.FilesFrom = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
    **settings: object,
) -> None:
    """Sorts photos into albums (the default command)."""
    from album_sort.cli.sort import SortCall, run_sort  # noqa: PLC0415 - see above

    call = SortCall(
        sources=tuple(photos or ()),
        files_from=files_from,
        destination=str(out),
        flags=o.as_flags(settings),
        config_file=config,
        is_preview=dry_run,
        save_plan=save_plan,
        save=save,
        quiet=quiet,
        verbose=verbose,
        as_json=json,
    )
    raise typer.Exit(run_sort(call))


def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="help.a-file-written-by")],
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Carries out a saved plan; files that have changed since are refused, one by one."""
    from album_sort.cli.apply import run_apply  # noqa: PLC0415 - see above

    raise typer.Exit(run_apply(plan, wait=wait, quiet=quiet, as_json=json))
