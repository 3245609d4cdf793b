"""The options of all commands, each defined once.

Values stay text here; `config` parses them, so that every source of settings is checked by the same rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from album_sort.classifier.backbones import model_choices
from album_sort.errors import ExitCode
from album_sort.paths import given_path

EXIT_CODES = "Exit codes: " + "; ".join(f"{int(code)} {code.meaning}" for code in ExitCode) + "."

_SORTING = "Sorting"
_PICTURES = "Which photos"
_NETWORK = "Network"
_TALK = "Output"

Photos = Annotated[
    list[str] | None, typer.Argument(metavar="PHOTOS", help="Folders or files with photos.", show_default=False)
]


def _folder(given: Path | str | None) -> Path | str | None:
    """A destination as `ls` finds it; refused where it is empty. Not given, it stays as it is."""
    if not given:
        return given
    path = given_path(str(given))
    return Path(path) if isinstance(given, Path) else path


Out = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="ALBUMS", help="Folder of the albums.", show_default=False, callback=_folder),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Show the plan; write nothing.", rich_help_panel=_SORTING)
]
SavePlan = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the plan to FILE, for `apply`.", rich_help_panel=_SORTING),
]
Save = Annotated[
    bool,
    typer.Option("--save", help="These albums keep the settings of this run.", rich_help_panel=_SORTING),
]
ModeOption = Annotated[
    str | None,
    typer.Option(
        "--mode", metavar="MODE", help="copy (default), symlink, hardlink or reflink.", rich_help_panel=_SORTING
    ),
]
LayoutOption = Annotated[
    str | None,
    typer.Option(
        "--layout", metavar="TEMPLATE", help="Folders; default {album}/{trip|year|undated}.", rich_help_panel=_SORTING
    ),
]
Also = Annotated[
    bool | None,
    typer.Option("--also/--no-also", help="Link photos into secondary albums, too.", rich_help_panel=_SORTING),
]
Albums = Annotated[
    str | None,
    typer.Option("--albums", metavar="FILE", help="Your own album rules (TOML).", rich_help_panel=_SORTING),
]
Lang = Annotated[
    str | None, typer.Option(metavar="en|zh", help="Language of folders and report.", rich_help_panel=_SORTING)
]
PrecisionTarget = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Share of filed photos to be right, default 0.95; others go to review.",
        rich_help_panel=_SORTING,
    ),
]
HomeOption = Annotated[
    str | None,
    typer.Option("--home", metavar="LAT,LON", help="Where you live, instead of finding out.", rich_help_panel=_SORTING),
]
DayBegins = Annotated[
    str | None,
    typer.Option(metavar="HOUR", help="Hour at which a day begins, for nights out.", rich_help_panel=_SORTING),
]
Clock = Annotated[
    list[str] | None,
    typer.Option(metavar="CAMERA=+1h30m", help="Correct a camera's clock.", rich_help_panel=_SORTING),
]
Include = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="Only files that match.", rich_help_panel=_PICTURES)
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="No files that match.", rich_help_panel=_PICTURES)
]
Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="Taken on this day or later.", rich_help_panel=_PICTURES)
]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="Taken on this day or earlier.", rich_help_panel=_PICTURES)
]
Limit = Annotated[
    str | None, typer.Option(metavar="N", help="At most N photos not yet filed.", rich_help_panel=_PICTURES)
]
FilesFrom = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Paths of photos, one a line, from FILE or stdin.", rich_help_panel=_PICTURES),
]
Recheck = Annotated[
    bool | None,
    typer.Option("--recheck", help="Read every photo again, whatever its date says.", rich_help_panel=_PICTURES),
]
Prune = Annotated[
    bool | None,
    typer.Option("--prune", help="Take outputs whose source is gone to the trash.", rich_help_panel=_SORTING),
]
PruneLimit = Annotated[
    str | None,
    typer.Option(metavar="SHARE", help="Largest share to prune at once, default 0.2.", rich_help_panel=_SORTING),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"{model_choices()}.", rich_help_panel=_NETWORK),
]
Weights = Annotated[
    str | None, typer.Option(metavar="FILE", help="Your own weights of the network.", rich_help_panel=_NETWORK)
]
Offline = Annotated[bool | None, typer.Option("--offline", help="Never open a connection.", rich_help_panel=_NETWORK)]
PrecisionOption = Annotated[
    str | None,
    typer.Option("--precision", metavar="KIND", help="auto, int16, int8, bf16 or fp32.", rich_help_panel=_NETWORK),
]
BatchSize = Annotated[
    str | None, typer.Option(metavar="N", help="Photos in a batch, default 16.", rich_help_panel=_NETWORK)
]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Decoding processes.", rich_help_panel=_NETWORK)]
Threads = Annotated[str | None, typer.Option(metavar="N", help="Threads of the network.", rich_help_panel=_NETWORK)]
Nice = Annotated[
    str | None,
    typer.Option(metavar="0-19", help="Give way to other programs, as nice(1).", rich_help_panel=_NETWORK),
]
ReportFolder = Annotated[
    str | None,
    typer.Option("--report", metavar="DIR", help="Write the report there, too.", rich_help_panel=_TALK),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what needs you.", rich_help_panel=_TALK)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every file.", rich_help_panel=_TALK)]
Figures = Annotated[
    bool, typer.Option("--verbose", "-v", help="With all figures: probabilities, weights.", rich_help_panel=_TALK)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Events as JSON lines on stdout.", rich_help_panel=_TALK)]
LogFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Append what is said to FILE.", rich_help_panel=_TALK)
]
NoProgress = Annotated[bool | None, typer.Option("--no-progress", help="No progress line.", rich_help_panel=_TALK)]
Wait = Annotated[
    str | None,
    typer.Option(metavar="SECONDS", help="Wait for another run to finish.", rich_help_panel=_TALK),
]
Strict = Annotated[
    bool | None,
    typer.Option("--strict", help="For developers: end at a fault of the program itself.", rich_help_panel=_TALK),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings (TOML).", rich_help_panel=_TALK)
]
WaitSeconds = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help="Wait for another run to finish.")]
OptionalOut = Annotated[
    str,
    typer.Option("--out", "-o", metavar="ALBUMS", help="Folder of the albums.", show_default=False, callback=_folder),
]
ShownLang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of titles and classes.")]
