"""Folders that the user renamed as a whole, told from the files that were found again elsewhere. Pure.

A photo that was dragged into another folder must never be taken for a renaming, or all photos to come would follow it. So a folder
counts as renamed only where it is gone, most of what lay there lies together elsewhere, and that is not a folder of ours already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from album_sort.types import AlbumRelPath, Role
from album_sort.types.ledger import DestinationRecords, LedgerRow

MAJORITY = 0.5
"""A folder counts as renamed when more than this share of its remembered files is found together elsewhere."""

Aliases = Mapping[AlbumRelPath, AlbumRelPath]
"""Folder as rendered -> folder to which the user has renamed it; a prefix counts for all below it."""


def folder_of(path: AlbumRelPath) -> AlbumRelPath:
    """The folder that a file lies in; empty at the top."""
    return AlbumRelPath(path.rpartition("/")[0])


def with_aliases(folder: AlbumRelPath, aliases: Aliases) -> AlbumRelPath:
    """Where a rendered folder is by now: the longest renamed part of it counts."""
    if not aliases:
        return folder
    for part in _parts_of(folder):
        if actual := aliases.get(part):
            return AlbumRelPath(actual + folder[len(part) :])
    return folder


def without_aliases(folder: AlbumRelPath, aliases: Aliases) -> AlbumRelPath:
    """The folder as the layout renders it: the other way round."""
    rendered = {actual: folder for folder, actual in sorted(aliases.items(), reverse=True)}
    for part in _parts_of(folder):
        if part in rendered:
            return AlbumRelPath(rendered[part] + folder[len(part) :])
    return folder


def _parts_of(folder: AlbumRelPath) -> Iterator[AlbumRelPath]:
    """The folder and those above it, the longest first."""
    while folder:
        yield folder
        folder = folder_of(folder)


def find_renames(
    records: DestinationRecords, found: Sequence[tuple[AlbumRelPath, LedgerRow]], folders: Collection[AlbumRelPath]
) -> dict[AlbumRelPath, AlbumRelPath]:
    """New aliases; `found`: (remembered place, row at its new place), `folders`: those that are there."""
    aliases = records.folder_aliases
    totals = Counter(folder_of(row.path) for row in records.ledger.values() if row.role is not Role.ALSO)
    moved = Counter((folder_of(path), folder_of(row.path)) for path, row in found if row.role is not Role.ALSO)
    votes: Counter[tuple[AlbumRelPath, AlbumRelPath]] = Counter()
    found_of = Counter(folder_of(path) for path, row in found if row.role is not Role.ALSO)
    for (old, new), count in moved.items():
        if old and new and old != new and old not in folders:
            top = _top_of_renaming(old, new, folders)
            # The same names below a new one are proof enough, whatever else was deleted; a new name alone needs most of the files.
            if count > MAJORITY * (totals[old] if top == (old, new) else found_of[old]):
                votes[top] += count
    ours = {part for row in records.ledger.values() for part in _parts_of(row.folder)} if votes else set()
    best: dict[AlbumRelPath, AlbumRelPath] = {}
    for (old, new), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])):
        if old not in best and not _is_into_ours(old, new, ours, aliases):
            best[old] = new
    return _news(best, aliases)


def _top_of_renaming(
    old: AlbumRelPath, new: AlbumRelPath, folders: Collection[AlbumRelPath]
) -> tuple[AlbumRelPath, AlbumRelPath]:
    """`Pets/2024` found in `Our pets/2024` means that `Pets` is now `Our pets`, where there are no `Pets` any more."""
    while True:
        above, new_above = folder_of(old), folder_of(new)
        if not above or not new_above or above in folders or old[len(above) :] != new[len(new_above) :]:
            return old, new
        old, new = above, new_above


def _is_into_ours(old: AlbumRelPath, new: AlbumRelPath, ours: Collection[AlbumRelPath], aliases: Aliases) -> bool:
    """Whether a folder was moved into, or became one with, another one that we file into."""
    own = set(_parts_of(old))
    for part in _parts_of(new):
        rendered = without_aliases(part, aliases)
        if part not in own and rendered in ours and rendered != without_aliases(old, aliases):
            return True
    return False


def _news(best: Aliases, aliases: Aliases) -> dict[AlbumRelPath, AlbumRelPath]:
    """What has to be remembered; an alias onto itself says that a folder has its old name again."""
    news = {without_aliases(old, aliases): new for old, new in best.items()}
    for folder, actual in aliases.items():
        for old, new in best.items():
            if actual.startswith(f"{old}/"):
                news.setdefault(folder, AlbumRelPath(new + actual[len(old) :]))
    return {folder: actual for folder, actual in news.items() if aliases.get(folder, folder) != actual}
