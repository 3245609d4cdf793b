"""Walks folders and lists the files a run will look at; everything left out keeps its reason.

Reads names and, for files with an unknown suffix, their first bytes; knows nothing of what is inside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from album_sort.core.formats import HEAD_BYTES, describe, kind_of_suffix, sniff
from album_sort.core.glob import PatternFault
from album_sort.core.ignore import IGNORE_FILE, IgnoreRules, ScanFilter, junk_reason
from album_sort.core.unreadable import unreadable
from album_sort.errors import UsageError
from album_sort.paths import given_path
from album_sort.reading import is_hollow, read_head, read_small
from album_sort.sentences import sentence
from album_sort.types import FileEntry, FileKind, Reason, Skipped, Stage
from album_sort.types.ledger import STATE_FOLDER

_IGNORE_FILE_BYTES = 1 << 20

_Identity = tuple[int, int]
"""Device and inode: the same folder reached twice, however it is named."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What was found, in path order, and what was left out."""

    files: tuple[FileEntry, ...]
    skipped: tuple[Skipped, ...]


def scan(
    sources: Sequence[str],
    *,
    destination: str | None = None,
    filters: ScanFilter | None = None,
    may_be_gone: Collection[str] = (),
) -> ScanResult:
    """Files below the given folders (or the given files themselves), in path order whatever the file system's order.

    The destination is never entered, wherever it lies. Raises `UsageError` when a source does not exist, but for those that
    `may_be_gone`, of a list that was made a while ago: they are problems as any file that vanishes.
    """
    walk = _Walk(filters or ScanFilter())
    for source in sources:
        if source not in may_be_gone and not os.path.lexists(source):
            raise UsageError(sentence("files.no-such-file-or", source=source), hint=sentence("files.check-the-path-of"))
    if destination is not None:
        walk.forbid(destination, Reason.of("skip.destination"))
    for source in sources:
        path, root = given_path(source), root_of(source)
        if path == root:
            walk.folder(root, root, ())
        else:
            walk.file(path, root, ())
    walk.files.sort(key=lambda file: file.path)
    walk.skipped.sort(key=lambda skipped: skipped.path)
    return ScanResult(tuple(walk.files), tuple(walk.skipped))


def root_of(source: str) -> str:
    """The folder to which the patterns of a given folder or file are relative."""
    path = given_path(source)
    return path if os.path.isdir(path) else os.path.dirname(path)


