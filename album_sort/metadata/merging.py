"""How several files' or blocks' metadata become one."""

from __future__ import annotations

from dataclasses import fields, replace

from album_sort.types import Metadata

# Lists are joined, the rest is taken from the first that says something.
_JOINED = ("time_candidates", "positions", "people", "keywords", "warnings")
_EMPTY = Metadata()


def merge_metadata(*parts: Metadata) -> Metadata:
    """One metadata of several, the first wins in each field; candidates of all are kept, in the order of the parts."""
    if not parts:
        return _EMPTY
    changes: dict[str, object] = {}
    for field in fields(Metadata):
        values = [getattr(part, field.name) for part in parts]
        if field.name in _JOINED:
            changes[field.name] = tuple(dict.fromkeys(value for held in values for value in held))
        else:
            unsaid = getattr(_EMPTY, field.name)
            changes[field.name] = next((value for value in values if value != unsaid), unsaid)
    return replace(parts[0], **changes)  # type: ignore[arg-type]  # each value comes from the same field
