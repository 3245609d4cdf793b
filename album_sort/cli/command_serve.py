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
        typer.Argument(metavar="[ALBUMS]", help="help.folder-of-albums-to", show_default=False),
    ] = "",
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="help.where-to-listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="help.0-takes-any-that")] = 8765,
    opens: Annotated[bool, typer.Option("--open", help="help.open-the-page-in")] = False,
    allow_network: Annotated[bool, typer.Option("--allow-network", help="help.let-other-machines-in")] = False,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="help.a-further-name-by"),
    ] = None,
    tls_cert: Annotated[str, typer.Option(metavar="FILE", help="help.certificate-pem-to-be", show_default=False)] = "",
    tls_key: Annotated[str, typer.Option(metavar="FILE", help="help.its-key-pem", show_default=False)] = "",
    token_file: Annotated[Path | None, typer.Option(metavar="FILE", help="help.where-the-token-is")] = None,
    config: o.ConfigFile = None,
    **settings: object,
) -> None:
    """Serves albums, live, or a page to drop photos on; and POST /predict for programs. What is sent there is not kept."""
    from album_sort.cli.serve import run_serve  # noqa: PLC0415 - see above
    from album_sort.web.opening import Address  # noqa: PLC0415 - see above

    address = Address(host, port, allow_network, tuple(name or ()), (tls_cert, tls_key), token_file)
    raise typer.Exit(run_serve(address, albums_folder, o.as_flags(settings), config, opens=opens))
