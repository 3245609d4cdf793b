"""Folders of others in the destination, and destinations that can only be read."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.verify import Verdict, verify
from album_sort.pipeline.holding import say_unreadable
from album_sort.types import AlbumRelPath, ContentId, Mode
from tests.builders import fingerprint, make_tree, picture_jpeg
from tests.conftest import REPOSITORY, Program
from tests.destination_builders import Library, picture_of, plan_for, run, undo
from tests.pictures import cat

POWERS = "-dac_override,-dac_read_search"

as_somebody = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="the superuser may read everything"
)


def powerless(*command: str) -> list[str]:
    """The command without the superuser's power over permissions."""
    return (
        ["setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}", *command] if os.geteuid() == 0 else [*command]
    )


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("b.jpg", b"dog", "Dogs/2024")
    return library


def deep(folder: Path) -> None:
    """Folders in folders, further down than any path can say."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_folders_deeper_than_a_path_can_say_are_left_alone_and_told(library: Library) -> None:
    run(library)
    theirs = library.albums / "theirs"
    theirs.mkdir()
    deep(theirs)
    try:
        assert not plan_for(library).effects
        picture = picture_of(library)
        assert len(picture.unreadable_folders) == 1
        assert say_unreadable(picture, "en").startswith("left alone, because it cannot be looked into: theirs/ddd")
        assert len(say_unreadable(picture, "en")) < 300
        assert {file.verdict for file in verify(str(library.albums), RealFileSystem(), picture)} == {Verdict.OK}
        assert undo(library).is_complete
        assert set(os.listdir(library.albums)) == {".album-sort", "theirs"}
    finally:
        subprocess.run(["rm", "-rf", str(theirs)], check=True)


REFUSED = """
import os, sys
from pathlib import Path
from tests.destination_builders import Library, picture_of, plan_for, run, undo
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.verify import verify
from album_sort.pipeline.holding import say_unreadable
library = Library(Path(sys.argv[1]))
library.register("a.jpg", "Pets/2024"); library.register("b.jpg", "Dogs/2024")
print(say_unreadable(picture_of(library), "en"))
print(len(plan_for(library).effects))
print(sorted({str(f.verdict) for f in verify(str(library.albums), RealFileSystem(), picture_of(library))}))
print([result.error for result in undo(library).results if result.error])
"""


@as_somebody
def test_folders_that_may_not_be_looked_into_are_left_alone_in_sort_verify_and_undo(library: Library) -> None:
    """Also one with photos of ours: they are taken for there, neither filed again nor given up."""
    run(library)
    make_tree(library.albums, {"lost+found/x": "x", "theirs/y": "y", "listed/z": "z"})
    for name, mode in (("lost+found", 0o000), ("theirs", 0o000), ("listed", 0o444), ("Dogs", 0o000)):
        (library.albums / name).chmod(mode)
    command = powerless(sys.executable, "-c", REFUSED, str(library.root))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    for name in ("lost+found", "theirs", "listed", "Dogs"):
        (library.albums / name).chmod(0o755)
    assert done.stderr == ""
    said, effects, verdicts, errors = done.stdout.splitlines()
    start, _, names = said.partition(": ")
    assert (start, sorted(names.split(", "))) == (
        "left alone, because it cannot be looked into",
        ["Dogs", "listed", "theirs"],
    )
    assert effects == "0"
    assert verdicts == "['ok', 'unreadable']"
    assert "no permission" in errors or "Permission denied" in errors or "has been changed" in errors
    assert (library.albums / "Dogs/2024/b.jpg").read_bytes() == b"dog"
    assert not (library.albums / "Pets").exists()


def test_folders_that_others_remove_while_they_are_walked_are_no_error(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(library)
    make_tree(library.albums, {f"theirs {number}/x": "x" for number in range(20)})
    scandir = os.scandir

    def meanwhile(path: str | int) -> object:
        if isinstance(path, str) and "theirs" in path:
            shutil.rmtree(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", meanwhile)
    assert not plan_for(library).effects
    assert picture_of(library).unreadable_folders == ()


@as_somebody
@pytest.mark.parametrize("is_new", [True, False], ids=["empty", "sorted before"])
def test_a_preview_of_a_destination_that_can_only_be_read_works_and_writes_nothing(
    tmp_path: Path, album_sort: Program, is_new: bool
) -> None:
    photos, albums = tmp_path / "photos", tmp_path / "albums"
    make_tree(photos, {"cat.jpg": picture_jpeg(cat())})
    albums.mkdir()
    if not is_new:
        assert album_sort(photos, "--out", albums, "--offline").code == 0
        make_tree(photos, {"dog.jpg": picture_jpeg(cat()[::-1])})
    before = fingerprint(albums)
    folders = [albums, *(path for path in albums.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        command = powerless(sys.executable, "-m", "album_sort", str(photos), "--out", str(albums), "--offline")
        preview, real = (
            subprocess.run([*command, *more], capture_output=True, text=True, check=False, cwd=REPOSITORY)
            for more in (["--dry-run"], [])
        )
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert (preview.returncode, "Traceback" in preview.stderr) == (0, False), preview.stderr
    assert real.returncode == 1
    assert "no permission" in real.stderr
    assert "Traceback" not in real.stderr
    assert fingerprint(albums) == before


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs the right to be somebody else")
def test_a_user_without_home_and_without_entry_is_served(tmp_path: Path) -> None:
    """A container that runs under a bare number."""
    tmp_path.chmod(0o777)
    code = "from album_sort.config import cache_folder, user_file; print(cache_folder(), cache_folder().is_dir(), user_file().is_file())"
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "ALBUM_SORT_CACHE_DIR")
    }
    done = subprocess.run(
        ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**surroundings, "TMPDIR": str(tmp_path)},
    )
    if "Permission denied" in done.stderr:
        pytest.skip("Python itself may not be run by others here")
    folder, *found = done.stdout.split()
    shutil.rmtree(folder, ignore_errors=True)
    assert (Path(folder).name, found) == ("album-sort-12345", ["True", "False"]), done.stderr


class Listing:
    """What a folder holds, with something that happens while it is listed."""

    def __init__(
        self,
        path: Any,
        meanwhile: Callable[[os.DirEntry[str]], object],
        entry_as: Callable[[os.DirEntry[str]], Any] = lambda entry: entry,
    ) -> None:
        with SCANDIR(path) as entries:
            self._entries = [entry_as(entry) for entry in entries]
        self._meanwhile = meanwhile

    def __enter__(self) -> Iterator[os.DirEntry[str]]:
        return iter(self)

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        for entry in self._entries:
            self._meanwhile(entry)
            yield entry


SCANDIR = os.scandir


def fail(_entry: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.SYMLINK])
@pytest.mark.parametrize("trouble", ["opened", "listed", "read"])
def test_a_folder_that_the_disk_does_not_show_is_left_alone_and_its_photos_count_as_there(
    library: Library, monkeypatch: pytest.MonkeyPatch, mode: Mode, trouble: str
) -> None:
    """Nothing that cannot be seen has been deleted, be it copies or links, and told it is."""
    run(library, mode=mode)

    def scandir(path: str | int) -> object:
        if not str(path).endswith("Pets/2024"):
            return SCANDIR(path)
        if trouble == "listed":
            return Listing(path, fail)
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", scandir)
    picture = picture_of(library, Unread() if trouble == "read" else None)
    assert picture.unreadable_folders == ("Pets/2024",)
    assert AlbumRelPath("Pets/2024/a.jpg") in picture.present
    if trouble != "read":
        assert not plan_for(library, mode).effects


class Unread(RealFileSystem):
    """What a link in one folder says, the disk does not tell."""

    def link_text(self, path: str) -> str:
        if "/Pets/2024/" in path:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return super().link_text(path)


class Unseen:
    """A file in a listing of which the disk tells nothing else."""

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self.name = entry.name

    def stat(self, **_options: object) -> os.stat_result:
        raise OSError(errno.EIO, "Input/output error", self.name)


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.SYMLINK])
def test_a_photo_that_the_disk_does_not_show_counts_as_there_and_no_other_suffers(
    library: Library, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    """A damaged file is not one that a person has deleted, and a link that cannot be read does not end the run."""
    run(library, mode=mode)
    before = picture_of(library)
    if mode is Mode.COPY:

        def scandir(path: str | int) -> object:
            return Listing(path, lambda _entry: None, Unseen) if str(path).endswith("Pets/2024") else SCANDIR(path)

        monkeypatch.setattr(os, "scandir", scandir)
    picture = picture_of(library, Unread() if mode is Mode.SYMLINK else None)
    assert picture.unreadable_folders == ("Pets/2024/a.jpg",)
    assert picture.present.keys() == before.present.keys()
    if mode is Mode.COPY:
        assert picture.present == before.present
        assert not plan_for(library).effects


@pytest.mark.parametrize("trouble", ["opened", "listed"])
def test_a_destination_that_the_disk_does_not_show_is_not_taken_for_empty(
    library: Library, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    run(library)

    def scandir(path: str | int) -> object:
        if path != str(library.albums):
            return SCANDIR(path)
        if trouble == "listed":
            return Listing(path, fail)
        raise OSError(errno.EIO, "Input/output error", path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(OSError, match="Input/output error"):
        picture_of(library)


def vanish(_entry: object) -> None:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory")


class Vanishing(RealFileSystem):
    """A link is removed in the moment before it is read."""

    def link_text(self, path: str) -> str:
        os.unlink(path)
        return super().link_text(path)


def test_what_is_removed_while_it_is_looked_at_is_gone_and_no_trouble(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(library, mode=Mode.SYMLINK)
    monkeypatch.setattr(
        os, "scandir", lambda path: Listing(path, vanish) if str(path).endswith("Pets/2024") else SCANDIR(path)
    )
    picture = picture_of(library, Vanishing())
    assert (picture.unreadable_folders, dict(picture.present)) == ((), {})


def test_a_photo_that_is_deleted_while_its_folder_is_listed_has_been_deleted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(library)

    def delete(entry: os.DirEntry[str]) -> None:
        if entry.name == "a.jpg":
            Path(entry.path).unlink(missing_ok=True)

    monkeypatch.setattr(os, "scandir", lambda path: Listing(path, delete))
    picture = picture_of(library)
    assert AlbumRelPath("Pets/2024/a.jpg") not in picture.present
    assert AlbumRelPath("Dogs/2024/b.jpg") in picture.present
    assert picture.unreadable_folders == ()


class Unreadable(RealFileSystem):
    """Photos whose bytes the disk does not give."""

    def digest(self, path: str, size_bytes: int | None = None) -> ContentId:
        raise OSError(errno.EIO, f"{size_bytes} bytes cannot be read", path)


def test_a_photo_of_others_that_cannot_be_read_is_not_taken_over(library: Library) -> None:
    make_tree(library.albums, {"Pets/2024/theirs.jpg": "cat"})
    assert AlbumRelPath("Pets/2024/theirs.jpg") in picture_of(library).contents
    assert picture_of(library, Unreadable()).contents == {}


def test_a_photo_that_may_have_been_moved_but_cannot_be_read_is_not_found_again(library: Library) -> None:
    run(library)
    moved = library.albums / "Elsewhere/a.jpg"
    moved.parent.mkdir()
    shutil.copyfile(library.albums / "Pets/2024/a.jpg", moved)
    (library.albums / "Pets/2024/a.jpg").unlink()
    assert [row.path for _, row in picture_of(library).found_again] == ["Elsewhere/a.jpg"]
    assert picture_of(library, Unreadable()).found_again == ()


def test_a_link_to_a_photo_that_is_reached_through_another_link_is_as_it_should_be(library: Library) -> None:
    library.sources.rename(library.root / "disk")
    library.sources.symlink_to("disk")
    run(library, mode=Mode.SYMLINK)
    assert not plan_for(library, Mode.SYMLINK).effects


def test_half_written_files_of_ours_are_cleared_away_by_the_next_run(library: Library) -> None:
    run(library)
    make_tree(library.albums, {".album-sort/x.json.new": "half", ".album-sort/runs/r0/.list.tmp": "half"})
    library.add("c.jpg", b"new", "Pets/2024")
    run(library, "r2")
    assert not (library.albums / ".album-sort/x.json.new").exists()
    assert list((library.albums / ".album-sort/runs/r0").iterdir()) == []
