"""Applying a plan: photos appear, complete and unchanged, under the planned names; nothing that exists is touched."""

from __future__ import annotations

import errno
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from album_sort.core.planning.check import check_plan
from album_sort.core.planning.planfile import plan_from_lines, plan_to_lines
from album_sort.core.planning.pruning import orphans, with_prune
from album_sort.errors import DestinationError, UsageError
from album_sort.fileops.apply import apply_plan
from album_sort.fileops.filesystem import Copied, RealFileSystem
from album_sort.fileops.space import check_space, measure_space
from album_sort.fileops.verify import Verdict, verify
from album_sort.state.store import DestinationState
from album_sort.types import Action, AlbumRelPath, Mode, OpStatus, Role, RunId
from album_sort.types.ledger import RunRecord, RunStatus
from album_sort.types.plan import refiled
from tests.destination_builders import (
    NOW,
    Library,
    apply_saved,
    files,
    picture_of,
    plan_for,
    run,
    snapshot,
    tree,
    undo,
)
from tests.doubles import Fault, FaultyFileSystem, Killed


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add("a/IMG_1.JPG", b"cat" * 1000, "Pets/2024")
    library.add("a/IMG_1.JPG.xmp", b"<x/>", "Pets/2024", primary="a/IMG_1.JPG")
    library.add("b/IMG_1.JPG", b"dog" * 1000, "Pets/2024")
    library.add("b/IMG_1.xmp", b"<y/>", "Pets/2024", primary="b/IMG_1.JPG")
    library.add("c/dinner.jpg", b"noodles", "Food/2023")
    library.also.append(("c/dinner.jpg", "City/2023"))
    return library


@pytest.mark.parametrize("mode", list(Mode))
def test_a_second_run_finds_nothing_to_do_and_writes_nothing(library: Library, mode: Mode) -> None:
    run(library, mode=mode)
    before = snapshot(library.albums)
    plan = plan_for(library, mode, "r2")
    assert plan.effects == ()
    assert snapshot(library.albums) == before


@pytest.mark.parametrize("mode", list(Mode))
def test_undo_takes_everything_back(library: Library, mode: Mode) -> None:
    library.albums.mkdir()
    (library.albums / "Pets").mkdir()
    (library.albums / "Pets" / "mine.txt").write_text("mine")
    before, sources = tree(library.albums), snapshot(library.sources)
    run(library, mode=mode)
    assert len(files(library.albums)) == 7
    undone = undo(library)
    assert undone.is_complete, undone
    assert tree(library.albums) == before
    if mode is not Mode.HARDLINK:
        assert snapshot(library.sources) == sources


def test_a_photo_whose_album_changed_is_moved_with_its_sidecar_and_its_links_follow(library: Library) -> None:
    run(library)
    first = tree(library.albums)
    library.assign("b/IMG_1.JPG", "Dogs/2024")
    library.assign("c/dinner.jpg", "Fest/2023")
    _, applied = run(library, "r2")
    assert all(result.status is OpStatus.DONE for result in applied.results), applied
    assert files(library.albums) == [
        "City/2023/dinner.jpg",
        "Dogs/2024/IMG_1.JPG",
        "Dogs/2024/IMG_1.xmp",
        "Fest/2023/dinner.jpg",
        "Pets/2024/IMG_1.JPG",
        "Pets/2024/IMG_1.JPG.xmp",
    ]
    assert (library.albums / "City/2023/dinner.jpg").read_bytes() == b"noodles"
    assert not plan_for(library).effects
    undo(library, "r2")
    assert tree(library.albums) == first
    undo(library, "r1")
    assert tree(library.albums) == {}


def test_every_row_of_the_plan_has_its_result(library: Library) -> None:
    preview = plan_for(library)
    plan, applied = run(library)
    assert plan.ops == preview.ops
    assert [result.op_id for result in applied.results] == [op.op_id for op in plan.ops]
    assert {op.target for op in plan.effects} == set(files(library.albums))


def test_previewing_writes_nothing_and_makes_nothing(library: Library) -> None:
    before = snapshot(library.root)
    plan_for(library)
    assert snapshot(library.root) == before


def test_sources_are_never_changed(library: Library) -> None:
    before = tree(library.sources)
    run(library)
    library.assign("b/IMG_1.JPG", "Dogs/2024")
    run(library, "r2")
    undo(library, "r2")
    assert tree(library.sources) == before


