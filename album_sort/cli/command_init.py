"""`init`: sets up what `album-sort` alone, and every night, is to do.

Only what the command line looks like: the work is imported when the command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from album_sort.cli import _options as o

_KEEPERS = "help.systemd-cron-or-paste"


def init(
    photos: o.Photos = None,
    out: o.OptionalOut = "",
    lang: Annotated[str, typer.Option("--lang", metavar="en|zh", help="help.language-of-folders-and")] = "",
    home: Annotated[str, typer.Option(metavar="TOWN", help="help.the-town-where-you")] = "",
    nightly: Annotated[bool | None, typer.Option("--nightly/--no-nightly", help="help.sort-every-night")] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="help.when-default-02-30")] = "",
    keeper: Annotated[str, typer.Option(metavar="KIND", help=_KEEPERS)] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="help.ask-nothing-for-scripts")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="help.show-what-would-be")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="help.take-back-what-was")] = False,
) -> None:
    """Asks five questions, then sets up sorting: by `album-sort` alone, and every night. Shows first what it would write."""
    from album_sort.terminal.init import InitCall, set_up  # noqa: PLC0415 - see above

    set_up(InitCall(tuple(photos or ()), str(out), lang, home, nightly, at, keeper, yes, dry_run, remove))
