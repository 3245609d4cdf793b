"""`learn`: albums from examples.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from album_sort.cli import _options as o
from album_sort.errors import nearest
from album_sort.shell.help import EXIT_CODES, LIKENESS, PlainCommand, PlainGroup, no_such_command

DEFAULT = "album"


class LearnGroup(PlainGroup):
    """`learn NAME PHOTOS...` is `learn album NAME PHOTOS...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own context class is private
        """Puts the default command before arguments that name none."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            if self._is_misspelled(args):
                ctx.fail(no_such_command(ctx, args[0]))
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def _is_misspelled(self, args: list[str]) -> bool:
        """Whether it begins like a command, and shows nothing that an album could be learned from."""
        word, *rest = args
        if not nearest(word.lower(), self.commands, LIKENESS) or "--from-fixes" in rest or os.path.lexists(word):
            return False
        params: list[Any] = self.commands[DEFAULT].params
        valued = {name for one in params if not getattr(one, "is_flag", True) for name in one.opts} - {"--not"}
        shown = [one for before, one in zip([word, *rest], rest, strict=False) if before not in valued]
        return not any(os.path.lexists(one) for one in shown)


learn_app = typer.Typer(
    cls=LearnGroup,
    help="help.albums-from-examples-of",
    short_help="help.albums-from-examples-of-yours",
    epilog="help.album-sort-learn-album",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="help.an-album-that-was")]


@learn_app.command(DEFAULT, cls=PlainCommand, epilog=EXIT_CODES)
def learn_album(
    name: Annotated[str, typer.Argument(metavar="NAME", help="help.its-title-or-the")],
    out: o.AlbumsHere = o.HERE,
    examples: Annotated[
        list[str] | None,
        typer.Argument(metavar="EXAMPLES", help="help.photos-or-folders-with", show_default=False),
    ] = None,
    no: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="PHOTO", help="help.a-photo-or-folder"),
    ] = None,
    from_fixes: Annotated[bool, typer.Option("--from-fixes", help="help.photos-you-put-there")] = False,
    fine: Annotated[bool, typer.Option("--fine", help="help.tell-albums-that-differ")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="help.ask-about-the-20")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="help.say-what-it-would")] = False,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
) -> None:
    """Learns an album from examples, and says what it is worth; the next run files by it."""
    from album_sort.cli.learn import run_learn  # noqa: PLC0415 - see above
    from album_sort.operations.examples import LearnOrder, shown_by  # noqa: PLC0415 - see above

    shown = shown_by((name, *(examples or ())), tuple(no or ()), from_fixes=from_fixes)
    order = LearnOrder(shown, str(out), dry_run, from_fixes, fine)
    raise typer.Exit(run_learn(order, config, asks=ask, wait=wait, quiet=quiet, as_json=json))


@learn_app.command("list", cls=PlainCommand, epilog=EXIT_CODES)
def learn_list(out: o.AlbumsHere = o.HERE, json: o.JsonOption = False) -> None:
    """Lists what was learned here, from examples and from corrections."""
    from album_sort.operations.learned_json import all_learned_as_json  # noqa: PLC0415 - see above
    from album_sort.operations.lessons import taught_there  # noqa: PLC0415 - see above
    from album_sort.terminal.learned import tell_all_learned  # noqa: PLC0415 - see above
    from album_sort.terminal.printers import print_json  # noqa: PLC0415 - see above

    there = taught_there(str(out))
    if not json:
        return tell_all_learned(there)
    for row in all_learned_as_json(there):
        print_json(row)
    return None


@learn_app.command("show", cls=PlainCommand, epilog=EXIT_CODES)
def learn_show(name: Name, out: o.AlbumsHere = o.HERE, json: o.JsonOption = False) -> None:
    """Shows the examples of an album, and what it is worth."""
    from album_sort.cli.learn import show_learned  # noqa: PLC0415 - see above

    show_learned(name, str(out), as_json=json)


@learn_app.command("forget", cls=PlainCommand, epilog=EXIT_CODES)
def learn_forget(name: Name, out: o.AlbumsHere = o.HERE, wait: o.WaitSeconds = 0.0, quiet: o.Quiet = False) -> None:
    """Forgets an album, and what corrections taught of one; the next run files its photos elsewhere, and `undo` brings it back."""
    from album_sort.events import silent  # noqa: PLC0415 - see above
    from album_sort.operations.lessons import forget  # noqa: PLC0415 - see above
    from album_sort.terminal.learned import tell_forgotten  # noqa: PLC0415 - see above

    forgotten = forget(str(out), name, wait_seconds=wait, sink=silent)
    if not quiet:
        tell_forgotten(str(out), forgotten)


@learn_app.command("export", cls=PlainCommand, epilog=EXIT_CODES)
def learn_export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="help.where-to-write-it")],
    out: o.AlbumsHere = o.HERE,
    quiet: o.Quiet = False,
) -> None:
    """Writes an album to a small file: numbers, no pictures."""
    from album_sort.operations.lessons import export  # noqa: PLC0415 - see above
    from album_sort.terminal.learned import tell_titles  # noqa: PLC0415 - see above

    found = export(str(out), name, file)
    if not quiet:
        tell_titles(str(out), "learn_exported", (found.album.title, *found.siblings))


@learn_app.command("import", cls=PlainCommand, epilog=EXIT_CODES)
def learn_import(
    file: Annotated[str, typer.Argument(metavar="FILE", help="help.a-file-that-learn")],
    out: o.AlbumsHere = o.HERE,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
) -> None:
    """Takes over an album that was learned elsewhere."""
    from album_sort.events import silent  # noqa: PLC0415 - see above
    from album_sort.operations.lessons import take_over  # noqa: PLC0415 - see above
    from album_sort.terminal.learned import tell_titles  # noqa: PLC0415 - see above

    titles, _ = take_over(str(out), file, wait_seconds=wait, sink=silent)
    if not quiet:
        tell_titles(str(out), "learn_imported", titles)
