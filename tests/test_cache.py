"""The inference cache costs no photo whatever happens to it, and gives back exactly what it was given."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from album_sort.state import codec
from album_sort.state.cache import CACHE_FILE, CacheReader, InferenceCache
from album_sort.state.cache_rows import KnownFile
from album_sort.state.thumbnails import THUMBNAIL_FILE, ThumbnailStore
from album_sort.types import (
    EMBEDDING_SIZE,
    ContentId,
    FileEntry,
    FileKind,
    GeoPosition,
    ImageStatistics,
    Inspection,
    Metadata,
    PixelSource,
    PositionSource,
    Prediction,
    Reason,
    Skipped,
    Stage,
    TimeCandidate,
    TimePrecision,
    TimeSource,
)

KEY = "resnet18-0123-auto-p1"
NO_HEADER = Reason.of("skip.no-header", format="PNG")


def entry(path: str = "/photos/a.jpg", **changes: Any) -> FileEntry:
    return replace(FileEntry(path, "/photos", 1000, 1_700_000_000_000_000_000, 42, 1, FileKind.PHOTO), **changes)


def content(seed: int) -> ContentId:
    return ContentId(f"{seed:064x}")


def embedding(seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).random(EMBEDDING_SIZE).astype(np.float16)


def inspection(seed: int = 0, path: str | None = None, model_key: str = KEY) -> Inspection:
    random = np.random.default_rng(seed)
    probabilities = np.sort(random.dirichlet(np.full(1000, 0.01)).astype(np.float32))[::-1][:64]
    return Inspection(
        entry(path or f"/photos/2024/07/IMG_{seed:04}.JPG", inode=1000 + seed),
        ContentId(random.bytes(32).hex()),
        "jpeg",
        Metadata(
            time_candidates=(
                TimeCandidate(
                    TimeSource.EXIF_ORIGINAL, datetime(2024, 7, 1, 12, seed % 60), note="EXIF DateTimeOriginal"
                ),
                TimeCandidate(TimeSource.GPS, None, datetime(2024, 7, 1, 10), 120, TimePrecision.MINUTE),
            ),
            positions=(GeoPosition(46.5 + seed / 1e4, 7.9, PositionSource.EXIF, 1200.5, datetime(2024, 7, 1, 10)),),
            width_px=4032,
            height_px=3024,
            camera_make="Apple",
            camera_model="iPhone 12 mini",
            iso=100,
            exposure_s=1 / 120,
            f_number=1.6,
            focal_length_mm=4.2,
        ),
        PixelSource.SCALED,
        ImageStatistics(*random.random(len(ImageStatistics.__dataclass_fields__)).tolist()),
        Prediction(model_key, random.permutation(1000)[:64].astype(np.uint16), probabilities),
    )


def find(cache: InferenceCache, file: FileEntry) -> KnownFile | None:
    return cache.find_all([file]).get(file.path)


def same(one: Inspection, other: Inspection) -> bool:
    """Equal in every value; predictions hold arrays, which know no `==`."""
    a, b = one.prediction, other.prediction
    if (a is None) != (b is None):
        return False
    if a and b:
        equal = np.array_equal(a.class_indices, b.class_indices) and np.array_equal(a.probabilities, b.probabilities)
        if not equal or a.model_key != b.model_key:
            return False
    plain = (replace(one, prediction=None), replace(other, prediction=None))
    return all(getattr(plain[0], name) == getattr(plain[1], name) for name in Inspection.__slots__)


# What goes in comes out


def test_what_is_added_is_found_by_file_and_by_content(tmp_path: Path) -> None:
    photo = inspection()
    with InferenceCache.open(tmp_path, KEY) as cache:
        settled = cache.add(photo, embedding(), b"jpeg")
    with InferenceCache.open(tmp_path, KEY) as cache:
        by_file = find(cache, photo.file)
        moved = replace(photo.file, path="/elsewhere/b.jpg", inode=7)
        by_content = cache.find_content(moved, photo.content_id)
        assert by_file
        assert by_content
        assert by_file.inspection
        assert same(by_file.inspection, settled)
        assert by_content.inspection
        assert same(by_content.inspection, replace(settled, file=moved))
        assert cache.thumbnail(photo.content_id) == b"jpeg"
        ((found_id, found_embedding),) = cache.embeddings()
        assert found_id == photo.content_id
        np.testing.assert_allclose(found_embedding, embedding(), rtol=1 / 128)


def test_a_fresh_answer_equals_the_remembered_one_in_every_bit(tmp_path: Path) -> None:
    """Otherwise a preview, which fills the cache, and the run after it could decide differently."""
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(20):
            photo = inspection(seed)
            settled = cache.add(photo, embedding(seed), b"")
            found = find(cache, photo.file)
            assert found
            assert found.inspection
            assert same(found.inspection, settled)
            assert photo.prediction
            assert settled.prediction
            assert np.allclose(settled.prediction.probabilities, photo.prediction.probabilities, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(
    "changes", [{"size_bytes": 1001}, {"mtime_ns": 5}, {"inode": 5}], ids=["size", "time", "inode"]
)
def test_a_file_that_looks_otherwise_is_unknown(tmp_path: Path, changes: dict[str, Any]) -> None:
    photo = inspection()
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(photo, embedding(), b"")
        assert find(cache, photo.file)
        assert find(cache, replace(photo.file, **changes)) is None


def test_another_network_has_its_own_answers(tmp_path: Path) -> None:
    photo = inspection()
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(photo, embedding(), b"")
    with InferenceCache.open(tmp_path, "lite0") as cache:
        assert find(cache, photo.file) is None
        cache.add(inspection(model_key="lite0"), embedding(1), b"")
        assert [seed for seed, _ in cache.embeddings()] == [photo.content_id]
        assert find(cache, photo.file)
    with InferenceCache.open(tmp_path, KEY) as cache:
        found = find(cache, photo.file)
        assert found
        assert found.inspection
        assert found.inspection.prediction
        assert found.inspection.prediction.model_key == KEY


def test_videos_and_failures_are_remembered_for_every_network(tmp_path: Path) -> None:
    video = replace(inspection(), pixel_source=None, statistics=None, prediction=None, media_format="mov")
    broken = entry("/photos/broken.jpg")
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert same(cache.add(video, None, b""), video)
        cache.add_failure(broken, content(9), Skipped(broken.path, Stage.DECODE, NO_HEADER))
    with InferenceCache.open(tmp_path, "another") as cache:
        found = find(cache, video.file)
        assert found
        assert found.inspection
        assert same(found.inspection, video)
        copy = replace(broken, path="/photos/copy.jpg")
        failed = cache.find_content(copy, content(9))
        assert failed
        assert failed.skipped == Skipped("/photos/copy.jpg", Stage.DECODE, NO_HEADER)


def test_a_copy_of_what_cannot_be_read_is_told_by_its_own_name(tmp_path: Path) -> None:
    """The content is remembered once; what its name promises is each file's own."""
    jpg, heic = entry("/photos/a.jpg"), entry("/photos/b.HEIC", inode=43)
    reason = Reason.of("skip.wrong-content", content="a JSON text", suffix=".jpg")
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add_failure(jpg, content(9), Skipped(jpg.path, Stage.DECODE, reason))
        cache.add_file(heic, content(9))
        cache.commit()
        found = cache.find_all([jpg, heic])
    said = [dict(known.skipped.reason.values)["suffix"] for known in found.values() if known.skipped]
    assert said == [".jpg", ".heic"]


