"""Takes the picture of a destination that the planner works with: a walk, and a look at what the user moved. Reads only."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from album_sort.core.planning.claims import Folders
from album_sort.core.planning.reconcile import Candidate, files_to_read, find_candidates, reconcile
from album_sort.fileops import aside
from album_sort.fileops.destination import TEMPORARY_PREFIX, Destination, nearest_existing
from album_sort.fileops.filesystem import FileSystem
from album_sort.types import Action, AlbumRelPath, Filing
from album_sort.types.inner_paths import NO_RUN
from album_sort.types.ledger import STATE_FOLDER, DestinationPicture, DestinationRecords, LedgerRow, PresentFile


def take_picture(destination: str, fs: FileSystem, records: DestinationRecords) -> DestinationPicture:
    """What lies in the destination, with the ledger brought up to what the user moved there. A missing one is empty."""
    present: dict[AlbumRelPath, PresentFile] = {}
    folders: set[AlbumRelPath] = set()
    temporaries: list[AlbumRelPath] = []
    unreadable: list[AlbumRelPath] = []
    root = fs.status(destination)
    for path, status in _walk(destination, unreadable) if root is not None else ():
        if stat.S_ISDIR(status.st_mode):
            folders.add(path)
        elif is_temporary(path):
            temporaries.append(path)
        else:
            try:
                text = fs.link_text(os.path.join(destination, path)) if stat.S_ISLNK(status.st_mode) else ""
            except OSError as error:
                if error.errno != errno.ENOENT:
                    unreadable.append(path)
            else:
                present[path] = PresentFile(status.st_size, status.st_mtime_ns, status.st_ino, text)
    present |= _believed(records.ledger, unreadable, destination, fs)
    temporaries += leftovers(destination)
    current = reconcile(records, _proven(destination, fs, find_candidates(records, present)), folders)
    astray = _links_astray(Destination(fs, destination, NO_RUN), current.ledger, present)
    return DestinationPicture(
        present=present,
        folders=frozenset(folders),
        ledger=current.ledger,
        folder_aliases=records.folder_aliases,
        found_again=current.found_again,
        new_aliases=current.new_aliases,
        misplaced_links=frozenset(path for path, is_own in astray.items() if is_own),
        changed_links=frozenset(path for path, is_own in astray.items() if not is_own),
        stale_temporaries=tuple(temporaries),
        unreadable_folders=tuple(unreadable),
        device=_device(destination),
        name_max_bytes=_name_max_bytes(destination),
    )


def read_foreign(
    destination: str, fs: FileSystem, picture: DestinationPicture, filings: Iterable[Filing]
) -> DestinationPicture:
    """The picture with the content of those foreign files that may be one of the filings (same folder, same size)."""
    filings = list(filings)
    folders = Folders(picture)
    resolved = {folder: folders.resolve(folder) for folder in {filing.folder for filing in filings}}
    contents = {}
    for path in files_to_read(filings, picture.ledger, picture.present, resolved):
        try:
            contents[path] = fs.digest(os.path.join(destination, path))
        except OSError:
            # Then it is a foreign file of unknown content: its name is taken, that is all.
            continue
    return replace(picture, contents=contents)


def find_temporaries(destination: str) -> tuple[AlbumRelPath, ...]:
    """What killed runs have left half-made, in the albums and in the state folder: a walk over everything."""
    found = [path for path, status in _walk(destination, []) if not stat.S_ISDIR(status.st_mode) and is_temporary(path)]
    return (*found, *leftovers(destination))


def is_temporary(path: str) -> bool:
    """Whether a file in the albums is one of ours that has no name yet."""
    name = path.rpartition("/")[2]
    return name.startswith(TEMPORARY_PREFIX) or (name.startswith(aside.PREFIX) and aside.own_name(path) is not None)


def _believed(
    ledger: Mapping[AlbumRelPath, LedgerRow], unreadable: Sequence[str], destination: str, fs: FileSystem
) -> dict[AlbumRelPath, PresentFile]:
    """Files of ours that cannot be looked at, or their folders: as remembered, for what cannot be seen has not been deleted."""
    starts = tuple(f"{path}/" for path in unreadable)
    return {
        path: PresentFile(
            row.size_bytes, row.mtime_ns, row.inode, _text_there(row, os.path.join(destination, path), fs)
        )
        for path, row in (ledger.items() if starts else ())
        if path in unreadable or path.startswith(starts)
    }


def _text_there(row: LedgerRow, absolute: str, fs: FileSystem) -> str:
    if row.action is not Action.SYMLINK:
        return ""
    try:
        return fs.link_text(absolute)
    except OSError:
        # Some text, so that it is taken for a link; what it says is compared with nothing.
        return row.source


def _walk(root: str, unreadable: list[AlbumRelPath]) -> Iterator[tuple[AlbumRelPath, os.stat_result]]:
    """All files, links and folders below a folder; links are not followed, the state folder is left out.

    Folders that cannot be looked into are noted: they are left alone. Those that others have removed meanwhile are not an error.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = os.scandir(os.path.join(root, folder) if folder else root)
        except OSError as error:
            if not folder:
                raise
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                unreadable.append(AlbumRelPath(folder))
            continue
        with entries:
            for entry in _each(entries, folder, unreadable):
                path = f"{folder}/{entry.name}" if folder else entry.name
                if path == STATE_FOLDER:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    if error.errno == errno.EACCES:
                        # The folder may be listed, but not entered.
                        unreadable.append(AlbumRelPath(folder))
                        break
                    if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                        unreadable.append(AlbumRelPath(path))
                    continue
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                yield AlbumRelPath(path), status


