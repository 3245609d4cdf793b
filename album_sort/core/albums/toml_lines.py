"""In which line of a TOML text a key stands. `tomllib` reads values only; a fault without its line is hard to find.

Scans just enough of the grammar: table headers, keys at the start of a line, strings and brackets that run over lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""`("rule", 0, "when", "season")`: names of keys, places in arrays."""

_PART = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+"
_PARTS = re.compile(_PART)
_HEADER = re.compile(rf"\s*(\[\[?)\s*((?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*((?:{_PART})(?:\s*\.\s*(?:{_PART}))*)\s*=")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_FENCES = ('"""', "'''")


class TomlLines:
    """Where the keys of a valid TOML text stand."""

    def __init__(self, text: str) -> None:
        self._text_lines = text.split("\n")
        self._line_of: dict[KeyPath, int] = {}
        self._scan()
        self._starts = sorted(set(self._line_of.values()))

    def line_of(self, path: KeyPath) -> int:
        """Line (from 1) of the key; of a value inside an inline table or list the line where it is written, or its key's."""
        for length in range(len(path), 0, -1):
            start = self._line_of.get(path[:length])
            if start is not None:
                return start if length == len(path) else self._within(start, path[length:])
        return 1

    def line_of_value(self, path: KeyPath, value: object) -> int:
        """Line of one entry of a list, by the way it is written."""
        return self._within(self.line_of(path), (str(value),))

    def _within(self, start: int, rest: KeyPath) -> int:
        """The first line, from a key's to the next key's, in which all names below it have been seen."""
        after = bisect_right(self._starts, start)
        end = self._starts[after] if after < len(self._starts) else len(self._text_lines) + 1
        line = start
        for name in (str(part) for part in rest if isinstance(part, str)):
            line = next((at for at in range(line, end) if name in self._text_lines[at - 1]), line)
        return line

    def _scan(self) -> None:
        table: KeyPath = ()
        counts: dict[KeyPath, int] = {}
        depth, fence = 0, ""
        for number, line in enumerate(self._text_lines, start=1):
            if fence:
                fence = "" if fence in line else fence
                continue
            if depth == 0:
                table = self._read_key(number, line, table, counts)
            bare = _STRING.sub("", line) if not any(mark in line for mark in _FENCES) else line
            opened = next((mark for mark in _FENCES if line.count(mark) % 2), "")
            if opened:
                fence = opened
                continue
            if depth or not _HEADER.match(line):
                bare = bare.split("#", 1)[0]
                depth = max(0, depth + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))

    def _read_key(self, number: int, line: str, table: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
        """Notes the key that a line defines; returns the table that following keys belong to."""
        header = _HEADER.match(line)
        if header:
            path = _resolve(_names(header[2]), counts)
            if header[1] == "[[":
                index = counts.get(path, -1) + 1
                counts[path] = index
                path = (*path, index)
            self._note(path, number)
            return path
        assignment = _ASSIGNMENT.match(line)
        if assignment:
            self._note((*table, *_names(assignment[1])), number)
        return table

    def _note(self, path: KeyPath, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._line_of.setdefault(path[:length], number)


def _names(dotted: str) -> KeyPath:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PARTS.findall(dotted))


def _resolve(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """`[rule.when]` after `[[rule]]` belongs to the last rule."""
    resolved: KeyPath = ()
    for i, part in enumerate(path):
        resolved = (*resolved, part)
        if i < len(path) - 1 and resolved in counts:
            resolved = (*resolved, counts[resolved])
    return resolved
