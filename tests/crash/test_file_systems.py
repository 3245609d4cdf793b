"""The same promises on other file systems, each in a small image that is mounted where the machine allows it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from album_sort.errors import DestinationError
from album_sort.fileops.probe import can_reflink
from album_sort.fileops.space import check_space
from album_sort.types import Action, Mode, OpStatus
from tests.builders import fingerprint, make_jpeg, make_tree
from tests.conftest import Program
from tests.destination_builders import Library, files, plan_for, run, tree, undo
from tests.test_sort import SHIPPED

MAKERS = {
    "ext4": ["mkfs.ext4", "-q"],
    "ext2": ["mkfs.ext2", "-q"],
    "xfs": ["mkfs.xfs", "-q"],
    "btrfs": ["mkfs.btrfs", "-q"],
    "vfat": ["mkfs.vfat"],
    "exfat": ["mkfs.exfat"],
}

IN_USER_SPACE = {"exfat": "mount.exfat-fuse"}
"""Where the kernel has no such file system, a program may have it."""

pytestmark = pytest.mark.long


@contextlib.contextmanager
def mounted(kind: str, folder: Path, *options: str, megabytes: int = 320) -> Iterator[Path]:
    """A fresh file system; the test is skipped, with the reason, where there can be none."""
    if shutil.which(MAKERS[kind][0]) is None:
        pytest.skip(f"{MAKERS[kind][0]} is not installed")
    image, place = folder / "image", folder / "mounted"
    place.mkdir()
    with image.open("wb") as stream:
        stream.truncate(megabytes << 20)
    subprocess.run([*MAKERS[kind], *options, str(image)], check=True, capture_output=True)
    outcome = called("mount", "-o", "loop", str(image), str(place))
    program, device = IN_USER_SPACE.get(kind, ""), ""
    if outcome.returncode and shutil.which(program):
        device = called("losetup", "--find", "--show", str(image)).stdout.strip()
        outcome = called(program, device, str(place))
    if outcome.returncode:
        pytest.skip(f"{kind} cannot be mounted here: {outcome.stderr.strip().splitlines()[0]}")
    try:
        yield place
    finally:
        # Lazily: a test that failed may still have a file open there.
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        if device:
            called("losetup", "--detach", device)


def called(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(params=list(MAKERS))
def file_system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with mounted(request.param, tmp_path) as place:
        yield place


def fill(library: Library) -> Library:
    library.add("a/IMG_1.JPG", b"cat" * 100_000, "Pets/2024")
    library.add("a/IMG_1.JPG.xmp", b"<x/>", "Pets/2024", primary="a/IMG_1.JPG")
    library.add("b/img_1.jpg", b"dog" * 100_000, "Pets/2024")
    library.add("c/e\u0301t\u00e9.jpg", b"summer", "Pets/2024")
    library.also.append(("b/img_1.jpg", "Home/2024"))
    return library


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("same", [True, False], ids=["same disk", "other disk"])
def test_run_rerun_and_undo(file_system: Path, tmp_path: Path, mode: Mode, same: bool) -> None:
    library = fill(Library(file_system / "library" if same else tmp_path / "far"))
    if not same:
        (file_system / "albums").mkdir()
        library.albums.symlink_to(file_system / "albums")
    _, applied = run(library, mode=mode)
    assert {result.status for result in applied.results} == {OpStatus.DONE}
    assert len(files(library.albums)) == 5
    if mode is Mode.REFLINK and same:
        made = {result.action for result in applied.results if result.action is not Action.SYMLINK}
        assert made == ({Action.REFLINK} if can_reflink(str(library.albums)) else {Action.COPY})
    assert plan_for(library, mode).effects == ()
    assert undo(library).is_complete
    assert tree(library.albums) == {}


def test_reflinks_share_their_blocks(tmp_path: Path) -> None:
    with mounted("btrfs", tmp_path) as place:
        library = Library(place / "library")
        library.add("a.jpg", os.urandom(40 << 20), "Pets")
        os.sync()
        before = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        _, applied = run(library, mode=Mode.COPY)
        os.sync()
        after = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        assert applied.results[0].status is OpStatus.DONE
        assert before - after < 20 << 20


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with mounted("ext4", tmp_path, megabytes=24) as place:
        library = Library(tmp_path / "library")
        for number in range(40):
            library.add(f"{number}.jpg", os.urandom(1 << 20), "Pets")
        (place / "albums").mkdir()
        (library.root / "albums").symlink_to(place / "albums")
        with pytest.raises(DestinationError, match="MB are needed"):
            check_space(plan_for(library))
        _, applied = run(library)
        assert "the disk is full" in applied.stopped_by
        assert not [name for _, _, names in os.walk(place) for name in names if "-tmp-" in name]
        for path in files(place / "albums"):
            assert (place / "albums" / path).read_bytes() == (library.sources / Path(path).name).read_bytes()


FIRST_PHOTO = "albums/[!.]*/*/*.jpg"
LOCK = "albums/.album-sort/lock"


def fill_up(place: Path, moment: str) -> None:
    """Take all that is left, as soon as something of this name is there."""
    while not list(place.glob(moment)):
        time.sleep(0.0002)
    with contextlib.suppress(OSError), (place / "filler").open("wb", buffering=0) as stream:
        stats = os.statvfs(place)
        os.posix_fallocate(stream.fileno(), 0, stats.f_bavail * stats.f_frsize - (1 << 16))
        stream.seek(0, os.SEEK_END)
        while True:
            stream.write(bytes(512))


@pytest.mark.parametrize("moment", [LOCK, FIRST_PHOTO], ids=["before the first photo", "after it"])
def test_the_whole_program_on_a_disk_that_fills_up_says_so_and_goes_on_when_there_is_room(
    tmp_path: Path, album_sort: Program, moment: str
) -> None:
    picture = make_jpeg(1)
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": picture + os.urandom(100_000) for n in range(400)})
    before = fingerprint(photos)
    with mounted("ext4", tmp_path, megabytes=110) as place:
        filler = threading.Thread(target=fill_up, args=[place, moment], daemon=True)
        filler.start()
        ran = album_sort(photos, "--out", place / "albums", "--no-progress", *SHIPPED)
        filler.join(timeout=60)
        assert ran.code == 1
        assert "full" in ran.stderr or "No space left" in ran.stderr
        assert str(place / "albums") in ran.stderr
        assert "Traceback" not in ran.stderr
        for path in place.glob(FIRST_PHOTO):
            assert path.read_bytes() == (photos / path.name).read_bytes()
        (place / "filler").unlink()
        again = album_sort(photos, "--out", place / "albums", "--no-progress", *SHIPPED)
        assert again.code == 0, again.stderr
        filed = {path.name for path in place.glob(FIRST_PHOTO)}
        assert filed == {path.name for path in photos.iterdir()}
        assert not [path for path in place.rglob("*") if "-tmp-" in path.name]
        assert fingerprint(photos) == before


@pytest.mark.parametrize("left_bytes", [0, *(1 << shift for shift in range(12, 21))])
def test_a_disk_that_is_full_before_the_run_is_told_in_one_sentence(
    tmp_path: Path, album_sort: Program, left_bytes: int
) -> None:
    """However little is left: for the lock, for the database, for the look at the disk, for nothing at all."""
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": make_jpeg(n) for n in range(3)})
    with mounted("ext4", tmp_path, megabytes=24) as place:
        with (place / "filler").open("wb", buffering=0) as stream, contextlib.suppress(OSError):
            while True:
                stream.write(bytes(4096))
        os.truncate(place / "filler", max(0, (place / "filler").stat().st_size - left_bytes))
        ran = album_sort(photos, "--out", place / "albums", "--no-progress", *SHIPPED)
        assert (ran.code, "Traceback" in ran.stderr) == (1, False), ran.stderr
        assert "full" in ran.stderr or "No space left" in ran.stderr
        assert str(place / "albums") in ran.stderr
        assert not list(place.glob(FIRST_PHOTO))


def unmount_soon(place: Path) -> None:
    while not list(place.glob(FIRST_PHOTO)):
        time.sleep(0.0002)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_the_whole_program_on_a_disk_that_is_taken_away_says_so_and_goes_on_when_it_is_back(
    tmp_path: Path, album_sort: Program
) -> None:
    """Nothing, not even a report, gets into the folder on which the disk was mounted."""
    picture = make_jpeg(1)
    photos = make_tree(tmp_path / "photos", {f"{n}.jpg": picture + os.urandom(100_000) for n in range(400)})
    with mounted("ext4", tmp_path, megabytes=200) as place:
        taker = threading.Thread(target=unmount_soon, args=[place], daemon=True)
        taker.start()
        ran = album_sort(photos, "--out", place / "albums", "--no-progress", *SHIPPED)
        taker.join(timeout=60)
        left = os.listdir(place)
        subprocess.run(["mount", "-o", "loop", str(tmp_path / "image"), str(place)], check=True)
        assert (ran.code, left) == (1, [])
        assert f"{place / 'albums'}" in ran.stderr
        assert "has gone" in ran.stderr
        assert "Traceback" not in ran.stderr
        again = album_sort(photos, "--out", place / "albums", "--no-progress", *SHIPPED)
        assert again.code == 0, again.stderr
        assert {path.name for path in place.glob(FIRST_PHOTO)} == {path.name for path in photos.iterdir()}
        assert not [path for path in place.rglob("*") if "-tmp-" in path.name]


def test_a_disk_without_free_inodes(tmp_path: Path) -> None:
    with mounted("ext4", tmp_path, "-N", "64", megabytes=64) as place:
        library = Library(tmp_path / "library")
        for number in range(100):
            library.add(f"{number}.jpg", b"%d" % number, "Pets")
        (place / "albums").mkdir()
        (library.root / "albums").symlink_to(place / "albums")
        with pytest.raises(DestinationError, match="more files"):
            check_space(plan_for(library))
        _, applied = run(library)
        assert "the disk is full" in applied.stopped_by
        assert 10 < len(files(place / "albums")) < 60
