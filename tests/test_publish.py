"""How single files get into the destination: complete, verified, with their times, and never over anything."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest

from album_sort.fileops.destination import TEMPORARY_PREFIX
from album_sort.fileops.filesystem import Copied, RealFileSystem
from album_sort.fileops.handles import Root
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.system_calls import rename_without_replacing
from album_sort.types import Action, Mode, OpResult, OpStatus
from tests.destination_builders import Library, apply_saved, content_id, plan_for, run, tree


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat" * 100_000, "Pets/2024")
    return library


def only(results: tuple[OpResult, ...]) -> OpResult:
    (result,) = results
    return result


class WithoutLinks(RealFileSystem):
    """A FAT stick: no links of any kind."""

    def symlink(self, text: str, target: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", text, None, target)

    def hardlink(self, source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", source, None, target)


class Interfering(RealFileSystem):
    """Somebody writes a file with the target's name in the moment before it is published."""

    def publish(self, temporary: str, target: str) -> None:
        Path(target).write_bytes(b"somebody else's")
        super().publish(temporary, target)


class ChangingSource(RealFileSystem):
    """The source grows while it is read."""

    def copy(self, source: str, temporary: str, *, try_clone: bool) -> Copied:
        with open(source, "ab") as stream:
            stream.write(b"more")
        return super().copy(source, temporary, try_clone=try_clone)


def test_times_permissions_and_extended_attributes_are_kept(library: Library) -> None:
    source = library.sources / "a.jpg"
    source.chmod(0o640)
    has_attributes = True
    try:
        os.setxattr(source, "user.comment", b"good boy")
    except OSError:
        has_attributes = False
    stamp = (1_500_000_000_123_456_789, 1_600_000_000_987_654_321)
    os.utime(source, ns=stamp)
    run(library)
    target = library.albums / "Pets/2024/a.jpg"
    assert target.stat().st_mtime_ns == stamp[1]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes() == source.read_bytes()
    if has_attributes:
        assert os.getxattr(target, "user.comment") == b"good boy"


