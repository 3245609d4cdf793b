"""The command `album-sort`: commands, exit codes, and the one place that turns errors into words."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated

import typer

from album_sort import __version__
from album_sort.choices import LANGUAGES
from album_sort.cli._commands import DefaultCommandGroup
from album_sort.cli.command_catalogue import albums_app, config_app, models_app
from album_sort.cli.command_cluster import cluster_app, worker
from album_sort.cli.command_completion import completion
from album_sort.cli.command_history import runs, undo, verify
from album_sort.cli.command_init import init
from album_sort.cli.command_learn import learn_app
from album_sort.cli.command_photos import explain, fix, review
from album_sort.cli.command_serve import serve
from album_sort.cli.command_sort import apply, sort
from album_sort.errors import AlbumSortError, ExitCode
from album_sort.fileops.trouble import describe
from album_sort.paths import leave_removed_folder
from album_sort.process.effects import collect_no_more, collect_seldom
from album_sort.process.streams import lost_words, prepare_streams
from album_sort.sentences import language_of, sentence, speak
from album_sort.shell.help import EXIT_CODES, WRONG_CALL, PlainCommand, wrong_call
from album_sort.terminal.faults import fault_of_disk, tell_fault
from album_sort.terminal.layout import printable

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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="help.print-the-version")
    ] = False,
) -> None:
    """Turns folders of photos into human albums: offline, on an ordinary CPU, and never at the price of a photo."""


for _command in (sort, init, apply, undo, verify, runs, explain, fix, review, serve, worker, completion):
    app.command(cls=PlainCommand, epilog=EXIT_CODES)(_command)
app.add_typer(learn_app, name="learn")
app.add_typer(albums_app, name="albums")
app.add_typer(models_app, name="models")
app.add_typer(cluster_app, name="cluster")
app.add_typer(config_app, name="config")


def main() -> None:
    """Entry point: runs a command and ends with its exit code."""
    prepare_streams()
    leave_removed_folder()
    collect_seldom()
    try:
        _run()
    except SystemExit as end:
        if not (why := lost_words()):
            raise
        lost = sentence("command.what-was-printed-could", why=why)
        tell_fault(AlbumSortError(lost, hint=sentence("command.all-else-was-done")))
        sys.exit(end.code or ExitCode.FATAL)
    finally:
        collect_no_more()


def _run() -> None:
    """Runs a command; ends in SystemExit."""
    try:
        speak(_language_of_call(), getattr(sys.stderr, "encoding", "utf-8"))
        if sys.argv[1:2] == ["complete-words"]:
            from album_sort.shell.complete import print_candidates  # noqa: PLC0415 - for shells

            print_candidates(app, sys.argv[2:])
            sys.exit(ExitCode.DONE)
        sys.exit(app(standalone_mode=False) or 0)
    except WRONG_CALL as error:
        for line in wrong_call(error).splitlines():
            sys.stderr.write(f"{printable(line)}\n")
        sys.exit(ExitCode.USAGE)
    except AlbumSortError as error:
        tell_fault(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write(f"{sentence('common.exit-130')}\n")
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        tell_fault(fault_of_disk(error.errno, describe(error)))
        sys.exit(ExitCode.FATAL)


def _language_of_call() -> str:
    """What `--lang` says, else the environment; the albums' own language is heard when they are named."""
    given = re.search(r"\0--lang[\0=](\w+)", "\0".join(["", *sys.argv]))
    own = os.environ.get("ALBUM_SORT_LANG", "")
    return next((lang for lang in (given[1] if given else "", own, language_of(os.environ)) if lang in LANGUAGES), "")


if __name__ == "__main__":
    main()
