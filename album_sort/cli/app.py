"""The command `album-sort`: commands, exit codes, and the one place that turns errors into words."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from album_sort import __version__
from album_sort.cli._layout import printable
from album_sort.cli._options import EXIT_CODES
from album_sort.cli.command_catalogue import albums_app, config_app, models_app
from album_sort.cli.command_history import runs, undo, verify
from album_sort.cli.command_photos import explain, fix
from album_sort.cli.command_sort import apply, sort
from album_sort.errors import AlbumSortError, DestinationError, ExitCode

DEFAULT_COMMAND = "sort"


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


for _command in (sort, apply, undo, verify, runs, explain, fix):
    app.command(epilog=EXIT_CODES)(_command)
app.add_typer(albums_app, name="albums")
app.add_typer(models_app, name="models")
app.add_typer(config_app, name="config")


_DISK_TAKES_NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE}


def main() -> None:
    """Entry point: runs a command and ends with its exit code."""
    _show_what_cannot_be_encoded()
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
    except OSError as error:
        if error.errno not in _DISK_TAKES_NO_MORE:
            raise
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
        _tell(DestinationError(f"{error.strerror}{where}", hint="What is filed stays; the next run does the rest."))
        sys.exit(ExitCode.FATAL)


def _show_what_cannot_be_encoded() -> None:
    r"""As `\u65c5`: an old terminal, or `LC_ALL=C`, has no characters for every title, and that is no reason to end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _tell(error: AlbumSortError) -> None:
    for line in f"album-sort: {error}".splitlines():
        sys.stderr.write(f"{printable(line)}\n")
    if error.hint:
        sys.stderr.write(f"  {printable(error.hint)}\n")


if __name__ == "__main__":
    main()
