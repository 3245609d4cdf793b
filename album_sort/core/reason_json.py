"""A reason as a JSON object and back, the same in plans, caches and journals. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from album_sort.core.checked import text, value_of_reason
from album_sort.types import Reason


def reason_to_json(reason: Reason) -> dict[str, str | int | float]:
    """`{"code": ..., <value>: ...}`."""
    return {"code": reason.code, **dict(reason.values)}


def reason_from_json(row: object) -> Reason:
    """The reason of an object; raises KeyError, TypeError or ValueError where it is none."""
    if not isinstance(row, Mapping):
        raise TypeError(f"a reason is an object, not {row!r:.80}")
    values = sorted((text(name), value_of_reason(value)) for name, value in row.items() if name != "code")
    return Reason(text(row["code"]), tuple(values))