def test_a_failure_remembered_as_a_sentence_is_read_again(tmp_path: Path) -> None:
    """Caches of before there were codes hold English; all else they know is still of use."""
    photo, broken = inspection(), entry("/photos/broken.jpg")
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(photo, embedding(), b"")
        cache.add_failure(broken, content(9), Skipped(broken.path, Stage.DECODE, NO_HEADER))
    with contextlib.closing(sqlite3.connect(tmp_path / CACHE_FILE)) as file, file:
        changed = file.execute("UPDATE contents SET reason = 'damaged png: cut off' WHERE reason IS NOT NULL")
        assert changed.rowcount == 1
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert find(cache, broken) is None
        assert find(cache, photo.file)


def test_a_content_that_is_read_again_replaces_its_failure(tmp_path: Path) -> None:
    photo = inspection()
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add_failure(photo.file, photo.content_id, Skipped(photo.file.path, Stage.DECODE, NO_HEADER))
        cache.add(photo, embedding(), b"")
        found = find(cache, photo.file)
        assert found
        assert found.skipped is None


def test_names_that_are_no_utf_8_and_numbers_of_64_bits_are_kept(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/photos/\xff\xfe.jpg")
    photo = replace(inspection(), file=entry(odd, inode=2**64 - 3, mtime_ns=-5))
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(photo, embedding(), b"")
        assert find(cache, photo.file)
        assert find(cache, replace(photo.file, path="/photos/ÿþ.jpg")) is None


text = st.text(max_size=20)
days = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))
numbers = st.floats(allow_nan=False, width=64)
metadata = st.builds(
    Metadata,
    time_candidates=st.lists(
        st.builds(
            TimeCandidate,
            st.sampled_from(TimeSource),
            st.none() | days,
            st.none() | days,
            st.none() | st.integers(-900, 900),
            st.sampled_from(TimePrecision),
            text,
        ),
        max_size=3,
    ).map(tuple),
    positions=st.lists(
        st.builds(
            GeoPosition, numbers, numbers, st.sampled_from(PositionSource), st.none() | numbers, st.none() | days
        ),
        max_size=2,
    ).map(tuple),
    width_px=st.none() | st.integers(0, 10**6),
    exposure_s=st.none() | numbers,
    description=text,
    people=st.lists(text, max_size=3).map(tuple),
    keywords=st.lists(text, max_size=3).map(tuple),
    is_edited=st.booleans(),
    warnings=st.lists(text, max_size=2).map(tuple),
)


