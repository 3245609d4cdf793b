"""`explain` and `fix`: single photos.

Only what the command line looks like: the work is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from album_sort.cli import _options as o


def explain(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A photo, in your photos or in the albums.")],
    out: o.OptionalOut = "",
    albums: o.Albums = None,
    lang: o.Lang = None,
    model: o.Model = None,
    weights: o.Weights = None,
    offline: o.Offline = None,
    precision_target: o.PrecisionTarget = None,
    home: o.HomeOption = None,
    json: o.JsonOption = False,
    config: o.ConfigFile = None,
) -> None:
    """Explains why a photo is in its album: classes, evidence, rule, date, place, and what came second.

    album-sort explain ~/Photos/IMG_0001.jpg --out ~/Albums
    """
    from album_sort.cli.photos import run_explain  # noqa: PLC0415 - see above

    flags: dict[str, object] = {
        "albums": albums,
        "lang": lang,
        "model": model,
        "weights": weights,
        "offline": offline,
        "precision_target": precision_target,
        "home": home,
    }
    raise typer.Exit(run_explain(photo, out, flags, config, as_json=json))


def fix(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Photos, in your photos or in the albums.")],
    out: o.Out,
    album: Annotated[str, typer.Option(metavar="ID", help="Where they belong; `albums list` shows the ids.")],
    albums: o.Albums = None,
    wait: o.WaitSeconds = 0.0,
    quiet: o.Quiet = False,
) -> None:
    """Remembers for ever that photos belong to an album; the next run moves them.

    album-sort fix ~/Albums/Review/IMG_0001.jpg --album pets --out ~/Albums
    """
    from album_sort.cli.photos import run_fix  # noqa: PLC0415 - see above

    raise typer.Exit(run_fix(photos, album, str(out), albums or "", wait=wait, quiet=quiet))
