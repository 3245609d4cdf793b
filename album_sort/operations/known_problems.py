"""Which files were told of as broken before: cron's mail says it once, until the file or what is wrong with it changes.

Kept in the cache, beside what the last run said: a night in which nothing is filed writes nothing into the destination.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from album_sort.cached_file import write_cached
from album_sort.pipeline.rest import is_below
from album_sort.reading import read_small

Problem = tuple[str, str, str]
"""Path, stage and reason, as a summary has them."""

_NEVER_KNOWN = frozenset(("apply", "decide"))
"""Stages at which a fault is of the disk or of this program: told each time."""

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class KnownProblems:
    """What earlier runs into a destination have told, by path."""

    file: Path
    marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cache_folder: Path, destination: str) -> KnownProblems:
        """Of earlier runs from this machine; nothing where they cannot be read."""
        name = hashlib.sha256(os.path.realpath(destination).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        file = cache_folder / "runs" / f"{name}.told.json"
        with contextlib.suppress(OSError, ValueError, RecursionError):
            values = json.loads(read_small(file, _MOST_BYTES))
            if isinstance(values, dict):
                return cls(file, {path: mark for path, mark in values.items() if isinstance(mark, str)})
        return cls(file)

    def knows(self, path: str, stage: str, reason: str) -> bool:
        """Whether just this was told before, of the file as it is now."""
        return stage not in _NEVER_KNOWN and self.marks.get(path) == _mark(path, reason)

    def has_told_of(self, path: str) -> bool:
        """Whether a file was told of as broken, and is as it was."""
        return path in self.marks and _is_as_it_was(path, self.marks[path])

    def keep(self, problems: Iterable[Problem], scanned: Iterable[str]) -> None:
        """Remembers what this run has told; what it has not looked at stays known. A cache that cannot be written costs a second mail.

        A run over a part (`--limit`, `--include`, a disk that is absent) has not looked at everything below its folders: a file
        that is as it was stays known, too.
        """
        folders = tuple(scanned)
        marks = {
            path: mark
            for path, mark in self.marks.items()
            if not any(is_below(path, one) for one in folders) or _is_as_it_was(path, mark)
        }
        marks |= {path: _mark(path, reason) for path, stage, reason in problems if stage not in _NEVER_KNOWN}
        if marks == self.marks:
            return
        text = json.dumps(marks)
        write_cached(self.file, lambda sink: sink.write(text.encode()))


def _is_as_it_was(path: str, mark: str) -> bool:
    """Whether a file still looks as it did when it was told of, or is gone with its folder (a disk that was not connected)."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return not os.path.isdir(os.path.dirname(path))
    return not os.path.isdir(path) and mark.startswith(f"{found.st_size} {found.st_mtime_ns} ")


def _mark(path: str, reason: str) -> str:
    """A file as it is now, and what is wrong with it."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return reason
    # The time of a folder changes with every file in it.
    return reason if os.path.isdir(path) else f"{found.st_size} {found.st_mtime_ns} {reason}"
