"""`albums`, `models`, `config`: what there is to choose from.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from album_sort.cli import _options as o
from album_sort.shell.help import EXIT_CODES, PlainCommand, PlainGroup

albums_app = typer.Typer(cls=PlainGroup, help="help.the-albums-and-their", no_args_is_help=True, rich_markup_mode=None)
models_app = typer.Typer(
    cls=PlainGroup, help="help.the-networks-and-their", no_args_is_help=True, rich_markup_mode=None
)
config_app = typer.Typer(cls=PlainGroup, help="help.the-settings", no_args_is_help=True, rich_markup_mode=None)


@albums_app.command("list", cls=PlainCommand, epilog=EXIT_CODES)
def albums_list(albums: o.Albums = None, lang: o.ShownLang = "", out: o.OptionalOut = "") -> None:
    """Lists all albums."""
    from album_sort.operations.catalogue import known_albums  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_albums  # noqa: PLC0415 - see above

    tell_albums(known_albums(albums or "", lang, out))


@albums_app.command("show", cls=PlainCommand, epilog=EXIT_CODES)
def albums_show(
    album: Annotated[str, typer.Argument(metavar="ALBUM", help="help.an-album-s-id")],
    albums: o.Albums = None,
    lang: o.ShownLang = "",
    out: o.OptionalOut = "",
) -> None:
    """Shows which classes speak for an album."""
    from album_sort.operations.catalogue import known_albums  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_album  # noqa: PLC0415 - see above

    tell_album(known_albums(albums or "", lang, out), album)


@albums_app.command("check", cls=PlainCommand, epilog=EXIT_CODES)
def albums_check(file: Annotated[str, typer.Argument(metavar="FILE", help="help.your-album-rules-toml")]) -> None:
    """Checks a file of album rules and tells all its faults at once."""
    from album_sort.pipeline.policy import load_rules  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_fine  # noqa: PLC0415 - see above

    rules = load_rules(file)
    tell_fine(file, len(rules.albums), len(rules.rules))


@albums_app.command("rename", cls=PlainCommand, epilog=EXIT_CODES)
def albums_rename(
    album: Annotated[str, typer.Argument(metavar="ALBUM", help="help.an-album-s-id")],
    title: Annotated[str, typer.Argument(metavar="TITLE", help="help.what-it-is-called")],
    out: o.AlbumsHere = o.HERE,
    dry_run: o.DryRun = False,
) -> None:
    """Gives an album another title and moves its photos; `undo` takes that back."""
    from album_sort.cli.fix import run_changes  # noqa: PLC0415 - see above
    from album_sort.types.changes import RenameAlbum  # noqa: PLC0415 - see above

    raise typer.Exit(run_changes([RenameAlbum(album, title)], str(out), dry_run=dry_run))


@albums_app.command("merge", cls=PlainCommand, epilog=EXIT_CODES)
def albums_merge(
    albums: Annotated[list[str], typer.Argument(metavar="ALBUM", help="help.albums-by-ids-or")],
    into: Annotated[str, typer.Option(metavar="ALBUM", help="help.the-album-that-takes")],
    out: o.AlbumsHere = o.HERE,
    dry_run: o.DryRun = False,
) -> None:
    """Puts albums into another one, for good; `undo` takes that back."""
    from album_sort.cli.fix import run_changes  # noqa: PLC0415 - see above
    from album_sort.types.changes import MergeAlbums  # noqa: PLC0415 - see above

    raise typer.Exit(run_changes([MergeAlbums(tuple(albums), into)], str(out), dry_run=dry_run))


@albums_app.command("cover", cls=PlainCommand, epilog=EXIT_CODES)
def albums_cover(
    album: Annotated[str, typer.Argument(metavar="ALBUM", help="help.an-album-s-id")],
    out: o.AlbumsHere = o.HERE,
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="help.one-of-its-photos")] = "",
) -> None:
    """Chooses the photo that stands for an album in the report and in the browser; `undo` takes that back."""
    from album_sort.cli.fix import run_changes  # noqa: PLC0415 - see above
    from album_sort.operations.change_orders import cover_chosen  # noqa: PLC0415 - see above

    raise typer.Exit(run_changes([cover_chosen(str(out), album, photo)], str(out)))


@models_app.command("list", cls=PlainCommand, epilog=EXIT_CODES)
def models_list() -> None:
    """Lists the networks, whether their weights are at hand, and whether the fast native code runs."""
    from album_sort.native import native  # noqa: PLC0415 - see above
    from album_sort.operations.catalogue import known_networks  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_networks  # noqa: PLC0415 - see above

    tell_networks(known_networks(), native().told)


@models_app.command("fetch", cls=PlainCommand, epilog=EXIT_CODES)
def models_fetch() -> None:
    """Fetches the weights that do not ship with the install, once; later runs need no connection."""
    from album_sort.operations.catalogue import known_networks  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_fetched  # noqa: PLC0415 - see above

    for network in known_networks():
        if network.backbone.official:
            tell_fetched(network)


@models_app.command("verify", cls=PlainCommand, epilog=EXIT_CODES)
def models_verify() -> None:
    """Checks the hashes of the weights at hand."""
    from album_sort.operations.catalogue import known_networks  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_checked  # noqa: PLC0415 - see above

    for network in known_networks():
        tell_checked(network)


@config_app.command("show", cls=PlainCommand, epilog=EXIT_CODES)
def config_show(config: o.ConfigFile = None, out: o.OptionalOut = "") -> None:
    """Shows every setting, its value, and where the value comes from; with --out, what these albums keep, too."""
    from album_sort.operations.catalogue import known_settings  # noqa: PLC0415 - see above
    from album_sort.terminal.catalogue import tell_settings  # noqa: PLC0415 - see above

    tell_settings(known_settings(config, out))
