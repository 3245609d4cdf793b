"""How something that lies in the destination is taken away: aside first, looked at there, and put back where it is not ours.

Between a look at a file and its removal an editor may save another one under its name. What has been renamed aside can no longer
be exchanged, so it is compared once more there. A run killed in between leaves it under its name aside: `settle` gives it back.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable

from album_sort.fileops.destination import Destination, RowRefused
from album_sort.sentences import sentence
from album_sort.types.ledger import LedgerRow

PREFIX = ".album-sort-aside-"
"""In the folder of the file itself: elsewhere might be another disk."""

_NAME_MAX_BYTES = 255

Compare = Callable[[str], bool]
"""Whether what lies aside, at an absolute path, is ours; asked only where it is not the very file that was seen."""


def aside_of(absolute: str) -> str:
    """Where a file goes while it is looked at: always the same, so that what a kill leaves there is found again."""
    folder, name = os.path.split(absolute)
    aside = PREFIX + name
    if len(os.fsencode(aside)) > _NAME_MAX_BYTES:
        aside = PREFIX + hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return os.path.join(folder, aside)


def own_name(aside: str) -> str | None:
    """The path that something aside belongs to; None where its name was too long to be kept."""
    folder, name = os.path.split(aside)
    rest = name.removeprefix(PREFIX)
    is_hash = len(rest) == 32 and not rest.strip("0123456789abcdef")
    return None if is_hash or not rest else os.path.join(folder, rest)


def settle(dest: Destination, absolute: str, is_ours: Compare = lambda _path: False) -> None:
    """Give back what a killed run has left aside: under its own name or, where another file has that now, under one beside it.

    In the latter case what is surely ours is removed, which is what the run was about to do.
    """
    aside = aside_of(absolute)
    if dest.fs.status(aside) is None:
        return
    if dest.fs.status(absolute) is not None and is_ours(aside):
        dest.fs.remove(aside)
    else:
        _put_back(dest, aside, absolute)
    dest.fs.sync_folder(os.path.dirname(absolute))


def _put_back(dest: Destination, aside: str, absolute: str) -> None:
    stem, suffix = os.path.splitext(absolute)
    for name in (absolute, *(f"{stem}~kept{number}{suffix}" for number in range(1, 1000))):
        with contextlib.suppress(FileExistsError):
            dest.fs.publish(aside, name)
            return
    raise FileExistsError(errno.EEXIST, sentence("files.there-is-no-name"), absolute)


def take(dest: Destination, absolute: str, seen: os.stat_result, is_ours: Compare) -> str:
    """Rename what lies there aside, where it has been found to be ours; `seen` is its status from before that was looked at.

    Returns the path that it has then. Raises `RowRefused`, with everything as it was, where another file has come meanwhile.
    """
    aside = aside_of(absolute)
    dest.fs.publish(absolute, aside)
    try:
        after = dest.fs.status(aside)
        # The very file that was compared needs no second reading; some file systems number a renamed file anew.
        if after is not None and (is_same(seen, after) or is_ours(aside)):
            return aside
    except OSError:
        _put_back(dest, aside, absolute)
        raise
    _put_back(dest, aside, absolute)
    raise RowRefused(sentence("files.has-been-changed-just", relative=dest.relative(absolute)))


def remove(dest: Destination, absolute: str, seen: os.stat_result, is_ours: Compare) -> None:
    """Remove a file of ours; see `take`."""
    aside = take(dest, absolute, seen, is_ours)
    try:
        dest.fs.remove(aside)
    except OSError:
        _put_back(dest, aside, absolute)
        raise


def replace(dest: Destination, temporary: str, absolute: str, seen: os.stat_result, is_ours: Compare) -> None:
    """Put a new file or link in the place of one of ours; see `take`."""
    aside = take(dest, absolute, seen, is_ours)
    try:
        dest.fs.publish(temporary, absolute)
    except OSError:
        _put_back(dest, aside, absolute)
        raise
    try:
        dest.fs.remove(aside)
    except OSError:
        dest.fs.remove(absolute)
        _put_back(dest, aside, absolute)
        raise


def check_arrived(dest: Destination, row: LedgerRow, before: os.stat_result, absolute: str, origin: str) -> None:
    """After a file of ours was moved: whether it is the one that was looked at. Else it goes back, and `RowRefused` is raised."""
    try:
        after = dest.fs.status(absolute)
        if after is not None and (is_same(before, after) or dest.holds(absolute, row.content_id, row.size_bytes)):
            return
    except OSError:
        dest.fs.publish(absolute, origin)
        raise
    dest.fs.publish(absolute, origin)
    raise RowRefused(sentence("files.has-been-changed-just-now", path=row.path))


def is_same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two looks have met the same file with the same content: its change time alone moves with a new name."""
    return os.path.samestat(one, other) and (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