def test_two_threads_make_the_same_tree_as_one(tmp_path: Path) -> None:
    trees = []
    for threads in (1, 2):
        library = Library(tmp_path / str(threads))
        for number in range(150):
            library.add(f"{number}.jpg", b"%d" % number * 100, f"Pets/{number % 3}")
        _, applied = run(library, threads=threads)
        assert {result.status for result in applied.results} == {OpStatus.DONE}
        trees.append(tree(library.albums))
    assert trees[0] == trees[1]


class Slow(RealFileSystem):
    """A disk that takes its time, and remembers what it was waited for."""

    def __init__(self) -> None:
        self.synced: set[str] = set()
        self.published: list[tuple[str, bool]] = []

    def sync_file(self, path: str) -> None:
        time.sleep(0.01)
        super().sync_file(path)
        self.synced.add(path)

    def publish(self, temporary: str, target: str) -> None:
        self.published.append((target, temporary in self.synced))
        super().publish(temporary, target)


def test_no_file_gets_its_name_before_the_disk_has_it_however_many_threads_copy(library: Library) -> None:
    disk = Slow()
    run(library, fs=disk, threads=3)
    assert len(disk.published) == 5
    assert all(was_synced for _, was_synced in disk.published)


def test_an_album_renamed_by_hand_keeps_its_name_and_takes_the_new_photos(library: Library) -> None:
    run(library)
    (library.albums / "Pets").rename(library.albums / "Our pets")
    library.add("d/new.jpg", b"new dog", "Pets/2024")
    library.add("d/next year.jpg", b"puppy", "Pets/2025")
    plan, _ = run(library, "r2")
    assert sorted(op.target for op in plan.effects) == ["Our pets/2024/new.jpg", "Our pets/2025/next year.jpg"]
    assert not (library.albums / "Pets").exists()
    (library.albums / "Our pets").rename(library.albums / "Animals")
    library.add("d/third.jpg", b"kitten", "Pets/2025")
    plan, _ = run(library, "r3")
    assert [op.target for op in plan.effects] == ["Animals/2025/third.jpg"]
    assert plan_for(library).effects == ()


def test_single_photos_that_were_renamed_or_moved_by_hand_are_respected(library: Library) -> None:
    run(library)
    (library.albums / "Food/2023/dinner.jpg").rename(library.albums / "Food/2023/Grandma's noodles.jpg")
    plan, _ = run(library, "r2")
    # Only the entry in the second album is told where its photo is now.
    assert [op.action for op in plan.effects] == [Action.RELINK]
    assert (library.albums / "City/2023/dinner.jpg").read_bytes() == b"noodles"
    library.assign("c/dinner.jpg", "Feast/2023")
    run(library, "r3")
    assert "Feast/2023/Grandma's noodles.jpg" in files(library.albums)


def test_an_mtime_that_the_destination_does_not_keep_is_no_reason_to_copy_again(library: Library) -> None:
    """osxphotos exported everything again on a NAS that did not keep times."""
    run(library)
    for path in files(library.albums):
        os.utime(library.albums / path, ns=(1, 1), follow_symlinks=False)
    assert plan_for(library).effects == ()


def test_a_source_that_was_renamed_is_still_the_same_photo(library: Library) -> None:
    run(library)
    (library.sources / "c/dinner.jpg").rename(library.sources / "c/supper.jpg")
    library.filings["c/supper.jpg"] = ("Food/2023", "c/supper.jpg", Role.PRIMARY)
    library.also[0] = ("c/supper.jpg", "City/2023")
    assert plan_for(library).effects == ()


@pytest.mark.parametrize("mode", [Mode.SYMLINK, Mode.HARDLINK])
def test_links_follow_a_source_that_was_edited(library: Library, mode: Mode) -> None:
    run(library, mode=mode)
    before = set(files(library.albums))
    (library.sources / "c/dinner.jpg").write_bytes(b"more noodles")
    run(library, "r2", mode)
    assert set(files(library.albums)) == before
    assert (library.albums / "Food/2023/dinner.jpg").read_bytes() == b"more noodles"
    assert plan_for(library, mode).effects == ()


