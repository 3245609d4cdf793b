"""Pages of help, laid out in cells: a Chinese character takes two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from album_sort.sentences import sentence
from album_sort.terminal.layout import wrapped

_INDENT, _MOST_NAMES = 2, 30


def indented(text: str, width: int) -> list[str]:
    """A paragraph, wrapped."""
    return [" " * _INDENT + line if line else "" for line in wrapped(text, width - _INDENT, width - _INDENT)]


def listed(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Names with what they do, in two columns."""
    first = min(max(cell_len(name) for name, _ in rows), _MOST_NAMES)
    room = max(width - first - 2 * _INDENT, 20)
    gap, lines = " " * (_INDENT + first + _INDENT), []
    for name, said in rows:
        told = wrapped(said, room, room) if said else [""]
        head = " " * _INDENT + name
        if cell_len(name) > first:
            lines.append(head)
        else:
            lines.append(f"{head}{' ' * (first - cell_len(name) + _INDENT)}{told.pop(0)}".rstrip())
        lines += [gap + line for line in told]
    return lines


_OF_TYPER = {"Show this message and exit.": "help.show-this"}


def in_our_words(said: str) -> str:
    """The words that the parser of the command line adds of itself, in the language that is spoken."""
    said = re.sub(r"(?<=[\[;])( ?)required\b", lambda found: found[1] + sentence("help.required"), said)
    said = re.sub(
        r"(?<=[\[;])( ?)default: ([^\];]*)", lambda found: found[1] + sentence("help.default", value=found[2]), said
    )
    return sentence(_OF_TYPER[said]) if said in _OF_TYPER else said


_PATTERNS = (
    (r"Option '?(?P<name>--?[\w-]+)'? requires an argument\.?", "command.needs-a-value"),
    (r"Option '?(?P<name>--?[\w-]+)'? does not take a value\.?", "command.takes-no-value"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)", "command.too-many-words"),
    (r"Missing command\.?", "command.missing-command"),
    (r"'(?P<value>.*)' is not a valid integer.*", "command.not-an-integer"),
    (r"'(?P<value>.*)' is not a valid float.*", "command.not-a-number"),
    (r"Input should be a valid integer.*", "command.no-integer"),
    (r"Input should be a valid number.*", "command.no-number"),
    (r"Input should be less than or equal to (?P<most>\S+)", "command.at-most"),
    (r"Input should be greater than or equal to (?P<least>\S+)", "command.at-least"),
    (r"'?(?P<value>[^' ]*)'? is not in the range (?P<bounds>.*?)\.?", "command.out-of-range"),
)


def fault_in_our_words(message: str) -> str:
    """A sentence of the library's in ours; others, which are ours already, as they are."""
    for pattern, key in _PATTERNS:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return sentence(key, **found.groupdict())
    return message
