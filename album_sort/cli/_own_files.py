"""Files that the user names for us to write (`--save-plan`, `--log-file`): a slip of the tongue must not cost a photo."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from album_sort.core.formats import kind_of_suffix
from album_sort.errors import UsageError
from album_sort.report import replacing

_HEAD_BYTES = 4096
_PLAN_BEGINS = b'{"type": "plan"'
_LOG_BEGINS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ [A-Z]+ ")


def check_plan_file(path: Path) -> None:
    """Raises `UsageError` where something else than a plan lies there."""
    head = _head("--save-plan", path)
    if head and not head.startswith(_PLAN_BEGINS):
        raise UsageError(
            f"{str(path)!r} is there already and is no plan: it stays as it is", hint="give another name to --save-plan"
        )


def check_log_file(path: Path) -> None:
    """Raises `UsageError` where a photo, a sidecar or anything that is no text lies there: lines added would spoil it."""
    head = _head("--log-file", path)
    if not head or _LOG_BEGINS.match(head):
        return
    # A script may have us write into its own log: any text will do that is not the sidecar of a photo.
    if kind_of_suffix(path.suffix.lower()) is not None or not _is_text(head):
        raise UsageError(
            f"{str(path)!r} is there already and is no log: it stays as it is", hint="give another name to --log-file"
        )


def write_plan(path: Path, text: str) -> None:
    """The whole plan or, where the disk takes no more, what was there before. Raises `UsageError`."""
    check_plan_file(path)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a pipe, /dev/stdout
            return
        with replacing(path.resolve()) as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f"cannot write the plan {str(path)!r}: {error.strerror}", hint="give another name to --save-plan"
        ) from error


def _head(option: str, path: Path) -> bytes:
    """The first bytes of what lies there; empty for a new file, and for pipes and terminals, which hold nothing."""
    try:
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            with path.open("rb") as stream:
                return stream.read(_HEAD_BYTES)
    except FileNotFoundError:
        if path.parent.is_dir():
            return b""
        raise UsageError(f"there is no folder {str(path.parent)!r} for {option}", hint="make it first") from None
    except OSError as error:
        raise UsageError(f"cannot write {option} {str(path)!r}: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{str(path)!r} is a folder", hint=f"give a file to {option}")
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
