"""Pipes, devices, sockets, kernel files, holes of a terabyte, files without end: under any name they cost a sentence, never a wait."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from album_sort import reading
from album_sort.classifier.labels import load_wording
from album_sort.cli.apply import run_apply
from album_sort.config import read_layers
from album_sort.errors import AlbumSortError, UsageError
from album_sort.fileops.filesystem import RealFileSystem
from album_sort.metadata.files import read_sidecar, read_video_metadata
from album_sort.operations.own_files import check_log_file, write_plan
from album_sort.operations.pages import REPORT_PAGE, point_to_newest_page
from album_sort.pipeline.policy import load_rules
from album_sort.reading import NotAFile, open_regular, read_given, read_small, sha256_of
from album_sort.report import FORMATS
from album_sort.report._output import refuse_foreign
from album_sort.scan import ScanResult, scan
from tests.builders import make_jpeg, make_tree

TERABYTE = 1 << 40


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def kernel_file(path: Path) -> None:
    """Claims to be an empty file, and gives other bytes each time."""
    path.symlink_to("/proc/self/stat")


def hole(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(TERABYTE)


def folder(path: Path) -> None:
    path.mkdir()


def bound_socket(path: Path) -> None:
    # The address of a socket may be no longer than 107 bytes.
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


Maker = Callable[[Path], None]
ODD = [pipe, endless, hole, folder, bound_socket]
odd_things = pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """Programs are started here, on machines that are slow and busy; a reader that waits does so for ever."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 60


@odd_things
def test_what_reads_small_files_refuses_everything_else(tmp_path: Path, make: Maker) -> None:
    odd = tmp_path / "odd"
    make(odd)
    with pytest.raises(OSError, match=r"not a regular file|is a folder|larger than 1 MB"):
        read_small(odd, 1 << 20)
    if make is not hole:
        with pytest.raises(NotAFile):
            open_regular(odd)


def test_a_kernel_file_is_read_no_further_than_allowed() -> None:
    assert read_small("/proc/self/stat", 1 << 16)
    with pytest.raises(OSError, match="larger than 1 kB"):
        read_small("/proc/self/maps", 1 << 10)


def test_a_file_that_is_longer_than_it_was_when_opened_is_not_followed_to_its_end() -> None:
    """As one does that grows faster than it is read."""
    descriptor = open_regular("/proc/self/stat")
    with pytest.raises(BlockingIOError, match="being written to"):
        sha256_of(descriptor, "/proc/self/stat")
    os.close(descriptor)


# --- as a source -------------------------------------------------------------------------------------------------------


def said(result: ScanResult) -> dict[str, str]:
    return {Path(one.path).name: load_wording().say(one.reason, "en") for one in result.skipped}


def test_no_odd_thing_among_the_photos_is_waited_for(tmp_path: Path) -> None:
    for make in ODD[:-1]:
        for suffix in (".jpg", ".mov", ".xmp", ""):
            make(tmp_path / f"{make.__name__}{suffix}")
    bound_socket(tmp_path / "socket.jpg")
    make_tree(tmp_path, {"photo.jpg": make_jpeg()})
    result = scan([str(tmp_path)])
    assert [Path(file.path).name for file in result.files] == ["photo.jpg"]
    told = said(result)
    assert told["pipe.jpg"] == told["endless.mov"] == told["socket.jpg"] == "no regular file"
    assert told["hole.mov"].startswith("almost empty: of its 1024 GB only 0 GB are there")


def test_a_large_film_without_holes_is_taken(tmp_path: Path) -> None:
    film = tmp_path / "film.mov"
    with film.open("wb") as stream:
        stream.truncate(4096)
    assert [Path(file.path).name for file in scan([str(tmp_path)]).files] == ["film.mov"]


@pytest.mark.parametrize("make", [pipe, endless, hole, folder, bound_socket], ids=lambda make: make.__name__)
def test_an_albumignore_that_cannot_be_followed_keeps_its_folder_out_and_is_told_once(
    tmp_path: Path, make: Maker
) -> None:
    make_tree(tmp_path, {"private/1.jpg": make_jpeg(), "2.jpg": make_jpeg()})
    make(tmp_path / "private" / ".albumignore")
    result = scan([str(tmp_path)])
    assert [Path(file.path).name for file in result.files] == ["2.jpg"]
    assert list(said(result)) == ["private"]
    assert "its .albumignore cannot be followed" in said(result)["private"]
    assert result.skipped[0].is_problem


def test_an_albumignore_with_an_endless_pattern_keeps_its_folder_out(tmp_path: Path) -> None:
    make_tree(tmp_path, {"1.jpg": make_jpeg(), ".albumignore": "*a" * 10_000})
    result = scan([str(tmp_path)])
    assert not result.files
    assert "at most 1,000 are looked for" in said(result)[tmp_path.name]


@odd_things
def test_a_sidecar_or_film_that_has_become_something_else_says_nothing(tmp_path: Path, make: Maker) -> None:
    """Between the scan and the reading."""
    for name, read in (("a.jpg.xmp", read_sidecar), ("a.jpg.json", read_sidecar), ("a.thm", read_sidecar)):
        make(tmp_path / name)
        assert not read(str(tmp_path / name)).time_candidates
    make(tmp_path / "a.mov")
    assert not read_video_metadata(str(tmp_path / "a.mov")).time_candidates


