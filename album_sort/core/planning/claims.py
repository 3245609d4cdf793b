"""Names claimed against the disk and the plan alike: who gets which name in which folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from album_sort.core.file_names import fold
from album_sort.core.planning.naming import SUFFIX_LENGTHS, compose, tag_of
from album_sort.types import AlbumRelPath, ContentId
from album_sort.types.ledger import DestinationPicture

_LONGEST_TAG = 1 + SUFFIX_LENGTHS[-1] + 8


class NameParts(NamedTuple):
    """A sanitised name in parts: what it shares with its group, a suffix of its own, and its rest."""

    stem: str
    tail: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims names, and what suffix they get when the plain ones are taken."""

    owner: ContentId
    """Its beginning is the suffix."""
    group_tag: str = ""
    """Suffix that other files of the group have already: it comes first in any case."""
    mover: ContentId | None = None
    """The group, where its files are moved."""


class Folders:
    """Brings rendered folders to the spelling and the place that they have in the destination."""

    def __init__(self, picture: DestinationPicture) -> None:
        self._aliases = {**picture.folder_aliases, **picture.new_aliases}
        self._spelling: dict[str, AlbumRelPath] = {}
        self._known: dict[AlbumRelPath, AlbumRelPath] = {}
        self._files = picture.present
        self._exact = picture.folders
        for folder in sorted(picture.folders, reverse=True):
            self._spelling[fold(folder)] = folder

    def resolve(self, folder: AlbumRelPath) -> AlbumRelPath:
        """The folder to file into: renamed ones under their new name, and never a second spelling of one that exists."""
        if folder not in self._known:
            self._known[folder] = self._spelled(self._aliased(folder))
        return self._known[folder]

    def _aliased(self, folder: AlbumRelPath) -> AlbumRelPath:
        parts = folder.split("/")
        for end in range(len(parts), 0, -1):
            if actual := self._aliases.get(AlbumRelPath("/".join(parts[:end]))):
                return AlbumRelPath("/".join((actual, *parts[end:])))
        return folder

    def _spelled(self, folder: AlbumRelPath) -> AlbumRelPath:
        spelled = ""
        for part in folder.split("/"):
            wanted = AlbumRelPath(f"{spelled}/{part}" if spelled else part)
            while wanted in self._files:
                # A file has the name that the folder should have: the folder gives way.
                wanted = AlbumRelPath(wanted + "~")
            spelled = wanted if wanted in self._exact else self._spelling.setdefault(fold(wanted), wanted)
        return AlbumRelPath(spelled)


class NameClaims:
    """The names taken in each folder, by their clash key."""

    def __init__(self, picture: DestinationPicture, *, limit: int) -> None:
        self._picture = picture
        self._limit = limit
        self._taken: defaultdict[str, set[str]] = defaultdict(set)
        self._released: defaultdict[str, dict[str, ContentId]] = defaultdict(dict)
        self._names_on_disk: Mapping[str, Sequence[str]] | None = None

    def reserve(self, path: AlbumRelPath) -> None:
        """Take a name that an output already has."""
        folder, _, name = path.rpartition("/")
        self._in(folder).add(fold(name))

    def is_free(self, path: AlbumRelPath) -> bool:
        """Whether nothing has this name."""
        folder, _, name = path.rpartition("/")
        return fold(name) not in self._in(folder)

    def release(self, path: AlbumRelPath, mover: ContentId) -> None:
        """Let go of a name whose file this plan moves away. `mover`: the group that it belongs to."""
        folder, _, name = path.rpartition("/")
        self._in(folder).discard(fold(name))
        self._released[folder][fold(name)] = mover

    def take(self, folder: AlbumRelPath, name: str) -> bool:
        """Take a sanitised name as it is, if it is short enough and free."""
        key, taken = fold(name), self._in(folder)
        if len(name) > self._limit // 4 or key in taken:  # a character has up to four bytes
            return False
        taken.add(key)
        return True

    def claim(self, folder: AlbumRelPath, names: Sequence[NameParts], by: Claimant) -> tuple[list[str], bool]:
        """Legal, free names for files that stay in step, and whether a suffix of their own was needed."""
        taken = self._in(folder)
        released = self._released.get(folder, {})
        for tag in tags(by.owner):
            composed = [
                compose(part.stem, by.group_tag + tag + part.tag, part.tail, limit=self._limit) for part in names
            ]
            keys = {fold(name) for name in composed}
            # Moves are carried out in the order of their groups: a name is free for those that come later.
            waits = by.mover and any(key in released and released[key] >= by.mover for key in keys)
            if len(keys) == len(composed) and not keys & taken and not waits:
                taken |= keys
                return composed, bool(tag)
        raise ValueError(f"no free name in {folder!r} for {names!r}")  # pragma: no cover - a million are taken

    def _in(self, folder: str) -> set[str]:
        if folder not in self._taken:
            self._taken[folder] = {fold(name) for name in self._on_disk().get(folder, ())}
        return self._taken[folder]

    def _on_disk(self) -> Mapping[str, Sequence[str]]:
        if self._names_on_disk is None:
            self._names_on_disk = names_by_folder((*self._picture.present, *self._picture.folders))
        return self._names_on_disk


def names_by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """Names of files and folders by the folder they are in."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        names[folder].append(name)
    return names


def distinct(names: Sequence[NameParts], content_ids: Sequence[ContentId]) -> list[NameParts]:
    """The names of a group's files, where those of equal name but different content get a suffix of their own."""
    result = list(names)
    if len(names) == 1:
        return result
    used: set[str] = set()
    for index in sorted(range(len(names)), key=lambda index: (content_ids[index], names[index])):
        part = next(part for part in _tagged(names[index], content_ids[index]) if _key(part) not in used)
        used.add(_key(part))
        result[index] = part
    return result


def _tagged(part: NameParts, content_id: ContentId) -> Iterator[NameParts]:
    return (part._replace(tag=tag) for tag in tags(content_id))


def _key(part: NameParts) -> str:
    # With the room of the longest suffix taken away, so that names that are equal once cut count as equal.
    return fold(compose(part.stem, "~" + "0" * (_LONGEST_TAG - 1) + part.tag, part.tail))


def tags(owner: ContentId) -> Iterator[str]:
    """The suffixes to try, shortest first: none, `~3fa9c1` ...; where somebody has prepared them all, it counts on."""
    yield from (tag_of(owner, digits) for digits in (0, *SUFFIX_LENGTHS))
    yield from (f"{tag_of(owner, SUFFIX_LENGTHS[-1])}-{number}" for number in range(2, 1_000_000))


def known_forms(part: NameParts, owners: Collection[ContentId], *, limit: int) -> set[str]:
    """The names that we would have given: a file with another one was renamed by the user."""
    candidates = {tag_of(owner, digits) for owner in owners for digits in (0, *SUFFIX_LENGTHS)}
    return {compose(part.stem, tag, part.tail, limit=limit) for tag in candidates}
