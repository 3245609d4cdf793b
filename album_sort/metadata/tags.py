"""Values of ExifRead's tags as plain text and numbers: nothing that a damaged file holds can raise here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from album_sort.core.bounded import LARGEST_PIXELS, finite

Tags = Mapping[str, Any]
"""ExifRead's result: `IFD TagName` to its tag object."""

MAX_TEXT = 2000


def clean(value: str) -> str:
    """Text up to its first NUL, without control characters and surrounding blanks."""
    held = value.split("\0", maxsplit=1)[0][:MAX_TEXT]
    return "".join(sign for sign in held if sign.isprintable() or sign == "\n").strip()


def text(tags: Tags, *names: str) -> str:
    """The first of some text tags that is there; empty where all are missing or no text."""
    for name in names:
        tag = tags.get(name)
        value = tag.values if tag is not None else ""
        if isinstance(value, bytes):  # ExifRead's answer to text that is not UTF-8
            value = value.decode("latin-1")
        if isinstance(value, str) and clean(value):
            return clean(value)
    return ""


def numbers(tags: Tags, *names: str) -> list[float | None]:
    """All values of the first of some tags that is there."""
    for name in names:
        tag = tags.get(name)
        if tag is not None and isinstance(tag.values, list):
            return [finite(value) for value in tag.values]
    return []


def first_number(tags: Tags, *names: str) -> float | None:
    """The first value of a tag."""
    return next(iter(numbers(tags, *names)), None)


def positive(tags: Tags, *names: str) -> float | None:
    """The first value of a tag where it is above zero: zero means unknown in all tags read with this."""
    value = first_number(tags, *names)
    return value if value is not None and value > 0 else None


def whole(tags: Tags, *names: str) -> int | None:
    """As `positive`, for whole numbers."""
    value = positive(tags, *names)
    return int(value) if value is not None and value <= LARGEST_PIXELS else None