@pytest.mark.parametrize("make", [pipe, endless, folder, bound_socket], ids=lambda make: make.__name__)
def test_the_door_copies_and_hashes_files_only(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "odd.jpg")
    fs = RealFileSystem()
    with pytest.raises(NotAFile):
        fs.digest(str(tmp_path / "odd.jpg"))


# --- files that the user names -----------------------------------------------------------------------------------------


@odd_things
def test_settings_rules_plans_and_lists_are_files(tmp_path: Path, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SILENCE_S", 0.3)
    odd = tmp_path / "odd"
    make(odd)
    for read in (
        lambda: read_layers(odd, {}, {}),
        lambda: load_rules(str(odd)),
        lambda: run_apply(odd, wait=0, quiet=True, as_json=False),
    ):
        if make is pipe:
            continue
        with pytest.raises(UsageError) as raised:
            read()
        assert str(odd) in str(raised.value)


def test_a_list_may_come_through_a_pipe_as_long_as_somebody_writes(tmp_path: Path) -> None:
    """`--files-from <(find ...)`."""
    os.mkfifo(tmp_path / "pipe")
    assert read_given(tmp_path / "pipe", 1 << 20) == b"", "nobody writes: nothing comes"
    holder = os.open(tmp_path / "pipe", os.O_RDWR)
    with pytest.raises(TimeoutError, match=r"nothing has come out of the pipe for 0\.2 s"):
        read_given(tmp_path / "pipe", 1 << 20, silence_s=0.2)
    os.write(holder, b"a.jpg\n")
    threading.Timer(0.2, os.close, [holder]).start()
    assert read_given(tmp_path / "pipe", 1 << 20, silence_s=60) == b"a.jpg\n"


def test_a_list_without_end_ends_at_its_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", f"exec yes > {tmp_path / 'pipe'}"]) as writer:
        while not (got := read_something(tmp_path / "pipe")):
            time.sleep(0.05)
        assert "larger than 1 MB" in got
        writer.kill()


def read_something(path: Path) -> str:
    try:
        return read_given(path, 1 << 20, silence_s=60).decode()
    except OSError as error:
        return str(error.strerror)


def test_a_log_or_a_plan_into_a_pipe_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for write in (lambda: check_log_file(tmp_path / "pipe"), lambda: write_plan(tmp_path / "pipe", "plan")):
        with pytest.raises(UsageError, match="nobody reads"):
            write()


@odd_things
def test_under_the_name_of_the_report_an_odd_thing_stays(tmp_path: Path, make: Maker) -> None:
    (tmp_path / ".album-sort/runs/r1").mkdir(parents=True)
    (tmp_path / ".album-sort/runs/r1/report.html").write_text("<p>")
    make(tmp_path / REPORT_PAGE)
    before = os.lstat(tmp_path / REPORT_PAGE)
    assert point_to_newest_page(str(tmp_path)) is None
    assert os.path.samestat(before, os.lstat(tmp_path / REPORT_PAGE))
    for name in (f"report.{suffix}" for suffix in FORMATS):
        make(tmp_path / name)
        with pytest.raises(AlbumSortError):
            refuse_foreign(tmp_path / name, lambda head: head.startswith(b"album-sort"))


def test_a_reading_process_meets_what_a_photo_has_become(tmp_path: Path) -> None:
    """Swapped between the scan and the reading, in a process of its own as in a run."""
    code = """
import os, sys
from pathlib import Path
from album_sort.inspection import reader
from album_sort.inspection.messages import ReaderSettings
from album_sort.scan import scan
root = Path(sys.argv[1])
for entry in scan([str(root)]).files:
    path = Path(entry.path)
    path.unlink()
    if path.stem == "pipe": os.mkfifo(path)
    elif path.stem == "device": path.symlink_to("/dev/zero")
    elif path.stem == "kernel": path.symlink_to("/proc/self/maps")
    else: path.mkdir()
    settings = ReaderSettings.__new__(ReaderSettings)
    object.__setattr__(settings, "memory_bytes", 1 << 30)
    print(path.name, reader.inspect(entry, settings, None).skipped.reason.code)
"""
    stems = ("pipe", "device", "kernel", "folder")
    make_tree(tmp_path, {f"{stem}{suffix}": make_jpeg() for stem in stems for suffix in (".jpg", ".mov", ".xmp")})
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    found = dict(line.split() for line in done.stdout.splitlines())
    assert len(found) == 12
    assert set(found.values()) <= {"skip.no-longer-a-file", "skip.changing"}, found


def test_reading_leaves_the_access_time_alone(tmp_path: Path) -> None:
    """A file of one's own; `relatime` would renew the time that lies before the last change."""
    for name, read in (("a.json", read_sidecar), ("a.mov", read_video_metadata), ("a.jpg", RealFileSystem().digest)):
        file = tmp_path / name
        file.write_bytes(b"{}")
        os.utime(file, ns=(1_000_000_000, 1_500_000_000_000_000_000))
        read(str(file))
        assert file.stat().st_atime_ns == 1_000_000_000
