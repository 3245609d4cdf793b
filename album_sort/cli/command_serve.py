"""`serve`: the page and the service.

Only what the command line looks like: the work is imported when the command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from album_sort.cli import _options as o


@o.takes_settings(
    "lang",
    "albums",
    "model",
    "weights",
    "offline",
    "precision",
    "precision_target",
    "workers",
    "threads",
    "nice",
    beside={"config": "nice"},
)
def serve(
    *,
    albums_folder: Annotated[
        str,
        typer.Argument(metavar="[ALBUMS]", help="Folder of albums to show and to mend.", show_default=False),
    ] = "",
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 takes any that is free.")] = 8765,
    opens: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    allow_network: Annotated[
        bool, typer.Option("--allow-network", help="Let other machines in that have the token.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="A further name by which it is called; may be repeated."),
    ] = None,
    tls_cert: Annotated[
        str, typer.Option(metavar="FILE", help="Certificate (PEM), to be asked in secret.", show_default=False)
    ] = "",
    tls_key: Annotated[str, typer.Option(metavar="FILE", help="Its key (PEM).", show_default=False)] = "",
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the token is kept; made where it is not there.")
    ] = None,
    config: o.ConfigFile = None,
    **settings: object,
) -> None:
    """Serves albums, live, or a page to drop photos on; and POST /predict for programs. What is sent there is not kept.

    album-sort serve ~/Albums --open

    album-sort serve --open

    curl -F files=@cat.jpg http://127.0.0.1:8765/predict
    """
    from album_sort.cli.serve import ServeCall, run_serve  # noqa: PLC0415 - see above

    call = ServeCall(
        albums_folder,
        host,
        port,
        opens,
        allow_network,
        tuple(name or ()),
        (tls_cert, tls_key),
        token_file,
        config,
        o.as_flags(settings),
    )
    raise typer.Exit(run_serve(call))
