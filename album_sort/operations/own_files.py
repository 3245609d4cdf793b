"""Files that the user names for us to write (`--save-plan`, `--log-file`): a slip of the tongue must not cost a photo."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
from collections.abc import Iterable
from pathlib import Path

from album_sort.core.formats import kind_of_suffix
from album_sort.errors import UsageError
from album_sort.reading import SILENCE_S, read_head
from album_sort.report import replacing
from album_sort.sentences import sentence

_HEAD_BYTES = 4096
_PLAN_BEGINS = b'{"type": "plan"'
_LESSON_BEGINS = b'{"format":"album-sort lesson'
_LOG_BEGINS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ [A-Z]+ ")


def check_plan_file(path: Path) -> None:
    """Raises `UsageError` where something else than a plan lies there."""
    head = _head("--save-plan", path)
    if head and not head.startswith(_PLAN_BEGINS):
        raise UsageError(
            sentence("order.is-there-already-and", path=str(path)),
            hint=sentence("order.give-another-name-to"),
        )


def check_log_file(path: Path) -> None:
    """Raises `UsageError` where a photo, a sidecar or anything that is not text lies there: lines added would spoil it."""
    head = _head("--log-file", path)
    if path.exists() and not path.is_file():
        try:
            os.close(open_log(str(path)))
        except OSError as error:
            raise UsageError(sentence("order.cannot-write-log-file", path=str(path), why=error.strerror)) from error
    if not head or _LOG_BEGINS.match(head):
        return
    # A script may have us write into its own log: any text will do that is not the sidecar of a photo.
    if kind_of_suffix(path.suffix.lower()) is not None or not _is_text(head):
        raise UsageError(
            sentence("order.is-there-already-and-is", path=str(path)),
            hint=sentence("order.give-another-name-to-log"),
        )


def write_plan(path: Path, lines: Iterable[str]) -> None:
    """The whole plan or, where the disk takes no more, what was there before. Raises `UsageError`."""
    check_plan_file(path)
    _write_whole(path, lines, _PLAN_BEGINS, sentence("order.the-plan"), sentence("order.give-another-name-to"))


def write_lesson(path: Path, text: str) -> None:
    """A learned album, whole or not at all. Raises `UsageError`, also where something else than one lies there."""
    head = _head("export", path)
    if head and not head.startswith(_LESSON_BEGINS):
        raise UsageError(
            sentence("order.is-there-already-and-is-not", path=str(path)),
            hint=sentence("order.give-another-name"),
        )
    _write_whole(path, (text,), _LESSON_BEGINS, sentence("order.the-album"), sentence("order.give-another-name"))


def _write_whole(path: Path, lines: Iterable[str], begins: bytes, what: str, hint: str) -> None:
    try:
        if path.exists() and not path.is_file():
            _write_through(path, "".join(lines).encode())
            return
        with replacing(path.resolve(), lambda head: head.startswith(begins)) as stream:
            stream.writelines(lines)
    except OSError as error:
        raise UsageError(
            sentence("order.cannot-write", what=what, path=str(path), why=error.strerror), hint=hint
        ) from error


def open_log(path: str) -> int:
    """A handle for adding to a log. Raises OSError where the path is a pipe that nobody reads: opening it would wait for ever."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        return os.open(path, flags, 0o666)
    except OSError as error:
        raise _nobody_reads(error, path) from error


def _nobody_reads(error: OSError, path: str | Path) -> OSError:
    """The same error in words for a person, where it is the system's for a pipe without a reader."""
    if error.errno != errno.ENXIO:
        return error
    return OSError(errno.ENXIO, sentence("order.it-is-a-pipe"), str(path))


def _write_through(path: Path, data: bytes) -> None:
    """Into a pipe or a device (`/dev/stdout`), as long as somebody takes it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _nobody_reads(error, path) from error
    try:
        while data:
            if not select.select([], [descriptor], [], SILENCE_S)[1]:
                raise OSError(
                    errno.ETIMEDOUT, sentence("order.nothing-has-been-taken", silence_s=f"{SILENCE_S:g}"), str(path)
                )
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def _head(option: str, path: Path) -> bytes:
    """The first bytes of what lies there; empty for a new file, and for pipes and terminals, which hold nothing."""
    try:
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            return read_head(path, _HEAD_BYTES)
    except FileNotFoundError:
        if path.parent.is_dir():
            return b""
        raise UsageError(
            sentence("order.there-is-no-folder", parent=str(path.parent), option=option),
            hint=sentence("order.make-it-first"),
        ) from None
    except OSError as error:
        raise UsageError(sentence("order.cannot-write-2", option=option, path=str(path), why=error.strerror)) from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(
            sentence("order.is-a-folder-2", path=str(path)), hint=sentence("order.give-a-file-to", option=option)
        )
    return b""


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut where the reading ended.
        return error.start >= len(head) - 3 and len(head) == _HEAD_BYTES
    return True
