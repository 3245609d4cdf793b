"""What the label files say: classes, albums, and which class speaks for which album. Imports nothing of ours but other types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.choices import LANGUAGES
from album_sort.types.albums import AlbumId
from album_sort.types.content import ClassIndex

ClassAlbums = tuple[tuple[AlbumId, float], ...]
"""Albums that one class speaks for, each with the share (0..1] of its probability; what is missing to 1 speaks for none."""


@dataclass(frozen=True, slots=True)
class ImageNetClass:
    """One of the 1000 classes. Its index is its identity: names repeat among the classes' synonyms."""

    index: ClassIndex
    wnid: str
    """WordNet synset, `n02123045`."""
    names: Mapping[str, str]
    """By language."""


@dataclass(frozen=True, slots=True)
class Album:
    """One of the shipped albums."""

    album_id: AlbumId
    titles: Mapping[str, str]
    """By language; usable as a folder name on every file system."""
    descriptions: Mapping[str, str]
    """By language; one line."""
    order: int
    """Place among the albums, from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """The shipped classes and albums, and how the one leads to the other."""

    classes: tuple[ImageNetClass, ...]
    """All 1000, by index."""
    albums: tuple[Album, ...]
    """By `order`; `travel` and `review`, for which no class speaks, included."""
    class_albums: tuple[ClassAlbums, ...]
    """For each class, by index."""

    @property
    def album_ids(self) -> tuple[AlbumId, ...]:
        """The columns of `weights`."""
        return tuple(album.album_id for album in self.albums)

    def weights(self) -> NDArray[np.float32]:
        """(1000, A): the share of each class's probability that speaks for each album, albums in their order."""
        columns = {album_id: column for column, album_id in enumerate(self.album_ids)}
        table = np.zeros((len(self.classes), len(self.albums)), dtype=np.float32)
        for row, shares in enumerate(self.class_albums):
            for album_id, share in shares:
                table[row, columns[album_id]] = share
        return table

    def title(self, album: AlbumId, lang: str) -> str:
        """Title of an album; the id of one that is not shipped, so that a user's own album still has a name."""
        for known in self.albums:
            if known.album_id == album:
                return in_language(known.titles, lang)
        return album

    def class_name(self, index: ClassIndex, lang: str) -> str:
        """Name of a class."""
        return in_language(self.classes[index].names, lang)


def in_language(texts: Mapping[str, str], lang: str) -> str:
    """The text in this language, else in the first of `LANGUAGES`."""
    return texts[lang] if lang in texts else texts[LANGUAGES[0]]
