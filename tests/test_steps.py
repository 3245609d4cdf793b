"""Single steps on the disk, and what becomes of a photo when the system answers one of them in another way than usual."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from album_sort.errors import DestinationError
from album_sort.fileops import aside, system_calls
from album_sort.fileops.destination import Destination, RowRefused
from album_sort.fileops.filesystem import FileSystem, RealFileSystem
from album_sort.fileops.handles import Root
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.recover import is_our_page, remove_temporaries
from album_sort.fileops.tidy import remove_if_empty
from album_sort.fileops.trouble import remedy
from album_sort.state.store import DestinationState
from album_sort.types import Action, AlbumRelPath, Mode, OpStatus, RunId
from album_sort.types.ledger import Phase
from tests.destination_builders import Library, content_id, files, picture_of, plan_for, recover_all, run, tree
from tests.doubles import Fault, FaultyFileSystem, Killed

DATA = b"cat" * 1000


def failing(code: int) -> Callable[..., Any]:
    def step(*_values: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    return step


def names_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", DATA, "Pets/2024")
    return library


@pytest.fixture
def photo(library: Library) -> Path:
    """A photo in the albums."""
    run(library)
    return library.albums / "Pets/2024/a.jpg"


def destination_of(photo: Path, fs: FileSystem) -> Destination:
    return Destination(fs, str(photo.parents[2]), RunId("r2"))


# Copying


def test_a_photo_that_grows_faster_than_it_is_copied_is_refused(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, readv = library.sources / "a.jpg", os.readv

    def grow(descriptor: int, buffers: Any) -> int:
        with source.open("ab") as stream:
            stream.write(DATA)
        return readv(descriptor, buffers)

    monkeypatch.setattr(os, "readv", grow)
    _, applied = run(library)
    assert [(result.status, "being written to" in result.error) for result in applied.results] == [
        (OpStatus.FAILED, True)
    ]
    assert files(library.albums) == []


def clone_as(content: bytes) -> Callable[..., int]:
    """A file system that shares blocks: a clone has `content`, which is that of the source at that moment."""

    def ioctl(writing: int, _request: int, _reading: int) -> int:
        os.write(writing, content)
        return 0

    return ioctl


def test_a_clone_is_a_reflink_and_the_probe_says_so(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", clone_as(DATA))
    library.albums.mkdir()
    assert can_reflink(str(library.albums))
    _, applied = run(library, mode=Mode.REFLINK)
    assert [(result.action, result.status, result.error) for result in applied.results] == [
        (Action.REFLINK, OpStatus.DONE, "")
    ]
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == DATA


def test_a_clone_is_believed_for_its_own_bytes_not_for_those_of_its_source(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source may have changed in the very moment in which it was cloned."""
    monkeypatch.setattr(fcntl, "ioctl", clone_as(DATA[::-1]))
    _, applied = run(library, mode=Mode.REFLINK)
    assert [result.status for result in applied.results] == [OpStatus.FAILED]
    assert files(library.albums) == []


def test_what_a_killed_probe_has_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / ".album-sort/probe-killed"
    left.mkdir(parents=True)
    (left / "a").write_bytes(b"probe")
    can_reflink(str(tmp_path))
    assert list((tmp_path / ".album-sort").iterdir()) == []


