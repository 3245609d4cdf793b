"""Which albums `album-sort` alone is about: those that one stands in, as git finds its repository, or those that are known."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from album_sort.operations.known_albums import known_albums
from album_sort.pipeline.remembered import open_to_read, read_roots
from album_sort.types.ledger import STATE_FOLDER

_MOST_LOOKED_AT = 2_000
"""Names in a folder: whoever stands in a folder of a million files is not kept waiting."""


@dataclass(frozen=True, slots=True)
class Here:
    """Albums, and the photos that they are made of. Paths are absolute."""

    albums: str
    photos: tuple[str, ...]
    """Empty where the albums do not say: they were made from lists of photos."""
    is_meant: bool
    """Whether nothing else can be meant, so that it may be done without asking: one stands in the albums, or has set them up.

    Sorting takes nothing away and can be taken back, but albums that only happen to lie near are not sorted into by a script.
    """


def albums_here(folder: str) -> tuple[Here, ...]:
    """What `album-sort` alone may mean in a folder; several where one has to be named."""
    for parent in (Path(folder), *Path(folder).parents):
        if _has_memory(parent):
            return (_remembered(parent, is_meant=_is_mine(parent)),)
    known = [Here(one.albums, one.photos, is_meant=True) for one in known_albums()]
    around = [one for one in known if any(_is_within(folder, photos) for photos in one.photos)]
    if around or known:
        return tuple(around or known)
    return tuple(_remembered(child, is_meant=False) for child in _children(folder))


def _children(folder: str) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.path for entry in itertools.islice(entries, _MOST_LOOKED_AT) if entry.is_dir()]
    except OSError:
        return []
    return [Path(name) for name in sorted(names) if _has_memory(Path(name))]


def _has_memory(folder: Path) -> bool:
    try:
        return (folder / STATE_FOLDER).is_dir()
    except OSError:
        return False


def _is_mine(folder: Path) -> bool:
    """Somebody else's albums say what somebody else wants."""
    return (folder / STATE_FOLDER).stat().st_uid == os.getuid()


def _remembered(albums: Path, *, is_meant: bool) -> Here:
    with open_to_read(str(albums)) as state:
        return Here(str(albums), read_roots(state), is_meant)


def _is_within(folder: str, other: str) -> bool:
    return folder == other or folder.startswith(f"{other.rstrip('/')}/")
