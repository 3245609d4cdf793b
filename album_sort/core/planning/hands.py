"""A person's hand in the albums, read as a correction: photos moved into other folders, put back, deleted. Pure.

Everything is told from where the files lie and what is remembered of them, not from events: a run that was killed, a preview, a lost
state read the same, and the second reading finds nothing new. Where a photo lay when a person or the program last decided is its
base; lying elsewhere is news.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from album_sort.core.planning.folders import AlbumFolders
from album_sort.core.planning.renames import Aliases, folder_of, with_aliases, without_aliases
from album_sort.types import AlbumId, AlbumRelPath, ContentId, Filing, Role
from album_sort.types.corrections import (
    KEPT,
    Correction,
    CorrectionKind,
    HandChange,
    HandKind,
    HandReading,
    Withheld,
)
from album_sort.types.inner_paths import NOWHERE
from album_sort.types.ledger import DestinationPicture, LedgerRow

LOST_SHARE = 0.5
"""When more than this share of all filed photos is gone, a disk was lost or is not mounted: nobody deletes so many one by one."""

LOST_ALBUM = 10
"""So it is with an album of which nothing is left, from this many photos on, or where its folder is gone too."""

Corrections = Mapping[ContentId, Correction]
Resolve = Callable[[AlbumId], AlbumId | None]
"""The album that takes what was meant for this one."""


def read_hand(
    picture: DestinationPicture,
    corrections: Corrections,
    folders: AlbumFolders,
    *,
    now_utc: datetime,
    resolve: Resolve = lambda album: album,
) -> HandReading:
    """What a person has done in the albums since the last run, and what holds from now on."""
    reader = _Reader(picture, corrections, folders, now_utc, resolve)
    return reader.read()


class _Reader:
    def __init__(
        self,
        picture: DestinationPicture,
        corrections: Corrections,
        folders: AlbumFolders,
        now_utc: datetime,
        resolve: Resolve,
    ) -> None:
        self._picture = picture
        self._now_utc = now_utc
        self._folders = folders
        self._resolve = resolve
        self._corrections = dict(corrections)
        self._aliases: Aliases = {**picture.folder_aliases, **picture.new_aliases}
        self._before = {row.path: path for path, row in picture.found_again}
        self._changes: list[HandChange] = []
        self._photos: defaultdict[ContentId, list[LedgerRow]] = defaultdict(list)
        for row in picture.ledger.values():
            if row.role is Role.PRIMARY:
                self._photos[row.content_id].append(row)

    def read(self) -> HandReading:
        deleted, missing = self._deleted_and_lost()
        for row in deleted:
            self._change(HandKind.DELETED, row, AlbumId(""))
        for rows in self._photos.values():
            there = [row for row in rows if row.path in self._picture.present]
            if there:
                # The same photo may be filed twice (alone, and beside its RAW): the one that was moved tells.
                self._read_photo(min(there, key=lambda row: (self._is_home(row), row.path)))
        self._changes.sort(key=lambda change: (change.path or change.before, change.content_id))
        return HandReading(
            corrections=self._corrections,
            withheld=frozenset(() if missing else self._withheld()),
            changes=tuple(self._changes),
            pinned=dict(self._pins()),
            freed=frozenset(self._freed()),
            missing=missing,
        )

    def _home(self, row: LedgerRow) -> AlbumRelPath:
        """Where we filed a photo, by the present names of the folders."""
        return with_aliases(row.folder, self._aliases)

    def _is_home(self, row: LedgerRow) -> bool:
        return folder_of(row.path) == self._home(row)

    def _is_pending(self, row: LedgerRow, said: Correction) -> bool:
        """Whether no run has moved the photo since `fix` was told of it; a run's id begins with its moment."""
        return row.run_id[:15] < f"{said.created_utc:%Y%m%d-%H%M%S}"

    def _is_brought_back(self, row: LedgerRow, said: Correction | None) -> bool:
        """Whether an undo, and no hand, has taken the photo from where it lay when `fix` was told of it."""
        is_fix = said is not None and said.kind is CorrectionKind.FIX and self._is_pending(row, said)
        return is_fix and row.path not in self._before

    def _bases(self, row: LedgerRow, said: Correction | None) -> tuple[AlbumRelPath, ...]:
        """Where the photo lay when somebody, or the program, decided on it last."""
        if said is None or not said.place:
            return (self._home(row),)
        is_pending_fix = said.kind is CorrectionKind.FIX and self._is_pending(row, said)
        if said.kind is CorrectionKind.MOVED or is_pending_fix:
            rendered = folder_of(said.place)
            # Somebody may have made a folder of the very name that an album had before it was renamed.
            return with_aliases(rendered, self._aliases), rendered
        return (self._home(row),)

    def _read_photo(self, row: LedgerRow) -> None:
        said = self._corrections.get(row.content_id)
        is_home, place = self._is_home(row), folder_of(row.path)
        if said is not None and said.kind is CorrectionKind.LEFT_OUT:
            return
        if said is not None and said.kind is CorrectionKind.DELETED and is_home:
            self._change(HandKind.PUT_BACK, row, self._believed(row, None))
        elif said is not None and said.kind is CorrectionKind.MOVED and is_home:
            self._change(HandKind.MOVED_BACK, row, self._believed(row, None))
        elif place not in self._bases(row, said) and not self._is_brought_back(row, said):
            album = self._album_here(place)
            is_same = album is None or album == self._believed(row, said)
            self._change(HandKind.PLACED if is_same else HandKind.MOVED, row, album or self._believed(row, said))

    def _album_here(self, place: AlbumRelPath) -> AlbumId | None:
        """The album that a photo counts as being in by its place; None where a place of ours says nothing of albums."""
        album = self._folders.album_of(place)
        if album is not None:
            return album
        return None if place in self._our_folders else KEPT

    @cached_property
    def _our_folders(self) -> frozenset[AlbumRelPath]:
        return frozenset(self._home(row) for rows in self._photos.values() for row in rows)

    def _believed(self, row: LedgerRow, said: Correction | None) -> AlbumId:
        """The album in which the photo was before this change."""
        album = said.album if said is not None and said.album else row.album
        return self._resolve(album) or album

    def _change(self, kind: HandKind, row: LedgerRow, album: AlbumId) -> None:
        said = self._corrections.get(row.content_id)
        is_gone = kind is HandKind.DELETED
        was = self._before.get(row.path) or (said.place if said else NOWHERE) or self._filed_as(row)
        self._changes.append(
            HandChange(
                kind,
                row.content_id,
                row.path if is_gone else was,
                NOWHERE if is_gone else row.path,
                album,
                row.source,
            )
        )
        if kind in (HandKind.MOVED_BACK, HandKind.PUT_BACK):
            del self._corrections[row.content_id]
            return
        self._corrections[row.content_id] = Correction(
            content_id=row.content_id,
            album=self._to_remember(kind, said, album),
            created_utc=self._now_utc,
            note=row.path if is_gone else was,
            kind=CorrectionKind.DELETED if is_gone else CorrectionKind.MOVED,
            place=self._rendered(row.path),
        )

    def _to_remember(self, kind: HandKind, said: Correction | None, album: AlbumId) -> AlbumId:
        """Another place in the same album says nothing about the album that has not been said before."""
        if kind is HandKind.MOVED:
            return album
        return said.album if kind is HandKind.PLACED and said is not None else AlbumId("")

    def _rendered(self, path: AlbumRelPath) -> AlbumRelPath:
        """A path with its folder as the layout renders it: what the user calls the folder later is not news of the photo."""
        folder, slash, name = path.rpartition("/")
        return AlbumRelPath(without_aliases(AlbumRelPath(folder), self._aliases) + slash + name)

    def _filed_as(self, row: LedgerRow) -> AlbumRelPath:
        return AlbumRelPath(f"{self._home(row)}/{row.path.rpartition('/')[2]}")

    def _deleted_and_lost(self) -> tuple[list[LedgerRow], int]:
        """Photos that a person deleted, and how many more are gone that must have been lost otherwise."""
        open_rows = [row for row in self._first_rows() if not self._is_told_gone(row)]
        gone = [row for row in open_rows if row.path not in self._picture.present]
        if not gone:
            return [], 0
        if len(gone) > LOST_SHARE * len(open_rows):
            return [], len(gone)
        left = Counter(self._root(row) for row in open_rows if row.path in self._picture.present)
        lost = Counter(self._root(row) for row in gone)
        whole = {
            root for root, count in lost.items() if not left[root] and (count >= LOST_ALBUM or not self._is_there(root))
        }
        deleted = [row for row in gone if self._root(row) not in whole]
        return deleted, len(gone) - len(deleted)

    def _first_rows(self) -> Iterable[LedgerRow]:
        """One row for each photo: one that is there, if any is."""
        return (
            min(rows, key=lambda row: (row.path not in self._picture.present, row.path))
            for rows in self._photos.values()
        )

    def _is_told_gone(self, row: LedgerRow) -> bool:
        said = self._corrections.get(row.content_id)
        return said is not None and said.keeps_out and row.path not in self._picture.present

    def _root(self, row: LedgerRow) -> AlbumRelPath:
        """The album's folder in which a file was remembered, as rendered: what was moved from there was not lost with it."""
        folder = without_aliases(folder_of(self._before.get(row.path, row.path)), self._picture.folder_aliases)
        return self._folders.root_of(folder) or AlbumRelPath(folder.partition("/")[0])

    def _is_there(self, root: AlbumRelPath) -> bool:
        return not root or with_aliases(root, self._aliases) in self._picture.folders

    def _withheld(self) -> Iterator[Withheld]:
        """Sidecars, second halves and links in secondary albums that a person deleted while the photo itself stayed."""
        there = {row.group_id for rows in self._photos.values() for row in rows if row.path in self._picture.present}
        for path, row in self._picture.ledger.items():
            is_gone = row.role is not Role.PRIMARY and path not in self._picture.present
            if is_gone and row.group_id in there and self._is_there(self._root(row)):
                yield row.group_id, row.content_id, row.folder if row.role is Role.ALSO else NOWHERE

    def _pins(self) -> Iterator[tuple[ContentId, AlbumRelPath]]:
        for content_id, rows in self._photos.items():
            said = self._corrections.get(content_id)
            if said is not None and said.kind is CorrectionKind.MOVED:
                row = min(rows, key=lambda row: (self._is_home(row), row.path))
                yield row.group_id, folder_of(row.path)

    def _freed(self) -> Iterator[ContentId]:
        for content_id, rows in self._photos.items():
            said = self._corrections.get(content_id)
            if said is not None and said.kind is CorrectionKind.FIX:
                album = self._resolve(said.album) or said.album
                yield from (
                    row.group_id
                    for row in rows
                    if not self._is_home(row) and self._folders.album_of(folder_of(row.path)) != album
                )


