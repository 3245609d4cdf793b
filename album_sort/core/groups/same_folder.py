"""Which folders are one to the program that wrote them, although they lie apart on the disk.

Google Takeout splits an export by size and not by photo: a photo, its JSON and its film may lie in three parts. Sony's
cameras keep films, their proxies and their thumbnails in three folders.
"""

from __future__ import annotations

import re
from functools import lru_cache

# `Takeout`, and as unpacking programs name a second one beside it: `Takeout 2`, `Takeout(1)`, `takeout-2`.
_TAKEOUT = re.compile(r"takeout(?:[ _\-]?\(?\d{1,3}\)?)?", re.IGNORECASE)
# The archives are called so: `takeout-20240101T101112Z-001`, `takeout-20240101T101112Z-1-002`.
_STAMPED = re.compile(r"(takeout-\d{8}T\d{6}Z).*", re.IGNORECASE)
# A folder that only counts: `part-2`, `3`, `Teil 1`. Not `user1` and `user2`, who are two people.
_COUNTED = re.compile(
    r"(?:part|parte|partie|teil|deel|del|część|часть|zip|archive?|disc|分卷|部分)?[ _\-.]*\(?\d{1,3}\)?", re.IGNORECASE
)
_LAST_NUMBER = re.compile(r"[ _\-.(]*\d+\)?(?=\D*\Z)")
_SONY = re.compile(r"(.*/M4ROOT)/(?:CLIP|SUB|THMBNL)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def same_folder(folder: str) -> str:
    """One text for all folders that are the same to who wrote them; of most folders themselves."""
    lower = folder.lower()
    if "m4root" in lower and (sony := _SONY.fullmatch(folder)):
        return sony[1]
    return _without_part(folder.split("/")) if "takeout" in lower else folder


def _without_part(parts: list[str]) -> str:
    """The path without the number of the part of an export."""
    whole = [at for at, part in enumerate(parts) if _TAKEOUT.fullmatch(part)]
    if whole:
        at = whole[-1]
        above = [*parts[: at - 1], _numberless(parts[at - 1])] if at else []
        return "/".join([*above, "Takeout", *parts[at + 1 :]])
    at = next(at for at, part in enumerate(parts) if "takeout" in part.lower())
    return "/".join([*parts[:at], _numberless(parts[at]), "Takeout", *parts[at + 1 :]])


def _numberless(part: str) -> str:
    """A part's name without its number; other names as they are."""
    stamped = _STAMPED.fullmatch(part)
    if stamped:
        return stamped[1]
    is_part = "takeout" in part.lower() or _COUNTED.fullmatch(part)
    return _LAST_NUMBER.sub("", part) if is_part else part
