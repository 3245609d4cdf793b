"""Every file is inspected once: known ones not at all, copies and moved ones without the network, bad ones with a reason."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from album_sort.classifier.resnet18 import RESNET18
from album_sort.inspection.inspect import (
    InspectionResult,
    InspectionSettings,
    inspect_files,
    model_key_of,
    processes_worth_starting,
)
from album_sort.inspection.messages import ReaderSettings
from album_sort.scan import scan
from album_sort.state import cache_file
from album_sort.state.cache import CACHE_FILE, InferenceCache
from album_sort.types import FileEntry, FileKind, Precision, Reason, Stage
from tests.builders import make_jpeg, make_tree
from tests.network_builders import FakeClassifier

KEY = model_key_of(RESNET18, "0" * 64, Precision.AUTO)


def entry(path: Path, kind: FileKind = FileKind.PHOTO) -> FileEntry:
    """A file as the scan finds it."""
    found = path.stat()
    return FileEntry(str(path), str(path.parent), found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, kind)


def entries(folder: Path) -> list[FileEntry]:
    return [entry(path) for path in sorted(folder.rglob("*")) if path.is_file()]


class Inspector:
    """Inspects with a double for the network, keeping the cache between runs."""

    def __init__(self, cache_folder: Path, **reader: object) -> None:
        settings = ReaderSettings(RESNET18.preprocessing, 64, cache_folder, KEY, 1 << 30)
        self.settings = InspectionSettings(replace(settings, **reader), workers=2, batch_size=4)  # type: ignore[arg-type]
        self.cache_folder = cache_folder
        self.classifiers: list[FakeClassifier] = []

    def __call__(
        self,
        files: list[FileEntry],
        *,
        recheck: bool = False,
        on_progress: Callable[[int, str], None] = lambda _done, _path: None,
    ) -> InspectionResult:
        self.classifiers = []
        with InferenceCache.open(self.cache_folder, KEY) as cache:
            return inspect_files(files, replace(self.settings, recheck=recheck), cache, self._make, on_progress)

    def _make(self) -> FakeClassifier:
        self.classifiers.append(FakeClassifier(KEY))
        return self.classifiers[-1]

    @property
    def shown(self) -> int:
        """Pictures that the network has been shown in the last run."""
        return sum(classifier.shown for classifier in self.classifiers)


@pytest.fixture
def inspector(tmp_path: Path) -> Inspector:
    return Inspector(tmp_path / "cache")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "photos", {f"{seed:02}.jpg": make_jpeg(seed) for seed in range(10)})


def facts(result: InspectionResult) -> dict[str, tuple[object, ...]]:
    """All that was learnt, comparable."""
    return {
        Path(path).name: (
            found.content_id,
            found.metadata,
            found.statistics,
            found.prediction and found.prediction.probabilities.tobytes(),
        )
        for path, found in result.inspections.items()
    }


def test_every_file_is_inspected_once_and_the_second_run_needs_no_network(inspector: Inspector, photos: Path) -> None:
    first = inspector(entries(photos))
    assert (len(first.inspections), len(first.failed), first.read_count, first.inference_count) == (10, 0, 10, 10)
    assert sum(inspector.classifiers[0].batches) == 10
    assert max(inspector.classifiers[0].batches) == 4

    second = inspector(entries(photos))
    assert (second.read_count, second.inference_count, inspector.classifiers) == (0, 0, [])
    assert facts(second) == facts(first), "a remembered answer is the answer"


def test_only_what_is_new_or_changed_is_read(inspector: Inspector, photos: Path) -> None:
    inspector(entries(photos))
    (photos / "03.jpg").write_bytes(make_jpeg(103))
    (photos / "new.jpg").write_bytes(make_jpeg(104))
    result = inspector(entries(photos))
    assert (result.read_count, result.inference_count, len(result.inspections)) == (2, 2, 11)


def test_moving_renaming_and_copying_cost_no_inference(inspector: Inspector, photos: Path) -> None:
    before = inspector(entries(photos))
    (photos / "sub").mkdir()
    (photos / "00.jpg").rename(photos / "sub" / "00.jpg")
    (photos / "01.jpg").rename(photos / "renamed.JPG")
    shutil.copy(photos / "02.jpg", photos / "copy.jpg")
    os.utime(photos / "03.jpg")
    after = inspector(entries(photos))
    assert (after.read_count, after.inference_count, inspector.classifiers) == (4, 0, [])
    assert len(after.inspections) == 11
    assert facts(after)["copy.jpg"] == facts(before)["02.jpg"]
    assert inspector(entries(photos)).read_count == 0, "the new names are remembered"


def test_copies_in_one_run_are_looked_at_once(inspector: Inspector, photos: Path) -> None:
    for number in range(8):
        shutil.copy(photos / "05.jpg", photos / f"copy{number}.jpg")
    result = inspector(entries(photos))
    assert (len(result.inspections), inspector.shown) == (18, 10)
    for number in range(8):
        assert facts(result)[f"copy{number}.jpg"] == facts(result)["05.jpg"]
        assert result.inspections[str(photos / f"copy{number}.jpg")].file.name == f"copy{number}.jpg"
    assert inspector(entries(photos)).read_count == 0


def test_what_the_cache_loses_during_the_run_is_read_again(inspector: Inspector, photos: Path) -> None:
    """Results are not held in memory once they are on disk; whoever clears the cache then must not cost a photo."""
    calls = []

    def clear(done: int, _path: str) -> None:
        calls.append(done)
        if len(calls) == 10:
            with sqlite3.connect(inspector.cache_folder / CACHE_FILE) as other:
                other.execute("DELETE FROM files")
                other.execute("DELETE FROM contents")

    shutil.copy(photos / "05.jpg", photos / "copy.jpg")
    files = entries(photos)
    result = inspector(files, on_progress=clear)
    assert set(result.inspections) == {file.path for file in files}
    assert (result.read_count, inspector.shown > 10) == (11, True)
    assert facts(result)["copy.jpg"] == facts(result)["05.jpg"]


def test_a_cache_that_another_run_holds_costs_no_photo(
    inspector: Inspector, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_file, "BUSY_TIMEOUT_S", 0.01)
    InferenceCache.open(inspector.cache_folder, KEY).close()
    with contextlib.closing(sqlite3.connect(inspector.cache_folder / CACHE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = inspector(entries(photos))
        assert (len(result.inspections), inspector.shown) == (10, 10)
        other.execute("ROLLBACK")
    assert inspector(entries(photos)).read_count == 10, "nothing could be remembered"


def test_recheck_reads_all_but_infers_nothing_again(inspector: Inspector, photos: Path) -> None:
    """A file whose content was changed behind the back of its times is only found this way."""
    inspector(entries(photos))
    sly = photos / "04.jpg"
    found = sly.stat()
    data = bytearray(sly.read_bytes())
    data[-300] ^= 1
    sly.write_bytes(data)
    os.utime(sly, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert inspector(entries(photos)).read_count == 0
    result = inspector(entries(photos), recheck=True)
    assert (result.read_count, result.inference_count) == (10, 1)


def test_bad_files_are_listed_with_stage_and_reason_and_remembered(inspector: Inspector, photos: Path) -> None:
    make_tree(photos, {"text.jpg": "hello", "empty.jpg": b"", "cut.png": b"\x89PNG\r\n\x1a\n" + bytes(50)})
    result = inspector(entries(photos))
    assert len(result.inspections) == 10
    reasons = {Path(path).name: skipped for path, skipped in result.failed.items()}
    assert {name: skipped.stage for name, skipped in reasons.items()} == dict.fromkeys(
        ("text.jpg", "empty.jpg", "cut.png"), Stage.DECODE
    )
    assert {name: skipped.reason.code for name, skipped in reasons.items()} == {
        "text.jpg": "skip.wrong-content",
        "empty.jpg": "skip.wrong-content",
        "cut.png": "skip.no-header",
    }
    assert all(skipped.is_problem for skipped in reasons.values())
    again = inspector(entries(photos))
    assert again.read_count == 0
    assert again.failed == result.failed


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_says_so(inspector: Inspector, photos: Path) -> None:
    (photos / "00.jpg").chmod(0)
    assert inspector(entries(photos)).failed[str(photos / "00.jpg")].reason.code == "skip.no-permission"


def test_a_file_that_vanished_since_the_scan_says_so(inspector: Inspector, photos: Path) -> None:
    files = entries(photos)
    (photos / "00.jpg").unlink()
    result = inspector(files)
    assert result.failed[str(photos / "00.jpg")].reason.code == "skip.gone"
    assert len(result.inspections) == 9


def test_a_pipe_in_place_of_a_file_does_not_block(inspector: Inspector, photos: Path) -> None:
    os.mkfifo(photos / "pipe.jpg")
    result = inspector([*entries(photos), entry(photos / "pipe.jpg")])
    assert result.failed[str(photos / "pipe.jpg")].reason.code == "skip.no-longer-a-file"


def test_a_file_that_changed_since_the_scan_is_left_to_the_next_run(inspector: Inspector, photos: Path) -> None:
    files = entries(photos)
    with (photos / "00.jpg").open("ab") as growing:
        growing.write(b"still being copied")
    assert inspector(files).failed[str(photos / "00.jpg")].reason.code == "skip.changing"
    again = inspector(entries(photos))
    assert (again.read_count, again.failed) == (1, {})


def test_a_picture_that_needs_too_much_memory_is_refused(tmp_path: Path, photos: Path) -> None:
    """A valid PNG of 48 megapixels from 140 KB: it takes 144 MB as pixels, and the process may take 120."""
    Image.fromarray(np.zeros((6000, 8000, 3), np.uint8)).save(photos / "large.png")
    small = Inspector(tmp_path / "cache", memory_bytes=120 << 20)
    result = small(entries(photos))
    assert result.failed[str(photos / "large.png")].reason == Reason.of("skip.memory-to-decode", megabytes=120)
    assert len(result.inspections) == 10
    enough = Inspector(tmp_path / "other", memory_bytes=1 << 30)
    assert enough(entries(photos)).failed == {}


def test_videos_and_sidecars_are_hashed_and_never_shown_to_the_network(inspector: Inspector, tmp_path: Path) -> None:
    folder = make_tree(
        tmp_path / "mixed",
        {
            "clip.mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\x08mdat",
            "a.xmp": "<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>",
            "photo.mov": make_jpeg(1),
        },
    )
    files = [
        entry(folder / "clip.mov", FileKind.VIDEO),
        entry(folder / "photo.mov", FileKind.VIDEO),
        entry(folder / "a.xmp", FileKind.SIDECAR),
    ]
    result = inspector(files)
    found = {Path(path).name: item for path, item in result.inspections.items()}
    assert found["clip.mov"].prediction is None
    assert found["a.xmp"].prediction is None
    assert found["photo.mov"].prediction is not None, "a photo in a video's clothes is a photo"
    assert (result.inference_count, inspector(files).read_count) == (1, 0)


def test_answers_do_not_depend_on_order_workers_or_batches(tmp_path: Path, photos: Path) -> None:
    expected = facts(Inspector(tmp_path / "a")(entries(photos)))
    other = Inspector(tmp_path / "b")
    other.settings = replace(other.settings, workers=1, batch_size=3)
    assert facts(other(entries(photos)[::-1])) == expected


def test_progress_counts_every_file_once(inspector: Inspector, photos: Path) -> None:
    steps: list[tuple[int, str]] = []
    inspector(entries(photos), on_progress=lambda done, path: steps.append((done, path)))
    assert [done for done, _ in steps] == list(range(11))
    assert {path for _, path in steps[1:]} == {file.path for file in entries(photos)}


def test_what_was_done_before_an_error_is_kept(inspector: Inspector, photos: Path) -> None:
    def stop_in_the_middle(done: int, _path: str) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspector(entries(photos), on_progress=stop_in_the_middle)
    assert inspector(entries(photos)).read_count <= 6, "at least the first batch of four is remembered"


def test_no_files_nothing_to_do(inspector: Inspector) -> None:
    result = inspector([])
    assert (result.inspections, result.failed, inspector.classifiers) == ({}, {}, [])


def test_the_scan_and_the_inspection_agree_on_what_a_file_is(inspector: Inspector, photos: Path) -> None:
    result = inspector(list(scan([str(photos)]).files))
    assert len(result.inspections) == 10


@pytest.mark.parametrize(
    ("files", "megabytes", "processes"),
    [(1, 4, 1), (3, 4, 1), (7, 4, 1), (8, 4, 1), (9, 4, 2), (2, 60, 2), (1, 900, 1), (1000, 4, 16)],
)
def test_a_few_new_photos_are_not_worth_a_process_for_every_core(files: int, megabytes: int, processes: int) -> None:
    """Each takes a third of a second to start: longer than a photo. No more are started than there are files, nor than asked for."""
    photos = [FileEntry(f"/p/{n}.jpg", "/p", megabytes << 20, 1, n, 0, FileKind.PHOTO) for n in range(files)]
    assert min(16, processes_worth_starting(photos)) == processes
