"""What a shell offers when Tab is pressed: commands, options, and the values that an option or an argument can have.

A shell calls `album-sort complete-words WORDS...` with what has been typed behind the program's name, the last word being the one
in hand. Each line is a candidate, with a sentence behind a tab; no line leaves the word to the shell, which knows files. Nothing is
read but the state of the albums that are named, and nothing is written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from typer.main import get_command

from album_sort.errors import AlbumSortError

Candidate = tuple[str, str]


def print_candidates(app: Any, words: Sequence[str]) -> None:  # noqa: ANN401 - typer's own classes are private
    """All that the last word can become."""
    *before, last = words or [""]
    for value, said in candidates(get_command(app), before, last):
        if value.startswith(last):
            sys.stdout.write(f"{value}\t{said}\n")


def candidates(group: Any, before: Sequence[str], last: str) -> Iterator[Candidate]:  # noqa: ANN401 - as above
    """What can stand behind these words."""
    command, path, rest = _command_of(group, before)
    if hasattr(command, "commands") and not rest:
        yield from ((name, _sentence(one)) for name, one in command.commands.items() if not one.hidden)
        if command is not group:
            return
        command = group.commands[group.default_command]
    option = _option_in_hand(command, rest)
    if option is not None:
        yield from _values_of(option, path, before)
    elif last.startswith("-"):
        options = (one for one in command.params if one.param_type_name == "option" and not one.hidden)
        yield from (
            (name, one.help or "") for one in options for name in (*one.opts, *one.secondary_opts) if name[:2] == "--"
        )
    elif (given := _ARGUMENTS.get(" ".join(path))) is not None:
        yield from given(before)


def _command_of(group: Any, before: Sequence[str]) -> tuple[Any, list[str], list[str]]:  # noqa: ANN401 - as above
    """The command that the words belong to, its names, and the words behind these."""
    command, path, rest = group, [], list(before)
    while rest and hasattr(command, "commands") and rest[0] in command.commands:
        command = command.commands[rest[0]]
        path.append(rest.pop(0))
    if command is group and rest:
        return group.commands[group.default_command], [group.default_command], rest
    return command, path, rest


def _option_in_hand(command: Any, rest: Sequence[str]) -> Any | None:  # noqa: ANN401 - as above
    """The option whose value comes next."""
    if not rest or not rest[-1].startswith("-"):
        return None
    named = (one for one in command.params if rest[-1] in one.opts)
    return next((one for one in named if one.param_type_name == "option" and not one.is_flag), None)


def _values_of(option: Any, path: Sequence[str], before: Sequence[str]) -> Iterable[Candidate]:  # noqa: ANN401 - as above
    given = _OPTIONS.get(option.name)
    if given is not None and (option.name != "albums" or "list" not in path):
        return given(before)
    choices = re.fullmatch(r"[a-z]+(\|[a-z]+)+", option.metavar or "")
    return [(word, "") for word in choices[0].split("|")] if choices else ()


def _sentence(command: Any) -> str:  # noqa: ANN401 - as above
    return (command.help or "").partition("\n")[0]


def _modes(_before: Sequence[str]) -> Iterator[Candidate]:
    from album_sort.types import Mode  # noqa: PLC0415 - only for this word

    return ((mode.value, "") for mode in Mode)


def _precisions(_before: Sequence[str]) -> Iterator[Candidate]:
    from album_sort.types import Precision  # noqa: PLC0415 - only for this word

    return ((one.value, "") for one in Precision)


def _models(_before: Sequence[str]) -> Iterator[Candidate]:
    from album_sort.classifier.backbones import AUTO, BACKBONES  # noqa: PLC0415 - only for this word

    return ((name, "") for name in (AUTO, *BACKBONES))


def _albums(before: Sequence[str]) -> Iterator[Candidate]:
    """Of the destination that is named, else the shipped ones."""
    from album_sort.operations.catalogue import known_albums  # noqa: PLC0415 - only for this word

    try:
        known = known_albums("", "", _destination(before))
    except AlbumSortError:
        known = known_albums("", "en", "")
    return ((album, known.title(album)) for album in known.all())


def _runs(before: Sequence[str]) -> Iterator[Candidate]:
    """Of the destination that is named, or that one stands in; the last one first."""
    from album_sort.operations.runs import runs_of  # noqa: PLC0415 - only for this word

    try:
        found = runs_of(_destination(before) or ".")
    except AlbumSortError:
        return iter(())
    return ((run.run_id, f"{run.started_utc:%Y-%m-%d %H:%M}") for run in reversed(found))


def _destination(before: Sequence[str]) -> str:
    """What follows `--out`, as far as it has been typed."""
    for word, after in zip(before, (*before[1:], ""), strict=True):
        if word in ("--out", "-o"):
            return after
        if word.startswith("--out="):
            return word.removeprefix("--out=")
    return ""


def _keepers(_before: Sequence[str]) -> Iterator[Candidate]:
    return ((word, "") for word in ("systemd", "cron", "paste"))


_OPTIONS: dict[str, Callable[[Sequence[str]], Iterator[Candidate]]] = {
    "mode": _modes,
    "precision": _precisions,
    "model": _models,
    "album": _albums,
    "into": _albums,
    "keeper": _keepers,
}
"""Values by the name of an option; others are in how it is shown (`en|zh`), or files."""

_ARGUMENTS: dict[str, Callable[[Sequence[str]], Iterator[Candidate]]] = {
    "undo": _runs,
    "albums show": _albums,
    "albums rename": _albums,
    "albums merge": _albums,
    "completion": lambda _before: ((shell, "") for shell in ("bash", "zsh", "fish")),
}
"""Values of what a command is about; of others it is files."""
