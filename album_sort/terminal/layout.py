"""Text laid out for the terminal it is shown on: sentences wrapped at words, tables that give up what can be spared first.

Where nobody watches (a pipe, a file) nothing is wrapped or cut, so that programs and `grep` see whole lines. Widths are counted in
cells: a Chinese character takes two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from enum import Enum, auto
from pathlib import Path

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.style import Style
from rich.text import Text

from album_sort.core.printable import printable_in

_GAP = "  "


Terminal = Console
"""What text is printed on."""


def err_console() -> Console:
    """For talk: stderr, without colours where `NO_COLOR` is set or nobody watches."""
    return Console(stderr=True, highlight=False)


def out_console() -> Console:
    """For data: stdout."""
    return Console(highlight=False)


_WIDE, _OPENING, _CLOSING = (
    "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef",
    "（“‘《【「",
    "，。；：？！、）”’》】」…",
)
# What stays together on a line: a word with the blanks behind it, or one Chinese character with its punctuation.
_PIECE = re.compile(
    rf"[{_OPENING}]*(?:(?![{_OPENING}])[{_WIDE}]|(?:(?![{_OPENING}])[^\s{_WIDE}])+)[{_CLOSING}]*\s*|[{_OPENING}]+\s*|\s+"
)

_LEAST_LAST = 12
"""Cells in which the last column still says something."""

_LEAST_TEXT = 16
"""Cells of text beside an indent; narrower, the indent is given up."""


def say(console: Console, text: str, *, indent: int = 0, hanging: int | None = None, call: str = "") -> None:
    """Prints a paragraph; its further lines are indented by `hanging`, which is `indent` where not given.

    `call`: a command in it that is made to be pasted. Where the paragraph is wider than a line, all from the command on gets a
    line of its own that only the terminal breaks: a line break of ours would end the command in the middle.
    """
    if not console.is_terminal:
        console.out(" " * indent + text, highlight=False)
        return
    hanging = indent if hanging is None else hanging
    before, found, after = text.partition(call) if call else (text, "", "")
    if not found or cell_len(text) <= console.width - indent:
        before, found, after = text, "", ""
    if before.strip():
        for line in _wrapped(console, before.rstrip(), indent, hanging):
            console.out(line, highlight=False)
    if found:
        console.out(" " * (hanging if before.strip() else indent) + found + after, highlight=False)


def say_link(console: Console, text: str, path: Path) -> None:
    """A paragraph that opens a file when it is clicked on, in terminals that can (OSC 8); elsewhere it is a paragraph."""
    if not console.is_terminal or console.is_dumb_terminal:
        say(console, text)
        return
    style = Style(link=path.absolute().as_uri())
    for line in _wrapped(console, text, 0, 0):
        console.print(Text(line, style), highlight=False, soft_wrap=True)


def _wrapped(console: Console, text: str, indent: int, hanging: int) -> list[str]:
    if console.width - max(indent, hanging) < _LEAST_TEXT:
        indent = hanging = 0
    [first, *rest] = wrapped(text, console.width - indent, console.width - hanging)
    return [" " * indent + first, *(" " * hanging + line for line in rest)]


def wrapped(text: str, first_width: int, width: int) -> list[str]:
    """Lines of so many cells at most, broken at blanks and between Chinese characters; what is wider than a line is cut."""
    lines = [""]
    for piece in _PIECE.findall(text):
        room = width if len(lines) > 1 else first_width
        if cell_len(lines[-1] + piece.rstrip()) <= room:
            lines[-1] += piece
            continue
        if lines[-1].strip():
            lines.append("")
        [lines[-1], *more] = _chopped(piece.strip(), width if len(lines) > 1 else first_width, width)
        lines += more
        lines[-1] += piece[len(piece.rstrip()) :]
    return [lines[0].rstrip(), *(line.strip() for line in lines[1:])]


def _chopped(text: str, first_width: int, width: int) -> list[str]:
    first = chop_cells(text, first_width)[0] if text else ""
    return [first, *chop_cells(text[len(first) :], width)]


class Last(Enum):
    """What becomes of the last column where a table is wider than the terminal."""

    KEPT = auto()
    WRAPPED = auto()
    SPARED = auto()
    """Cut, or left out."""


def print_table(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    last: Last = Last.KEPT,
) -> None:
    """Prints rows under headings, columns in `right` flush right; where that is too wide, each row becomes a record of lines."""
    widths = [max(cell_len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    room = console.width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
    if console.is_terminal and widths[-1] > room:
        if last is Last.SPARED and room < _LEAST_LAST:
            print_table(console, headings[:-1], [row[:-1] for row in rows], right=right)
            return
        if last is Last.KEPT or (last is Last.WRAPPED and room < _LEAST_TEXT):
            _print_records(console, headings, rows)
            return
        widths[-1] = room
    console.out(_line(headings, widths, right), style="bold", highlight=False)
    for row in rows:
        [text, *more] = _fitted(row[-1], widths[-1], console, last)
        console.out(_line((*row[:-1], text), widths, right), highlight=False)
        for line in more:
            console.out(_line((*("" for _ in row[:-1]), line), widths, right), highlight=False)


def _fitted(text: str, width: int, console: Console, last: Last) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    if last is Last.SPARED:
        return [shortened(text, width, console)]
    return wrapped(text, width, width)


def _line(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = []
    for column, (text, width) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (width - cell_len(text))
        cells.append(blanks + text if column in right else text + blanks)
    return _GAP.join(cells).rstrip()


def _print_records(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        say(console, row[0])
        for heading, text in zip(headings[1:], row[1:], strict=True):
            say(console, f"{heading}: {text}", indent=2, hanging=4)


def shortened(text: str, width: int, console: Console) -> str:
    """The end of a text in so many cells: of a path the end says most."""
    if cell_len(text) <= width:
        return text
    mark = ellipsis(console)
    kept = text
    while kept and cell_len(kept) > width - len(mark):
        kept = kept[1:]
    return mark + kept


def ellipsis(console: Console) -> str:
    """Three dots in one cell where the terminal's encoding has them."""
    return "…" if console.encoding.lower().startswith("utf") else "..."


def printable(text: str, encoding: str = "") -> str:
    """For a terminal: neither control characters nor what its encoding lacks; that of stdout, where none is given."""
    return printable_in(encoding or sys.stdout.encoding or "utf-8", text)
