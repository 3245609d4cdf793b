"""The user's word on photos: which ones are meant, what is remembered of them, what moves at once. No network, no decision anew."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.formats import kind_of_suffix
from album_sort.core.planning.check import check_plan
from album_sort.core.planning.layout import Layout
from album_sort.core.planning.plan import plan_filings
from album_sort.core.planning.pruning import with_left_out
from album_sort.core.planning.renames import folder_of, without_aliases
from album_sort.errors import UsageError
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.pipeline.execute import new_run_id
from album_sort.pipeline.hand import (
    folders_of,
    reading_of,
    remember_hand,
    see,
    unwanted,
    with_hand,
    with_names_elsewhere,
)
from album_sort.scan import scan
from album_sort.sentences import sentence
from album_sort.state.store import DestinationState
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    ContentId,
    FileEntry,
    FileKind,
    Filing,
    Mode,
    Plan,
    Role,
)
from album_sort.types.corrections import Correction, CorrectionKind, HandReading
from album_sort.types.inner_paths import NOWHERE, inner_path
from album_sort.types.ledger import DestinationPicture, LedgerRow
from album_sort.types.plan import refiled


@dataclass(frozen=True, slots=True)
class Meant:
    """One photo that the user speaks of."""

    content_id: ContentId
    """Of its group's primary."""
    path: str
    """As an absolute path."""


@dataclass(frozen=True, slots=True)
class Albums:
    """A destination as it lies there, with what a person did in it."""

    destination: str
    picture: DestinationPicture
    hand: HandReading
    layout: Layout
    rules: AlbumRules

    @property
    def aliases(self) -> Mapping[AlbumRelPath, AlbumRelPath]:
        """Folders that the user renamed."""
        return {**self.picture.folder_aliases, **self.picture.new_aliases}


def look_at(destination: str, state: DestinationState, layout: Layout, rules: AlbumRules, now_utc: datetime) -> Albums:
    """Reads the albums, as a run would."""
    picture = see(destination, state.records(), layout, rules)
    hand = reading_of(picture, state.corrections(), layout, rules, now_utc)
    return Albums(destination, picture, hand, layout, rules)


def remember_all(state: DestinationState, albums: Albums) -> None:
    """What a person did comes before what is said now."""
    state.remember_moves(albums.picture)
    remember_hand(state, albums.hand)


def find_photos(
    paths: Sequence[str], albums: Albums, known: Mapping[str, Sequence[Meant]] = MappingProxyType({})
) -> list[Meant]:
    """The photos at these paths, in the library or in the albums; of a folder, all in it. Raises `UsageError`.

    A path in the albums may be one at which a deleted photo lay. `known`: what `find_before_undo` has found, by path.
    """
    finder = _Finder(albums)
    found = {meant.content_id: meant for path in paths for meant in known.get(path) or finder.find(path)}
    return list(found.values())


def find_before_undo(paths: Sequence[str], albums: Albums) -> dict[str, list[Meant]]:
    """The photos at these paths, while an undo waits to be finished that will move them or give their names to others.

    A person names a photo where they see it. Paths at which there is nothing are left out.
    """
    finder = _Finder(albums)
    found: dict[str, list[Meant]] = {}
    for path in paths:
        with contextlib.suppress(UsageError, OSError):
            found[path] = list(finder.find_by_content(path))
    return found


