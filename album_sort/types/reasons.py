"""Reasons: a code and its values, said as a sentence only where somebody reads it. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a code and its values; `labels/reasons/*.toml` holds the sentence in each language."""

    code: str
    """`trip.starts-far-from-home`: a key of the sentences."""
    values: tuple[tuple[str, str | int | float], ...] = ()
    """What the sentence's `{placeholders}` take."""

    @classmethod
    def of(cls, code: str, **values: str | int | float) -> Reason:
        """A reason with its values in a fixed order, so that equal reasons compare equal."""
        return _shared_reason(code, **values)

    def __str__(self) -> str:
        """Code and values, where there is no sentence."""
        values = ", ".join(f"{name}={value}" for name, value in self.values)
        return f"{self.code} ({values})" if values else self.code


# Thousands of photos are told the same in the same words: one value for all of them, found in a fifth of the time that making
# it takes. `typed`, because 14 and 14.0 are equal and read differently.
@lru_cache(maxsize=1 << 14, typed=True)
def _shared_reason(code: str, **values: str | int | float) -> Reason:
    return Reason(code, tuple(sorted(values.items())))
