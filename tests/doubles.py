"""Doubles that stand where the disk and the journal stand: they fail or are killed at a chosen step, or lose what was not synced."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Any

from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.journal import Journal

STEPS = (
    "make_folder",
    "copy",
    "sync_file",
    "sync_folder",
    "publish",
    "symlink",
    "hardlink",
    "remove",
    "remove_folder",
)
"""Steps of the file system that change something, or make it last."""

JOURNAL_STEPS = ("intend", "settle", "forget_folders")


class Killed(BaseException):
    """The process dies here: no handler may catch it."""


class Fault:
    """What happens at the k-th step; counts steps of the file system and of the journal alike."""

    def __init__(self, at: int = 0, *, kind: str = "kill-before", code: int = 0, for_good: bool = False) -> None:
        self.at = at
        self.kind = kind if not code else "error"
        self.code = code
        self.for_good = for_good
        """Whether every step from the chosen one on fails."""
        self.count = 0
        self.names: list[str] = []

    def step(self, name: str, effect: Callable[[], Any], half: Callable[[], None] | None = None) -> Any:
        """Run an effect as step number `count`, or the fault in its place."""
        self.count += 1
        self.names.append(name)
        is_due = self.count == self.at or (self.for_good and 0 < self.at < self.count)
        if not is_due:
            return effect()
        match self.kind:
            case "error":
                raise OSError(self.code, os.strerror(self.code), name)
            case "kill-before":
                raise Killed(name)
            case "kill-half":
                if half is not None:
                    half()
                raise Killed(name)
            case "kill-after":
                with contextlib.suppress(OSError):
                    effect()
                raise Killed(name)
            case "fail":
                raise OSError(errno.EIO, "injected fault", name)
            case "full":
                if half is not None:
                    half()
                raise OSError(errno.ENOSPC, "No space left on device", name)
        raise AssertionError(self.kind)


class FaultyFileSystem(RealFileSystem):
    """The real disk with a fault at one step."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in STEPS:
            return method
        fault: Fault = super().__getattribute__("fault")

        def step(*args: Any, **kwargs: Any) -> Any:
            half = (lambda: _half_copy(*args)) if name == "copy" else None
            return fault.step(name, lambda: method(*args, **kwargs), half)

        return step


def _half_copy(source: str, temporary: str) -> None:
    with open(source, "rb") as reading, open(temporary, "xb") as writing:
        writing.write(reading.read(os.path.getsize(source) // 2))


class FaultyJournal:
    """A real journal with a fault at one step."""

    def __init__(self, journal: Journal, fault: Fault) -> None:
        self._journal = journal
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._journal, name)
        if name not in JOURNAL_STEPS or self._fault.kind in ("fail", "full", "error"):
            return method
        return lambda *args: self._fault.step(name, lambda: method(*args))
