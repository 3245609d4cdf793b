"""The data of a page and the indexes over it: which block and which pack holds the nth photo of an album."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from album_sort.report._blocks import Blocks


@dataclass(frozen=True, slots=True)
class AlbumIndex:
    """One album: its photos lie one after the other from these blocks on."""

    album: str
    title: str
    photos: int
    first_chunk: int
    first_pack: int


@dataclass(slots=True)
class PageParts:
    """What lies in the page or beside it."""

    blocks: Blocks
    photos_base: str
    """Address of the destination, seen from the page; "" where nothing is filed."""
    chunk_cards: int
    pack_thumbnails: int
    albums: list[AlbumIndex] = field(default_factory=list)
    bursts: int = 0
    """Series of similar shots."""
    _chunks: int = 0
    _packs: int = 0

    def add_album(self, album: str, title: str, photos: int) -> None:
        """Gives an album its place after the one before."""
        self.albums.append(AlbumIndex(album, title, photos, self._chunks, self._packs))
        self._chunks += -(-photos // self.chunk_cards)
        self._packs += -(-photos // self.pack_thumbnails)

    def chunks_of_last_album(self) -> Iterator[tuple[int, int]]:
        """Number of each chunk and the position of its first photo."""
        last = self.albums[-1]
        return enumerate(range(0, last.photos, self.chunk_cards), start=last.first_chunk)

    def packs_of_last_album(self) -> Iterator[tuple[int, int]]:
        """Number of each pack and the position of its first photo."""
        last = self.albums[-1]
        return enumerate(range(0, last.photos, self.pack_thumbnails), start=last.first_pack)
