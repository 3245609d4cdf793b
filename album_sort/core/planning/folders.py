"""Which album a folder in the destination belongs to, read back through the layout and the titles in every language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from album_sort.core.file_names import fold
from album_sort.core.planning.layout import Layout
from album_sort.core.planning.naming import sanitise
from album_sort.core.planning.renames import Aliases, without_aliases
from album_sort.types import AlbumId, AlbumRelPath
from album_sort.types.inner_paths import NOWHERE

Titles = Mapping[AlbumId, tuple[str, ...]]
"""All titles of each album: the user's, and the shipped ones in every language."""


class _Found(NamedTuple):
    """An album's name in a rendered folder."""

    album: AlbumId
    level: int
    """Which of the folder's names it is in."""
    start: int
    end: int
    """Where in that name."""


class AlbumFolders:
    """Reads folders of one layout."""

    def __init__(self, layout: Layout, titles: Titles, aliases: Aliases) -> None:
        self._layout = layout
        self._titles = titles
        self._aliases = aliases
        self._known: dict[AlbumRelPath, AlbumId | None] = {}

    def album_of(self, folder: AlbumRelPath) -> AlbumId | None:
        """The album whose folder this is, or lies in; None where its names say nothing of an album."""
        if folder not in self._known:
            found = self._find(without_aliases(folder, self._aliases))
            self._known[folder] = found and found.album
        return self._known[folder]

    def root_of(self, rendered: AlbumRelPath) -> AlbumRelPath:
        """The part of a rendered folder that ends with the album's name; empty where there is none."""
        found = self._find(rendered)
        return AlbumRelPath("/".join(rendered.split("/")[: found.level + 1])) if found else NOWHERE

    def title_span(self, rendered: AlbumRelPath, album: AlbumId) -> tuple[AlbumRelPath, int, int] | None:
        """The part of a rendered folder that ends with the album's name, and where in its last name that stands.

        Folders of an earlier layout are read too: there a name must be nothing but a title of `album`, the one that was filed there.
        """
        names = rendered.split("/")
        found = self._find(rendered) or next(
            (
                _Found(album, level, 0, len(name))
                for level, name in enumerate(names)
                if self._albums.get(fold(name)) == album
            ),
            None,
        )
        if found is None or found.album != album:
            return None
        return AlbumRelPath("/".join(names[: found.level + 1])), found.start, found.end

    def in_album(self, rendered: AlbumRelPath, title: str) -> AlbumRelPath:
        """The same rendered folder in another album; as it is, where albums have no part in it."""
        found = self._find(rendered)
        if found is None:
            return rendered
        names = rendered.split("/")
        name = names[found.level]
        names[found.level] = sanitise(name[: found.start] + title + name[found.end :])
        return AlbumRelPath("/".join(names))

    def _find(self, rendered: AlbumRelPath) -> _Found | None:
        names = rendered.split("/")
        for first, last, pattern in self._patterns:
            for level in range(first, min(last + 1, len(names))):
                match = pattern.fullmatch(fold(names[level]))
                if match:
                    start, end = match.span("album")
                    return _Found(self._albums[match["album"]], level, start, end)
        return None

    @cached_property
    def _albums(self) -> dict[str, AlbumId]:
        """By the title as it stands in a folder's name; where two albums share one, the first has it."""
        found: dict[str, AlbumId] = {}
        for album, titles in self._titles.items():
            for title in titles:
                found.setdefault(fold(sanitise(title)), album)
        return found

    @cached_property
    def _patterns(self) -> tuple[tuple[int, int, re.Pattern[str]], ...]:
        """First and last level at which the album's name may be, and how that name looks."""
        return tuple(self._read_layout())

    def _read_layout(self) -> Iterator[tuple[int, int, re.Pattern[str]]]:
        titles = "|".join(re.escape(title) for title in sorted(self._albums, key=len, reverse=True))
        optional = 0
        for level, segment in enumerate(self._layout.segments):
            if "album" in {name for piece in segment if not isinstance(piece, str) for name in piece.names}:
                text, is_named = "", False
                for piece in segment:
                    if isinstance(piece, str):
                        text += re.escape(fold(piece))
                    elif "album" in piece.names and not is_named:
                        text, is_named = f"{text}(?P<album>{titles})", True
                    else:
                        text += ".*"
                yield level - optional, level, re.compile(text)
            # A level of which no field has a value is left out of the folder.
            optional += all(not isinstance(piece, str) and not piece.word for piece in segment)