@pytest.mark.parametrize("step", ["fchmod", "utime"])
def test_a_time_or_permission_beyond_the_numbers_of_the_system_is_left_out(
    library: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def overflow(*_values: object, **_options: object) -> None:
        raise OverflowError

    monkeypatch.setattr(os, step, overflow)
    run(library)
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == DATA


@pytest.mark.parametrize("step", ["listxattr", "setxattr", "fchmod", "utime", "posix_fadvise"])
@pytest.mark.parametrize(("code", "is_supported"), [(errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_copy_does_without_attributes_that_the_disk_does_not_know_but_not_without_its_disk(
    library: Library, monkeypatch: pytest.MonkeyPatch, step: str, code: int, is_supported: bool
) -> None:
    monkeypatch.setattr(os, "listxattr", lambda _descriptor: ["user.comment"])
    monkeypatch.setattr(os, "getxattr", lambda _descriptor, _name: b"good boy")
    monkeypatch.setattr(os, "setxattr", lambda *_values: None)
    monkeypatch.setattr(os, step, failing(code))
    _, applied = run(library)
    # Which attributes a source has, and when the disk begins to write, is not part of the copy.
    is_needless = step in ("listxattr", "posix_fadvise")
    is_done = is_supported or is_needless
    assert [result.status for result in applied.results] == [OpStatus.DONE if is_done else OpStatus.FAILED]
    assert files(library.albums) == (["Pets/2024/a.jpg"] if is_done else [])


# Names and folders


def test_without_a_careful_rename_in_the_system_nothing_is_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library of C that has no such call."""
    system_calls._rename_function.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda *_values, **_options: object())
    try:
        fs = RealFileSystem().below(Root(str(tmp_path)))
        (tmp_path / "new").write_bytes(b"new")
        (tmp_path / "taken").write_bytes(b"taken")
        with pytest.raises(FileExistsError):
            fs.publish(str(tmp_path / "new"), str(tmp_path / "taken"))
        fs.publish(str(tmp_path / "new"), str(tmp_path / "free"))
    finally:
        system_calls._rename_function.cache_clear()
    assert names_in(tmp_path) == {"free": b"new", "taken": b"taken"}


def test_a_rename_that_the_system_refuses_as_such_is_left_to_other_ways(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert not system_calls.rename_without_replacing(str(tmp_path / "a"), str(tmp_path / "a/b"))
    assert (tmp_path / "a").is_dir()


def test_a_name_claimed_for_a_file_that_then_does_not_come_is_free_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("album_sort.fileops.filesystem.rename_without_replacing", lambda *_: False)
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    monkeypatch.setattr(os, "rename", failing(errno.EIO))
    (tmp_path / "temporary").write_bytes(DATA)
    with pytest.raises(OSError, match="Input/output error"):
        RealFileSystem().below(Root(str(tmp_path))).publish(str(tmp_path / "temporary"), str(tmp_path / "a.jpg"))
    assert names_in(tmp_path) == {"temporary": DATA}


def test_a_folder_that_is_there_is_made_and_what_only_has_its_name_is_not(tmp_path: Path) -> None:
    fs = RealFileSystem().below(Root(str(tmp_path)))
    (tmp_path / "Pets").mkdir()
    fs.make_folder(str(tmp_path / "Pets"))
    (tmp_path / "link").symlink_to("Pets")
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "file"):
        with pytest.raises(FileExistsError):
            fs.make_folder(str(tmp_path / name))


@pytest.mark.parametrize(("code", "is_known"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_file_system_that_cannot_wait_for_folders_is_used_and_one_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_known: bool
) -> None:
    monkeypatch.setattr(os, "fsync", failing(code))
    fs = RealFileSystem().below(Root(str(tmp_path)))
    if is_known:
        fs.sync_folder(str(tmp_path))
    else:
        with pytest.raises(OSError, match="Input/output error"):
            fs.sync_folder(str(tmp_path))


def test_a_folder_that_may_be_written_to_but_not_listed_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refuse(path: Any, flags: int, *values: int, dir_fd: int | None = None) -> int:
        if path == ".":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, flags, *values, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    RealFileSystem().below(Root(str(tmp_path))).sync_folder(str(tmp_path))


def test_a_link_of_the_user_to_the_destination_itself_is_followed(tmp_path: Path) -> None:
    (tmp_path / "All").symlink_to(".")
    RealFileSystem().below(Root(str(tmp_path))).make_folder(str(tmp_path / "All/Pets"))
    assert (tmp_path / "Pets").is_dir()


def test_a_file_in_the_place_of_a_folder_is_told_with_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "Pets").write_bytes(b"")
    with pytest.raises(NotADirectoryError) as told:
        RealFileSystem().below(Root(str(tmp_path))).make_folder(str(tmp_path / "Pets/2024"))
    assert told.value.filename in (str(tmp_path / "Pets"), str(tmp_path / "Pets/2024"))


def test_a_destination_that_is_made_later_is_the_one_that_is_meant(tmp_path: Path) -> None:
    root = Root(str(tmp_path / "albums"))
    (tmp_path / "albums").mkdir()
    assert not root.has_gone()
    (tmp_path / "albums").rename(tmp_path / "unplugged")
    assert root.has_gone()


def test_a_file_holds_what_it_can_be_read_to_hold(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dest = destination_of(photo, RealFileSystem())
    (photo.parent / "loop.jpg").symlink_to("loop.jpg")
    assert dest.holds(str(photo), content_id(DATA), len(DATA))
    for other in ("loop.jpg", "none.jpg", "a.jpg/none.jpg", "."):
        assert not dest.holds(str(photo.parent / other), content_id(DATA), len(DATA))
    monkeypatch.setattr(os, "read", failing(errno.EIO))
    monkeypatch.setattr(os, "readv", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        dest.holds(str(photo), content_id(DATA), len(DATA))


# Putting aside


class Unseen(RealFileSystem):
    """The disk does not answer what lies under names with this beginning."""

    def __init__(self, beginning: str) -> None:
        self.beginning = beginning

    def status(self, path: str) -> os.stat_result | None:
        if os.path.basename(path).startswith(self.beginning):
            raise OSError(errno.EIO, "Input/output error", path)
        return super().status(path)


@pytest.mark.parametrize(
    "fs", [Unseen(aside.PREFIX), *(FaultyFileSystem(Fault(step, code=errno.EIO)) for step in (1, 2))]
)
def test_a_photo_that_cannot_be_removed_keeps_its_name(photo: Path, fs: FileSystem) -> None:
    """Renamed aside, looked at, removed: whichever step fails."""
    with pytest.raises(OSError, match="Input/output error"):
        aside.remove(destination_of(photo, fs), str(photo), photo.lstat(), lambda _path: True)
    assert names_in(photo.parent) == {"a.jpg": DATA}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_photo_that_cannot_be_replaced_keeps_its_name(photo: Path, step: int) -> None:
    """Renamed aside, the other one named, the first removed: whichever step fails."""
    (photo.parent / "temporary").write_bytes(b"new")
    dest = destination_of(photo, FaultyFileSystem(Fault(step, code=errno.EIO)))
    with pytest.raises(OSError, match="Input/output error"):
        aside.replace(dest, str(photo.parent / "temporary"), str(photo), photo.lstat(), lambda _path: True)
    assert names_in(photo.parent)["a.jpg"] == DATA
    assert names_in(photo.parent).keys() <= {"a.jpg", "temporary"}


def test_a_photo_that_cannot_be_looked_at_where_it_was_moved_to_goes_back(photo: Path) -> None:
    (row,) = picture_of(Library(photo.parents[3])).ledger.values()
    seen, moved = photo.lstat(), photo.with_name("moved.jpg")
    photo.rename(moved)
    with pytest.raises(OSError, match="Input/output error"):
        aside.check_arrived(destination_of(photo, Unseen("moved")), row, seen, str(moved), str(photo))
    assert names_in(photo.parent) == {"a.jpg": DATA}


def test_a_photo_that_has_vanished_where_it_was_moved_to_is_not_taken_for_moved(photo: Path) -> None:
    (row,) = picture_of(Library(photo.parents[3])).ledger.values()
    with pytest.raises((OSError, RowRefused)):
        aside.check_arrived(
            destination_of(photo, RealFileSystem()), row, photo.lstat(), str(photo.with_name("moved.jpg")), str(photo)
        )
    assert names_in(photo.parent) == {"a.jpg": DATA}


def test_what_lies_aside_stays_there_when_all_names_beside_it_are_taken(photo: Path) -> None:
    dest = destination_of(photo, RealFileSystem())
    lies_aside = Path(aside.aside_of(str(photo)))
    lies_aside.write_bytes(b"edited")
    for number in range(1, 1000):
        os.close(os.open(f"{photo.parent}/a~kept{number}.jpg", os.O_CREAT))
    with pytest.raises(FileExistsError, match="no name to put it back to"):
        aside.settle(dest, str(photo))
    assert (lies_aside.read_bytes(), photo.read_bytes()) == (b"edited", DATA)


def test_a_link_or_what_cannot_be_read_is_not_taken_for_our_page(tmp_path: Path) -> None:
    (tmp_path / "link.html").symlink_to("nowhere")
    assert not is_our_page(tmp_path / "link.html")
    assert not is_our_page(tmp_path / "none.html")
    assert not is_our_page(tmp_path)


# Tidying up


@pytest.mark.parametrize(
    ("look", "is_told"), [(PermissionError(errno.EACCES, "no"), False), (OSError(errno.EIO, "no"), True), (True, True)]
)
def test_an_empty_folder_that_stays_is_told_unless_nobody_may_look_into_it(
    tmp_path: Path, look: OSError | bool, is_told: bool
) -> None:
    class Kept(RealFileSystem):
        def remove_folder(self, path: str) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", path)

        def is_empty_folder(self, path: str) -> bool:
            if isinstance(look, OSError):
                raise look
            return super().is_empty_folder(path)

    (tmp_path / "Pets").mkdir()
    untidy: list[str] = []
    assert not remove_if_empty(Destination(Kept(), str(tmp_path), RunId("r")), AlbumRelPath("Pets"), untidy)
    assert bool(untidy) is is_told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "its disk is full"),
        (errno.EDQUOT, "your share of its disk is used up"),
        (errno.EROFS, "it can only be read by now"),
        (errno.ESTALE, "it has gone"),
    ],
)
def test_a_disk_that_takes_no_more_is_told_with_what_to_do(library: Library, code: int, words: str) -> None:
    """The run ends there, and the next one does the rest."""
    library.add("b.jpg", b"dog", "Pets/2024")
    _, applied = run(library, fs=FaultyFileSystem(Fault(5, code=code, for_good=True)))
    assert words in applied.stopped_by
    assert words in remedy(OSError(code, ""))
    run(library, "r2")
    assert plan_for(library).effects == ()
    assert len([path for path in tree(library.albums) if path.endswith(".jpg")]) == 2


# After a kill


def kill_at(library: Library, name: str, run_id: str = "r2", *, number: int = 1) -> None:
    """A run that dies before the step of that name."""
    steps = Fault()
    before = library.root / "trial"
    shutil.copytree(library.albums, before / "albums", symlinks=True) if library.albums.exists() else None
    trial = Library(before, dict(library.filings))
    shutil.rmtree(trial.sources)
    shutil.copytree(library.sources, trial.sources)
    run(trial, run_id, fs=FaultyFileSystem(steps))
    shutil.rmtree(before)
    at = [index for index, step in enumerate(steps.names, 1) if step == name][number - 1]
    with pytest.raises(Killed):
        run(library, run_id, fs=FaultyFileSystem(Fault(at)))


def recover_with(library: Library, fs: FileSystem) -> None:
    with DestinationState.open(library.albums) as state:
        recover_all(library, state, fs)


def test_what_a_kill_left_open_is_planned_upon_only_when_the_disk_has_let_it_be_finished(library: Library) -> None:
    kill_at(library, "publish", "r1")
    with pytest.raises(DestinationError, match="cannot be finished"):
        recover_with(library, Unseen("a.jpg"))
    run(library, "r2")
    assert files(library.albums) == ["Pets/2024/a.jpg"]


def test_an_empty_file_that_only_claimed_a_name_is_cleared_away_after_a_kill(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without a careful rename and without hard links; killed between claiming the name and filling it."""

    def kill(*_values: object, **_options: object) -> None:
        raise Killed

    with monkeypatch.context() as fat:
        fat.setattr("album_sort.fileops.filesystem.rename_without_replacing", lambda *_: False)
        fat.setattr(os, "link", failing(errno.EPERM))
        fat.setattr(os, "rename", kill)
        with pytest.raises(Killed):
            run(library)
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == b""
    recover_with(library, RealFileSystem())
    assert files(library.albums) == []
    run(library, "r2")
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == DATA


def test_a_copy_that_somebody_put_where_a_photo_was_to_be_moved_before_the_kill_is_theirs(photo: Path) -> None:
    library = Library(photo.parents[3])
    library.register("a.jpg", "Dogs/2024")
    kill_at(library, "publish")
    theirs = library.albums / "Dogs/2024/a.jpg"
    theirs.write_bytes(DATA)
    recover_with(library, RealFileSystem())
    assert [path for path, row in picture_of(library).ledger.items()] == ["Pets/2024/a.jpg"]
    assert (photo.read_bytes(), theirs.read_bytes()) == (DATA, DATA)


def test_a_row_that_names_no_place_of_ours_is_not_carried_out_after_a_kill(library: Library) -> None:
    """The journal comes from the disk, and so from anybody."""
    kill_at(library, "publish", "r1")
    outside = library.root / "photos"
    with DestinationState.open(library.albums) as state:
        journal = state.journal(RunId("r1"))
        (entry,) = journal.entries(Phase.INTENT)
        journal.intend([replace(entry.op, target=AlbumRelPath("..\\photos/a.jpg"))], [])
    before = tree(outside)
    recover_with(library, RealFileSystem())
    with DestinationState.open(library.albums) as state:
        assert state.journal(RunId("r1")).entries(Phase.INTENT) == ()
    assert tree(outside) == before


def test_what_lies_aside_under_a_short_name_is_nobodys_to_remove(photo: Path) -> None:
    """Its own name was too long to be kept; only the row that put it aside can tell whose it is."""
    lies_aside = Path(aside.aside_of(str(photo.parent / ("x" * 250))))
    lies_aside.write_bytes(b"edited")
    remove_temporaries(str(photo.parents[2]), RealFileSystem(), (AlbumRelPath(f"Pets/2024/{lies_aside.name}"),))
    assert lies_aside.read_bytes() == b"edited"
