"""The one door through which photos are written. Every method is one step: it happens, or it does not, or it raises OSError.

`FileSystem` is what the rest of `fileops` sees; tests put faulty ones in its place. Whatever changes something does so through a
handle on the folder (`handles.py`), so that nothing is ever changed outside the destination that the file system was bound to.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from album_sort.fileops.handles import Root
from album_sort.fileops.system_calls import clone, rename_without_replacing
from album_sort.reading import NotAFile, open_regular, sha256_of
from album_sort.sentences import sentence
from album_sort.types import ContentId

CHUNK_BYTES = 1 << 20
"""Read size while copying: large enough that hashing and writing dominate, small enough to stay in the cache."""

_COPYING_IS_UNSUPPORTED = {
    errno.EOVERFLOW,
    errno.ERANGE,
    errno.ENOTSUP,
    errno.EPERM,
    errno.EACCES,
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENODATA,
    errno.E2BIG,
}

_NO_SYNC_OF_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EISDIR, errno.EPERM, errno.EACCES}


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy has become."""

    content_id: ContentId
    size_bytes: int
    is_clone: bool
    """Shares its blocks with the source (reflink)."""


class FileSystem(Protocol):
    """Steps on files, by absolute path."""

    def below(self, root: Root) -> Self:
        """The same file system, bound to a destination: what lies elsewhere can be read there, but not changed."""
        ...

    def status(self, path: str) -> os.stat_result | None:
        """Of the file or link itself; None when there is none."""
        ...

    def link_text(self, path: str) -> str:
        """What a symlink says."""
        ...

    def digest(self, path: str, size_bytes: int | None = None) -> ContentId:
        """SHA-256 of a file's bytes; raises OSError, unread, where it is known how many they are and they are not."""
        ...

    def is_empty_folder(self, path: str) -> bool:
        """Whether nothing is in a folder."""
        ...

    def make_folder(self, path: str) -> None:
        """Make one folder whose parent exists; one that is there already is fine."""
        ...

    def copy(self, source: str, temporary: str, *, try_clone: bool) -> Copied:
        """Copy bytes, times, permissions and extended attributes to a new file; hashed on the way."""
        ...

    def sync_file(self, path: str) -> None:
        """Wait until the disk has a file."""
        ...

    def sync_folder(self, path: str) -> None:
        """Wait until the disk has a folder's names."""
        ...

    def publish(self, temporary: str, target: str) -> None:
        """Give a file its final name; raises FileExistsError rather than replace anything."""
        ...

    def symlink(self, text: str, target: str) -> None:
        """Make a symlink; raises FileExistsError rather than replace anything."""
        ...

    def hardlink(self, source: str, target: str) -> None:
        """Make a hard link, to what a symlink points to; raises FileExistsError rather than replace anything."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file or link."""
        ...

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        ...


