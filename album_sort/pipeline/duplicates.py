"""Files of one content among the sources: which one is stored, and what deleting the others would free."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from album_sort.types import Action, AlbumRelPath, FileEntry, PlannedOp, Role


@dataclass(slots=True)
class Duplicates:
    """What a plan says of its duplicates."""

    _stored: dict[AlbumRelPath, str] = field(default_factory=dict)
    """By path in the destination: the source whose file lies there."""
    _other_names: set[str] = field(default_factory=set)
    """Duplicates that are a further name (a hard link) of a file that is counted already: deleting those frees nothing."""

    def add(self, ops: Iterable[PlannedOp], files: Iterable[FileEntry]) -> None:
        """Takes the rows of the plan and the files that they are about."""
        held = [op for op in ops if op.role is not Role.ALSO]
        twins = {op.source for op in held if op.action is Action.DUPLICATE}
        inodes = _inodes(files, twins)
        seen: set[tuple[int, int]] = set()
        for op in held:
            if op.action is not Action.DUPLICATE:
                self._stored[op.target] = op.source
                if op.source in inodes:
                    seen.add(inodes[op.source])
        for op in held:
            inode = inodes.get(op.source)
            if op.action is Action.DUPLICATE and inode is not None:
                if inode in seen:
                    self._other_names.add(op.source)
                seen.add(inode)

    def stored_source(self, op: PlannedOp) -> str:
        """Of a duplicate the source that is stored in its place; empty for other files."""
        return self._stored.get(op.target, "") if op.action is Action.DUPLICATE else ""

    def freed_bytes(self, ops: Iterable[PlannedOp]) -> int:
        """What deleting the duplicates among the files of one photo would free."""
        return sum(
            op.size_bytes
            for op in ops
            if op.action is Action.DUPLICATE and op.role is not Role.ALSO and op.source not in self._other_names
        )


def _inodes(files: Iterable[FileEntry], twins: Set[str]) -> dict[str, tuple[int, int]]:
    """Device and inode of some files, by path, and of all others that are the same file as one of these."""
    files = list(files)
    wanted = {file.inode for file in files if file.inode and file.path in twins}
    return {file.path: (file.device, file.inode) for file in files if file.inode in wanted}