@dataclass(slots=True)
class _Walk:
    filters: ScanFilter
    files: list[FileEntry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    _seen_folders: dict[_Identity, str] = field(default_factory=dict)
    _seen_paths: set[str] = field(default_factory=set)
    _forbidden: dict[_Identity, Reason] = field(default_factory=dict)
    _devices: dict[int, int] = field(default_factory=dict)
    _has_filters: bool = True

    def __post_init__(self) -> None:
        """Each of a million files is asked: what is not there need not be asked of."""
        self._has_filters = self.filters != ScanFilter()

    def forbid(self, folder: str, why: Reason) -> None:
        """Leaves out a folder by identity: a link to it is the same folder."""
        try:
            found = os.stat(folder)
        except OSError:
            return  # it does not exist yet, so it cannot be met
        self._forbidden[found.st_dev, found.st_ino] = why

    def leave_out(self, path: str, reason: Reason, *, is_problem: bool = False) -> None:
        """Notes a file or folder that is not looked at."""
        self.skipped.append(Skipped(path, Stage.SCAN, reason, is_problem))

    def folder(self, folder: str, root: str, rules: tuple[IgnoreRules, ...]) -> None:
        """Everything below one folder. Recursion is by hand: trees may be deeper than Python's stack."""
        pending = [(folder, rules)]
        while pending:
            current, inherited = pending.pop()
            entered = self._enter(current, inherited)
            if entered is None:
                continue
            entries, own_rules = entered
            folders = []
            for entry in entries:
                if self._is_folder(entry):
                    if self._wants_folder(entry, own_rules):
                        folders.append((entry.path, own_rules))
                elif entry.name != IGNORE_FILE:
                    self.file(entry.path, root, own_rules)
            pending.extend(reversed(folders))

    def _enter(
        self, folder: str, inherited: tuple[IgnoreRules, ...]
    ) -> tuple[list[os.DirEntry[str]], tuple[IgnoreRules, ...]] | None:
        """The sorted entries of a folder with the rules in force there; None when it is left out."""
        try:
            if self._is_barred(folder):
                return None
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.leave_out(folder, unreadable(error), is_problem=True)
            return None
        names = {entry.name for entry in entries}
        if STATE_FOLDER in names:
            self.leave_out(folder, Reason.of("skip.album-folder"))
            return None
        if IGNORE_FILE not in names:
            return entries, inherited
        own = self._read_rules(folder)
        if own is not None and own.is_whole_folder:
            self.leave_out(folder, Reason.of("skip.empty-ignore-file", name=IGNORE_FILE))
            own = None
        return None if own is None else (entries, (*inherited, own))

    def _is_barred(self, folder: str) -> bool:
        """Whether this very folder is the destination or has been walked under another name (a loop of links)."""
        found = os.stat(folder)
        identity = (found.st_dev, found.st_ino)
        if identity in self._forbidden:
            self.leave_out(folder, self._forbidden[identity])
            return True
        if identity in self._seen_folders:
            self.leave_out(folder, Reason.of("skip.same-folder", path=self._seen_folders[identity]))
            return True
        self._seen_folders[identity] = folder
        return False

    def _read_rules(self, folder: str) -> IgnoreRules | None:
        """None, told, where they cannot be known: not knowing what the user wanted left out, nothing of the folder may be sorted."""
        path = os.path.join(folder, IGNORE_FILE)
        try:
            text = read_small(path, _IGNORE_FILE_BYTES).decode("utf-8", errors="replace")
            return IgnoreRules.parse(folder, text)
        except OSError as error:
            why = str(error.strerror or error)
        except PatternFault as fault:
            why = str(fault)
        self.leave_out(folder, Reason.of("skip.bad-ignore-file", name=IGNORE_FILE, detail=why), is_problem=True)
        return None

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir()
        except OSError:
            return False  # a link whose target cannot be looked at is reported as a file

    def _wants_folder(self, entry: os.DirEntry[str], rules: tuple[IgnoreRules, ...]) -> bool:
        reason = junk_reason(entry.name, is_folder=True) or _ignored(entry.path, rules, is_folder=True)
        if reason is not None:
            self.leave_out(entry.path, reason)
        return reason is None

    def file(self, path: str, root: str, rules: tuple[IgnoreRules, ...]) -> None:
        """One file, listed or left out."""
        if path in self._seen_paths:
            return
        self._seen_paths.add(path)
        name = path[path.rfind("/") + 1 :]
        reason = junk_reason(name, is_folder=False) or (_ignored(path, rules, is_folder=False) if rules else None)
        if reason is None and self._has_filters:
            reason = self.filters.reason(path[len(root) :].lstrip("/"))
        if reason is not None:
            self.leave_out(path, reason)
            return
        try:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                self.leave_out(path, Reason.of("skip.no-regular-file"))
                return
            if is_hollow(path, found):
                self.leave_out(path, _hollow(found), is_problem=True)
                return
            kind = kind_of_suffix(_suffix(name)) or self._kind_by_content(path)
        except OSError as error:
            broken = os.path.islink(path) and not os.path.exists(path)
            self.leave_out(path, Reason.of("skip.broken-link") if broken else unreadable(error), is_problem=not broken)
            return
        if kind is not None:
            self.files.append(
                FileEntry(path, root, found.st_size, found.st_mtime_ns, found.st_ino, self._device(found.st_dev), kind)
            )

    def _device(self, number: int) -> int:
        """One value for all files of a disk."""
        return self._devices.setdefault(number, number)

    def _kind_by_content(self, path: str) -> FileKind | None:
        head = read_head(path, HEAD_BYTES)
        media = sniff(head)
        if media is None:
            self.leave_out(path, Reason.of("skip.foreign-format", content=describe(head)))
            return None
        return media.kind


def _hollow(found: os.stat_result) -> Reason:
    return Reason.of("skip.hollow", size_gb=found.st_size >> 30, data_gb=found.st_blocks * 512 >> 30)


def _suffix(name: str) -> str:
    """As `os.path.splitext`, of a name that does not begin with a dot, in a third of its time."""
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def _ignored(path: str, rules: tuple[IgnoreRules, ...], *, is_folder: bool) -> Reason | None:
    for rule in rules:
        if rule.match(path, is_folder=is_folder):
            return Reason.of("skip.ignored", path=os.path.join(rule.folder, IGNORE_FILE))
    return None