def renamed_albums(rows: Iterable[LedgerRow], aliases: Aliases, folders: AlbumFolders) -> dict[AlbumId, str]:
    """Titles of the albums whose folders a person has renamed.

    Where an album has several folders (`{year}/{album}`), all must have been given the same name.
    """
    names: defaultdict[AlbumId, set[str]] = defaultdict(set)
    for rendered, album in {(row.folder, row.album) for row in rows}:
        span = folders.title_span(rendered, album)
        if span is not None:
            root, start, end = span
            before, actual = _name_of(root), _name_of(with_aliases(root, aliases))
            names[album].add("" if actual == before else _title_in(actual, before[:start], before[end:]))
    found = {album: next(iter(given)) for album, given in names.items() if len(given) == 1}
    return {album: name for album, name in found.items() if name}


def names_elsewhere(
    filings: Iterable[Filing], titles: Mapping[AlbumId, str], aliases: Aliases, folders: AlbumFolders
) -> dict[AlbumRelPath, AlbumRelPath]:
    """Aliases for folders in which a renamed album comes to lie for the first time: another layout, a new year."""
    if not titles:
        return {}
    found: dict[AlbumRelPath, AlbumRelPath] = {}
    for rendered, album in {(one.folder, one.album) for one in filings if one.album in titles}:
        span = folders.title_span(rendered, album)
        if span is not None and with_aliases(span[0], aliases) == span[0] and span[0] not in aliases:
            found[span[0]] = folders.in_album(span[0], titles[album])
    return found


def _title_in(actual: str, before: str, after: str) -> str:
    """The album's part of a folder's name that holds more than that (`2024 Sports`), where the rest is as it was."""
    middle = actual.removeprefix(before).removesuffix(after)
    return middle if middle and f"{before}{middle}{after}" == actual else actual


def _name_of(folder: AlbumRelPath) -> str:
    return folder.rpartition("/")[2]