@pytest.mark.parametrize("scale", [0.01, 1.0, 1000.0])
def test_rounding_an_embedding_for_storage_keeps_its_direction(scale: float) -> None:
    value = (np.random.default_rng(1).standard_normal(EMBEDDING_SIZE) * scale).astype(np.float16)
    kept = codec.unpack_embedding(codec.pack_embedding(value)).astype(np.float64)
    original = value.astype(np.float64)
    assert kept @ original / np.linalg.norm(kept) / np.linalg.norm(original) > 0.9999
    extremes = np.full(EMBEDDING_SIZE, np.finfo(np.float16).max)
    assert np.isfinite(codec.unpack_embedding(codec.pack_embedding(extremes * 0.99))).all()


@given(metadata)
def test_metadata_survive_the_cache(value: Metadata) -> None:
    assert codec.unpack_metadata(codec.pack_metadata(value)) == value


@given(st.binary(max_size=200))
def test_bytes_that_are_no_metadata_are_refused(packed: bytes) -> None:
    for unpack in (codec.unpack_metadata, codec.unpack_embedding):
        with pytest.raises((ValueError, TypeError, KeyError)):
            unpack(packed)


# Damage


def damage(path: Path, how: str) -> None:
    if how == "text":
        path.write_bytes(b"this is not a database, but it is long enough to look at" * 100)
    elif how == "cut":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "empty":
        path.write_bytes(b"")
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["text", "cut", "empty", "zeroed"])
def test_a_damaged_cache_forgets_but_works(tmp_path: Path, how: str) -> None:
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(60):
            cache.add(inspection(seed), embedding(seed), b"x" * 2000)
    damage(tmp_path / CACHE_FILE, how)
    damage(tmp_path / THUMBNAIL_FILE, how)
    for _ in range(2):  # what it finds out the first time must be mended the second
        with InferenceCache.open(tmp_path, KEY) as cache:
            for seed in range(60):
                find(cache, inspection(seed).file)
                cache.thumbnail(inspection(seed).content_id)
            list(cache.embeddings())
            cache.forget_oldest()
            for seed in range(60):
                cache.add(inspection(seed), embedding(seed), b"y" * 2000)
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(60):
            assert find(cache, inspection(seed).file), how
            assert cache.thumbnail(inspection(seed).content_id) == b"y" * 2000


def test_a_damaged_row_is_read_again_and_the_others_stay(tmp_path: Path) -> None:
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(6):
            cache.add(inspection(seed), embedding(seed), b"")
    with sqlite3.connect(tmp_path / CACHE_FILE) as connection:
        connection.execute("UPDATE contents SET metadata = x'00' WHERE content = 1")
        connection.execute("UPDATE contents SET statistics = x'00' WHERE content = 2")
        connection.execute("UPDATE contents SET pixel_source = 'crystal ball' WHERE content = 3")
        connection.execute("UPDATE predictions SET top = x'00' WHERE content = 4")
        connection.execute("UPDATE predictions SET embedding = x'00' WHERE content = 5")
    connection.close()
    with InferenceCache.open(tmp_path, KEY) as cache:
        known = [find(cache, inspection(seed).file) is not None for seed in range(6)]
        assert known == [False, False, False, False, True, True]
        assert len(list(cache.embeddings())) == 5


def test_a_cache_of_an_older_schema_is_made_anew(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / CACHE_FILE)
    connection.executescript("CREATE TABLE contents (content_id BLOB); PRAGMA user_version = 1;")
    connection.close()
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(inspection(), embedding(), b"")
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert find(cache, inspection().file)


