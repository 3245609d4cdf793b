"""`undo`, `verify`, `runs`: what was done in a destination.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from album_sort.cli import _options as o


def undo(
    out: o.AlbumsHere = o.HERE,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="help.id-of-a-run")] = "",
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Takes a run back: removes what it made and nobody has changed since, moves back what it moved."""
    from album_sort.cli.history import run_undo  # noqa: PLC0415 - see above

    raise typer.Exit(run_undo(str(out), run, wait=wait, quiet=quiet, as_json=json))


def verify(
    out: o.AlbumsHere = o.HERE, quiet: o.Quiet = False, verbose: o.Verbose = False, json: o.JsonOption = False
) -> None:
    """Reads every filed photo again and compares it with what was filed: missing, changed, foreign files."""
    from album_sort.cli.history import run_verify  # noqa: PLC0415 - see above

    raise typer.Exit(run_verify(str(out), quiet=quiet, verbose=verbose, as_json=json))


def runs(out: o.AlbumsHere = o.HERE, json: o.JsonOption = False) -> None:
    """Lists the runs of a destination."""
    from album_sort.operations.as_json import run_as_json  # noqa: PLC0415 - see above
    from album_sort.operations.runs import runs_of  # noqa: PLC0415 - see above
    from album_sort.terminal.printers import print_json  # noqa: PLC0415 - see above
    from album_sort.terminal.runs import tell_runs  # noqa: PLC0415 - see above

    found = runs_of(str(out))
    if json:
        for run in found:
            print_json(run_as_json(run))
    else:
        tell_runs(found)
