"""`init`: sets up what `album-sort` alone, and every night, is to do.

Only what the command line looks like: the work is imported when the command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from album_sort.cli import _options as o

_KEEPERS = "systemd, cron or paste (which says what to put where); by default what is there."


def init(
    photos: o.Photos = None,
    out: o.OptionalOut = "",
    lang: Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of folders and report.")] = "",
    home: Annotated[str, typer.Option(metavar="TOWN", help="The town where you live.")] = "",
    nightly: Annotated[bool | None, typer.Option("--nightly/--no-nightly", help="Sort every night.")] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="When; default 02:30.")] = "",
    keeper: Annotated[str, typer.Option(metavar="KIND", help=_KEEPERS)] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: for scripts.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be written; write nothing.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take back what was set up; photos and albums stay.")
    ] = False,
) -> None:
    """Asks five questions, then sets up sorting: by `album-sort` alone, and every night. Shows first what it would write.

    album-sort init
    """
    from album_sort.cli.init import InitCall, run_init  # noqa: PLC0415 - see above

    call = InitCall(tuple(photos or ()), str(out), lang, home, nightly, at, keeper, yes, dry_run, remove)
    raise typer.Exit(run_init(call))
