"""What the user did in the destination since the last run: files moved or renamed there, folders renamed. Pure.

Finding is done in two steps, because only reading a file proves its content: `find_candidates` names the files that may be
ours, `reconcile` takes those that are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from album_sort.types import Action, AlbumRelPath, ContentId, Filing, Role
from album_sort.types.ledger import DestinationRecords, LedgerRow, PresentFile

MAJORITY = 0.5
"""A folder counts as renamed when more than this share of its remembered files is found together elsewhere."""


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
        if path not in records.ledger:
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


def reconcile(records: DestinationRecords, proven: Iterable[tuple[LedgerRow, AlbumRelPath]]) -> Reconciliation:
    """The ledger with proven moves taken over, and the folders that must have been renamed as a whole."""
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
    return Reconciliation(ledger, tuple(found), _new_aliases(records, found))


def _new_aliases(
    records: DestinationRecords, found: list[tuple[AlbumRelPath, LedgerRow]]
) -> dict[AlbumRelPath, AlbumRelPath]:
    """Rendered folder -> present folder, as high up as the renaming took place."""
    totals = Counter(row.folder for row in records.ledger.values() if row.role is not Role.ALSO)
    moved = Counter((row.folder, _folder_of(row.path)) for _, row in found if row.role is not Role.ALSO)
    votes: Counter[tuple[AlbumRelPath, AlbumRelPath]] = Counter()
    for (folder, actual), count in moved.items():
        if actual and count > MAJORITY * totals[folder]:
            votes[_top_of_renaming(folder, actual)] += count
    best: dict[AlbumRelPath, tuple[int, AlbumRelPath]] = {}
    for (folder, actual), count in sorted(votes.items()):
        best[folder] = max(best.get(folder, (0, actual)), (count, actual), key=lambda vote: vote[0])
    aliases = {folder: actual for folder, (_, actual) in best.items() if folder != actual}
    back = {
        folder: folder for folder, (_, actual) in best.items() if folder == actual and folder in records.folder_aliases
    }
    return {
        folder: actual for folder, actual in (aliases | back).items() if records.folder_aliases.get(folder) != actual
    }


def _top_of_renaming(folder: AlbumRelPath, actual: AlbumRelPath) -> tuple[AlbumRelPath, AlbumRelPath]:
    """`Pets/2024` found in `Our pets/2024` means that `Pets` is now `Our pets`."""
    old, new = folder.split("/"), actual.split("/")
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old.pop()
        new.pop()
    return AlbumRelPath("/".join(old)), AlbumRelPath("/".join(new))


def _folder_of(path: AlbumRelPath) -> AlbumRelPath:
    return AlbumRelPath(path.rpartition("/")[0])


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
        if path not in records and not file.link_text and file.size_bytes in sizes.get(_folder_of(path), ())
    )