def test_a_link_whose_source_was_moved_is_pointed_to_it(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    (library.sources / "c/dinner.jpg").rename(library.sources / "supper.jpg")
    library.filings["supper.jpg"] = ("Food/2023", "supper.jpg", Role.PRIMARY)
    library.also[0] = ("supper.jpg", "City/2023")
    run(library, "r2", Mode.SYMLINK)
    assert (library.albums / "Food/2023/dinner.jpg").read_bytes() == b"noodles"
    assert plan_for(library, Mode.SYMLINK).effects == ()


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.SYMLINK])
@pytest.mark.parametrize("albums", [("Food", "City"), ("City",)])
def test_links_that_were_moved_by_hand_lead_to_their_photo_again(
    library: Library, mode: Mode, albums: tuple[str, ...]
) -> None:
    """A relative link leads to nowhere from a folder of another depth: renaming an album must not cost its pictures."""
    run(library, mode=mode)
    (library.albums / "My albums").mkdir()
    for album in albums:
        (library.albums / album).rename(library.albums / "My albums" / album)
    run(library, "r2", mode)
    dinners = list(library.albums.rglob("dinner.jpg"))
    assert len(dinners) == 2
    assert all(dinner.read_bytes() == b"noodles" for dinner in dinners)
    assert plan_for(library, mode).effects == ()
    assert undo(library, "r2").is_complete
    assert undo(library).is_complete
    assert files(library.albums) == []