class RealFileSystem:
    """The disk."""

    _root: Root | None = None

    def below(self, root: Root) -> Self:
        """See `FileSystem`."""
        bound = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._root = root
        return bound

    @property
    def root(self) -> Root:
        """The destination; raises OSError (EROFS) where there is none: then nothing may be changed."""
        if self._root is None:
            raise OSError(errno.EROFS, sentence("files.nothing-may-be-changed"))
        return self._root

    def status(self, path: str) -> os.stat_result | None:
        """See `FileSystem`."""
        try:
            return os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def link_text(self, path: str) -> str:
        """See `FileSystem`."""
        return os.readlink(path)

    def digest(self, path: str, size_bytes: int | None = None) -> ContentId:
        """See `FileSystem`."""
        descriptor = open_regular(path)
        try:
            if size_bytes is not None and os.fstat(descriptor).st_size != size_bytes:
                raise NotAFile(errno.EINVAL, sentence("files.it-has-another-size"), path)
            return ContentId(sha256_of(descriptor, path)[0])
        finally:
            os.close(descriptor)

    def is_empty_folder(self, path: str) -> bool:
        """See `FileSystem`."""
        with os.scandir(path) as entries:
            return next(entries, None) is None

    def make_folder(self, path: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(path) as at:
            try:
                os.mkdir(at.name, dir_fd=at.folder)
            except FileExistsError:
                # A link would lead out of the destination.
                if not stat.S_ISDIR(os.lstat(at.name, dir_fd=at.folder).st_mode):
                    raise

    def copy(self, source: str, temporary: str, *, try_clone: bool) -> Copied:
        """See `FileSystem`."""
        reading = open_regular(source)
        try:
            # O_EXCL: a link put in the place of our temporary name must not be followed.
            with self.root.place_of(temporary) as at:
                writing = os.open(at.name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=at.folder)
            try:
                is_clone = try_clone and clone(reading, writing)
                # A clone is hashed itself: the source might change between hashing and cloning.
                digest, size = _hash_only(writing, source) if is_clone else _copy_and_hash(reading, writing, source)
                _check_size(writing, size)
                _copy_attributes(reading, writing)
                _start_writing(writing)
            finally:
                os.close(writing)
        finally:
            os.close(reading)
        return Copied(digest, size, is_clone)

    def sync_file(self, path: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(path) as at:
            descriptor = open_regular(at.name, dir_fd=at.folder, follow=False)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_folder(self, path: str) -> None:
        """See `FileSystem`."""
        folder = self.root.open_folder(path)
        try:
            descriptor = os.open(".", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY, dir_fd=folder)
        except PermissionError:
            # One that may be entered and written to, but not listed.
            return
        finally:
            os.close(folder)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some FUSE and network file systems know no fsync of folders; there is nothing more to be done there.
            if error.errno not in _NO_SYNC_OF_FOLDERS:
                raise
        finally:
            os.close(descriptor)

    def publish(self, temporary: str, target: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(temporary) as old:
            if os.path.dirname(temporary) == os.path.dirname(target):
                _publish(old.name, os.path.basename(target), old.folder, old.folder)
            else:
                with self.root.place_of(target) as new:
                    _publish(old.name, new.name, old.folder, new.folder)

    def symlink(self, text: str, target: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(target) as at:
            os.symlink(text, at.name, dir_fd=at.folder)

    def hardlink(self, source: str, target: str) -> None:
        """See `FileSystem`."""
        # A photo may be found through a link: linked itself, it would point to nowhere from its album.
        with self.root.place_of(target) as at:
            os.link(os.path.realpath(source), at.name, dst_dir_fd=at.folder)

    def remove(self, path: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(path) as at:
            os.unlink(at.name, dir_fd=at.folder)

    def remove_folder(self, path: str) -> None:
        """See `FileSystem`."""
        with self.root.place_of(path) as at:
            os.rmdir(at.name, dir_fd=at.folder)


def _copy_and_hash(reading: int, writing: int, source: str) -> tuple[ContentId, int]:
    # As long as it is now: a file that grows faster than it is copied would fill the disk.
    expected = os.fstat(reading).st_size
    hasher = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    size = 0
    while count := os.readv(reading, [buffer]):
        size += count
        if size > expected:
            raise OSError(errno.EAGAIN, sentence("files.it-is-being-written"), source)
        hasher.update(buffer[:count])
        written = 0
        while written < count:
            written += os.write(writing, buffer[written:count])
    return ContentId(hasher.hexdigest()), size


def _hash_only(descriptor: int, source: str) -> tuple[ContentId, int]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    digest, size = sha256_of(descriptor, source)
    return ContentId(digest), size


def _check_size(descriptor: int, expected: int) -> None:
    written = os.fstat(descriptor).st_size
    if written != expected:
        raise OSError(errno.EIO, sentence("files.bytes-arrived-of", written=written, expected=expected))


def _start_writing(descriptor: int) -> None:
    """Let the disk begin with this file while the next is read; the wait for all of them is short then."""
    if hasattr(os, "posix_fadvise"):  # pragma: no branch - macOS has none
        # Linux takes this advice by starting to write what has not been written yet.
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _copy_attributes(reading: int, writing: int) -> None:
    status = os.fstat(reading)
    if hasattr(os, "listxattr"):  # pragma: no branch - Python has none for macOS
        _copy_extended_attributes(reading, writing)
    # Set-user-id bits have no place on a photo.
    _where_possible(lambda: os.fchmod(writing, stat.S_IMODE(status.st_mode) & 0o777))
    # Last, since every other change would touch it again.
    _where_possible(lambda: os.utime(writing, ns=(status.st_atime_ns, status.st_mtime_ns)))


def _where_possible(step: Callable[[], None]) -> None:
    """FAT and some shares have no permissions, and let only the owner of the disk set times: the picture itself is complete.

    Nor has every file system room for every time: FAT has none before 1980, and a clock far off leaves the kernel's numbers.
    """
    try:
        step()
    except OverflowError:
        return
    except OSError as error:
        if error.errno not in _COPYING_IS_UNSUPPORTED:
            raise


def _copy_extended_attributes(reading: int, writing: int) -> None:
    try:
        names = os.listxattr(reading)
    except OSError:
        return
    for name in names:
        try:
            os.setxattr(writing, name, os.getxattr(reading, name))
        except OSError as error:
            # `security.*` needs privileges, other file systems know no `user.*`: the picture itself is complete.
            if error.errno not in _COPYING_IS_UNSUPPORTED:
                raise


def _publish(old: str, new: str, from_folder: int, to_folder: int) -> None:
    if rename_without_replacing(old, new, from_folder, to_folder):
        return
    try:
        os.link(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        _claim_and_rename(old, new, from_folder, to_folder)
    else:
        os.unlink(old, dir_fd=from_folder)


def _claim_and_rename(temporary: str, target: str, from_folder: int, to_folder: int) -> None:
    """Where neither a careful rename nor hard links exist (FAT through FUSE): claim the name with an empty file, then fill it.

    Killed in between, an empty file is left, which recovery recognises by the temporary file beside it.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=to_folder))
    try:
        os.rename(temporary, target, src_dir_fd=from_folder, dst_dir_fd=to_folder)
    except OSError:
        os.unlink(target, dir_fd=to_folder)
        raise
