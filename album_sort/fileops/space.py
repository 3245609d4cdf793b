"""Is there room for a plan? Answered before the first byte is written."""

from __future__ import annotations

import os
from dataclasses import dataclass

from album_sort.errors import DestinationError
from album_sort.fileops.destination import nearest_existing
from album_sort.sentences import sentence
from album_sort.types import Action, Plan

RESERVE_BYTES = 32 << 20
"""Left free for the journal, the report and the file system's own tables."""


@dataclass(frozen=True, slots=True)
class Space:
    """What a plan takes and what there is."""

    needed_bytes: int
    free_bytes: int
    needed_inodes: int
    free_inodes: int | None
    """None where the file system has no limit, or tells none (Btrfs, FAT)."""

    @property
    def suffices(self) -> bool:
        """Whether the plan fits."""
        return self.needed_bytes <= self.free_bytes and (
            self.free_inodes is None or self.needed_inodes <= self.free_inodes
        )


def measure_space(plan: Plan, *, can_reflink: bool = False) -> Space:
    """Compare a plan with the disk. Links take no bytes; nor do copies of files on the same disk where `can_reflink`."""
    existing = nearest_existing(plan.destination)
    stats = os.statvfs(existing)
    block = stats.f_frsize
    device = os.stat(existing).st_dev if can_reflink else None
    makes = [op for op in plan.effects if op.action.makes_a_file]
    # Where blocks cannot be shared, a reflink becomes a copy.
    full = [
        op
        for op in makes
        if op.action in (Action.COPY, Action.REFLINK) and (device is None or _device(op.source) != device)
    ]
    folders = {folder for op in makes for folder in _ancestors(op.target)}
    new_folders = sum(not os.path.isdir(os.path.join(plan.destination, folder)) for folder in folders)
    needed = (sum(-(-op.size_bytes // block) for op in full) + new_folders) * block
    return Space(
        needed_bytes=needed + RESERVE_BYTES if makes else 0,
        free_bytes=stats.f_bavail * block,
        needed_inodes=sum(op.action is not Action.HARDLINK for op in makes) + new_folders,
        free_inodes=stats.f_favail if stats.f_files else None,
    )


def _device(path: str) -> int:
    try:
        return os.stat(path).st_dev
    except OSError:
        return -1


def check_space(plan: Plan, *, can_reflink: bool = False) -> Space:
    """The same; raises `DestinationError` with both figures when the plan does not fit."""
    space = measure_space(plan, can_reflink=can_reflink)
    if space.needed_bytes > space.free_bytes:
        # A disk on which not even the journal has room is called full, whatever the plan wants.
        fullness = sentence("files.is-full") if space.free_bytes < RESERVE_BYTES else sentence("files.is-too-full-for")
        raise DestinationError(
            sentence(
                "files.the-disk-of-it",
                destination=plan.destination,
                fullness=fullness,
                megabytes=_megabytes(space.free_bytes),
                megabytes2=_megabytes(space.needed_bytes),
            ),
            hint=(sentence("files.nothing-was-filed-free")),
        )
    if not space.suffices:
        raise DestinationError(
            sentence(
                "files.the-disk-of-is",
                destination=plan.destination,
                free_inodes=space.free_inodes,
                needed_inodes=space.needed_inodes,
            ),
            hint=sentence("files.nothing-was-filed-remove"),
        )
    return space


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _ancestors(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
