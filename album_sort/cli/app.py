"""The command `album-sort`: commands, exit codes, and the one place that turns errors into words."""

from __future__ import annotations

import os
import sys
from pathlib import Path
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
        "exclude", "since", "until", "limit", "recheck", "prune", "prune_limit", "model", "weights", "offline", "precision", "batch_size",
        "workers", "threads", "nice", "report", "log_file", "wait",
    }
)  # fmt: skip


@app.command(epilog=EXIT_CODES)
def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A file written by --save-plan.")],
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Carries out a saved plan; files that have changed since are refused, one by one.

    album-sort ~/Photos --out ~/Albums --save-plan plan.jsonl; album-sort apply plan.jsonl
    """
    from album_sort.cli.apply import run_apply  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_apply(plan, wait=wait, quiet=quiet, as_json=json))


@app.command(epilog=EXIT_CODES)
def undo(
    out: o.Out,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="Id of a run; the last one by default.")] = "",
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Takes a run back: removes what it made and nobody has changed since, moves back what it moved.

    album-sort undo --out ~/Albums
    """
    from album_sort.cli.history import run_undo  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_undo(str(out), run, wait=wait, quiet=quiet, as_json=json))


@app.command(epilog=EXIT_CODES)
def verify(out: o.Out, quiet: o.Quiet = False, verbose: o.Verbose = False, json: o.JsonOption = False) -> None:
    """Reads every filed photo again and compares it with what was filed: missing, changed, foreign files.

    album-sort verify --out ~/Albums
    """
    from album_sort.cli.history import run_verify  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_verify(str(out), quiet=quiet, verbose=verbose, as_json=json))


@app.command(epilog=EXIT_CODES)
def runs(out: o.Out, json: o.JsonOption = False) -> None:
    """Lists the runs of a destination.

    album-sort runs --out ~/Albums
    """
    from album_sort.cli.history import run_runs  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_runs(str(out), as_json=json))


@app.command(epilog=EXIT_CODES)
def explain(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, in your photos or in the albums.")],
    out: o.OptionalOut = "",
    albums: o.Albums = None,
    lang: o.Lang = None,
    model: o.Model = None,
    weights: o.Weights = None,
    offline: o.Offline = None,
    precision_target: o.PrecisionTarget = None,
    home: o.HomeOption = None,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
) -> None:
    """Explains why a photo is in its album: classes, evidence, rule, date, place, and what came second.

    album-sort explain ~/Photos/IMG_0001.jpg --out ~/Albums
    """
    from album_sort.cli.photos import run_explain  # noqa: PLC0415 - keeps --help quick

    flags: dict[str, object] = {
        "albums": albums,
        "lang": lang,
        "model": model,
        "weights": weights,
        "offline": offline,
        "precision_target": precision_target,
        "home": home,
    }
    raise typer.Exit(run_explain(photo, out, flags, config, as_json=json))


@app.command(epilog=EXIT_CODES)
def fix(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, in your photos or in the albums.")],
    out: o.Out,
    album: Annotated[str, typer.Option(metavar="ID", help="Where they belong; `albums list` shows the ids.")],
    albums: o.Albums = None,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
) -> None:
    """Remembers for ever that photos belong to an album; the next run moves them.

    album-sort fix ~/Albums/Review/IMG_0001.jpg --album pets --out ~/Albums
    """
    from album_sort.cli.photos import run_fix  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_fix(photos, album, str(out), albums or "", wait=wait, quiet=quiet))


albums_app = typer.Typer(help="The albums and their rules.", no_args_is_help=True, rich_markup_mode=None)
models_app = typer.Typer(help="The networks and their weights.", no_args_is_help=True, rich_markup_mode=None)
config_app = typer.Typer(help="The settings.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(albums_app, name="albums")
app.add_typer(models_app, name="models")
app.add_typer(config_app, name="config")


@albums_app.command("list", epilog=EXIT_CODES)
def albums_list(albums: o.Albums = None, lang: o.ShownLang = "en") -> None:
    """Lists all albums.

    album-sort albums list
    """
    from album_sort.cli.catalogue import run_albums_list  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_albums_list(albums or "", lang))


@albums_app.command("show", epilog=EXIT_CODES)
def albums_show(
    album: Annotated[str, typer.Argument(metavar="ID", help="An album's id.")],
    albums: o.Albums = None,
    lang: o.ShownLang = "en",
) -> None:
    """Shows which classes speak for an album.

    album-sort albums show pets
    """
    from album_sort.cli.catalogue import run_albums_show  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_albums_show(album, albums or "", lang))


@albums_app.command("check", epilog=EXIT_CODES)
def albums_check(file: Annotated[str, typer.Argument(metavar="FILE", help="Your album rules (TOML).")]) -> None:
    """Checks a file of album rules and tells all its faults at once.

    album-sort albums check my-albums.toml
    """
    from album_sort.cli.catalogue import run_albums_check  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_albums_check(file))


@models_app.command("list", epilog=EXIT_CODES)
def models_list() -> None:
    """Lists the networks and whether their weights are at hand.

    album-sort models list
    """
    from album_sort.cli.catalogue import run_models_list  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_models_list())


@models_app.command("fetch", epilog=EXIT_CODES)
def models_fetch() -> None:
    """Fetches torchvision's ResNet-18 weights (11 MB) once; later runs need no connection.

    album-sort models fetch
    """
    from album_sort.cli.catalogue import run_models_fetch  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_models_fetch())


@models_app.command("verify", epilog=EXIT_CODES)
def models_verify() -> None:
    """Checks the hashes of the weights at hand.

    album-sort models verify
    """
    from album_sort.cli.catalogue import run_models_verify  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_models_verify())


@config_app.command("show", epilog=EXIT_CODES)
def config_show(config: o.ConfigFile = None) -> None:
    """Shows every setting, its value, and where the value comes from.

    album-sort config show
    """
    from album_sort.cli.catalogue import run_config_show  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(run_config_show(config))


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
