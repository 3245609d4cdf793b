"""Files and photo groups: what a scan finds and what is decided on together. Imports nothing of ours but reasons."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from album_sort.types.quickly import quickly_made
from album_sort.types.reasons import Reason

ContentId = NewType("ContentId", str)
"""SHA-256 of a file's bytes, 64 lower-case hexadecimal digits: the identity of a photo."""


class FileKind(StrEnum):
    """What a file is to us, before its content has been read."""

    PHOTO = "photo"
    RAW = "raw"
    VIDEO = "video"
    SIDECAR = "sidecar"


class Stage(StrEnum):
    """Where on its way a file was left out."""

    SCAN = "scan"
    READ = "read"
    METADATA = "metadata"
    DECODE = "decode"
    DECIDE = "decide"
    """A decision about it raised: a fault of this program."""
    PLAN = "plan"
    APPLY = "apply"


@quickly_made
@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file as the scan found it. `(path, size_bytes, mtime_ns, inode)` is a shortcut to its content, never its identity."""

    path: str
    """Path as found below the given folder; bytes that are not UTF-8 survive as surrogate escapes (`os.fsdecode`)."""
    root: str
    """The PHOTOS argument below which it was found."""
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int
    kind: FileKind

    @property
    def name(self) -> str:
        """File name with suffix."""
        # As `os.path.basename`, which takes three times as long and is asked for a dozen times of each file.
        return self.path[self.path.rfind("/") + 1 :]

    @property
    def folder(self) -> str:
        """Folder part of `path`."""
        folder = self.path[: self.path.rfind("/") + 1]
        return folder.rstrip("/") or folder

    @property
    def stem(self) -> str:
        """File name without its last suffix."""
        return os.path.splitext(self.name)[0]

    @property
    def suffix(self) -> str:
        """Last suffix, lower-cased, with its dot; empty where there is none."""
        return os.path.splitext(self.name)[1].lower()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder left out, with the stage and a reason a person can act on."""

    path: str
    stage: Stage
    reason: Reason
    is_problem: bool = True
    """False for what is left out on purpose (hidden files, junk folders): listed, but no reason for exit code 3."""


@quickly_made
@dataclass(frozen=True, slots=True)
class PhotoGroup:
    """Files that are one photo to a person: every decision is made for the group."""

    primary: FileEntry
    """The file whose pixels and metadata speak for the group."""
    content_id: ContentId
    """Content of the primary."""
    members: tuple[FileEntry, ...] = ()
    """The other files (RAW, Live Photo video, edits, sidecars), in path order, without the primary."""
    why: tuple[Reason, ...] = ()
    """One for each member: what proves that it belongs here."""

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """The primary and its members."""
        return (self.primary, *self.members)