def _each(
    entries: Iterator[os.DirEntry[str]], folder: str, unreadable: list[AlbumRelPath]
) -> Iterator[os.DirEntry[str]]:
    try:
        yield from entries
    except OSError as error:
        if not folder:
            raise
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            unreadable.append(AlbumRelPath(folder))


def leftovers(root: str) -> Iterator[AlbumRelPath]:
    """What killed runs left half-written in the state folder: reports and lists, which get their names when they are complete."""
    runs = f"{STATE_FOLDER}/runs"
    for folder in (STATE_FOLDER, *(f"{runs}/{name}" for name in _names(os.path.join(root, runs)))):
        for name in _names(os.path.join(root, folder)):
            if name.endswith(".new") or (name.startswith(".") and name.endswith(".tmp")):
                yield AlbumRelPath(f"{folder}/{name}")


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        # What lies there is in nobody's way.
        return []


def _proven(
    destination: str, fs: FileSystem, candidates: Iterable[Candidate]
) -> Iterator[tuple[LedgerRow, AlbumRelPath]]:
    """Candidates whose content is that of the remembered file; each file and each row at most once, the surest first."""
    settled: set[AlbumRelPath] = set()
    taken: dict[AlbumRelPath, str] = {}
    for candidate in candidates:
        if candidate.row.path in settled or taken.get(candidate.path) == "":
            continue
        if not candidate.is_certain and candidate.path not in taken:
            try:
                taken[candidate.path] = fs.digest(os.path.join(destination, candidate.path))
            except OSError:
                taken[candidate.path] = ""
        if candidate.is_certain or taken[candidate.path] == candidate.row.content_id:
            settled.add(candidate.row.path)
            taken[candidate.path] = ""
            yield candidate.row, candidate.path


def _links_astray(
    dest: Destination, ledger: Mapping[AlbumRelPath, LedgerRow], present: Mapping[AlbumRelPath, PresentFile]
) -> dict[AlbumRelPath, bool]:
    """Links that do not say what they should where they lie; whether they are as we made them, and only lead nowhere now."""
    found = {}
    for path, row in ledger.items():
        file = present.get(path)
        if row.action is Action.SYMLINK and file is not None and file.link_text and not _leads_to(dest, row, file):
            absolute = dest.absolute(path)
            if file.link_text != dest.text_of_row(row, absolute):
                is_own = file.mtime_ns == row.mtime_ns
                if not (is_own and os.path.exists(absolute)):
                    found[path] = is_own
    return found


def _leads_to(dest: Destination, row: LedgerRow, file: PresentFile) -> bool:
    """Whether a link says the way to its photo: told from the words alone, which is enough for nearly all."""
    root = dest.real_folder(dest.root)
    aim = os.path.join(root, row.origin) if row.origin else row.source
    return os.path.normpath(os.path.join(root, os.path.dirname(row.path), file.link_text)) == aim


def _device(destination: str) -> int:
    return os.stat(nearest_existing(destination)).st_dev


def _name_max_bytes(destination: str) -> int:
    # FAT reports 1,530 bytes (255 characters of up to six); other systems would not take such a name.
    return min(255, os.statvfs(nearest_existing(destination)).f_namemax or 255)
