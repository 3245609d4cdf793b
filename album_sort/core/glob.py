"""Patterns in .gitignore's syntax, matched in a time that grows with the length of pattern and path, whatever they are.

Regular expressions made of such patterns the usual way try every division of a name among the asterisks of a pattern, which
takes for ever for `*a*a*a*a*a*b`. Here every asterisk takes the shortest text that lets the next piece follow: for
pieces of fixed length no other choice can do better, so none is tried. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from album_sort.sentences import sentence

MOST_PATTERNS = 2_000
MOST_CHARACTERS = 1_000
"""In one pattern: no name is longer than 255, and no path of a person's as deep as this."""

_ANY_DEPTH = None
"""A `**` between two slashes."""


class PatternFault(ValueError):
    """Patterns that are too many or too long to be looked for."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line."""

    includes: bool
    """False where a `!` takes back what a line before it has matched."""
    segments: tuple[re.Pattern[str] | None, ...]
    """One for each name on the way; None for any number of names."""
    is_folder_only: bool

    def rank(self, names: Sequence[str], *, is_folder: bool) -> int:
        """2 where the path itself is meant, 1 where a folder above it is (or it is a folder, and folders were asked for), else 0."""
        last = len(self.segments)
        states = self._closed({0})
        best = 0
        for depth, name in enumerate(names, 1):
            following = set()
            for state in states:
                if state == last:
                    continue
                segment = self.segments[state]
                if segment is _ANY_DEPTH:
                    following.add(state)
                elif segment.fullmatch(name):
                    following.add(state + 1)
            states = self._closed(following)
            if last in states:
                if depth == len(names) and not self.is_folder_only:
                    return 2
                if depth < len(names) or is_folder:
                    best = 1
            if not states:
                break
        return best

    def _closed(self, states: set[int]) -> set[int]:
        """With those that a `**` reaches without any name; a last one needs something below it."""
        closed = set(states)
        for state in states:
            following = state
            while following < len(self.segments) - 1 and self.segments[following] is _ANY_DEPTH:
                following += 1
                closed.add(following)
        return closed


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns in their order; the last that matches decides, and one on the path itself before one on a folder above it."""

    patterns: tuple[_Pattern, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[str]) -> Globs:
        """Lines of a .gitignore; raises `PatternFault` where there are too many or one is too long."""
        patterns = tuple(pattern for line in lines if (pattern := _parse(line)) is not None)
        if len(patterns) > MOST_PATTERNS:
            raise PatternFault(sentence("common.patterns-at-most-are", n=len(patterns), most_patterns=MOST_PATTERNS))
        return cls(patterns)

    def match(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether a relative path is meant."""
        if not self.patterns:
            return False
        names = [name for name in path.split("/") if name]
        best, includes = 0, False
        for pattern in reversed(self.patterns):
            rank = pattern.rank(names, is_folder=is_folder)
            if rank > best:
                best, includes = rank, pattern.includes
                if rank == 2:
                    break
        return includes


def _parse(line: str) -> _Pattern | None:
    """One line; None for an empty one, a comment, or a bracket that makes no sense (which Git leaves out, too)."""
    text = line if line.endswith("\\ ") else line.rstrip()
    if not text or text.startswith("#") or text == "/":
        return None
    if len(text) > MOST_CHARACTERS:
        raise PatternFault(
            sentence("common.has-characters-at-most", text=text[:60], n=len(text), most_characters=MOST_CHARACTERS)
        )
    includes = not text.startswith("!")
    names = text[0 if includes else 1 :].split("/")
    is_folder_only = len(names) > 1 and not names[-1]
    if is_folder_only:
        names.pop()
    is_anchored = len(names) > 1
    names = [name for name in names if name]
    if not names:
        return None
    if not is_anchored and names[0] != "**":
        names.insert(0, "**")
    segments: list[re.Pattern[str] | None] = []
    for name in names:
        if name == "**":
            if not segments or segments[-1] is not _ANY_DEPTH:
                segments.append(_ANY_DEPTH)
            continue
        segment = _segment(name)
        if segment is None:
            return None
        segments.append(segment)
    if segments[-1] is _ANY_DEPTH and (is_folder_only or len(segments) == 1):
        # `**/` means every folder, and `**` everything.
        segments.append(re.compile(".+", re.DOTALL))
    return _Pattern(includes, tuple(segments), is_folder_only)


def _segment(text: str) -> re.Pattern[str] | None:
    """One name with its wildcards; None where a bracket or a backslash is open at its end, or brackets hold nonsense."""
    pieces = [""]
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "."
        elif character == "[":
            bracket, at = _bracket(text, at)
            if bracket is None:
                return None
            pieces[-1] += bracket
        else:
            if character == "\\":
                if at == len(text):
                    return None
                character, at = text[at], at + 1
            pieces[-1] += re.escape(character)
    first, *middle = pieces
    if not middle:
        return re.compile(first, re.DOTALL)
    # Atomic groups: where a piece has been found once, no later place is tried for it. The last must stand at the end.
    found = "".join(f"(?>.*?{piece})" for piece in middle[:-1] if piece)
    shortest = "+" if text.strip("*") == "" else "*"
    end = f"(?<={middle[-1]})" if middle[-1] else ""
    length = _length(middle[-1])
    return re.compile(f"{first}{found}(?=.{{{length},}}).{shortest}{end}", re.DOTALL)


def _length(piece: str) -> int:
    """Characters that a piece takes: escapes and brackets are one each."""
    return len(re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "x", piece, flags=re.DOTALL))


def _bracket(text: str, at: int) -> tuple[str | None, int]:
    """The characters between brackets as a class of a regular expression, and where the text goes on."""
    start = at + 1 if text[at : at + 1] in ("!", "^") else at
    end = text.find("]", start + 1)
    if end < 0:
        return None, at
    members = text[start:end]
    parts = []
    while members:
        if len(members) > 2 and members[1] == "-":
            if members[0] > members[2]:
                return None, at
            parts.append(f"{re.escape(members[0])}-{re.escape(members[2])}")
            members = members[3:]
        else:
            parts.append(re.escape(members[0]))
            members = members[1:]
    negation = "^" if start > at else ""
    return f"[{negation}{''.join(parts)}]", end + 1
