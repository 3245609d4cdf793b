"""Standard streams and encodings that can be relied on, whatever a daemon, a crontab or a locale has made of them.

Nothing here may cost a photo its place: the tree that a run leaves is the same with closed streams, a reader that has gone, a
working folder that was removed, and in a locale of eight bits.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import sys
from typing import TextIO

_NOBODY_READS = {errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO, errno.ECONNRESET}
"""A pipe whose reader has gone (`| head`), a terminal that was closed."""


def prepare_streams() -> None:
    """Before anything else is opened or printed."""
    _fill_descriptors()
    _run_in_utf_8()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the program runs
    sys.stdout, sys.stderr = _lasting(1, sys.stdout), _lasting(2, sys.stderr)


def _fill_descriptors() -> None:
    """Closed ones lead nowhere now: the next file that is opened would else be standard output, and be written to."""
    for descriptor, wrong_mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        with contextlib.suppress(OSError):
            if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != wrong_mode:
                continue
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def _run_in_utf_8() -> None:
    """File names are bytes, and mean UTF-8 whatever the locale says: there the program starts itself anew.

    What is printed keeps the terminal's encoding.
    """
    if sys.getfilesystemencoding().lower().replace("-", "") == "utf8" or not sys.executable:
        return
    shown_in = getattr(sys.stdout, "encoding", None) or "utf-8"
    environment = {"PYTHONIOENCODING": f"{shown_in}:backslashreplace", **os.environ, "PYTHONUTF8": "1"}
    call = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    with contextlib.suppress(OSError):  # not to be started anew: better in the wrong encoding than not at all
        os.execve(sys.executable, call, environment)  # noqa: S606 - ourselves


class _LastingFile(io.FileIO):
    """Takes what is written also when nobody reads it any more."""

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override] # any buffer, as the base class
        """As of a file; a reader that has gone is no error."""
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in _NOBODY_READS:
                raise
            return len(data)


def _lasting(descriptor: int, stream: TextIO | None) -> io.TextIOWrapper:
    r"""A text stream on a descriptor. What its encoding has no character for is shown as `\u65c5`: no reason to end a run."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    file = _LastingFile(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file),  # type: ignore[type-var] # a FileIO that is more patient
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=descriptor == 2 or file.isatty(),
    )
