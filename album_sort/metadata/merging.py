"""How several files' or blocks' metadata become one."""

from __future__ import annotations

from dataclasses import fields, replace

from album_sort.types import Metadata

# Lists are joined, the rest is taken from the first that says something.
_JOINED = ("time_candidates", "positions", "people", "keywords", "warnings")
_EMPTY = Metadata()
_PLAIN = tuple((one.name, getattr(_EMPTY, one.name)) for one in fields(Metadata) if one.name not in _JOINED)
"""The other fields, each with what stands for nothing said."""


def merge_metadata(*parts: Metadata) -> Metadata:
    """One metadata of several, the first wins in each field; candidates of all are kept, in the order of the parts."""
    if not parts:
        return _EMPTY
    first, others = parts[0], parts[1:]
    changes: dict[str, object] = {}
    for name in _JOINED:
        held = tuple(dict.fromkeys(value for part in parts for value in getattr(part, name)))
        if held != getattr(first, name):
            changes[name] = held
    for name, unsaid in _PLAIN:
        if getattr(first, name) == unsaid:
            value = next((said for part in others if (said := getattr(part, name)) != unsaid), unsaid)
            if value != unsaid:
                changes[name] = value
    return replace(first, **changes) if changes else first  # type: ignore[arg-type]  # each value is of the same field
