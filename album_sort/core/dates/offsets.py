"""Offsets from UTC as text, `+09:00`: as EXIF writes them, and reports."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def offset_text(minutes: int) -> str:
    """`+09:00` from 540."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
