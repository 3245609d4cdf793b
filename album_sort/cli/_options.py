"""The options of all commands, each defined once.

Values stay text here; `config` parses them, so that every source of settings is checked by the same rules.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from album_sort.classifier.backbones import model_choices
from album_sort.paths import given_path, is_within
from album_sort.sentences import sentence, speak
from album_sort.settings import SPECS, Settings

Photos = Annotated[
    list[str] | None, typer.Argument(metavar="PHOTOS", help="help.folders-or-files-with", show_default=False)
]


def _folder(given: Path | str | None) -> Path | str | None:
    """A destination as `ls` finds it; refused where it is empty. Not given, it stays as it is."""
    if not given:
        return given
    path = given_path(str(given))
    _speak_as(path)
    return Path(path) if isinstance(given, Path) else path


def _folder_or_here(context: typer.Context, given: Path) -> Path:
    """The same; not given, the albums that one stands in, as git finds its repository, or the only ones that were set up."""
    source = context.get_parameter_source("out")
    if context.resilient_parsing or source is None or source.name != "DEFAULT":
        return Path(str(_folder(given)))
    from album_sort.operations.here import the_albums  # noqa: PLC0415 - not for `--help`
    from album_sort.terminal.here import tell_albums  # noqa: PLC0415 - not for `--help`

    folder = given_path(".")
    albums = the_albums(folder, sys.argv[1:])
    _speak_as(albums)
    if not is_within(folder, albums):
        tell_albums(albums)
    return Path(albums)


def _speak_as(albums: str) -> None:
    """From here on in the language of the albums; one that the call itself names goes before."""
    from album_sort.pipeline.remembered import language_there  # noqa: PLC0415 - not for `--help`

    lang = language_there(albums)
    if lang and not any(word.partition("=")[0] == "--lang" for word in sys.argv):
        speak(lang, getattr(sys.stderr, "encoding", "utf-8"))


def _out(said: str, callback: Callable[..., Path | str | None]) -> Any:  # noqa: ANN401 - as typer has it
    return typer.Option("--out", "-o", metavar="ALBUMS", help=said, show_default=False, callback=callback)


Out = Annotated[Path, _out("help.folder-of-the-albums", _folder)]
OptionalOut = Annotated[str, _out("help.folder-of-the-albums", _folder)]
AlbumsHere = Annotated[Path, _out("help.folder-of-the-albums-or-here", _folder_or_here)]
HERE = Path()
"""Of `AlbumsHere`, where nothing is given."""
Taken = Annotated[str, typer.Option(metavar="WHEN", help="help.when-they-were-taken")]
TakenAt = Annotated[str, typer.Option("--place", metavar="WHERE", help="help.where-they-were-taken")]
OnTrip = Annotated[str, typer.Option("--trip", metavar="TITLE", help="help.what-their-trip-is")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="help.show-the-plan-write")]
SavePlan = Annotated[Path | None, typer.Option(metavar="FILE", help="help.write-the-plan-to")]
Save = Annotated[bool, typer.Option("--save", help="help.these-albums-keep-the")]
FilesFrom = Annotated[str | None, typer.Option(metavar="FILE|-", help="help.paths-of-photos-one")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="help.say-only-what-needs")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="help.every-file")]
Figures = Annotated[bool, typer.Option("--verbose", "-v", help="help.with-all-figures-probabilities")]
JsonOption = Annotated[bool, typer.Option("--json", help="help.events-as-json-lines")]
ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="help.settings-toml")]
WaitSeconds = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help=SPECS["wait"].help)]
Albums = Annotated[str | None, typer.Option("--albums", metavar="FILE", help=SPECS["albums"].help)]
ShownLang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="help.language-of-titles-and")]

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
    option = typer.Option(
        words, metavar=spec.metavar or None, help=spec.help or sentence("help.networks", names=model_choices())
    )
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