def test_a_folder_that_cannot_be_used_is_replaced_by_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with InferenceCache.open(tmp_path / "file" / "cache", KEY) as cache:
        cache.add(inspection(), embedding(), b"jpeg")
        assert find(cache, inspection().file)
        assert cache.thumbnail(inspection().content_id) == b"jpeg"
    assert CacheReader(tmp_path / "file" / "cache", KEY).find_content(entry(), content(1)) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with InferenceCache.open(tmp_path, KEY) as cache:
            cache.add(inspection(), embedding(), b"")
            assert find(cache, inspection().file)
        assert list(tmp_path.iterdir()) == []
    finally:
        tmp_path.chmod(stat.S_IRWXU)


# Several processes


def test_a_reading_process_sees_what_has_been_committed(tmp_path: Path) -> None:
    with InferenceCache.open(tmp_path, KEY) as cache:
        reader = CacheReader(tmp_path, KEY)
        photo = inspection()
        cache.add(photo, embedding(), b"")
        assert reader.find_content(photo.file, photo.content_id) is None
        cache.commit()
        assert reader.find_content(photo.file, photo.content_id)


def test_two_runs_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from tests.test_cache import KEY, embedding, inspection
from album_sort.state.cache import InferenceCache
start = int(sys.argv[2])
with InferenceCache.open(Path(sys.argv[1]), KEY) as cache:
    for seed in range(start, start + 200):
        cache.add(inspection(seed), embedding(seed), b"jpeg")
        if seed % 5 == 0:
            cache.commit()
"""
    root = Path(__file__).resolve().parent.parent
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(start)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for start in (0, 100)
    ]
    assert [run.wait(120) for run in runs] == [0, 0]
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert all(find(cache, inspection(seed).file) for seed in range(300))


def test_a_cache_held_by_another_run_is_neither_waited_for_long_nor_removed(tmp_path: Path) -> None:
    with InferenceCache.open(tmp_path, KEY) as cache:
        cache.add(inspection(1), embedding(), b"")
        cache.commit()
        other = sqlite3.connect(tmp_path / CACHE_FILE, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        cache.add(inspection(2), embedding(), b"")
        began = time.monotonic()
        cache.commit()
        assert time.monotonic() - began < 30
        assert find(cache, inspection(1).file)
        other.execute("ROLLBACK")
        other.close()
        cache.commit()
    with InferenceCache.open(tmp_path, KEY) as cache:
        assert find(cache, inspection(1).file)
        assert find(cache, inspection(2).file), "what could not be written was written later"


# Size


def test_the_oldest_are_forgotten_first_and_known_files_last(tmp_path: Path) -> None:
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(10):
            cache.add(inspection(seed), embedding(seed), b"jpeg")
        # Photo 9 was changed: no file has its old content any more.
        cache.add_file(inspection(9).file, inspection(8).content_id)
        assert cache.forget_oldest(7) == 3
        known = [cache.find_content(entry(), inspection(seed).content_id) is not None for seed in range(10)]
        assert known == [False, False, True, True, True, True, True, True, True, False]
        assert find(cache, inspection(0).file) is None
        assert len(list(cache.embeddings())) == 7
        assert cache.forget_oldest(7) == 0


def test_a_photo_takes_less_than_one_and_a_half_kilobytes(tmp_path: Path) -> None:
    """With paths of 60 characters, EXIF, a position, and features as an int8 network gives them: few distinct values."""
    count = 2000
    with InferenceCache.open(tmp_path, KEY) as cache:
        for seed in range(count):
            path = f"/home/someone/Pictures/2024/2024-07 Holidays/IMG_{seed:05}.JPG"
            features = (np.random.default_rng(seed).poisson(12, EMBEDDING_SIZE) * 0.021).astype(np.float16)
            cache.add(inspection(seed, path), features, b"")
    assert (tmp_path / CACHE_FILE).stat().st_size / count < 1536


def test_thumbnails_are_bounded_in_bytes_and_the_newest_stay(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, most_bytes=3_000_000)
    for seed in range(4000):
        store.add(content(seed), seed.to_bytes(4, "big") * 250)
    assert store.drop_oldest() > 0
    assert store.get(content(0)) is None
    assert store.get(content(3999)) == (3999).to_bytes(4, "big") * 250
    assert store.drop_oldest() == 0
    for seed in range(4000, 6000):
        store.add(content(seed), bytes(1000))
    store.drop_oldest()
    store.close()
    assert (tmp_path / THUMBNAIL_FILE).stat().st_size < 2 * 3_000_000
