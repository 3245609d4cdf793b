"""File names taken apart and compared, for every room. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def fold(path: str) -> str:
    """The one key by which names clash: equal for what any file system takes for the same name (case, NFC and NFD)."""
    return path.lower() if path.isascii() else _fold_unicode(path)


@lru_cache(maxsize=1 << 12)
def _fold_unicode(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def split_suffix(name: str, longest: int | None = None) -> tuple[str, str]:
    """Stem and last suffix with its dot; what has more characters than the longest is not a suffix."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and (longest is None or len(suffix) <= longest) else (name, "")
