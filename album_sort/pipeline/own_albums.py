"""Albums that a person made, renamed, merged or gave a cover, by key of a destination's settings: an undo takes them back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from album_sort.core.albums.own_albums import OwnAlbums
from album_sort.core.learning.lesson import is_title
from album_sort.core.planning.naming import is_name
from album_sort.state.store import DestinationState
from album_sort.types import AlbumId, ContentId

MADE, CALLED, MERGED, COVER = "made ", "called ", "merged ", "cover "
"""Keys, before the album's id."""

PREFIXES = (MADE, CALLED, MERGED, COVER)

_ALBUM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONTENT = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read_own_albums(state: DestinationState) -> OwnAlbums:
    """From an open state; of its settings, which may hold megabytes of lessons, only these are read."""
    return own_albums_of({key: text for prefix in PREFIXES for key, text in state.settings_with(prefix).items()})


def own_albums_of(settings: Mapping[str, str]) -> OwnAlbums:
    """From the settings of a destination; what makes no sense there is passed over."""
    return OwnAlbums(
        tuple((album, title) for album, title in _with(settings, MADE) if _is_good(title)),
        tuple((album, title) for album, title in _with(settings, CALLED) if _is_good(title)),
        tuple((album, AlbumId(into)) for album, into in _with(settings, MERGED) if _ALBUM_ID.fullmatch(into)),
        tuple((album, ContentId(photo)) for album, photo in _with(settings, COVER) if _CONTENT.fullmatch(photo)),
    )


def _with(settings: Mapping[str, str], prefix: str) -> list[tuple[AlbumId, str]]:
    found = ((key.removeprefix(prefix), text) for key, text in sorted(settings.items()) if key.startswith(prefix))
    return [(AlbumId(album), text) for album, text in found if text and _ALBUM_ID.fullmatch(album)]


def _is_good(title: str) -> bool:
    return is_title(title) and is_name(title)
