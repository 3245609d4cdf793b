"""Values that a file or database of the destination claims to hold, checked where they are read. Pure.

Every function takes anything and raises `ValueError` for what no album-sort has written: wrong type, too long, too large.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from album_sort.sentences import sentence
from album_sort.types import ContentId
from album_sort.types.inner_paths import LONGEST_PATH

NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError)
"""All that reading a value of the wrong kind may raise."""

LONGEST_TEXT = 4096
"""Titles, notes, names of commands: characters."""

LONGEST_SETTING = 1 << 20
"""Of what a destination keeps by key, albums that were learned there among it: characters."""

LONGEST_DETAIL = 1 << 16
LARGEST_DETAIL = 10**40
"""Of a value in a reason's sentence."""

LARGEST_SIZE = (1 << 63) - 1
LARGEST_INODE = (1 << 64) - 1
LARGEST_TIME_NS = 10**9 << 63
"""Kernels count seconds in 64 bits with a sign, and some file systems keep every one of them."""

_YEARS = range(1970, 9000)
"""A second after a run, a day before a trip must still be dates."""

FIRST_YEAR, LAST_YEAR = 1800, 2200
"""Of what a person says of a photo."""

_CONTENT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NO_NAME = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""A file's name may hold bytes that are not UTF-8, which Python keeps as U+DC80 to U+DCFF."""


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """A text of bounded length that can be written as UTF-8, into a file or a database."""
    return _bounded(value, longest, _NO_TEXT)


def outer_path(value: object) -> str:
    """Path of a source: it may lie anywhere, since sources are only ever read."""
    return name(value, LONGEST_PATH)


def name(value: object, longest: int = LONGEST_TEXT) -> str:
    """A text of bounded length that holds the name of a file, whatever its bytes are."""
    return _bounded(value, longest, _NO_NAME)


def _bounded(value: object, longest: int, forbidden: re.Pattern[str]) -> str:
    if not isinstance(value, str) or len(value) > longest or forbidden.search(value):
        raise ValueError(sentence("plan.value-text", value=f"{value!r:.80}", longest=longest))
    return value


def content(value: object) -> ContentId:
    """A SHA-256."""
    if not isinstance(value, str) or not _CONTENT.fullmatch(value):
        raise ValueError(sentence("plan.value-sha-256", value=f"{value!r:.80}"))
    return ContentId(value)


def whole(value: object, low: int = 0, high: int = LARGEST_SIZE) -> int:
    """A whole number within bounds, both included."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(sentence("plan.value-whole", value=f"{value!r:.80}", low=low, high=high))
    return value


def yes_or_no(value: object) -> bool:
    """A truth."""
    if not isinstance(value, bool):
        raise ValueError(sentence("plan.value-truth", value=f"{value!r:.80}"))
    return value


def moment(value: object) -> datetime:
    """An ISO moment as naive UTC."""
    found = datetime.fromisoformat(text(value, 64))
    if found.tzinfo is not None:
        found = found.astimezone(UTC).replace(tzinfo=None)
    if found.year not in _YEARS:
        raise ValueError(sentence("plan.value-moment", value=f"{value!r:.80}"))
    return found


def day(value: object) -> date:
    """An ISO day."""
    found = date.fromisoformat(text(value, 10))
    if not date(1, 1, 2) < found < date(9999, 1, 1):
        raise ValueError(sentence("plan.value-day", value=f"{value!r:.80}"))
    return found


def listed(values: object) -> list[Any]:
    """A list of anything."""
    if not isinstance(values, list):
        raise ValueError(sentence("plan.value-list", value=f"{values!r:.80}"))
    return values


def value_of_reason(value: object) -> str | int | float:
    """What a reason's sentence takes."""
    # What a file says of itself may be any text; it is only ever printed.
    if isinstance(value, str) and len(value) <= LONGEST_DETAIL:
        return value
    if isinstance(value, int | float) and abs(value) < LARGEST_DETAIL:
        return value
    raise ValueError(sentence("plan.value-reason-value", value=f"{value!r:.80}"))


def json_object(line: str | bytes) -> dict[str, Any]:
    """The one JSON object of a line: without repeated keys, infinite numbers, or depths that no reader survives."""
    row = _json(line)
    if not isinstance(row, dict):
        raise ValueError(sentence("plan.value-json-object", value=f"{row!r:.80}"))
    return row


def json_list(line: str | bytes) -> list[Any]:
    """The one JSON list of a line, under the same conditions."""
    row = _json(line)
    if not isinstance(row, list):
        raise ValueError(sentence("plan.value-json-list", value=f"{row!r:.80}"))
    return row


def _json(line: str | bytes) -> object:
    try:
        return _DECODER.decode(line.decode("utf-8") if isinstance(line, bytes) else line)
    except RecursionError as error:
        raise ValueError(sentence("plan.value-too-deep")) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError(sentence("plan.value-key-twice"))
    return row


def _refuse(constant: str) -> NoReturn:
    raise ValueError(sentence("plan.value-not-a-number", value=constant))


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
