"""Entries in secondary albums: links to where the photo lies in its primary album."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from album_sort.core.file_names import split_suffix
from album_sort.core.planning.claims import Claimant, Folders, NameClaims, NameParts
from album_sort.core.planning.naming import LONGEST_SUFFIX
from album_sort.types import Action, AlbumRelPath, ContentId, Filing, PlannedOp, Reason, Role
from album_sort.types.ledger import DestinationPicture, LedgerRow
from album_sort.types.plan import refiled


class LinkPlanner:
    """Plans the entries in secondary albums, once the primary ones are planned."""

    def __init__(self, picture: DestinationPicture, folders: Folders, claims: NameClaims) -> None:
        self._picture = picture
        self._folders = folders
        self._claims = claims
        self._rows: defaultdict[ContentId, list[LedgerRow]] = defaultdict(list)
        self._by_origin: dict[tuple[AlbumRelPath, AlbumRelPath], LedgerRow] = {}
        for row in picture.ledger.values():
            if row.role is Role.ALSO and row.path in picture.present:
                self._rows[row.content_id].append(row)
                self._by_origin[row.origin, row.folder] = row

    def plan(self, also: Sequence[Filing], primaries: Iterable[PlannedOp]) -> list[PlannedOp]:
        """Rows of the filings in secondary albums, and of earlier links that have become stale."""
        if not also and not self._rows:
            return []
        places = {op.content_id: op for op in primaries if op.action is not Action.DUPLICATE}
        wanted: dict[tuple[ContentId, AlbumRelPath], Filing] = {}
        for filing in sorted(also, key=lambda filing: (filing.content_id, filing.folder, filing.file.path)):
            # Copies of one photo are one entry.
            wanted.setdefault((filing.content_id, filing.folder), filing)
        ops = []
        for (content_id, folder), filing in wanted.items():
            ops.append(self._entry(filing, places[content_id], self._take(places[content_id], folder)))
        for content_id, left in self._rows.items():
            if place := places.get(content_id):
                ops += self._stale_entries(left, place, has_links=bool(also))
        return ops

    def _take(self, place: PlannedOp, folder: AlbumRelPath) -> LedgerRow | None:
        """The earlier entry in that folder; it is not a candidate any more."""
        rows = self._rows.get(place.content_id, [])
        found = min((row for row in rows if row.folder == folder), key=lambda row: row.path, default=None)
        if found is None:
            # The source of a link was edited: the entry still points to the link, under its old content.
            found = self._by_origin.get((place.target, folder))
        if found is not None:
            self._rows[found.content_id].remove(found)
            self._by_origin.pop((found.origin, found.folder), None)
        return found

    def _entry(self, filing: Filing, place: PlannedOp, row: LedgerRow | None) -> PlannedOp:
        folder = self._folders.resolve(filing.folder)
        filed = refiled(place.filed, album=filing.album, role=Role.ALSO, folder=filing.folder)
        op = replace(place, filed=filed, origin=place.target, why=())
        if row is not None:
            return replace(op, action=Action.RELINK if self._is_stale(row, place) else Action.KEEP, target=row.path)
        if place.target.rpartition("/")[0] == folder:
            return replace(op, action=Action.DUPLICATE, why=(Reason.of("plan.same-folder", path=place.target),))
        # The entry has the name that the photo has in its primary album, so that both are recognised as one.
        name = NameParts(*split_suffix(place.target.rpartition("/")[2], LONGEST_SUFFIX))
        (claimed,), has_suffix = self._claims.claim(folder, [name], Claimant(place.content_id))
        why = (Reason.of("plan.clash", name=filing.file.name),) if has_suffix else ()
        return replace(op, action=Action.SYMLINK, target=AlbumRelPath(f"{folder}/{claimed}"), why=why)

    def _is_stale(self, row: LedgerRow, place: PlannedOp) -> bool:
        if row.action is not Action.SYMLINK or row.path in self._picture.changed_links:
            return False
        is_other = (row.origin, row.content_id) != (place.target, place.content_id)
        return is_other or row.path in self._picture.misplaced_links

    def _stale_entries(self, rows: list[LedgerRow], place: PlannedOp, *, has_links: bool) -> list[PlannedOp]:
        """Entries of albums in which the photo is no more: taken out where secondary albums were asked for, else kept working."""
        ops = []
        for row in rows:
            filed = refiled(place.filed, album=row.album, role=Role.ALSO, folder=row.folder)
            op = replace(place, filed=filed, target=row.path, origin=place.target)
            if has_links and row.path not in self._picture.changed_links:
                why = (Reason.of("plan.album-left", path=row.path),)
                ops.append(replace(op, action=Action.TRASH, origin=row.path, why=why))
            elif self._is_stale(row, place):
                ops.append(replace(op, action=Action.RELINK, why=(Reason.of("plan.moved", origin=row.origin),)))
        return ops
