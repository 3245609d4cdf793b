"""Pictures for browsers of the photos that these cannot show, by content: `previews/<2 hex>/<sha256>.jpg`.

They are made from the photos and can be made again: nothing is lost with the folder. What lies in it may be somebody else's, as all in
a destination that came from elsewhere: only regular files below real folders count, no link is followed, and what has no name of ours
is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Collection, Iterator, Set
from io import BufferedReader
from pathlib import Path

from album_sort.state.own_files import NOTHING_THERE, open_own
from album_sort.types import ContentId
from album_sort.types.inner_paths import PREVIEWS, REPORT_PREVIEWS, STATE_FOLDER

_PICTURE, _NONE, _UNFINISHED = ".jpg", ".none", ".new"
"""A preview; that there can be none (an empty file); one that is being written."""

_NAME = re.compile(rf"([0-9a-f]{{64}})({_PICTURE}|{_NONE}|{_UNFINISHED})", re.ASCII)
_FOLDER_NAME = re.compile(r"[0-9a-f]{2}", re.ASCII)

_SPARED_BYTES = 256 << 20
"""What the disk keeps free: the last room belongs to photos."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def previews_of(destination: Path | str) -> PreviewStore:
    """The previews that a destination keeps."""
    return PreviewStore(Path(destination) / STATE_FOLDER / PREVIEWS, f"{STATE_FOLDER}/{PREVIEWS}")


def previews_beside(report_folder: Path) -> PreviewStore:
    """Those of a report of what is not filed."""
    return PreviewStore(report_folder / REPORT_PREVIEWS, REPORT_PREVIEWS)


class PreviewStore:
    """A folder of previews. Looked through once, when it is first asked; from then on it knows what it has itself put there."""

    def __init__(self, folder: Path, address: str) -> None:
        """`address`: the folder as seen from where the page finds photos."""
        self.folder = folder
        self._address = address
        self._seen: dict[ContentId, str] | None = None

    def address(self, content_id: ContentId) -> str:
        """Where the preview of a content lies; empty where there is none."""
        if self._known.get(content_id) != _PICTURE:
            return ""
        return f"{self._address}/{content_id[:2]}/{content_id}{_PICTURE}"

    @property
    def tried(self) -> Set[ContentId]:
        """Contents that have a preview, or of which none could be made."""
        return self._known.keys()

    def open(self, content_id: ContentId) -> BufferedReader:
        """The JPEG; raises OSError where there is none, or something else has its name."""
        return open_own(self.folder / content_id[:2] / f"{content_id}{_PICTURE}")

    def keep(self, content_id: ContentId, jpeg: bytes) -> None:
        """Keeps a preview, whole or not at all; an empty one says that there can be none. Raises OSError."""
        folder = self.folder / content_id[:2]
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, _FOLDER)
        try:
            found = os.fstatvfs(handle)
            if found.f_bavail * found.f_frsize < _SPARED_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
            suffix = _PICTURE if jpeg else _NONE
            _write(handle, f"{content_id}{_UNFINISHED}", f"{content_id}{suffix}", jpeg)
        finally:
            os.close(handle)
        self._known[content_id] = suffix

    def thin(self, contents: Collection[ContentId]) -> None:
        """Takes away all but those of these contents, and the folders that become empty; what cannot be taken away stays."""
        emptied = set()
        for folder, content_id, suffix in _found(self.folder):
            if content_id not in contents or suffix == _UNFINISHED:
                with contextlib.suppress(OSError):
                    (folder / f"{content_id}{suffix}").unlink()
                emptied |= {folder, self.folder}
        for folder in sorted(emptied, reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        self._seen = None

    @property
    def _known(self) -> dict[ContentId, str]:
        if self._seen is None:
            found = sorted(_found(self.folder), key=lambda one: one[2] == _PICTURE)
            self._seen = {content_id: suffix for _, content_id, suffix in found if suffix != _UNFINISHED}
        return self._seen


def _found(folder: Path) -> Iterator[tuple[Path, ContentId, str]]:
    """Folder, content and suffix of what has a name of ours; names alone are read, and no link is followed."""
    with contextlib.suppress(*NOTHING_THERE), os.scandir(folder) as entries:
        inner = [Path(one) for one in entries if _FOLDER_NAME.fullmatch(one.name) and one.is_dir(follow_symlinks=False)]
        for each in inner:
            with contextlib.suppress(*NOTHING_THERE), os.scandir(each) as files:
                for file in files:
                    name = _NAME.fullmatch(file.name)
                    if name is not None and file.is_file(follow_symlinks=False):
                        yield each, ContentId(name[1]), name[2]


def _write(folder: int, temporary: str, name: str, data: bytes) -> None:
    """A file in an open folder, under its name when it is complete."""
    with contextlib.suppress(FileNotFoundError):
        # Of a run that was killed; also a link of that name, which would lead elsewhere.
        os.unlink(temporary, dir_fd=folder)
    with os.fdopen(os.open(temporary, _NEW_FILE, 0o666, dir_fd=folder), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
