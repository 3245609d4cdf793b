"""Which albums `album-sort` alone is about: those that one stands in, as git finds its repository, or those that are known."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from album_sort.core.quoting import out_option, shell_word
from album_sort.errors import UsageError
from album_sort.operations.known_albums import KnownAlbums, known_albums
from album_sort.paths import given_path, is_within
from album_sort.pipeline.remembered import open_to_read, read_roots
from album_sort.sentences import sentence
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
    if (around := albums_around(folder)) is not None:
        return (_remembered(around, is_meant=_is_mine(around)),)
    if known := _known_in(folder):
        return tuple(Here(one.albums, one.photos, is_meant=True) for one in known)
    return tuple(_remembered(child, is_meant=False) for child in _children(folder))


def albums_around(folder: str) -> Path | None:
    """The albums that one stands in."""
    return next((parent for parent in (Path(folder), *Path(folder).parents) if _has_memory(parent)), None)


def the_albums(folder: str, typed: Sequence[str] = ()) -> str:
    """The albums that a verb without `--out` is about: those that one stands in, else the only ones that were set up.

    Raises `UsageError` where there are none, or several; where a word of what was typed (without the program's name) lies in
    albums, with the call that would have named them.
    """
    if (around := albums_around(folder)) is not None:
        return str(around)
    known = _known_in(folder)
    if len(known) == 1:
        return known[0].albums
    several = ", ".join(one.albums for one in known)
    said = sentence("command.no-albums-here") if not known else sentence("command.several-albums-known", albums=several)
    raise UsageError(said, hint=_call_with_out(typed) or sentence("command.name-the-albums"))


def _call_with_out(typed: Sequence[str]) -> str:
    """`verify ~/Albums` as it was meant: `album-sort verify --out ~/Albums`; of a photo in albums, these are added."""
    for at, word in enumerate(typed):
        path = given_path(word) if os.sep in word or os.path.lexists(word) else ""
        albums = albums_around(path) if path else None
        if albums is None:
            continue
        rest = [*typed[:at], *typed[at + 1 :]] if str(albums) == path else typed
        return f"album-sort {' '.join(map(_typed_again, rest))}{out_option(str(albums))}"
    return ""


def _typed_again(word: str) -> str:
    """One word for the shell; an option stays as bare as it was."""
    bare = word.lstrip("-")
    return word[: len(word) - len(bare)] + shell_word(bare) if bare else word


def _known_in(folder: str) -> tuple[KnownAlbums, ...]:
    known = known_albums()
    return tuple(one for one in known if any(is_within(folder, photos) for photos in one.photos)) or known


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
