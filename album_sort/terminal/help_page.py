"""Pages of help, laid out in cells: a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

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
