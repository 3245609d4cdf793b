"""Albums that a person made, renamed or merged by a change: kept by the destination, laid over the rules. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from album_sort.types import AlbumId, ContentId


@dataclass(frozen=True, slots=True)
class OwnAlbums:
    """What a person has made of the albums."""

    made: tuple[tuple[AlbumId, str], ...] = ()
    """Albums that are theirs, with their titles: no class speaks for them, so only what is put there is there."""
    called: tuple[tuple[AlbumId, str], ...] = ()
    """Albums with the titles that they have been given."""
    merged: tuple[tuple[AlbumId, AlbumId], ...] = ()
    """Albums, and into which they have gone."""
    covers: tuple[tuple[AlbumId, ContentId], ...] = ()
    """Albums, and the photo that was chosen to stand for each; it counts while it is there."""

    def below(self) -> Iterator[str]:
        """Rules files to be laid under the user's own, one after the other: each may be refused without harm for the others."""
        for album, title in self.made:
            yield f"[album.{album}]\ntitle = {_text(title)}\n"

    def above(self) -> Iterator[str]:
        """Those to be laid over it."""
        for album, title in self.called:
            yield f"[album.{album}]\ntitle = {_text(title)}\n"
        # One that goes into another before something goes into it would be no album any more: the last ones first.
        left, order = dict(self.merged), list[tuple[AlbumId, AlbumId]]()
        while left:
            leaves = [album for album in left if album not in left.values()] or list(left)
            order += [(album, left.pop(album)) for album in sorted(leaves)]
        for album, into in order:
            yield f"[album.{into}]\nmerge = [{_text(album)}]\n"


NO_OWN_ALBUMS = OwnAlbums()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
