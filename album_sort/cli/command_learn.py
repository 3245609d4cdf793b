"""`learn`: albums from examples.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from album_sort.cli import _options as o
from album_sort.cli._commands import PlainCommand
from album_sort.cli._options import EXIT_CODES

DEFAULT = "album"


class LearnGroup(TyperGroup):
    """`learn NAME PHOTOS...` is `learn album NAME PHOTOS...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own context class is private
        """Puts the default command before arguments that name none."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


learn_app = typer.Typer(
    cls=LearnGroup,
    help="Albums from examples of yours: `album-sort learn Bello PHOTOS... --out ALBUMS` learns one.",
    short_help="Albums from examples of yours.",
    epilog="`album-sort learn album --help` lists the options of learning.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An album that was learned here.")]


@learn_app.command(DEFAULT, cls=PlainCommand, epilog=EXIT_CODES)
def learn_album(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its title; or the first of several folders.")],
    out: o.Out,
    examples: Annotated[
        list[str] | None,
        typer.Argument(metavar="EXAMPLES", help="Photos or folders with photos that belong to it.", show_default=False),
    ] = None,
    no: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="PHOTO", help="A photo or folder that does not belong to it; may be repeated."),
    ] = None,
    from_fixes: Annotated[
        bool, typer.Option("--from-fixes", help="Photos you put there, or elsewhere, are examples, too.")
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask about the 20 photos whose answers teach most.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what it would do; remember nothing.")] = False,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
) -> None:
    """Learns an album from examples, and says what it is worth; the next run files by it.

    album-sort learn Bello ~/Photos/dog/*.jpg --out ~/Albums

    Several folders are albums that are told apart: album-sort learn ~/products/* --out ~/Albums
    """
    from album_sort.cli.learn import LearnCall, run_learn  # noqa: PLC0415 - see above

    words = (name, *(examples or ()))
    call = LearnCall(words, tuple(no or ()), str(out), config, from_fixes, ask, dry_run, wait, quiet, json)
    raise typer.Exit(run_learn(call))


@learn_app.command("list", cls=PlainCommand, epilog=EXIT_CODES)
def learn_list(out: o.Out, json: o.JsonOption = False) -> None:
    """Lists what was learned here, with what it is worth.

    album-sort learn list --out ~/Albums
    """
    from album_sort.cli.learn import run_learn_list  # noqa: PLC0415 - see above

    raise typer.Exit(run_learn_list(str(out), as_json=json))


@learn_app.command("show", cls=PlainCommand, epilog=EXIT_CODES)
def learn_show(name: Name, out: o.Out, json: o.JsonOption = False) -> None:
    """Shows the examples of an album, and what it is worth.

    album-sort learn show Bello --out ~/Albums
    """
    from album_sort.cli.learn import run_learn_show  # noqa: PLC0415 - see above

    raise typer.Exit(run_learn_show(name, str(out), as_json=json))


@learn_app.command("forget", cls=PlainCommand, epilog=EXIT_CODES)
def learn_forget(name: Name, out: o.Out, wait: o.WaitSeconds = 0.0, quiet: o.Quiet = False) -> None:
    """Forgets an album; the next run files its photos elsewhere, and `undo` brings it back.

    album-sort learn forget Bello --out ~/Albums
    """
    from album_sort.cli.learn import run_learn_forget  # noqa: PLC0415 - see above

    raise typer.Exit(run_learn_forget(name, str(out), wait=wait, quiet=quiet))


@learn_app.command("export", cls=PlainCommand, epilog=EXIT_CODES)
def learn_export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    out: o.Out,
    quiet: o.Quiet = False,
) -> None:
    """Writes an album to a small file: numbers, no pictures.

    album-sort learn export Bello bello.json --out ~/Albums
    """
    from album_sort.cli.learn import run_learn_export  # noqa: PLC0415 - see above

    raise typer.Exit(run_learn_export(name, file, str(out), quiet=quiet))


@learn_app.command("import", cls=PlainCommand, epilog=EXIT_CODES)
def learn_import(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file that `learn export` has written.")],
    out: o.Out,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
) -> None:
    """Takes over an album that was learned elsewhere.

    album-sort learn import bello.json --out ~/Albums
    """
    from album_sort.cli.learn import run_learn_import  # noqa: PLC0415 - see above

    raise typer.Exit(run_learn_import(file, str(out), wait=wait, quiet=quiet))
