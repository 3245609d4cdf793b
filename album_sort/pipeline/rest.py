"""The rest of the library: photos in the albums that are not part of a run, and yet bear on what is decided in it.

Homes, trips and neighbours are those of the whole library, be it that only a folder of it is sorted, that a filter leaves some of it
out, or that a disk is missing tonight. The ledger knows which photos there are, the cache what was read of them. They are grouped,
dated and placed like all others; only photos of the run are filed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from album_sort.core.formats import FORMATS, kind_of_suffix
from album_sort.pipeline.facts import AlbumTable, Library
from album_sort.pipeline.net import Net
from album_sort.pipeline.records import ClockCorrections, PhotoRecord, Records, build_records
from album_sort.pipeline.remembered import Remembered
from album_sort.state.cache import InferenceCache
from album_sort.types import (
    Assignment,
    ContentId,
    FileEntry,
    FileKind,
    Filing,
    Inspection,
    KnownTrip,
    Reason,
    Role,
    Trip,
)
from album_sort.types.ledger import LedgerRow
from album_sort.types.plan import refiled
from album_sort.types.told import NOTHING_TOLD, Told

_KINDS = {media.name: media.kind for media in FORMATS}


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """What is known of the photos in the albums that are not among those of this run."""

    there: Mapping[str, Inspection] = field(default_factory=dict)
    """By path of the source. Files that are in the library, as far as anybody knows: they form groups with those of the run."""
    gone: Mapping[str, Inspection] = field(default_factory=dict)
    """The same of files that are not in the library any more: they show where somebody was, and belong to no other file."""
    gone_contents: frozenset[ContentId] = frozenset()
    """Photos whose source is not there any more, also those of which nothing is known."""
    forgotten: frozenset[ContentId] = frozenset()
    """Photos of which nothing is known any more but where they lie: the cache has been cleared."""
    roots: tuple[str, ...] = ()
    """Folders of photos that have been sorted, now or before; none lies in another."""
    is_incomplete: bool = False
    """Whether some of those that are there are forgotten: what is known of the library is not the whole any more."""

    def beside(self, inspected: Mapping[str, Inspection]) -> Mapping[str, Inspection]:
        """All that is known of files, by path: those of a run and the others."""
        return {**self.gone, **self.there, **inspected} if self.gone or self.there else inspected


def look_around(
    remembered: Remembered, sources: Sequence[str], inspected: Mapping[str, Inspection], cache: InferenceCache
) -> tuple[Rest, Mapping[str, Inspection]]:
    """The rest of the library, and the files of the run as files of the whole (by path)."""
    roots = outermost((*remembered.roots, *sources))
    moved = {
        path: one for path, inspection in inspected.items() if (one := _rooted(inspection, roots)) is not inspection
    }
    own = {**inspected, **moved} if moved else inspected  # a table of a million takes fifty megabytes
    return recall_rest(remembered.records.ledger.values(), own, roots, cache), own


def recall_rest(
    ledger: Collection[LedgerRow], inspected: Mapping[str, Inspection], roots: Sequence[str], cache: InferenceCache
) -> Rest:
    """The rest of the library, beside what this run has inspected (by path)."""
    contents = {inspection.content_id for inspection in inspected.values()}
    absent = Absent(roots)
    there: dict[str, tuple[FileEntry, ContentId]] = {}
    gone: dict[str, tuple[FileEntry, ContentId]] = {}
    photos: dict[str, ContentId] = {}
    for row in ledger:
        if row.role is Role.ALSO or row.source in inspected or not os.path.isabs(row.source):
            continue
        is_there = os.path.lexists(row.source)
        if row.content_id in contents and not is_there:
            continue  # the file was moved: the run has it at its new place
        (there if is_there or absent.covers(row.source) else gone)[row.source] = (_file_of(row, roots), row.content_id)
        if row.role is Role.PRIMARY:
            photos[row.source] = row.content_id
    found = cache.recall({**there, **gone})
    known = {path: _with_kind(one) for path, one in found.items()}
    return Rest(
        there={path: known[path] for path in there if path in known},
        gone={path: known[path] for path in gone if path in known},
        gone_contents=frozenset(content for path, content in photos.items() if path in gone),
        forgotten=frozenset(content for path, content in photos.items() if path not in known),
        roots=tuple(roots),
        is_incomplete=any(path in there and path not in known for path in photos),
    )


@dataclass(slots=True)
class Absent:
    """Folders of photos that have been sorted before and are missing or empty now: a disk that is not there."""

    roots: Sequence[str]
    _is_absent: dict[str, bool] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        """Whether a file lies in such a folder."""
        root = next((root for root in self.roots if is_below(path, root)), None)
        if root is None:
            return False
        if root not in self._is_absent:
            self._is_absent[root] = is_empty(root)
        return self._is_absent[root]


def is_empty(folder: str) -> bool:
    """Whether there is nothing in a folder, or no folder: as the place looks on which a disk is mounted at other times."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, or is it; by whole names."""
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")


