"""`explain`, `fix` and `review`: single photos.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from album_sort.cli import _options as o
from album_sort.config import read_layers

if TYPE_CHECKING:  # see above
    from album_sort.operations.fix import SaidByHand


@o.takes_settings(
    "albums",
    "lang",
    "model",
    "weights",
    "offline",
    "precision_target",
    "home",
    beside={"verbose": "home", "json": "home", "config": "home"},
)
def explain(
    *,
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="help.a-photo-in-your")],
    out: o.OptionalOut = "",
    verbose: o.Figures = False,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
    **settings: object,
) -> None:
    """Explains why a photo is in its album: classes, evidence, rule, date, place, and what came second."""
    from album_sort.operations.as_json import explained_as_json  # noqa: PLC0415 - see above
    from album_sort.operations.explain import explain as explained  # noqa: PLC0415 - see above
    from album_sort.operations.order import settings_here  # noqa: PLC0415 - see above
    from album_sort.process.sparing import spare  # noqa: PLC0415 - see above
    from album_sort.terminal.explained import tell_explained  # noqa: PLC0415 - see above
    from album_sort.terminal.printers import print_json  # noqa: PLC0415 - see above

    flags = o.as_flags(settings)
    here = settings_here(out, lambda kept: read_layers(config, os.environ, flags, kept))
    told = explained(photo, out, here, sink=spare, with_figures=verbose or json)
    if json:
        print_json(explained_as_json(told))
    else:
        tell_explained(told)


def fix(
    out: o.AlbumsHere = o.HERE,
    photos: Annotated[
        list[str] | None,
        typer.Argument(metavar="PHOTO", help="help.photos-or-folders-in", show_default=False),
    ] = None,
    album: Annotated[str, typer.Option(metavar="ALBUM", help="help.where-they-belong-an", show_default=False)] = "",
    leave_out: Annotated[bool, typer.Option("--leave-out", help="help.keep-them-out-of")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="help.take-back-what-was-said")] = False,
    now: Annotated[bool, typer.Option("--now", help="help.move-them-at-once")] = False,
    taken: o.Taken = "",
    place: o.TakenAt = "",
    trip: o.OnTrip = "",
    dry_run: o.DryRun = False,
    listed: Annotated[bool, typer.Option("--list", help="help.show-all-that-was")] = False,
    albums: o.Albums = None,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
    json: o.JsonOption = False,
) -> None:
    """Remembers where photos belong; the next run moves them. A photo moved by hand in the albums counts as told."""
    from album_sort.cli.fix import run_changes, run_fix  # noqa: PLC0415 - see above
    from album_sort.operations.change_orders import Saying, changes_of  # noqa: PLC0415 - see above
    from album_sort.operations.fix import FixOrder, said_by_hand  # noqa: PLC0415 - see above

    if listed:
        return _list_said(said_by_hand(str(out), albums or ""), as_json=json)
    order = FixOrder(tuple(photos or ()), str(out), album, leave_out, forget, now, albums or "")
    if taken or place or trip or dry_run:
        said = changes_of(str(out), Saying(order.photos, album, leave_out, forget, taken, place, trip), albums or "")
        raise typer.Exit(
            run_changes(said, str(out), albums or "", dry_run=dry_run, wait=wait, quiet=quiet, as_json=json)
        )
    raise typer.Exit(run_fix(order, wait=wait, quiet=quiet))


def _list_said(said: SaidByHand, *, as_json: bool) -> None:
    from album_sort.operations.as_json import said_as_json  # noqa: PLC0415 - see above
    from album_sort.terminal.fixes import tell_said  # noqa: PLC0415 - see above
    from album_sort.terminal.printers import print_json  # noqa: PLC0415 - see above

    if not as_json:
        return tell_said(said)
    for one in said_as_json(said):
        print_json(one)
    return None


def review(out: o.AlbumsHere = o.HERE, albums: o.Albums = None, json: o.JsonOption = False) -> None:
    """Lists what waits for your word: photos the program was not sure of, and photos you deleted from the albums."""
    from album_sort.operations.as_json import waiting_as_json  # noqa: PLC0415 - see above
    from album_sort.operations.review import waiting_for_a_person  # noqa: PLC0415 - see above
    from album_sort.terminal.printers import print_json  # noqa: PLC0415 - see above
    from album_sort.terminal.review import tell_waiting  # noqa: PLC0415 - see above

    waiting = waiting_for_a_person(str(out), albums or "")
    if json:
        for row in waiting_as_json(waiting):
            print_json(row)
    else:
        tell_waiting(waiting, str(out))
