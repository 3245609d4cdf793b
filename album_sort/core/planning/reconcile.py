"""What the user did in the destination since the last run: files moved or renamed there, folders renamed. Pure.

Finding is done in two steps, because only reading a file proves its content: `find_candidates` names the files that may be
ours, `reconcile` takes those that are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from album_sort.core.planning.renames import find_renames, folder_of
from album_sort.types import Action, AlbumRelPath, ContentId, Filing, Role
from album_sort.types.ledger import DestinationRecords, LedgerRow, PresentFile


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be one of ours under a new name."""

    row: LedgerRow
    path: AlbumRelPath
    is_certain: bool
    """Same inode, size and time (or the same link): no need to read it."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The ledger brought up to what the user did."""

    ledger: Mapping[AlbumRelPath, LedgerRow]
    found_again: tuple[tuple[AlbumRelPath, LedgerRow], ...]
    """(remembered place, row at its new place)."""
    new_aliases: Mapping[AlbumRelPath, AlbumRelPath]


def find_candidates(records: DestinationRecords, present: Mapping[AlbumRelPath, PresentFile]) -> list[Candidate]:
    """For each remembered file that is gone, the unknown files that may be it: the surest first."""
    missing = [row for path, row in records.ledger.items() if path not in present]
    if not missing:
        return []
    by_size: defaultdict[tuple[bool, int], list[AlbumRelPath]] = defaultdict(list)
    for path, file in present.items():
        known = records.ledger.get(path)
        # Somebody may have put a photo of ours over a link of ours, as file managers offer to.
        if known is None or (known.action is Action.SYMLINK and not file.link_text):
            by_size[_key(file)].append(path)
    found = []
    for row in sorted(missing, key=lambda row: row.path):
        is_link = row.action is Action.SYMLINK
        paths = (
            [path for key, paths in by_size.items() if key[0] for path in paths]
            if is_link
            else by_size[False, row.size_bytes]
        )
        found += [
            Candidate(row, path, _is_same(row, present[path]))
            for path in sorted(paths)
            if not is_link or _is_same(row, present[path])
        ]
    return sorted(found, key=lambda candidate: (not candidate.is_certain, candidate.row.path, candidate.path))


def _key(file: PresentFile) -> tuple[bool, int]:
    return bool(file.link_text), file.size_bytes if not file.link_text else 0


def _is_same(row: LedgerRow, file: PresentFile) -> bool:
    same_size = bool(file.link_text) or file.size_bytes == row.size_bytes
    return same_size and file.inode == row.inode and file.mtime_ns == row.mtime_ns


def reconcile(
    records: DestinationRecords, proven: Iterable[tuple[LedgerRow, AlbumRelPath]], folders: Collection[AlbumRelPath]
) -> Reconciliation:
    """The ledger with proven moves taken over, and the folders that must have been renamed as a whole.

    `folders`: those that are there.
    """
    ledger = dict(records.ledger)
    found: list[tuple[AlbumRelPath, LedgerRow]] = []
    taken: set[AlbumRelPath] = set()
    for row, path in proven:
        if path not in taken and row.path in ledger:
            taken.add(path)
            del ledger[row.path]
            found.append((row.path, replace(row, path=path)))
    # A link into an album goes with the photo that it points to, once that has moved.
    ledger.update((row.path, row) for _, row in found)
    return Reconciliation(ledger, tuple(found), find_renames(records, found, folders))


def files_to_read(
    filings: Iterable[Filing],
    records: Mapping[AlbumRelPath, LedgerRow],
    present: Mapping[AlbumRelPath, PresentFile],
    resolved: Mapping[AlbumRelPath, AlbumRelPath],
) -> list[AlbumRelPath]:
    """Foreign files in folders to be filed into that may be one of the filings, judged by their size.

    `resolved`: rendered folder -> folder in the destination.
    """
    if present.keys() <= records.keys():
        return []
    sizes: defaultdict[str, set[int]] = defaultdict(set)
    known: set[ContentId] = {row.content_id for row in records.values()}
    for filing in filings:
        if filing.content_id not in known and filing.role is not Role.ALSO:
            sizes[resolved[filing.folder]].add(filing.file.size_bytes)
    if not sizes:
        return []
    return sorted(
        path
        for path, file in present.items()
        if path not in records and not file.link_text and file.size_bytes in sizes.get(folder_of(path), ())
    )