def test_albums_moved_as_a_whole_keep_their_links(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    moved = library.root / "a/b/albums"
    shutil.copytree(library.albums, moved, symlinks=True)
    shutil.rmtree(library.albums)
    library.albums.symlink_to(moved)
    run(library, "r2", Mode.SYMLINK)
    assert all((library.albums / path).exists() for path in files(library.albums))
    assert plan_for(library, Mode.SYMLINK).effects == ()


def test_a_link_that_the_user_pointed_elsewhere_is_theirs(library: Library) -> None:
    """It stays as it is, whatever becomes of its photo's album or of its source."""
    run(library, mode=Mode.SYMLINK)
    for path in ("Food/2023/dinner.jpg", "City/2023/dinner.jpg"):
        (library.albums / path).unlink()
        (library.albums / path).symlink_to(library.sources / "a/IMG_1.JPG")
    before = tree(library.albums)
    library.assign("c/dinner.jpg", "Feast/2023")
    run(library, "r2", Mode.SYMLINK)
    assert tree(library.albums) == before
    (library.sources / "c/dinner.jpg").rename(library.sources / "supper.jpg")
    library.filings["supper.jpg"] = ("Feast/2023", "supper.jpg", Role.PRIMARY)
    library.also[0] = ("supper.jpg", "City/2023")
    run(library, "r3", Mode.SYMLINK)
    assert tree(library.albums) == before


def test_a_saved_plan_does_not_replace_a_link_that_was_pointed_elsewhere_since(library: Library) -> None:
    run(library, mode=Mode.SYMLINK)
    library.assign("c/dinner.jpg", "Feast/2023")
    plan = plan_for(library, Mode.SYMLINK, "r2")
    link = library.albums / "Food/2023/dinner.jpg"
    link.unlink()
    link.symlink_to(library.sources / "a/IMG_1.JPG")
    applied = apply_saved(library, plan)
    assert [result.status for result in applied.results if result.action is Action.MOVE] == [OpStatus.FAILED]
    assert link.read_bytes() == b"cat" * 1000


def test_a_saved_plan_applied_twice_does_nothing_the_second_time(library: Library) -> None:
    plan = plan_from_lines(plan_to_lines(plan_for(library)))
    apply_saved(library, plan)
    before = tree(library.albums)
    again = apply_saved(library, plan, "again")
    assert {result.action for result in again.results if result.status is OpStatus.DONE} == {Action.KEEP}
    assert tree(library.albums) == before


def test_an_interrupted_run_finishes_the_file_in_hand_and_the_next_run_the_rest(library: Library) -> None:
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    plan = plan_for(library)
    with DestinationState.open(library.albums) as state:
        record = RunRecord(RunId("r1"), "sort", NOW, None, RunStatus.RUNNING, "copy", "")
        applied = apply_plan(plan, RealFileSystem(), state.begin_run(record, plan), stop=stop, threads=1)
        state.finish_run(RunId("r1"), RunStatus.INTERRUPTED, NOW)
    assert applied.stopped_by == "interrupted"
    assert [result.status for result in applied.results].count(OpStatus.DONE) == 2
    assert len(files(library.albums)) == 2
    run(library, "r2")
    assert plan_for(library).effects == ()


def test_an_interrupted_run_of_links_makes_no_further_link(library: Library) -> None:
    plan = plan_for(library, Mode.SYMLINK)
    with DestinationState.open(library.albums) as state:
        record = RunRecord(RunId("r1"), "sort", NOW, None, RunStatus.RUNNING, "symlink", "")
        applied = apply_plan(plan, RealFileSystem(), state.begin_run(record, plan), stop=lambda: True, threads=1)
    assert {result.status for result in applied.results} == {OpStatus.SKIPPED}
    assert applied.stopped_by == "interrupted"
    assert tree(library.albums) == {}


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_error_between_two_photos_tells_whether_the_destination_has_gone(library: Library, is_gone: bool) -> None:
    """As when the row of a report cannot be written; what was filed before stays, and the next run does the rest."""
    plan = plan_for(library)

    def tell(*_values: object) -> None:
        if is_gone:
            library.albums.rename(library.root / "unplugged")
        raise OSError(errno.EIO, "Input/output error")

    state = DestinationState.open(library.albums)
    journal = state.begin_run(RunRecord(RunId("r1"), "sort", NOW, None, RunStatus.RUNNING, "copy", ""), plan)
    told, words = (DestinationError, "albums has gone") if is_gone else (OSError, "Input/output error")
    with pytest.raises(told, match=words):
        apply_plan(plan, RealFileSystem(), journal, on_result=tell, threads=1)
    if is_gone:
        (library.root / "unplugged").rename(library.albums)
    state.close()
    run(library, "r2")
    assert plan_for(library).effects == ()


class Shut(RealFileSystem):
    """From now on nobody may enter an album's folder."""

    def status(self, path: str) -> os.stat_result | None:
        if "/Pets/2024" in path:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return super().status(path)


def test_a_folder_that_nobody_may_enter_any_more_fails_only_what_lies_in_it(library: Library) -> None:
    run(library)
    picture = picture_of(library)
    for name in ("a/IMG_1.JPG", "a/IMG_1.JPG.xmp", "c/dinner.jpg"):
        (library.sources / name).unlink()
    plan = plan_for(library, plan_id="r2")
    plan = with_prune(plan, orphans(plan, picture), picture.ledger.values(), max_share=1)
    with DestinationState.open(library.albums) as state:
        record = RunRecord(RunId("r2"), "sort", NOW, None, RunStatus.RUNNING, "copy", "")
        applied = apply_plan(plan, Shut(), state.begin_run(record, plan), threads=1)
    of_trash = {result.op_id: result for result in applied.results if result.action is Action.TRASH}
    failed = {op.target for op in plan.ops if op.op_id in of_trash and of_trash[op.op_id].status is OpStatus.FAILED}
    assert failed == {op.target for op in plan.ops if op.op_id in of_trash and op.target.startswith("Pets/2024/")}
    assert {path for path in failed if not (library.albums / path).exists()} == set()
    assert not (library.albums / "Food/2023/dinner.jpg").exists()


class Full(RealFileSystem):
    """A disk that takes two files."""

    taken = 0

    def copy(self, source: str, temporary: str, *, try_clone: bool) -> Copied:
        self.taken += 1
        if self.taken > 2:
            Path(temporary).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", temporary)
        return super().copy(source, temporary, try_clone=try_clone)


def test_a_disk_that_fills_up_ends_the_run_with_nothing_half_written(library: Library) -> None:
    _, applied = run(library, fs=Full())
    assert "the disk is full" in applied.stopped_by
    assert [result.status for result in applied.results].count(OpStatus.DONE) == 2
    assert len(files(library.albums)) == 2
    assert not [name for name in tree(library.albums, state=True) if "tmp" in name]
    assert all(result.error for result in applied.results if result.status is not OpStatus.DONE)
    run(library, "r2")
    assert plan_for(library).effects == ()


class NoFood(RealFileSystem):
    """One album folder cannot be made."""

    def make_folder(self, path: str) -> None:
        if os.path.basename(path) == "Food":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        super().make_folder(path)


def test_a_folder_that_cannot_be_made_fails_only_what_belongs_into_it(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.add("a.jpg", b"cat", "Pets/2024")
    library.add("b.jpg", b"soup", "Food/2024")
    _, applied = run(library, fs=NoFood())
    assert [result.status for result in applied.results].count(OpStatus.FAILED) == 1
    assert applied.stopped_by == ""
    assert files(library.albums) == ["Pets/2024/a.jpg"]
    run(library, "r2")
    assert files(library.albums) == ["Food/2024/b.jpg", "Pets/2024/a.jpg"]


def test_a_folder_whose_photos_were_all_refused_does_not_stay_empty(library: Library) -> None:
    plan = plan_for(library)
    (library.sources / "c/dinner.jpg").write_bytes(b"cold noodles")
    apply_saved(library, plan)
    assert not (library.albums / "Food").exists()
    assert (library.albums / "Pets/2024").exists()


class Unplugged(FaultyFileSystem):
    """At one step the destination's disk is taken away; what comes to light is an empty folder of the disk below."""

    def __init__(self, albums: Path, fault: Fault) -> None:
        super().__init__(fault)
        self.albums = albums

    def __getattribute__(self, name: str) -> object:
        method = super().__getattribute__(name)
        if not callable(method) or name.startswith("_"):
            return method

        def step(*args: object, **options: object) -> object:
            try:
                return method(*args, **options)
            except Killed:
                self.albums.rename(self.albums.with_name("unplugged"))
                self.albums.mkdir()
                raise OSError(errno.EIO, "Input/output error", str(self.albums)) from None

        return step


@pytest.mark.parametrize("threads", [1, 2])
def test_a_destination_whose_disk_is_taken_away_is_not_written_to_any_more(tmp_path: Path, threads: int) -> None:
    """The folder on which it was mounted is still there: photos would silently go to another disk, and be hidden later."""
    for step in range(1, 200):
        library = Library(tmp_path / str(step))
        for number in range(5):
            library.add(f"{number}.jpg", b"%d" % number, f"Pets/{number % 3}")
        fault = Fault(step, kind="kill-after")
        told = ""
        try:
            _, applied = run(library, fs=Unplugged(library.albums, fault), threads=threads)
            told = applied.stopped_by
            assert applied.is_destination_gone == bool(told)
        except DestinationError as error:
            told = str(error)
        unplugged = library.root / "unplugged"
        if not unplugged.exists():
            assert step > 10
            return
        assert "has gone" in told, (step, fault.names[-1:])
        assert os.listdir(library.albums) == [], (step, fault.names[-1:])
        library.albums.rmdir()
        unplugged.rename(library.albums)
        run(library, "r2")
        assert len(files(library.albums)) == 5
        assert plan_for(library).effects == ()
    pytest.fail("the run has more steps than were tried")


def test_too_little_space_is_told_before_the_first_byte_with_both_figures(library: Library) -> None:
    plan = plan_for(library)
    giant = replace(plan, ops=(replace(plan.ops[0], size_bytes=10**18), *plan.ops[1:]))
    with pytest.raises(DestinationError, match=r"MB free, but 1,000,000,.* MB are needed"):
        check_space(giant)
    assert check_space(giant, can_reflink=True).suffices
    assert not library.albums.exists()


def test_a_copy_from_another_disk_takes_its_space_even_where_blocks_can_be_shared(library: Library) -> None:
    plan = plan_for(library)
    near = replace(plan.ops[0], size_bytes=10**9)
    far = replace(near, filed=refiled(near.filed, source="/proc/self/status"))
    needed = [
        measure_space(replace(plan, ops=(op,)), can_reflink=can).needed_bytes
        for op in (far, near)
        for can in (False, True)
    ]
    assert needed[0] == needed[1] == needed[2] > 10**9 > needed[3]


def test_a_source_that_has_gone_is_counted_as_one_on_another_disk(library: Library) -> None:
    """Its copy fails later, alone; the space for it is asked for."""
    plan = plan_for(library)
    shared = measure_space(plan, can_reflink=True)
    (library.sources / "c/dinner.jpg").unlink()
    assert measure_space(plan, can_reflink=True).needed_bytes > shared.needed_bytes


def test_too_few_files_that_the_disk_still_takes_are_told_with_both_figures(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(library.root)
    few = os.statvfs_result((*real[:5], 1_000, 1, 1, *real[8:]))
    monkeypatch.setattr(os, "statvfs", lambda _path: few)
    with pytest.raises(DestinationError, match=r"it can take 1 more files, but \d+ are needed"):
        check_space(plan_for(library))


def test_links_take_no_space(library: Library) -> None:
    copies = measure_space(plan_for(library, Mode.COPY))
    links = measure_space(plan_for(library, Mode.HARDLINK))
    assert copies.needed_bytes > links.needed_bytes
    assert copies.needed_inodes > links.needed_inodes


def test_pruning_takes_orphans_to_the_trash_and_undo_brings_them_back(library: Library) -> None:
    run(library)
    before = tree(library.albums)
    (library.sources / "b/IMG_1.JPG").unlink()
    (library.sources / "b/IMG_1.xmp").unlink()
    picture = picture_of(library)
    plan = plan_for(library, plan_id="r2")
    gone = orphans(plan, picture)
    with pytest.raises(UsageError, match="2 of 6 photos"):
        with_prune(plan, gone, picture.ledger.values(), max_share=0.2)
    pruned = with_prune(plan, gone, picture.ledger.values(), max_share=0.5)
    check_plan(pruned, picture)
    apply_saved(library, pruned, "r2")
    assert len(files(library.albums)) == len(before) - 6 - 2
    assert len(list((library.albums / ".album-sort/trash/r2").rglob("IMG_1*"))) == 2
    assert plan_for(library).effects == ()
    assert undo(library, "r2").is_complete
    assert tree(library.albums) == before


def test_verify_tells_bit_rot_missing_and_foreign_files(library: Library) -> None:
    run(library)
    (library.albums / "Pets/2024/IMG_1.JPG.xmp").unlink()
    rotten = library.albums / "Food/2023/dinner.jpg"
    stamp = rotten.stat().st_mtime_ns
    rotten.write_bytes(b"noodlez")
    os.utime(rotten, ns=(stamp, stamp))
    (library.albums / "mine.jpg").write_bytes(b"mine")
    found = {file.path: file.verdict for file in verify(str(library.albums), RealFileSystem(), picture_of(library))}
    assert {path: verdict for path, verdict in found.items() if verdict is not Verdict.OK} == {
        "Pets/2024/IMG_1.JPG.xmp": Verdict.MISSING,
        "Food/2023/dinner.jpg": Verdict.CHANGED,
        "City/2023/dinner.jpg": Verdict.CHANGED,
        "mine.jpg": Verdict.FOREIGN,
    }


def test_verify_tells_links_that_lead_nowhere_and_what_cannot_be_read(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(library, mode=Mode.SYMLINK)
    (library.sources / "c/dinner.jpg").unlink()
    found = verify(str(library.albums), RealFileSystem(), picture_of(library))
    assert Verdict.BROKEN_LINK in {file.verdict for file in found}
    monkeypatch.setattr(RealFileSystem, "digest", _unreadable)
    (file, *_) = verify(str(library.albums), RealFileSystem(), picture_of(library))
    assert (file.verdict, file.detail) == (Verdict.UNREADABLE, "Input/output error")


def _unreadable(_self: RealFileSystem, path: str, _size_bytes: int | None = None) -> None:
    raise OSError(errno.EIO, "Input/output error", path)


def test_verify_tells_a_photo_that_is_removed_while_it_looks_as_missing(library: Library) -> None:
    run(library)
    picture = picture_of(library)
    (library.albums / "Food/2023/dinner.jpg").unlink()
    found = {file.path: file.verdict for file in verify(str(library.albums), RealFileSystem(), picture)}
    assert found[AlbumRelPath("Food/2023/dinner.jpg")] is Verdict.MISSING


def test_a_photo_that_the_user_edited_or_replaced_in_its_album_is_theirs_and_verify_tells(library: Library) -> None:
    """No second copy beside the user's version of a photo; the source has the first one."""
    run(library)
    edited, replaced = library.albums / "Food/2023/dinner.jpg", library.albums / "Pets/2024/IMG_1.JPG"
    edited.write_bytes(b"noodles, cropped")
    replaced.unlink()
    replaced.write_bytes(b"another photo of that name")
    before = snapshot(library.albums)
    assert plan_for(library).effects == ()
    assert snapshot(library.albums) == before
    verdicts = {file.path: file.verdict for file in verify(str(library.albums), RealFileSystem(), picture_of(library))}
    assert (
        verdicts[AlbumRelPath("Food/2023/dinner.jpg")]
        is verdicts[AlbumRelPath("Pets/2024/IMG_1.JPG")]
        is Verdict.CHANGED
    )
    assert not undo(library).is_complete
    assert (edited.read_bytes(), replaced.read_bytes()) == (b"noodles, cropped", b"another photo of that name")


def test_a_destination_with_names_of_any_bytes_is_read(library: Library) -> None:
    library.albums.mkdir()
    Path(os.fsdecode(os.fsencode(library.albums) + b"/caf\xe9.jpg")).write_bytes(b"cat" * 1000)
    run(library)
    assert plan_for(library).effects == ()
