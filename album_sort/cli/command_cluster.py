"""`worker` and `cluster`: machines that look at photos for others.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from album_sort.cli import _options as o
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.shell.help import EXIT_CODES, PlainCommand, PlainGroup
from album_sort.terminal.layout import printable

if TYPE_CHECKING:  # `--help` has no loop
    import asyncio

    from album_sort.operations.order import SettingsHere

Meeting = Annotated[
    str, typer.Argument(metavar="tls://HOST:PORT", help="help.where-machines-meet-as", show_default=False)
]

cluster_app = typer.Typer(
    cls=PlainGroup,
    help="help.several-machines-that-look",
    short_help="help.several-machines-that-look-at",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@o.takes_settings(
    "lang",
    "model",
    "weights",
    "offline",
    "precision",
    "batch_size",
    "workers",
    "threads",
    "nice",
    "cluster_certs",
    beside={"config": "nice"},
)
def worker(
    address: Meeting,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="help.what-this-machine-is")] = "",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="help.where-the-others-reach")] = 0,
    config: o.ConfigFile = None,
    **settings: object,
) -> None:
    """Looks at photos for the runs of another machine, one run after another, until it is told to end. Keeps nothing."""
    from album_sort.operations.lending import Lending, lend  # noqa: PLC0415 - see above
    from album_sort.process.effects import collect_as_usual, give_way, share_memory  # noqa: PLC0415 - see above

    share_memory()
    here = _settings(config, settings)
    give_way(here.settings.nice)
    collect_as_usual()
    lend(Lending(address, here, name, port), _say, _end_on)
    raise typer.Exit(ExitCode.INTERRUPTED)


@cluster_app.command("certs", cls=PlainCommand, epilog=EXIT_CODES)
def certs(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="help.where-to-make-them", show_default=False)
    ] = None,
    config: o.ConfigFile = None,
) -> None:
    """Makes the certificates of a cluster, once; to be copied to each machine. Who has them may run programs on all of these."""
    from album_sort.operations.lending import new_certificates  # noqa: PLC0415 - see above

    made, said = new_certificates(folder, _settings(config, {}))
    typer.echo(printable(str(made)))
    _say(said)


@cluster_app.command("start", cls=PlainCommand, epilog=EXIT_CODES)
@o.takes_settings("lang", "cluster_certs", beside={"config": "cluster_certs"})
def start(address: Meeting, *, config: o.ConfigFile = None, **settings: object) -> None:
    """Opens a place where machines meet, until it is told to end. A run opens one itself, on the machine that --cluster names."""
    from album_sort.operations.lending import keep_meeting  # noqa: PLC0415 - see above

    keep_meeting(address, _settings(config, settings), _say, _end_on)
    raise typer.Exit(ExitCode.INTERRUPTED)


def _settings(config: Path | None, given: Mapping[str, object]) -> SettingsHere:
    from album_sort.operations.order import settings_here  # noqa: PLC0415 - see above

    return settings_here("", lambda kept: read_layers(config, os.environ, o.as_flags(given), kept))


def _end_on(loop: asyncio.AbstractEventLoop, end: Callable[[], object]) -> None:
    """Ends in order when it is told to, and soon in any case: a picture in hand is nobody's any more."""
    from album_sort.process.effects import end_on_signals, leave_soon  # noqa: PLC0415 - see above

    def ended() -> None:
        leave_soon(ExitCode.INTERRUPTED)
        end()

    end_on_signals(loop, ended)


def _say(text: str) -> None:
    typer.echo(f"album-sort: {printable(text)}", err=True)
