"""A glance at the albums: one walk over names, sizes and dates tells whether all lies as it was left. Reads only, and holds no list."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping

from album_sort.fileops.picture import is_temporary, leftovers
from album_sort.types import AlbumRelPath
from album_sort.types.ledger import STATE_FOLDER, LedgerRow

DISTURBED = ""
"""The glance at albums of which nothing can be said: something could not be looked at, or was left half-written."""

Looks = tuple[str, int, int, bool]
"""Path below the destination, size, time of modification in nanoseconds, whether it is a link."""


class _DisturbedError(Exception):
    """Nothing can be said of these albums from a glance."""


def glance(destination: str) -> str:
    """A digest of all names, sizes and dates in the albums; `DISTURBED` where it would not tell everything."""
    try:
        return _digest(_folders(destination), destination)
    except (OSError, _DisturbedError):
        return DISTURBED


def glance_as_left(destination: str, ledger: Mapping[AlbumRelPath, LedgerRow], absent: frozenset[AlbumRelPath]) -> str:
    """The same where every file of the ledger, but for those that may be `absent`, lies there as it was left; else `DISTURBED`.

    Both come from one walk: what somebody changes a moment later is seen by the next glance.
    """
    seen = 0

    def checked() -> Iterator[list[Looks]]:
        nonlocal seen
        for files in _folders(destination):
            for path, size_bytes, mtime_ns, is_link in files:
                row = ledger.get(AlbumRelPath(path))
                if row is not None:
                    if mtime_ns != row.mtime_ns or not (is_link or size_bytes == row.size_bytes):
                        raise _DisturbedError
                    seen += path not in absent
            yield files

    try:
        found = _digest(checked(), destination)
    except (OSError, _DisturbedError):
        return DISTURBED
    return found if seen == sum(path not in absent for path in ledger) else DISTURBED


def _digest(folders: Iterator[list[Looks]], destination: str) -> str:
    """Raises `_DisturbedError` where something half-written lies there."""
    digest = hashlib.sha256()
    for files in folders:
        lines = "\0".join(f"{path}|{size_bytes}|{mtime_ns}|{is_link}" for path, size_bytes, mtime_ns, is_link in files)
        digest.update(f"{lines}\0\0".encode("utf-8", "surrogatepass"))
    if any(leftovers(destination)):
        raise _DisturbedError
    return digest.hexdigest()


def _folders(destination: str) -> Iterator[list[Looks]]:
    """The files of each folder, sorted; raises OSError for what cannot be looked at, `_DisturbedError` for a temporary file."""
    pending = [""]
    while pending:
        inside = pending.pop()
        files: list[Looks] = []
        folders: list[str] = []
        with os.scandir(os.path.join(destination, inside)) as listing:
            for entry in sorted(listing, key=lambda entry: entry.name):
                path = f"{inside}{entry.name}"
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    if path != STATE_FOLDER:
                        folders.append(f"{path}/")
                elif is_temporary(path):
                    raise _DisturbedError
                else:
                    files.append((path, found.st_size, found.st_mtime_ns, stat.S_ISLNK(found.st_mode)))
        pending.extend(reversed(folders))
        yield files
