"""An album by any of its names: its id, its titles in every language, the name that a person gave to its folder. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from album_sort.core.file_names import fold
from album_sort.errors import UsageError, nearest
from album_sort.sentences import sentence
from album_sort.types import AlbumId

_LIKENESS = 0.65
"""Of a name and the one that it may mean: `belo` is Bello, but `dogs` no `videos`."""


def is_called(name: str, album: AlbumId, titles: Iterable[str]) -> bool:
    """Whether an album of this id and these titles has that name, whatever its capitals."""
    wanted = fold(name.strip().rstrip("/"))
    return any(fold(spelled.strip()) == wanted for spelled in (album, *titles))


def find_album(
    name: str, titles: Mapping[AlbumId, Iterable[str]], *, listed_by: str = "plan.album-sort-albums-list", out: str = ""
) -> AlbumId:
    """The album of that name, whatever its capitals; raises `UsageError` with the nearest name for one that is unknown.

    `listed_by`: the sentence that says how all of these are listed; `out`: what that takes to find the albums, ` --out ALBUMS`.
    """
    known: dict[str, tuple[AlbumId, str]] = {}
    for album, given in titles.items():
        for spelled in (album, *given):
            known.setdefault(fold(spelled.strip()), (album, spelled))
    wanted = fold(name.strip().rstrip("/"))
    if wanted in known:
        return known[wanted][0]
    near = nearest(wanted, known, _LIKENESS) or next((key for key in known if wanted and key.startswith(wanted)), "")
    guess = sentence("plan.did-you-mean", known=known[near][1]) if near else ""
    raise UsageError(sentence("plan.unknown-album", name=name, guess=guess), hint=sentence(listed_by, out=out))
