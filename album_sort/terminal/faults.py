"""What a person is told of a run that could not be done: what is wrong, and what to do next."""

from __future__ import annotations

import errno
import sys

from album_sort.errors import AlbumSortError, DestinationError
from album_sort.sentences import sentence
from album_sort.terminal.layout import printable


def tell_fault(error: AlbumSortError) -> None:
    """On standard error."""
    for line in f"album-sort: {error}".splitlines():
        sys.stderr.write(f"{printable(line)}\n")
    if error.hint:
        sys.stderr.write(f"  {printable(error.hint)}\n")


def fault_of_disk(number: int | None, described: str) -> DestinationError:
    """The same of an error that the system gave back, by its number."""
    hint = _WHAT_TO_DO.get(number or 0, "command.look-after-disk")
    return DestinationError(described, hint=sentence(hint))


_WHAT_TO_DO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "command.free-space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "command.check-permissions"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN), "command.close-programs"),
}
