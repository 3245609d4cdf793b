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
from pathlib import Path
from typing import TextIO

_NOBODY_READS = {errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO, errno.ECONNRESET}
"""A pipe whose reader has gone (`| head`), a terminal that was closed."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The file that words are written to takes no more of them: no reason to leave a photo where it is, but one to say so."""


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
    shown = {b"PYTHONIOENCODING": f"{shown_in}:backslashreplace".encode()}
    environment = {**shown, **os.environb, b"PYTHONUTF8": b"1"}
    # Not to be started anew: better in the wrong encoding than not at all.
    with contextlib.suppress(OSError, UnicodeError):
        call = [os.fsencode(sys.executable), b"-X", b"utf8", *_given_bytes()]
        os.execve(sys.executable, call, environment)  # noqa: S606 - ourselves


def _given_bytes() -> list[bytes]:
    """The words of the call as they were given: some encodings (EUC-JP) cannot give back what was read in them."""
    with contextlib.suppress(OSError):
        words = Path("/proc/self/cmdline").read_bytes().split(b"\0")[1:-1]
        if len(words) == len(sys.orig_argv) - 1:
            return words
    return [os.fsencode(word) for word in sys.orig_argv[1:]]


class _LastingFile(io.FileIO):
    """Takes what is written also when nobody reads it any more, or the disk that keeps it is full."""

    lost: OSError | None = None
    """Why words have been lost that somebody wanted to keep."""

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override] # any buffer, as the base class
        """As of a file; a reader that has gone is not an error."""
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno in _NO_ROOM:
                self.lost = error
            elif error.errno not in _NOBODY_READS:
                raise
            return len(data)


def lost_words() -> str:
    """Why what was printed is not all there, as the system says it; empty where it is, or where nobody wanted it."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = file.lost if isinstance(file, _LastingFile) else None
    return (error.strerror or str(error)) if error else ""


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
