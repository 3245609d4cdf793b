"""The options of all commands, each defined once.

Values stay text here; `config` parses them, so that every source of settings is checked by the same rules.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from album_sort.classifier.backbones import model_choices
from album_sort.errors import ExitCode
from album_sort.paths import given_path
from album_sort.settings import SPECS, Settings

EXIT_CODES = "Exit codes: " + "; ".join(f"{int(code)} {code.meaning}" for code in ExitCode) + "."

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
OptionalOut = Annotated[
    str,
    typer.Option("--out", "-o", metavar="ALBUMS", help="Folder of the albums.", show_default=False, callback=_folder),
]
Taken = Annotated[str, typer.Option(metavar="WHEN", help="When they were taken: 1987-07; or what to add: +1y2d3h.")]
TakenAt = Annotated[str, typer.Option("--place", metavar="WHERE", help="Where they were taken: a town, or LAT,LON.")]
OnTrip = Annotated[str, typer.Option("--trip", metavar="TITLE", help="What their trip is called; several become one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan; write nothing.")]
SavePlan = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the plan to FILE, for `apply`.")]
Save = Annotated[bool, typer.Option("--save", help="These albums keep the settings of this run.")]
FilesFrom = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Paths of photos, one a line, from FILE or stdin.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what needs you.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every file.")]
Figures = Annotated[bool, typer.Option("--verbose", "-v", help="With all figures: probabilities, weights.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Events as JSON lines on stdout.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings (TOML).")]
WaitSeconds = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help=SPECS["wait"].help)]
Albums = Annotated[str | None, typer.Option("--albums", metavar="FILE", help=SPECS["albums"].help)]
ShownLang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of titles and classes.")]

Command = Callable[..., None]


def takes_settings(*names: str, beside: Mapping[str, str] | None = None) -> Callable[[Command], Command]:
    """Gives a command an option for each of these settings, of all without names; they arrive as keywords, None where not given.

    They follow the command's own options, but for those in `beside`: each stands behind the setting that it is mapped to.
    """

    def with_options(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters
        behind = beside or {}
        order = [one for name, one in own.items() if name not in behind and one.kind is not one.VAR_KEYWORD]
        for name in names or SPECS:
            order.append(_option_of(name))
            order += [own[other] for other, setting in behind.items() if setting == name]
        # What typer reads: Python itself calls the command with keywords.
        parameters = [one.replace(kind=one.KEYWORD_ONLY) for one in order]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # as inspect documents
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return with_options


def _option_of(name: str) -> inspect.Parameter:
    """The option of a setting; not given, it is None, so that other sources of settings count."""
    spec, default = SPECS[name], getattr(Settings(), name)
    kind: Any = bool if isinstance(default, bool) else list[str] if isinstance(default, tuple) else str
    words = spec.switch or f"--{name.replace('_', '-')}"
    # What networks there are is known to their own registry.
    option = typer.Option(words, metavar=spec.metavar or None, help=spec.help or f"{model_choices()}.")
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def as_flags(given: Mapping[str, object]) -> dict[str, object]:
    """The settings among what a command was given, as a layer of settings takes them."""
    flags = {name: value for name, value in given.items() if name in SPECS}
    if "progress" in flags:
        # `--no-progress` is the only word there is: given, it is true.
        flags["progress"] = None if flags["progress"] is None else not flags["progress"]
    return flags
