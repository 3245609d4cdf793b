"""The command `album-sort`: commands, exit codes, and the one place that turns errors into words."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from album_sort import __version__
from album_sort.cli import _options as o
from album_sort.errors import AlbumSortError, ExitCode

DEFAULT_COMMAND = "sort"

EXIT_CODES = "Exit codes: " + "; ".join(f"{int(code)} {code.meaning}" for code in ExitCode) + "."


class DefaultCommandGroup(TyperGroup):
    """`album-sort PHOTOS...` is `album-sort sort PHOTOS...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own context class is private
        """Puts the default command before arguments that name none."""
        asks_about_us = {"--help", "-h", "--version"} & set(args[:1])
        if args and args[0] not in self.commands and not asks_about_us:
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=DefaultCommandGroup,
    name="album-sort",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"album-sort {__version__}")
        raise typer.Exit


@app.callback(epilog=EXIT_CODES)
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turns folders of photos into human albums: offline, on an ordinary CPU, and never at the price of a photo.

    album-sort ~/Photos --out ~/Albums            sorts

    album-sort ~/Photos --out ~/Albums --dry-run  shows what would happen, writes nothing
    """


@app.command(epilog=EXIT_CODES)
def sort(
    out: o.Out,
    photos: o.Photos = None,
    dry_run: o.DryRun = False,
    save_plan: o.SavePlan = None,
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
    config: o.ConfigFile = None,
) -> None:
    """Sorts photos into albums (the default command).

    album-sort ~/Photos --out ~/Albums --dry-run
    """
    from album_sort.cli.sort import SortCall, run_sort  # noqa: PLC0415 - keeps --help quick

    flags = {name: value for name, value in locals().items() if name in _SETTINGS_OF_SORT}
    flags["progress"] = None if no_progress is None else not no_progress
    call = SortCall(
        sources=tuple(photos or ()),
        files_from=files_from,
        destination=str(out),
        flags=flags,
        config_file=config,
        is_preview=dry_run,
        save_plan=save_plan,
        quiet=quiet,
        verbose=verbose,
        as_json=json,
    )
    raise typer.Exit(run_sort(call))


_SETTINGS_OF_SORT = frozenset(
    {
        "mode", "layout", "also", "albums", "lang", "precision_target", "home", "day_begins", "clock", "include",
        "exclude", "since", "until", "limit", "recheck", "model", "weights", "offline", "precision", "batch_size",
        "workers", "threads", "nice", "report", "log_file", "wait",
    }
)  # fmt: skip


def main() -> None:
    """Entry point: runs a command and ends with its exit code."""
    try:
        app()
    except AlbumSortError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FATAL)


def _tell(error: AlbumSortError) -> None:
    sys.stderr.write(f"album-sort: {error}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")


if __name__ == "__main__":
    main()