def outermost(folders: Sequence[str]) -> tuple[str, ...]:
    """Those that lie in no other, sorted."""
    found: list[str] = []
    for folder in sorted(set(folders), key=lambda one: (len(one), one)):
        if not any(is_below(folder, outer) for outer in found):
            found.append(folder)
    return tuple(sorted(found))


def _rooted(inspection: Inspection, roots: Sequence[str]) -> Inspection:
    file = inspection.file
    root = next((root for root in roots if is_below(file.root, root)), file.root)
    return inspection if root == file.root else replace(inspection, file=replace(file, root=root))


def _file_of(row: LedgerRow, roots: Sequence[str]) -> FileEntry:
    kind = kind_of_suffix(os.path.splitext(row.source)[1].lower()) or FileKind.PHOTO
    root = next((root for root in roots if is_below(row.source, root)), os.path.dirname(row.source))
    return FileEntry(row.source, root, row.size_bytes, row.mtime_ns, 0, 0, kind)


def _with_kind(inspection: Inspection) -> Inspection:
    """The kind of a file without a telling suffix is known by its format."""
    file = inspection.file
    if kind_of_suffix(file.suffix) is None and inspection.media_format in _KINDS:
        return replace(inspection, file=replace(file, kind=_KINDS[inspection.media_format]))
    return inspection


@dataclass(frozen=True, slots=True, eq=False)
class WholeLibrary:
    """The records of run and rest together, and which of them are of the run."""

    records: Records
    own: frozenset[ContentId]
    """Photos of which a file is part of the run."""

    def as_own(self) -> WholeLibrary:
        """The same with all photos as those of the run."""
        return replace(self, own=frozenset(record.group.content_id for record in self.records.photos))

    def narrowed(self, library: Library, scores: AlbumTable) -> tuple[Library, AlbumTable]:
        """Only the photos of the run; trips and homes are those of the whole."""
        own = [number for number, facts in enumerate(library.photos) if facts.group.content_id in self.own]
        if len(own) == len(library.photos):
            return library, scores
        photos = tuple(library.photos[number] for number in own)
        return replace(library, photos=photos), AlbumTable(scores.albums, scores.probabilities[own])


def records_of_all(
    inspected: Mapping[str, Inspection],
    rest: Rest,
    *,
    now_utc: datetime,
    clocks: ClockCorrections,
    told: Told = NOTHING_TOLD,
    net: Net | None = None,
) -> WholeLibrary:
    """Records of run and rest. A photo is of the run if one of its files is, or a file with the same content."""
    there = {**rest.there, **inspected} if rest.there else inspected
    records = build_records(there, now_utc=now_utc, clocks=clocks, told=told, net=net)
    own = frozenset(record.group.content_id for record in records.photos if _has_file_in(record, inspected))
    if not rest.there and not rest.gone:
        return WholeLibrary(records, own)
    past = build_records(rest.gone, now_utc=now_utc, clocks=clocks, told=told, net=net)
    orphans = tuple(file for file in records.orphans if file.path in inspected)
    return WholeLibrary(Records((*records.photos, *past.photos), orphans), own)


