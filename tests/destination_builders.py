"""A library of files, a destination, and the few calls of a run: what the tests of planning, apply, undo and recovery share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from album_sort.core.planning.check import check_plan
from album_sort.core.planning.plan import plan_filings
from album_sort.fileops.apply import Applied, apply_plan
from album_sort.fileops.filesystem import FileSystem, RealFileSystem
from album_sort.fileops.picture import read_foreign, take_picture
from album_sort.fileops.recover import recover, remove_temporaries
from album_sort.fileops.undo import Undone, undo_run
from album_sort.state.store import DestinationState
from album_sort.types import (
    AlbumId,
    AlbumRelPath,
    ContentId,
    FiledContent,
    FileEntry,
    FileKind,
    Filing,
    Mode,
    Plan,
    Role,
    RunId,
)
from album_sort.types.ledger import DestinationPicture, RunRecord, RunStatus

NOW = datetime(2026, 11, 22)
_KINDS = {
    ".xmp": FileKind.SIDECAR,
    ".aae": FileKind.SIDECAR,
    ".json": FileKind.SIDECAR,
    ".cr2": FileKind.RAW,
    ".mov": FileKind.VIDEO,
}


def content_id(data: bytes) -> ContentId:
    return ContentId(hashlib.sha256(data).hexdigest())


def entry(path: str, data: bytes = b"", *, mtime_ns: int = 1_700_000_000_000_000_000) -> FileEntry:
    """A file that exists on paper only."""
    kind = _KINDS.get(os.path.splitext(path)[1].lower(), FileKind.PHOTO)
    return FileEntry(path, os.path.dirname(path), len(data), mtime_ns, 0, 0, kind)


def entry_on_disk(path: Path) -> FileEntry:
    status = path.stat()
    kind = _KINDS.get(path.suffix.lower(), FileKind.PHOTO)
    return FileEntry(
        str(path), str(path.parent), status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev, kind
    )


def filing(
    path: str, data: bytes, folder: str, *, group: bytes | None = None, role: Role = Role.PRIMARY, album: str = ""
) -> Filing:
    """A filing on paper."""
    group_id = content_id(data if group is None else group)
    filed = FiledContent(content_id(data), group_id, AlbumId(album or _album(folder)), AlbumRelPath(folder), role, path)
    return Filing(entry(path, data), filed)


def _album(folder: str) -> str:
    return folder.split("/", maxsplit=1)[0].lower()


def plan_on_paper(filings: Iterable[Filing], picture: DestinationPicture | None = None, mode: Mode = Mode.COPY) -> Plan:
    return plan_filings(
        filings,
        picture or DestinationPicture(),
        mode=mode,
        destination="/albums",
        created_utc=NOW,
        plan_id=RunId("paper"),
    )


def targets(plan: Plan) -> dict[str, str]:
    """Source -> target."""
    return {op.source: op.target for op in plan.ops}


@dataclass
class Library:
    """A folder of source files and a destination, with the assignment of each file."""

    root: Path
    filings: dict[str, tuple[str, str, Role]] = field(default_factory=dict)
    """Source name -> (folder, name of the group's primary, role)."""
    also: list[tuple[str, str]] = field(default_factory=list)
    """(source name, folder of the secondary album)."""

    def __post_init__(self) -> None:
        self.sources.mkdir(parents=True, exist_ok=True)

    @property
    def sources(self) -> Path:
        return self.root / "photos"

    @property
    def albums(self) -> Path:
        return self.root / "albums"

    def add(self, name: str, data: bytes, folder: str, *, primary: str | None = None) -> Path:
        """Put a file into the library, assigned to a folder; a member names its group's primary."""
        path = self.sources / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        stamp = 1_600_000_000_000_000_000 + len(self.filings) * 1_000_000_000
        os.utime(path, ns=(stamp, stamp))
        self.register(name, folder, primary=primary)
        return path

    def register(self, name: str, folder: str, *, primary: str | None = None) -> None:
        """Assign a file that is there already."""
        self.filings[name] = (folder, primary or name, Role.MEMBER if primary else Role.PRIMARY)

    def assign(self, name: str, folder: str) -> None:
        """Change the folder of a photo and its members."""
        for other, (_, primary, role) in list(self.filings.items()):
            if primary == name:
                self.filings[other] = (folder, primary, role)

    def current_filings(self) -> list[Filing]:
        """The filings of all files that exist."""
        found = []
        paths = {name: self.sources / name for name in self.filings}
        contents = {name: content_id(path.read_bytes()) for name, path in paths.items() if path.exists()}
        wanted = [(name, *filed) for name, filed in self.filings.items()]
        wanted += [(name, folder, name, Role.ALSO) for name, folder in self.also]
        for name, folder, primary, role in wanted:
            if name in contents:
                group = contents.get(primary, contents[name])
                file = entry_on_disk(paths[name])
                album = AlbumId(_album(folder))
                filed = FiledContent(contents[name], group, album, AlbumRelPath(folder), role, file.path)
                found.append(Filing(file, filed))
        return found


def picture_of(library: Library, fs: FileSystem | None = None) -> DestinationPicture:
    fs = fs or RealFileSystem()
    with DestinationState.open_read_only(library.albums) as state:
        records = state.records()
    picture = take_picture(str(library.albums), fs, records)
    return read_foreign(str(library.albums), fs, picture, library.current_filings())


def plan_for(library: Library, mode: Mode = Mode.COPY, plan_id: str = "r1") -> Plan:
    """What a dry run does: read, plan, check."""
    picture = picture_of(library)
    plan = plan_filings(
        library.current_filings(),
        picture,
        mode=mode,
        destination=str(library.albums),
        created_utc=NOW,
        plan_id=RunId(plan_id),
    )
    check_plan(plan, picture)
    return plan


def run(
    library: Library,
    run_id: str = "r1",
    mode: Mode = Mode.COPY,
    *,
    fs: FileSystem | None = None,
    wrap_journal: object = None,
    threads: int = 1,
) -> tuple[Plan, Applied]:
    """What a run does, as the pipeline does it: recover, read, plan, check, apply, remember."""
    fs = fs or RealFileSystem()
    with DestinationState.open(library.albums) as state:
        recover_all(library, state)
        picture = read_foreign(
            str(library.albums),
            RealFileSystem(),
            take_picture(str(library.albums), RealFileSystem(), state.records()),
            library.current_filings(),
        )
        remove_temporaries(str(library.albums), fs, picture.stale_temporaries)
        if picture.has_news:
            state.remember_moves(picture)
        plan = plan_filings(
            library.current_filings(),
            picture,
            mode=mode,
            destination=str(library.albums),
            created_utc=NOW,
            plan_id=RunId(run_id),
        )
        check_plan(plan, picture)
        if not plan.effects:
            return plan, Applied(())
        record = RunRecord(RunId(run_id), "sort", NOW, None, RunStatus.RUNNING, mode, "")
        journal = state.begin_run(record, plan)
        used = wrap_journal(journal) if callable(wrap_journal) else journal
        applied = apply_plan(plan, fs, used, threads=threads)
        state.finish_run(RunId(run_id), RunStatus.RUNNING if applied.untidy else RunStatus.DONE, NOW)
        return plan, applied


def apply_saved(library: Library, plan: Plan, run_id: str = "saved") -> Applied:
    """What `apply PLAN` does, without looking anew."""
    with DestinationState.open(library.albums) as state:
        record = RunRecord(RunId(run_id), "apply", NOW, None, RunStatus.RUNNING, plan.mode, "")
        applied = apply_plan(plan, RealFileSystem(), state.begin_run(record, plan), threads=1)
        state.finish_run(RunId(run_id), RunStatus.DONE, NOW)
        return applied


def recover_all(library: Library, state: DestinationState, fs: FileSystem | None = None) -> None:
    for run_id in state.records().unfinished_runs:
        recover(str(library.albums), fs or RealFileSystem(), state.journal(RunId(run_id)))
        state.finish_run(RunId(run_id), RunStatus.INTERRUPTED, NOW)


def undo(library: Library, run_id: str = "r1", fs: FileSystem | None = None) -> Undone:
    with DestinationState.open(library.albums) as state:
        undone = undo_run(str(library.albums), fs or RealFileSystem(), state.journal(RunId(run_id)))
        state.finish_run(RunId(run_id), RunStatus.UNDONE if undone.is_complete else RunStatus.PARTIAL, NOW)
        return undone


def tree(folder: Path, *, state: bool = False) -> dict[str, object]:
    """All files (bytes and mtime), links (text) and folders below a folder; the state folder only where asked for."""
    found: dict[str, object] = {}
    for root, folders, files in os.walk(folder):
        folders.sort()
        if not state and ".album-sort" in folders:
            folders.remove(".album-sort")
        for name in (*folders, *files):
            path = Path(root) / name
            relative = str(path.relative_to(folder))
            if path.is_symlink():
                found[relative] = ("link", os.readlink(path))
            elif path.is_dir():
                found[relative] = "folder"
            else:
                found[relative] = (path.read_bytes(), path.stat().st_mtime_ns)
    return found


def files(folder: Path) -> Sequence[str]:
    """Paths of files and links, sorted."""
    return sorted(path for path, what in tree(folder).items() if what != "folder")


def snapshot(folder: Path) -> Mapping[str, tuple[int, int, int, int]]:
    """Inode, size, mtime and ctime of everything, the state folder included: unequal after any write."""
    return {
        str(path.relative_to(folder)): (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for path in sorted(folder.rglob("*"))
        for status in [path.lstat()]
    }