class _Finder:
    def __init__(self, albums: Albums) -> None:
        self._fs = RealFileSystem()
        self._albums = albums
        self._root = os.path.realpath(albums.destination)
        self._groups = {row.content_id: row.group_id for row in albums.picture.ledger.values()}

    def find(self, given: str) -> Iterator[Meant]:
        """Raises `UsageError` where there is nothing."""
        path = os.path.abspath(given)
        relative = self._inside(path)
        known = [*self._filed(relative), *self._spoken_of(relative)] if relative is not None else []
        if known:
            yield from (Meant(group, os.path.join(self._albums.destination, at)) for group, at in known)
        elif os.path.isdir(path):
            yield from self._in_folder(path, given)
        elif os.path.isfile(path):
            if not any(file.kind is not FileKind.SIDECAR for file in scan((path,), destination=None).files):
                raise UsageError(
                    sentence("order.this-is-not-a", given=given), hint=sentence("order.give-photos-or-folders")
                )
            content = self._fs.digest(path)
            yield Meant(self._groups.get(ContentId(content), ContentId(content)), path)
        else:
            raise UsageError(
                sentence("order.no-such-photo-3", given=given), hint=sentence("order.give-paths-of-photos-or")
            )

    def find_by_content(self, given: str) -> Iterator[Meant]:
        """As `find`, where files and what is remembered of them are out of step: what really lies there decides."""
        path = os.path.abspath(given)
        if os.path.isdir(path):
            files = [file.path for file in scan((path,), destination=None).files if file.kind is not FileKind.SIDECAR]
            found = [meant for file in files for meant in self.find_by_content(file)]
        else:
            group = self._groups.get(self._fs.digest(path)) if os.path.isfile(path) else None
            found = [Meant(group, path)] if group is not None else []
        yield from found or self.find(given)

    def _inside(self, path: str) -> str | None:
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if real != self._root and not real.startswith(f"{self._root}/"):
            return None
        return os.path.relpath(real, self._root)

    def _filed(self, relative: str) -> Iterator[tuple[ContentId, str]]:
        below = "" if relative == "." else f"{relative}/"
        for path, row in sorted(self._albums.picture.ledger.items()):
            if path == relative or (row.role is Role.PRIMARY and path.startswith(below)):
                yield row.group_id, path

    def _spoken_of(self, relative: str) -> Iterator[tuple[ContentId, str]]:
        """A photo that is kept out lies nowhere any more: it is known by where it lay."""
        for content, said in self._albums.hand.corrections.items():
            if said.keeps_out and relative in (said.note, said.place):
                yield content, relative

    def _in_folder(self, folder: str, given: str) -> Iterator[Meant]:
        files = [file for file in scan((folder,), destination=None).files if file.kind is not FileKind.SIDECAR]
        if not files:
            raise UsageError(sentence("order.no-photos-in", given=given), hint=sentence("order.give-a-folder-that"))
        for file in files:
            content = ContentId(self._fs.digest(file.path))
            yield Meant(self._groups.get(content, content), file.path)


def tell_album(meant: Iterable[Meant], album: AlbumId, albums: Albums, now_utc: datetime) -> list[Correction]:
    """What `fix PHOTO --album ID` says."""
    places = _places(albums)
    return [
        Correction(one.content_id, album, now_utc, one.path, CorrectionKind.FIX, places.get(one.content_id, NOWHERE))
        for one in meant
    ]


def tell_left_out(meant: Iterable[Meant], albums: Albums, now_utc: datetime) -> list[Correction]:
    """What `fix --leave-out PHOTO` says."""
    places = _places(albums)
    return [
        Correction(
            one.content_id,
            AlbumId(""),
            now_utc,
            one.path,
            CorrectionKind.LEFT_OUT,
            places.get(one.content_id, NOWHERE),
        )
        for one in meant
    ]


def _places(albums: Albums) -> dict[ContentId, AlbumRelPath]:
    """Where photos lie, folders as rendered; or lay, for those that are gone."""
    found = {content: said.place for content, said in albums.hand.corrections.items() if said.keeps_out}
    for path, row in albums.picture.ledger.items():
        if row.role is Role.PRIMARY:
            folder = without_aliases(folder_of(path), albums.aliases)
            found[row.group_id] = inner_path(f"{folder}/{path.rpartition('/')[2]}".lstrip("/"))
    return found


