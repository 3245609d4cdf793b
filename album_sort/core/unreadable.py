"""Why the operating system does not let a file be read, as a reason in words of ours: its own texts come in one language. Pure."""

from __future__ import annotations

import errno

from album_sort.types import Reason

_BY_ERROR = {
    errno.EACCES: Reason.of("skip.no-permission"),
    errno.EPERM: Reason.of("skip.no-permission"),
    errno.ENOENT: Reason.of("skip.gone"),
    errno.ENOTDIR: Reason.of("skip.gone"),
    errno.ESTALE: Reason.of("skip.gone"),
    errno.EIO: Reason.of("skip.disk-error"),
    errno.ELOOP: Reason.of("skip.link-loop"),
    errno.ENAMETOOLONG: Reason.of("skip.name-too-long"),
}


def unreadable(error: OSError) -> Reason:
    """The reason for a file or folder that could not be read; a rare error keeps the system's own text in parentheses."""
    known = _BY_ERROR.get(error.errno or 0)
    return known or Reason.of("skip.unreadable", detail=str(error.strerror or error))