def _has_file_in(record: PhotoRecord, inspected: Mapping[str, Inspection]) -> bool:
    return any(file.path in inspected for file in record.group.files)


def of_this_run(filings: Sequence[Filing], inspected: Mapping[str, Inspection]) -> tuple[Filing, ...]:
    """Without files that nobody can read now: those of a group of which only a part is here."""
    return tuple(one for one in filings if one.file.path in inspected or os.path.lexists(one.file.path))


def of_the_albums(
    filings: Sequence[Filing], ledger: Iterable[LedgerRow], concerned: Collection[ContentId]
) -> tuple[Filing, ...]:
    """Those of photos in the albums and of those concerned; a file that is not filed yet must be there to be."""
    rows = list(ledger)
    groups = {row.group_id for row in rows} | set(concerned)
    filed = {row.content_id for row in rows}
    return tuple(
        one for one in filings if one.group_id in groups and (one.content_id in filed or os.path.lexists(one.file.path))
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Photos that stay where they were filed, by content: too little is known of the others to judge them anew."""

    rows: Mapping[ContentId, LedgerRow] = field(default_factory=dict)
    forgotten: int = 0

    @classmethod
    def of(cls, rest: Rest, remembered: Remembered) -> Standing:
        """Nobody where all is known; else all, or, where only deleted photos are forgotten, those who shared a trip with them.

        What the user has said of a photo holds in any case.
        """
        if not rest.forgotten:
            return cls()
        rows = (row for row in remembered.records.ledger.values() if row.role is Role.PRIMARY)
        found = {row.content_id: row for row in rows if row.content_id not in remembered.corrections}
        if not rest.is_incomplete:
            trips = (trip.members for trip in remembered.trips if trip.members & rest.forgotten)
            found = {member: found[member] for member in chain.from_iterable(trips) if member in found}
        return cls(found, len(rest.forgotten))

    def keep(self, assignments: Sequence[Assignment]) -> tuple[Assignment, ...]:
        """The assignments, to the albums in which the photos lie."""
        return tuple(self._kept(one) for one in assignments) if self.rows else tuple(assignments)

    def _kept(self, assignment: Assignment) -> Assignment:
        row = self.rows.get(assignment.content_id)
        if row is None or row.album == assignment.album:
            return assignment
        why = Reason.of("albums.as-filed", photos=self.forgotten)
        return replace(assignment, album=row.album, also=(), reasons=(why, *assignment.reasons))

    def stand(self, filings: Sequence[Filing]) -> tuple[Filing, ...]:
        """The filings, to the folders in which their photos lie."""
        if not self.rows:
            return tuple(filings)
        return tuple(self._standing(one) for one in filings)

    def _standing(self, filing: Filing) -> Filing:
        row = self.rows.get(filing.group_id)
        if row is None or filing.role is Role.ALSO:
            return filing
        return replace(filing, filed=refiled(filing.filed, folder=row.folder, album=row.album))


def trips_to_remember(
    trips: Sequence[Trip], before: Sequence[KnownTrip], forgotten: frozenset[ContentId]
) -> list[KnownTrip]:
    """The trips that were found, and of earlier ones the members that nobody could look at this time."""
    if not forgotten:
        return list(trips)
    known: dict[str, KnownTrip] = {trip.trip_id: trip for trip in trips}
    placed = set(chain.from_iterable(trip.members for trip in trips))
    for old in before:
        lost = (old.members & forgotten) - placed
        new = known.get(old.trip_id)
        if new is not None:
            start, end = min(new.start, old.start), max(new.end, old.end)
            known[old.trip_id] = KnownTrip(old.trip_id, old.title, start, end, new.members | lost)
        elif lost:
            known[old.trip_id] = replace(old, members=old.members - placed)
    return list(known.values())
