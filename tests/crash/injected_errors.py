"""Errors of the system put in the place of its calls: the k-th call whose path lies below a folder fails, once or from then on.

For a forked child: what is put in their place is not taken away again.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import os
import sqlite3
from collections.abc import Callable
from typing import Any

WRITING = ("mkdir", "rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "utime", "chmod", "truncate")
HANDLES = ("write", "fsync", "ftruncate", "fchmod", "readv", "read", "pread", "fstat")
LOOKING = ("open", "stat", "lstat", "listdir", "scandir", "readlink", "statvfs", "access")
SQL = ("connect", "execute", "executemany")


class Injected:
    """Counts the calls that concern a folder, and fails those that it is told to."""

    def __init__(self, folder: str, at: int, code: int, *, for_good: bool) -> None:
        self.folder = os.path.realpath(folder)
        self.at = at
        self.code = code
        self.for_good = for_good
        self.names: list[str] = []
        self._is_off = False

    def concerns(self, values: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
        """Whether a path, or a handle on one, lies below the folder."""
        return any(self._is_below(value) for value in (*values, *keywords.values()))

    def _is_below(self, value: object) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            try:
                value = os_readlink(f"/proc/self/fd/{value}")
            except OSError:
                return False
        if isinstance(value, bytes):
            value = os.fsdecode(value)
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str) or not value.startswith(("/", "file:/")):
            return False
        path = value.removeprefix("file://")
        return path == self.folder or path.startswith(f"{self.folder}/")

    def is_due(self, name: str) -> bool:
        """Counts one call; whether it is to fail."""
        self.names.append(name)
        count = len(self.names)
        return count == self.at or (self.for_good and 0 < self.at < count)

    def error(self, values: tuple[Any, ...]) -> OSError:
        """What the system would say."""
        paths = [value for value in values if isinstance(value, str | bytes | os.PathLike)]
        return OSError(self.code, os.strerror(self.code), *([os.fspath(paths[0])] if paths else []))

    def wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, with the fault in its place when it is due."""

        @functools.wraps(call)
        def step(*values: Any, **keywords: Any) -> Any:
            if self._is_off or not self.concerns(values, keywords):
                return call(*values, **keywords)
            self._is_off = True
            try:
                due = self.is_due(name)
            finally:
                self._is_off = False
            if due:
                raise self.error(values)
            return call(*values, **keywords)

        return step


os_readlink = os.readlink


def inject(fault: Injected) -> None:
    """Puts the fault in the place of what Python calls the system with."""
    from album_sort.fileops import filesystem, system_calls  # noqa: PLC0415 - in the child only

    for name in (*WRITING, *HANDLES, *LOOKING):
        setattr(os, name, fault.wrapped(name, getattr(os, name)))
    io_open = fault.wrapped("open", io.open)
    io.open = builtins.open = io_open
    rename = fault.wrapped("renameat2", system_calls.rename_without_replacing)
    system_calls.rename_without_replacing = rename
    setattr(filesystem, "rename_without_replacing", rename)  # noqa: B010 - it has imported the name
    _inject_into_sqlite(fault)


def _inject_into_sqlite(fault: Injected) -> None:
    connect = sqlite3.connect

    class Failing:
        """Fails at a statement as SQLite does when the disk does."""

        is_ours = False

        def execute(self, *values: Any) -> Any:
            return self._step("execute", *values)

        def executemany(self, *values: Any) -> Any:
            return self._step("executemany", *values)

        def _step(self, name: str, *values: Any) -> Any:
            # Ending a transaction by ROLLBACK touches nothing that was not touched before.
            if self.is_ours and values[0] != "ROLLBACK" and fault.is_due(f"sqlite {name}"):
                raise _sqlite_error(fault.code)
            return getattr(super(), name)(*values)

    def connected(path: Any, *values: Any, **keywords: Any) -> sqlite3.Connection:
        is_ours = fault.concerns((path,), {})
        if is_ours and fault.is_due("sqlite connect"):
            raise _sqlite_error(fault.code, cannot_open=True)
        base = keywords.pop("factory", sqlite3.Connection)
        connection: Any = connect(path, *values, factory=type("Connection", (Failing, base), {}), **keywords)
        connection.is_ours = is_ours
        return connection

    sqlite3.connect = connected  # type: ignore[assignment]


def _sqlite_error(code: int, *, cannot_open: bool = False) -> sqlite3.OperationalError:
    if cannot_open:
        error, number = sqlite3.OperationalError("unable to open database file"), sqlite3.SQLITE_CANTOPEN
    elif code == errno.ENOSPC:
        error, number = sqlite3.OperationalError("database or disk is full"), sqlite3.SQLITE_FULL
    elif code == errno.EROFS:
        error, number = sqlite3.OperationalError("attempt to write a readonly database"), sqlite3.SQLITE_READONLY
    else:
        error, number = sqlite3.OperationalError("disk I/O error"), sqlite3.SQLITE_IOERR
    error.sqlite_errorcode = number
    return error
