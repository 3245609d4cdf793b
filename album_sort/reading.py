"""How files are opened and read, whatever lies under their names: never waiting, never without a limit.

A name may belong to a pipe that nobody writes to, a device without end, a kernel file that claims to be empty, or a hole of a
terabyte, and it may have become one of these since it was looked at. So nothing is believed but the open handle.
"""

from __future__ import annotations

import errno
import hashlib
import os
import select
import stat
import time

from album_sort.sentences import sentence

_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 16 << 20
"""A photo comes in one piece, which needs no putting together."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)

_HUGE_BYTES = 1 << 30
_LEAST_FILLED = 16
"""A sixteenth: no file system packs photos or films as tightly."""

SILENCE_S = 60.0
"""How long a pipe that the user named may say nothing: `find` over a slow disk takes its time, a forgotten one takes for ever."""


class NotAFile(OSError):
    """Something else than a file has the name."""


def open_regular(path: str | os.PathLike[str], *, dir_fd: int | None = None, follow: bool = True) -> int:
    """A handle on a regular file, its access time left alone where the system allows it.

    Raises `NotAFile` for a folder, a pipe, a socket or a device, another OSError for what cannot be opened.
    """
    flags = _FLAGS if follow else _FLAGS | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NOATIME", 0), dir_fd=dir_fd)
    except PermissionError:
        # Only the owner of a file may leave its access time alone.
        descriptor = os.open(path, flags, dir_fd=dir_fd)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):
            # A socket, or a device without a driver.
            raise NotAFile(errno.EINVAL, sentence("files.not-a-regular-file"), os.fspath(path)) from error
        raise
    try:
        check_regular(descriptor, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_regular(descriptor: int, path: str | os.PathLike[str]) -> None:
    """Raises `NotAFile` unless an open handle is one of a regular file."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise NotAFile(errno.EISDIR, sentence("files.it-is-a-folder"), os.fspath(path))
    if not stat.S_ISREG(mode):
        raise NotAFile(errno.EINVAL, sentence("files.not-a-regular-file"), os.fspath(path))


def read_at_most(descriptor: int, most_bytes: int) -> bytes:
    """The next bytes of an open file, fewer only at its end."""
    parts = []
    while most_bytes > 0 and (chunk := os.read(descriptor, min(most_bytes, _PIECE_BYTES))):
        parts.append(chunk)
        most_bytes -= len(chunk)
    return b"".join(parts)


def read_head(path: str | os.PathLike[str], count: int) -> bytes:
    """The first bytes of a regular file; raises OSError."""
    descriptor = open_regular(path)
    try:
        return read_at_most(descriptor, count)
    finally:
        os.close(descriptor)


def read_small(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """All of a regular file that is meant to be small; raises OSError, EFBIG where it is not."""
    descriptor = open_regular(path)
    try:
        return _all_of(descriptor, path, most_bytes)
    finally:
        os.close(descriptor)


def _all_of(descriptor: int, path: str | os.PathLike[str], most_bytes: int) -> bytes:
    # Told before it is read: a hole of a terabyte costs nothing. Read one byte further: a kernel file claims to be empty.
    if os.fstat(descriptor).st_size <= most_bytes:
        data = read_at_most(descriptor, most_bytes + 1)
        if len(data) <= most_bytes:
            return data
    raise _too_large(path, most_bytes)


def _too_large(path: str | os.PathLike[str], most_bytes: int) -> OSError:
    size = f"{most_bytes >> 20} MB" if most_bytes >= 1 << 20 else f"{most_bytes >> 10} kB"
    return OSError(errno.EFBIG, sentence("files.it-is-larger-than", size=size), os.fspath(path))


def read_given(path: str | os.PathLike[str], most_bytes: int, *, silence_s: float = SILENCE_S) -> bytes:
    """A file that the user named, which may be a pipe too (`--files-from <(find ...)`), but not a device.

    Raises OSError: EFBIG for too much, ETIMEDOUT for a pipe that says nothing for `silence_s`.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return _drain(descriptor, path, most_bytes, silence_s)
        check_regular(descriptor, path)
        return _all_of(descriptor, path, most_bytes)
    finally:
        os.close(descriptor)


def _drain(pipe: int, path: str | os.PathLike[str], most_bytes: int, silence_s: float) -> bytes:
    data = bytearray()
    deadline = time.monotonic() + silence_s
    while True:
        try:
            chunk = os.read(pipe, _CHUNK_BYTES)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise OSError(
                    errno.ETIMEDOUT, sentence("files.nothing-has-come-out", silence_s=f"{silence_s:g}"), os.fspath(path)
                ) from None
            continue
        if not chunk:
            return bytes(data)
        data += chunk
        if len(data) > most_bytes:
            raise _too_large(path, most_bytes)
        deadline = time.monotonic() + silence_s


def is_hollow(path: str | os.PathLike[str], found: os.stat_result) -> bool:
    """Whether a huge file is a hole with hardly anything in it: reading it would take hours and tell nothing."""
    if not _may_be_hollow(found):
        return False
    descriptor = open_regular(path)
    try:
        return _has_hole(descriptor, found)
    finally:
        os.close(descriptor)


def _may_be_hollow(found: os.stat_result) -> bool:
    return found.st_size >= _HUGE_BYTES and found.st_blocks * 512 <= found.st_size // _LEAST_FILLED


def _has_hole(descriptor: int, found: os.stat_result) -> bool:
    # Some file systems count no blocks: what has a hole says so when it is asked for it.
    try:
        has_hole = os.lseek(descriptor, 0, os.SEEK_HOLE) < found.st_size
        os.lseek(descriptor, 0, os.SEEK_SET)
    except (OSError, AttributeError):
        return False
    return has_hole


def sha256_of(descriptor: int, path: str | os.PathLike[str]) -> tuple[str, int]:
    """Hash and size of an open file, read from its beginning to the end that it had when it was opened.

    Raises OSError: EAGAIN for a file that grows meanwhile, which might never end; EFBIG for a hole, which would take hours.
    """
    found = os.fstat(descriptor)
    if _may_be_hollow(found) and _has_hole(descriptor, found):
        raise OSError(errno.EFBIG, sentence("files.it-is-said-to", gigabytes=found.st_size >> 30), os.fspath(path))
    expected = found.st_size
    hasher = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    size = 0
    while count := os.readv(descriptor, [buffer]):
        hasher.update(buffer[:count])
        size += count
        if size > expected:
            raise OSError(errno.EAGAIN, sentence("files.it-is-being-written"), os.fspath(path))
    return hasher.hexdigest(), size
