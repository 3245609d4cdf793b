"""The layout of the destination: `{album}/{trip|year|undated}` parsed once, then rendered for each photo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from album_sort.core.planning.naming import sanitise
from album_sort.errors import UsageError, nearest
from album_sort.sentences import sentence
from album_sort.types import DEFAULT_LAYOUT, AlbumRelPath

FIELDS = ("album", "trip", "year", "month", "day", "country", "city", "season", "camera")
"""What a layout may speak of. `month` and `day` are written as the caller gives them."""

SEGMENT_MAX_BYTES = 180
"""Longest folder name: three of them and a file name stay below the 1,024 characters that some systems allow a path."""

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One pair of braces: fields in order of preference, then perhaps a word."""

    names: tuple[str, ...]
    word: str

    def render(self, fields: Mapping[str, str]) -> str:
        for name in self.names:
            if value := fields.get(name, "").strip():
                return value
        return fields.get(self.word) or self.word


_Piece = str | _Choice


@dataclass(frozen=True, slots=True)
class Layout:
    """A parsed layout template."""

    template: str
    segments: tuple[tuple[_Piece, ...], ...]
    """One tuple for each folder level: text and choices in order."""
    asked: tuple[str, ...] = ()
    """Fields whose values decide about the folder."""
    _rendered: dict[tuple[str | None, ...], AlbumRelPath] = field(default_factory=dict, compare=False, repr=False)
    """By the values of those fields: a hundred thousand photos share a few hundred folders."""

    @classmethod
    def parse(cls, template: str) -> Layout:
        """The layout that a template describes; raises `UsageError` with all its faults at once."""
        faults: list[str] = []
        segments = tuple(_parse_segment(part, faults) for part in template.split("/"))
        if not template.strip():
            faults.append(sentence("plan.it-is-empty"))
        elif any(not segment for segment in segments):
            faults.append(sentence("plan.it-has-an-empty"))
        if template and not any(isinstance(piece, _Choice) for segment in segments for piece in segment):
            faults.append(sentence("plan.it-names-no-field"))
        if faults:
            raise UsageError(
                sentence("plan.layout-cannot-be-used", template=template, faults="; ".join(faults)),
                hint=sentence("plan.known-fields-the-default", fields=", ".join(FIELDS), default_layout=DEFAULT_LAYOUT),
            )
        choices = [piece for segment in segments for piece in segment if isinstance(piece, _Choice)]
        asked = {"undated", *(name for choice in choices for name in (*choice.names, choice.word))}
        return cls(template, segments, tuple(sorted(asked)))

    def render(self, fields: Mapping[str, str]) -> AlbumRelPath:
        """The folder for these values: relative, never empty, each level a legal name.

        A level of which no field has a value is left out. A word such as `undated` is looked up in `fields` too, so that
        it can be given in the destination's language.
        """
        values = tuple([fields.get(name) for name in self.asked])
        folder = self._rendered.get(values)
        if folder is None:
            texts = [_render_segment(segment, fields) for segment in self.segments]
            names = [sanitise(text, limit=SEGMENT_MAX_BYTES) for text in texts if text]
            folder = AlbumRelPath("/".join(names) or sanitise(fields.get("undated") or "undated"))
            self._rendered[values] = folder
        return folder


def _parse_segment(text: str, faults: list[str]) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    if text.strip() in (".", ".."):
        faults.append(sentence("plan.is-not-a-folder", strip=text.strip()))
    position = 0
    for match in _BRACES.finditer(text):
        pieces += [text[position : match.start()]] if match.start() > position else []
        pieces.append(_parse_choice(match[1], faults))
        position = match.end()
    pieces += [text[position:]] if position < len(text) else []
    if any(isinstance(piece, str) and ("{" in piece or "}" in piece) for piece in pieces):
        faults.append(sentence("plan.a-brace-is-missing", text=text))
    return tuple(pieces)


def _parse_choice(inside: str, faults: list[str]) -> _Choice:
    options = [option.strip() for option in inside.split("|")]
    names = tuple(option for option in options if option in FIELDS)
    words = [option for option in options if option not in FIELDS]
    if not names:
        faults.append(sentence("plan.names-no-known-field", inside=inside))
    elif len(words) > 1 or (words and options[-1] != words[0]):
        # What stands behind a word is never reached: a field must have been meant.
        faults.append(sentence("plan.is-not-a-field", inside=inside, words=words[0]))
    elif words and (near := nearest(words[0], FIELDS, 0.75)):
        faults.append(sentence("plan.is-not-a-field-is", inside=inside, words=words[0], near=near))
    return _Choice(names, words[0].strip("\"'") if words else "")


def _render_segment(segment: tuple[_Piece, ...], fields: Mapping[str, str]) -> str:
    values = [piece.render(fields) if isinstance(piece, _Choice) else piece for piece in segment]
    choices = [value for piece, value in zip(segment, values, strict=True) if isinstance(piece, _Choice)]
    if choices and not any(choices):
        return ""
    text = "".join(values)
    # `{year} - {city}` without a city is `2024`, not `2024 - `.
    return text if all(choices) else text.strip(" -_.,;")