def test_a_link_to_a_source_is_relative_and_works(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    target = library.albums / "Pets/2024/a.jpg"
    assert os.readlink(target) == "../../../photos/a.jpg"
    assert target.read_bytes() == (library.sources / "a.jpg").read_bytes()


def test_a_relative_link_works_when_the_destination_is_reached_through_a_link(library: Library, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    library.albums.symlink_to(tmp_path / "elsewhere/deep")
    run(library, mode=Mode.SYMLINK)
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == (library.sources / "a.jpg").read_bytes()


def test_a_hard_link_is_the_same_file(library: Library) -> None:
    run(library, mode=Mode.HARDLINK)
    assert (library.albums / "Pets/2024/a.jpg").samefile(library.sources / "a.jpg")


def test_a_hard_link_to_a_photo_found_through_a_link_is_the_photo_itself(library: Library) -> None:
    (library.sources / "far").mkdir()
    (library.sources / "a.jpg").rename(library.sources / "far/real.jpg")
    (library.sources / "a.jpg").symlink_to("far/real.jpg")
    run(library, mode=Mode.HARDLINK)
    target = library.albums / "Pets/2024/a.jpg"
    assert not target.is_symlink()
    assert target.samefile(library.sources / "far/real.jpg")


def test_a_file_that_appears_at_the_last_moment_is_not_overwritten(library: Library) -> None:
    _, applied = run(library, fs=Interfering())
    result = only(applied.results)
    assert result.status is OpStatus.FAILED
    assert "File exists" in result.error
    assert tree(library.albums)["Pets/2024/a.jpg"][0] == b"somebody else's"  # type: ignore[index]
    assert [name for name in tree(library.albums) if "tmp" in name] == []


def test_the_photo_is_filed_beside_it_by_the_next_run(library: Library) -> None:
    run(library, fs=Interfering())
    run(library, "r2")
    tag = content_id(b"cat" * 100_000)[:6]
    assert (library.albums / f"Pets/2024/a~{tag}.jpg").read_bytes() == b"cat" * 100_000


@pytest.mark.parametrize("mode", list(Mode))
def test_a_source_that_changed_since_it_was_looked_at_is_refused(library: Library, mode: Mode) -> None:
    plan = plan_for(library, mode)
    (library.sources / "a.jpg").write_bytes(b"cut!" * 100_000)
    result = only(apply_saved(library, plan).results)
    assert result.status is OpStatus.FAILED
    assert "has changed since it was looked at" in result.error
    assert [path for path, what in tree(library.albums).items() if what != "folder"] == []


def test_a_source_that_changes_while_it_is_read_is_refused(library: Library) -> None:
    _, applied = run(library, fs=ChangingSource())
    assert only(applied.results).status is OpStatus.FAILED
    assert [path for path, what in tree(library.albums).items() if what != "folder"] == []


@pytest.mark.parametrize(("mode", "word"), [(Mode.SYMLINK, "symbolic links"), (Mode.HARDLINK, "hard links")])
def test_a_link_that_cannot_be_made_becomes_a_copy_and_says_so(library: Library, mode: Mode, word: str) -> None:
    """beets failed where it should have fallen back."""
    plan, applied = run(library, mode=mode, fs=WithoutLinks())
    result = only(applied.results)
    assert (result.status, result.action) == (OpStatus.DONE, Action.COPY)
    assert word in result.error
    assert not (library.albums / plan.ops[0].target).is_symlink()
    assert plan_for(library, mode).effects == ()


def test_an_entry_in_a_second_album_becomes_a_hard_link_or_a_copy_where_there_are_no_symlinks(library: Library) -> None:
    library.also.append(("a.jpg", "Home/2024"))
    _, applied = run(library, fs=WithoutLinks())
    assert [result.action for result in applied.results] == [Action.COPY, Action.COPY]
    assert plan_for(library).effects == ()


def test_a_reflink_that_cannot_be_made_becomes_a_copy_and_says_so(library: Library) -> None:
    _, applied = run(library, mode=Mode.REFLINK)
    result = only(applied.results)
    assert result.status is OpStatus.DONE
    assert result.action is Action.REFLINK or "cannot share blocks" in result.error


def test_an_album_folder_that_is_a_link_to_elsewhere_is_not_written_through(library: Library, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    plan = plan_for(library)
    library.albums.mkdir()
    (library.albums / "Pets").symlink_to(tmp_path / "outside")
    result = only(apply_saved(library, plan).results)
    assert result.status is OpStatus.FAILED
    # The folder is named, and where it leads.
    assert f"'Pets/2024' is a link that leads out of the destination, to {tmp_path / 'outside'}" in result.error
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_pipe_in_the_place_of_a_photo_does_not_hang(library: Library) -> None:
    plan = plan_for(library)
    (library.sources / "a.jpg").unlink()
    os.mkfifo(library.sources / "a.jpg")
    assert only(apply_saved(library, plan).results).status is OpStatus.FAILED


def test_an_unreadable_photo_fails_alone(library: Library) -> None:
    library.add("b.jpg", b"dog", "Pets/2024")
    plan = plan_for(library)
    (library.sources / "a.jpg").unlink()
    results = apply_saved(library, plan).results
    assert sorted(result.status for result in results) == [OpStatus.DONE, OpStatus.FAILED]
    assert (library.albums / "Pets/2024/b.jpg").read_bytes() == b"dog"


def test_publishing_without_the_careful_rename_never_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older systems: first a hard link, then an exclusively made empty file."""
    monkeypatch.setattr("album_sort.fileops.filesystem.rename_without_replacing", lambda *_: False)
    fs = RealFileSystem().below(Root(str(tmp_path)))
    for number, link in enumerate([os.link, _no_link]):
        monkeypatch.setattr(os, "link", link)
        temporary, target = tmp_path / f"t{number}", tmp_path / f"f{number}"
        temporary.write_bytes(b"new")
        fs.publish(str(temporary), str(target))
        assert (target.read_bytes(), temporary.exists()) == (b"new", False)
        temporary.write_bytes(b"other")
        with pytest.raises(FileExistsError):
            fs.publish(str(temporary), str(target))
        assert (target.read_bytes(), temporary.read_bytes()) == (b"new", b"other")


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.ENOTSUP])
@pytest.mark.parametrize("step", ["fchmod", "utime"])
def test_a_file_system_without_permissions_or_times_still_takes_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    """FAT in user space knows no permissions; a share lets only its owner set times."""

    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    monkeypatch.setattr(os, step, refuse)
    run(library)
    monkeypatch.undo()
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == b"cat"
    assert plan_for(library).effects == ()


def _no_link(*_args: object, **_options: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_the_careful_rename_never_replaces(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    with contextlib.suppress(FileExistsError):
        assert rename_without_replacing(str(tmp_path / "a"), str(tmp_path / "b")) is False
    assert (tmp_path / "b").read_bytes() == b"b"


def test_probing_a_destination_leaves_nothing_but_the_state_folder(tmp_path: Path) -> None:
    assert can_reflink(str(tmp_path)) in (True, False)
    assert [path.name for path in tmp_path.rglob("*")] == [".album-sort"]


def test_a_link_put_under_our_temporary_name_is_neither_followed_nor_replaced(library: Library) -> None:
    plan = plan_for(library)
    folder = library.albums / "Pets/2024"
    folder.mkdir(parents=True)
    theirs = library.root / "theirs"
    theirs.write_bytes(b"theirs")
    (folder / f"{TEMPORARY_PREFIX}saved-{plan.ops[0].op_id}").symlink_to(theirs)
    apply_saved(library, plan)
    assert theirs.read_bytes() == b"theirs"
    bound = RealFileSystem().below(Root(str(library.root)))
    with pytest.raises(FileExistsError):
        bound.copy(str(library.sources / "a.jpg"), str(theirs), try_clone=False)
    assert theirs.read_bytes() == b"theirs"


@pytest.mark.skipif(os.geteuid() != 0, reason="a set-user-id bit is kept for the superuser alone")
def test_a_photo_is_never_a_program_with_its_owners_rights(library: Library) -> None:
    (library.sources / "a.jpg").chmod(0o6755)
    run(library)
    assert stat.S_IMODE((library.albums / "Pets/2024/a.jpg").stat().st_mode) == 0o755


def test_a_copy_that_has_not_arrived_whole_is_no_copy(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that says that it has written what it has not."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: len(data) if write(descriptor, data[:-1]) else 0)
    _, applied = run(library)
    monkeypatch.undo()
    assert only(applied.results).status is OpStatus.FAILED
    assert "bytes arrived of" in only(applied.results).error
    assert not [
        path for path in library.albums.rglob("*.jpg") if ".album-sort" not in str(path.relative_to(library.albums))
    ]


class AnsweringLinks(RealFileSystem):
    """Links are answered with an error, or with the name taken in the last moment."""

    def __init__(self, code: int) -> None:
        self.code = code

    def symlink(self, text: str, target: str) -> None:
        self._answer(target)
        super().symlink(text, target)

    def hardlink(self, source: str, target: str) -> None:
        self._answer(target)
        super().hardlink(source, target)

    def _answer(self, target: str) -> None:
        if self.code != errno.EEXIST:
            raise OSError(self.code, os.strerror(self.code), target)
        Path(target).write_bytes(b"somebody else's")


@pytest.mark.parametrize("mode", [Mode.SYMLINK, Mode.HARDLINK])
@pytest.mark.parametrize(
    ("code", "words"), [(errno.EEXIST, "File exists"), (errno.EIO, "the disk could not read or write it")]
)
def test_a_link_that_fails_on_a_disk_that_knows_links_is_told_not_copied(
    library: Library, mode: Mode, code: int, words: str
) -> None:
    _, applied = run(library, mode=mode, fs=AnsweringLinks(code))
    result = only(applied.results)
    assert (result.status, words in result.error) == (OpStatus.FAILED, True)
    left = [what for what in tree(library.albums).values() if what != "folder"]
    assert [what[0] for what in left] == ([b"somebody else's"] if code == errno.EEXIST else [])  # type: ignore[index]


class WithoutSymlinks(RealFileSystem):
    def symlink(self, text: str, target: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", text, None, target)


def test_an_entry_in_a_second_album_is_the_same_file_where_there_are_hard_links_only(library: Library) -> None:
    library.also.append(("a.jpg", "Home/2024"))
    _, applied = run(library, fs=WithoutSymlinks())
    assert [result.action for result in applied.results] == [Action.COPY, Action.HARDLINK]
    assert (library.albums / "Home/2024/a.jpg").samefile(library.albums / "Pets/2024/a.jpg")
    assert plan_for(library).effects == ()


class Vanishing(RealFileSystem):
    """Somebody removes a photo in the moment after it got its name."""

    def publish(self, temporary: str, target: str) -> None:
        super().publish(temporary, target)
        os.unlink(target)


def test_a_photo_that_vanishes_in_the_moment_after_is_not_reported_as_filed(library: Library) -> None:
    _, applied = run(library, fs=Vanishing())
    result = only(applied.results)
    assert (result.status, "has vanished" in result.error) == (OpStatus.FAILED, True)
    run(library, "r2")
    assert (library.albums / "Pets/2024/a.jpg").read_bytes() == b"cat" * 100_000


def test_a_photo_that_was_deleted_after_its_move_was_planned_is_told(library: Library) -> None:
    run(library)
    library.assign("a.jpg", "Dogs/2024")
    plan = plan_for(library, plan_id="r2")
    (library.albums / "Pets/2024/a.jpg").unlink()
    result = only(apply_saved(library, plan).results)
    assert (result.status, "is no more there" in result.error) == (OpStatus.FAILED, True)