def forget(state: DestinationState, contents: Collection[ContentId], albums: Albums) -> int:
    """Takes back what was said of photos, and what a person did with them: the next run decides on them by itself.

    Where they lie now counts as where we put them, and what was deleted of them counts as never filed. How many there were
    of which something had been said.
    """
    said = [content for content in contents if content in albums.hand.corrections]
    removed, changed = counted_as_ours(contents, albums)
    facts = [key for key in state.facts() if key[0] in contents]
    state.forget_corrections(said)
    if facts:
        state.forget_facts(facts)
    state.replace_outputs(removed, changed)
    touched = {content for content, _ in facts}
    touched |= {albums.picture.ledger[path].group_id for path in (*removed, *(row.path for row in changed))}
    return len({*said, *touched})


def counted_as_ours(contents: Collection[ContentId], albums: Albums) -> tuple[list[AlbumRelPath], list[LedgerRow]]:
    """Rows of the ledger to forget, and rows as they are from now on, once nothing counts that a person did with photos."""
    folders = folders_of(albums.picture, albums.layout, albums.rules)
    removed: list[AlbumRelPath] = []
    changed: list[LedgerRow] = []
    for path, row in albums.picture.ledger.items():
        if row.group_id not in contents:
            continue
        rendered = without_aliases(folder_of(path), albums.aliases)
        if path not in albums.picture.present:
            removed.append(path)
        elif rendered and rendered != row.folder:
            album = folders.album_of(folder_of(path)) or row.album
            changed.append(replace(row, filed=refiled(row.filed, folder=rendered, album=album)))
    return removed, changed


def named_elsewhere(
    state: DestinationState, albums: Albums, contents: Collection[ContentId], titles: Mapping[AlbumId, str]
) -> Albums:
    """The albums, with the names that renamed ones have where they have not been yet; that is remembered."""
    filings = _told_filings(albums, contents, titles)
    picture = with_names_elsewhere(albums.picture, albums.hand, filings, albums.layout, albums.rules)
    state.remember_moves(picture)
    return replace(albums, picture=picture)


def plan_at_once(
    albums: Albums, contents: Collection[ContentId], titles: Mapping[AlbumId, str], now_utc: datetime
) -> Plan:
    """Moves what has just been told; `titles`: of albums, as folders are called. Raises what `check_plan` raises."""
    filings = _told_filings(albums, contents, titles)
    picture = with_hand(albums.picture, albums.hand, {})
    plan = plan_filings(
        filings,
        picture,
        mode=Mode.COPY,
        destination=albums.destination,
        created_utc=now_utc,
        plan_id=new_run_id(now_utc),
    )
    left_out = [row for row in unwanted(albums.picture, albums.hand.corrections) if row.group_id in contents]
    plan = with_left_out(plan, left_out)
    check_plan(plan, picture)
    return plan


def _told_filings(albums: Albums, contents: Collection[ContentId], titles: Mapping[AlbumId, str]) -> list[Filing]:
    folders = folders_of(albums.picture, albums.layout, albums.rules)
    filings = []
    rows_of: defaultdict[ContentId, list[LedgerRow]] = defaultdict(list)
    for path, row in sorted(albums.picture.ledger.items()):
        if row.group_id in contents and path in albums.picture.present and row.role is not Role.ALSO:
            rows_of[row.group_id].append(row)
    for group, rows in rows_of.items():
        said = albums.hand.corrections.get(group)
        if said is not None and said.kind is CorrectionKind.FIX:
            album = albums.rules.resolve(said.album) or said.album
            filings += [_filing(row, album, folders.in_album(row.folder, titles[album])) for row in rows]
    return filings


def _filing(row: LedgerRow, album: AlbumId, folder: AlbumRelPath) -> Filing:
    kind = kind_of_suffix(os.path.splitext(row.source)[1].lower()) or FileKind.PHOTO
    file = FileEntry(row.source, os.path.dirname(row.source), row.size_bytes, row.mtime_ns, 0, 0, kind)
    return Filing(file, refiled(row.filed, folder=folder, album=album))
