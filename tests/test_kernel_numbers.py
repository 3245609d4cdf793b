"""Inodes of 64 bits and modification times of any year: from the file system through cache, ledger and journal and back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.fileops.filesystem import RealFileSystem
from album_sort.fileops.handles import Root
from album_sort.fileops.lock import destination_lock
from album_sort.pipeline.records import ClockCorrections, build_records
from album_sort.state.cache import InferenceCache
from album_sort.state.kernel_numbers import number_from_column, number_to_column
from album_sort.state.rows import ledger_from_columns, ledger_from_json, ledger_to_columns, ledger_to_json
from album_sort.state.store import DestinationState
from album_sort.types import FileEntry, Inspection, Metadata, RunId, TimeSource
from album_sort.types.ledger import LedgerRow, Phase, RunRecord, RunStatus
from tests.builders import make_jpeg, make_tree
from tests.conftest import Program
from tests.destination_builders import (
    NOW,
    Library,
    content_id,
    entry_on_disk,
    files,
    filing,
    plan_for,
    plan_on_paper,
    run,
    tree,
    undo,
)
from tests.test_cache import KEY, embedding, entry, find, inspection

NTFS_NULL_S = -11_644_473_600
"""1601-01-01: what an SD card without a date shows."""

ODD_TIMES_NS = tuple(
    10**9 * seconds
    for seconds in (NTFS_NULL_S, -(10**10), 9_967_000_000, 15_032_385_535, 253_402_300_800, 910_692_730_085, 2**62)
)
"""1601, 1653, 2285, 2446 (the last second of ext4), 10000, 30828 (the end of FILETIME), the end of signed seconds."""

ODD_INODES = (0, 2**63 - 1, 2**63, 2**64 - 3)

kernel_numbers = st.integers(-(2**63) * 10**9, 2**63 * 10**9) | st.sampled_from((*ODD_TIMES_NS, *ODD_INODES))


@given(kernel_numbers)
def test_every_number_of_a_kernel_survives_a_column(number: int) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE t (n INTEGER NOT NULL)")
        connection.execute("INSERT INTO t VALUES (?)", (number_to_column(number),))
        (value,) = connection.execute("SELECT n FROM t").fetchone()
    assert number_from_column(value) == number


def test_what_always_fitted_is_written_as_ever() -> None:
    assert [number_to_column(number) for number in (0, -1, 2**63 - 1, -(2**63))] == [0, -1, 2**63 - 1, -(2**63)]


@given(kernel_numbers, st.integers(0, 2**64 - 1))
def test_the_ledger_and_the_journal_keep_them(mtime_ns: int, inode: int) -> None:
    row = replace(some_row(), mtime_ns=mtime_ns, inode=inode)
    assert ledger_from_columns(ledger_to_columns(row)) == row
    assert ledger_from_json(ledger_to_json(row)) == row


def some_row() -> LedgerRow:
    op = plan_on_paper([filing("/photos/a.jpg", b"a", "Pets/2024")]).ops[0]
    return LedgerRow(op.target, op.filed, 1, 0, 0, op.action, op.origin, RunId("r1"))


@pytest.mark.parametrize("inode", ODD_INODES)
@pytest.mark.parametrize("mtime_ns", ODD_TIMES_NS)
def test_the_cache_finds_a_file_again_whatever_its_numbers(tmp_path: Path, mtime_ns: int, inode: int) -> None:
    photo = replace(inspection(), file=entry("/photos/a.jpg", inode=inode, mtime_ns=mtime_ns))
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(photo, embedding(), b"")
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert find(cache, photo.file)
        assert find(cache, replace(photo.file, inode=inode ^ 1)) is None
        assert find(cache, replace(photo.file, mtime_ns=mtime_ns + 1)) is None


def test_a_value_that_no_column_holds_costs_its_own_row_only(tmp_path: Path) -> None:
    beyond = replace(inspection(), file=entry("/photos/a.jpg", size_bytes=2**64))
    good = replace(inspection(), file=entry("/photos/b.jpg"))
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(beyond, embedding(), b"")
        cache.add(good, embedding(), b"")
        assert cache.commit()
        assert find(cache, good.file)


class PooledFileSystem(RealFileSystem):
    """As mergerfs shows it: inodes are hashes of 64 bits, half of them beyond what a signed number holds."""

    def status(self, path: str) -> os.stat_result | None:
        found = super().status(path)
        return None if found is None else with_inode(found, found.st_ino | 1 << 63)


def with_inode(status: os.stat_result, inode: int) -> os.stat_result:
    values = list(status)
    values[stat.ST_INO] = inode
    exact = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
    return os.stat_result(values, exact | {"st_ino": inode})


def test_albums_on_a_pool_are_filed_and_taken_back(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.add("a.jpg", b"a" * 100, "Pets/2024")
    library.add("b.jpg", b"b" * 100, "Food/2024")
    run(library, fs=PooledFileSystem())
    assert files(library.albums) == ["Food/2024/b.jpg", "Pets/2024/a.jpg"]
    with DestinationState.open_read_only(library.albums) as state:
        assert all(row.inode >= 2**63 for row in state.records().ledger.values())
    assert undo(library, fs=PooledFileSystem()).is_complete
    assert files(library.albums) == []


@pytest.fixture
def odd_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that keeps every time: memory, where there is one, since ext4 ends in 2446 and begins in 1901."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own, with the number of this process
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    folder = memory / f"album-sort-{os.getpid()}-{tmp_path.name}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def set_time(path: Path, mtime_ns: int) -> None:
    os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.mark.parametrize("seconds", [NTFS_NULL_S, 15_032_385_535, 253_402_300_800, 910_692_730_085])
def test_one_file_of_an_odd_time_stops_nobody(odd_folder: Path, album_sort: Program, seconds: int) -> None:
    photos = make_tree(
        odd_folder / "Photos",
        {"odd.jpg": make_jpeg(1, taken=datetime(2019, 5, 1)), "good.jpg": make_jpeg(2, taken=datetime(2019, 5, 2))},
    )
    set_time(photos / "odd.jpg", seconds * 10**9)
    if (photos / "odd.jpg").stat().st_mtime != seconds:
        pytest.skip("no file system here keeps this time")
    albums = odd_folder / "Albums"
    call = ("sort", photos, "--out", albums, "--model", "efficientnet-lite0", "--offline")
    assert album_sort(*call).code == 0
    assert sorted(Path(path).name for path in files(albums) if path.endswith(".jpg")) == ["good.jpg", "odd.jpg"]
    before = tree(albums, state=True)
    assert album_sort(*call).code == 0
    assert tree(albums, state=True) == before
    assert album_sort("verify", "--out", albums).code == 0
    assert album_sort("undo", "--out", albums).code == 0
    assert files(albums) == []


def test_a_run_that_ended_in_the_old_fault_is_finished_by_the_next(odd_folder: Path, album_sort: Program) -> None:
    """Before, the copies were made and could not be booked: the run stayed open, and each later one ended in the same way."""
    library = Library(odd_folder)
    source = library.add("a.jpg", make_jpeg(3, taken=datetime(2019, 5, 1)), "Pets/2024")
    set_time(source, 15_032_385_535 * 10**9)
    plan = plan_for(library)
    with destination_lock(str(library.albums), wait_seconds=0), DestinationState.open(library.albums) as state:
        journal = state.begin_run(
            RunRecord(RunId("r1"), "sort", NOW.replace(tzinfo=None), None, RunStatus.RUNNING, "copy", ""), plan
        )
        journal.intend(plan.ops, [])
    target = library.albums / plan.ops[0].target
    target.parent.mkdir(parents=True)
    shutil.copy2(source, target)
    assert "running" in album_sort("runs", "--out", library.albums).stdout
    call = ("sort", library.sources, "--out", library.albums, "--model", "efficientnet-lite0", "--offline")
    assert album_sort(*call).code == 0
    with DestinationState.open_read_only(library.albums) as state:
        assert state.journal(RunId("r1")).entries(Phase.INTENT) == ()
        assert all(record.status is not RunStatus.RUNNING for record in state.runs())
        assert {row.content_id for row in state.records().ledger.values()} == {content_id(source.read_bytes())}
    assert album_sort("verify", "--out", library.albums).code == 0


@pytest.mark.parametrize("mtime_ns", [*ODD_TIMES_NS, -(2**63) * 10**9, 2**63 * 10**9])
@pytest.mark.parametrize("clock", [-140_000_000, 0, 140_000_000])
def test_a_time_beyond_all_calendars_dates_nothing(tmp_path: Path, mtime_ns: int, clock: int) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a")
    file: FileEntry = replace(entry_on_disk(path), mtime_ns=mtime_ns)
    seen = Inspection(file, content_id(b"a"), "jpeg", Metadata(camera_model="X"), None, None, None)
    now = datetime(2026, 11, 28)
    (photo,) = build_records({file.path: seen}, now_utc=now, clocks=ClockCorrections((("X", clock),))).photos
    assert photo.capture_time is None
    assert all(refused.candidate.source is TimeSource.MTIME for refused in photo.refused_times)


def test_a_disk_that_cannot_keep_a_time_gets_the_photo_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OverflowError("timestamp out of range for platform time_t")

    (tmp_path / "a.jpg").write_bytes(b"a" * 10)
    monkeypatch.setattr(os, "utime", refuse)
    fs = RealFileSystem().below(Root(str(tmp_path)))
    fs.copy(str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"), try_clone=False)
    assert (tmp_path / "b.jpg").read_bytes() == b"a" * 10
