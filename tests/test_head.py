"""A head learned over the network's answers speaks for the shipped albums, below what a person says, from the cache alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from album_sort.classifier.labels import label_folder, load_labels, load_wording
from album_sort.core.albums.assignment import assign
from album_sort.core.albums.blend import score_with_head
from album_sort.core.albums.calibration import DEFAULT
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.head import NONE_OF_THEM, UNHEARD, Head
from album_sort.core.albums.overlay import parse_overlay
from album_sort.inspection.inspect import InspectionSettings, inspect_files
from album_sort.pipeline.policy import load_calibration, load_head, load_rules
from album_sort.state.cache import CACHE_FILE, InferenceCache
from album_sort.types import (
    EMBEDDING_SIZE,
    AlbumId,
    Assignment,
    ContentId,
    Evidence,
    FileEntry,
    FileKind,
    ImageStatistics,
    Inspection,
    Metadata,
    PixelSource,
    Prediction,
    Preprocessing,
    Reason,
)
from tests.album_cases import PLAIN, facts_of, shipped_rules

RESNET18, LITE0 = "cad40bef" + "0" * 56, "57934424" + "0" * 56
FOREST, HIKING = AlbumId("forest-nature"), AlbumId("hiking")
VALLEY, TABBY, PIZZA = 979, 281, 963
NAMES = {"valley": VALLEY, "tabby": TABBY, "pizza": PIZZA}
KEY = "resnet18-0123-auto-p1"


def head(version: str = "one", **readings: float) -> Head:
    """Reads the same in every photo: so much for each album, `-` written as `_`; and valley as forest."""
    albums = [album for album in shipped_rules().map_albums if album not in UNHEARD]
    said = {name.replace("_", "-"): value for name, value in readings.items()}
    weights = np.zeros((1000, len(albums) + 1), np.float32)
    weights[VALLEY, albums.index(FOREST)] = 0.1
    return Head(
        version,
        (*albums, NONE_OF_THEM),
        weights,
        np.zeros((0, len(albums) + 1), np.float32),
        np.array([*(said.get(album, 0.0) for album in albums), 0.0], np.float32),
        (460,) * (len(albums) + 1),
        (9,) * (len(albums) + 1),
    )


def seen(by: Head | None = None, **classes: float) -> Prediction:
    """The most likely classes by name; the rest is spread evenly over 61 others, as over a thousand."""
    indices = [*(NAMES[name] for name in classes), *[i for i in range(500, 564) if i not in NAMES.values()]][:64]
    rest = (1.0 - sum(classes.values())) / 1000
    values = [*classes.values(), *[rest] * (64 - len(classes))]
    prediction = Prediction(KEY, np.array(indices, np.uint16), np.array(values, np.float32))
    return prediction if by is None else prediction.read_as(by.read(prediction, None))


def filed(by: Head | None, overlay: str = "", evidence: tuple[Evidence, ...] = (), **classes: float) -> Assignment:
    """Where a photo goes under the user's rules."""
    rules = shipped_rules()
    if overlay:
        rules = parse_overlay(overlay, load_labels(), "albums.toml", rules)
    policy = FilingPolicy(rules, PLAIN, 0.6, by)
    photo = replace(facts_of(), prediction=seen(by, **classes))
    return assign(photo, policy.score([photo.prediction])[0].tolist(), policy, evidence)


def score_of(assignment: Assignment, album: str) -> float:
    return {score.album: score.probability for score in assignment.scores}.get(AlbumId(album), 0.0)


# The files


@pytest.mark.parametrize("path", sorted((label_folder() / "heads").glob("*.npz")), ids=lambda path: path.stem)
def test_head_files_are_small_and_speak_for_no_paper_and_no_screen(path: Path) -> None:
    assert path.stat().st_size < 60_000
    with np.load(path) as arrays:
        read = Head.of(arrays, "x")
    assert set(read.albums) <= {*shipped_rules().map_albums, NONE_OF_THEM}
    assert not set(read.albums) & set(UNHEARD)
    assert min(read.photos) >= 10
    assert min(read.sources) >= 5


def test_official_weights_have_the_head_and_the_calibration_that_were_measured() -> None:
    """Their answers are the same but for four convolutions (docs/decisions/0010-head.md)."""
    for official in ("f37072fd", "16fa66dd"):
        assert load_head(official + "0" * 56) is load_head(RESNET18) or (
            getattr(load_head(official + "0" * 56), "version", "") == getattr(load_head(RESNET18), "version", None)
        )
        assert load_calibration(official + "0" * 56) == load_calibration(RESNET18)
    assert load_calibration(RESNET18) is not DEFAULT


def test_weights_nobody_knows_are_read_by_their_classes_alone_and_asked_for_more() -> None:
    unknown = load_head("ab" * 32)
    assert unknown is not None
    assert not unknown.reads_embedding
    assert load_calibration("ab" * 32) is DEFAULT
    for known in (RESNET18, LITE0):
        read = load_head(known)
        assert read is not None
        assert read.reads_embedding


# What it says


def test_a_head_lifts_what_no_class_can_say() -> None:
    assert filed(None, pizza=0.05).album != FOREST
    assert filed(head(forest_nature=9.0), pizza=0.05).album == FOREST


def test_a_photo_without_readings_is_judged_by_the_map() -> None:
    policy = FilingPolicy(shipped_rules(), PLAIN, 0.6, head(forest_nature=9.0))
    bare = seen(None, tabby=0.9)
    assert np.array_equal(policy.score([bare, None]), policy.score_by_map([bare, None]))


def test_what_is_no_number_is_no_reading() -> None:
    """Neither of a network gone wild nor of a damaged cache: the photo is judged by the map."""
    real = load_head(RESNET18)
    assert real is not None
    wild = np.full(EMBEDDING_SIZE, np.inf, np.float16)
    with np.errstate(all="ignore"):
        assert real.read(seen(None, tabby=0.5), wild) == b""
    damaged = seen(None, tabby=0.5).read_as(np.full(len(real.albums), np.nan, "<f2").tobytes())
    policy = FilingPolicy(shipped_rules(), PLAIN, 0.6, real)
    assert np.array_equal(policy.score([damaged]), policy.score_by_map([damaged]))


def test_a_photo_is_read_alike_alone_and_among_others() -> None:
    for weights in (RESNET18, "ab" * 32):
        real = load_head(weights)
        assert real is not None
        random = np.random.default_rng(3)
        photos: list[Prediction] = []
        for _ in range(40):
            shares = np.sort(random.dirichlet(np.full(1000, 0.02)).astype(np.float32))[::-1][:64]
            each = Prediction(KEY, random.permutation(1000)[:64].astype(np.uint16), shares)
            photos.append(each.read_as(real.read(each, random.random(EMBEDDING_SIZE).astype(np.float16))))
        together = score_with_head(photos, load_rules(), real, 1.3)
        assert (score_with_head(photos[::-1], load_rules(), real, 1.3)[::-1] == together).all()
        for photo, row in zip(photos, together, strict=True):
            assert (score_with_head([photo], load_rules(), real, 1.3)[0] == row).all()


def test_evidence_of_paper_and_screens_decides_before_the_head() -> None:
    """A phone's calculator is dark and full of lights: a night sky to a head, but a screenshot to whoever knows its size."""
    screen = (Evidence(AlbumId("screenshots"), 7.0, Reason("test.said")),)
    by = head(night_sky=9.0)
    assert filed(by).album == "night-sky"
    assert filed(by, evidence=screen).album == "screenshots"
    merged = filed(by, "[album.papers]\nmerge = ['screenshots', 'documents']\n", screen)
    assert merged.album == "papers" or merged.scores[0].album == "papers"


# Under the user's own rules


def test_a_merged_album_takes_what_the_head_says_of_it() -> None:
    outdoors = filed(head(forest_nature=9.0), '[album.outdoors]\nmerge = ["forest-nature", "mountains"]\n')
    assert outdoors.album == "outdoors"


def test_what_the_head_says_of_a_removed_album_is_dropped() -> None:
    removed = filed(head(forest_nature=9.0), "[album.forest-nature]\nremove = true\n")
    assert removed.album != FOREST
    assert score_of(removed, "forest-nature") == 0.0


def test_a_class_mapped_by_hand_overrides_the_head() -> None:
    by = head(pets=9.0)
    assert filed(by, tabby=0.9).album == "pets"
    assert filed(by, '[album.barn-cats]\nclasses = ["tabby cat"]\n', tabby=0.9).album == "barn-cats"
    assert filed(by, '[classes]\n"tabby cat" = "wildlife"\n', tabby=0.9).album == "wildlife"


def test_splitting_an_album_makes_nothing_unsure() -> None:
    by = head(food=4.0)
    whole, split = (
        filed(by, pizza=0.4),
        filed(by, '[album.italian]\npart_of = "food"\nclasses = ["pizza"]\n', pizza=0.4),
    )
    assert split.album == "italian"
    assert score_of(split, "food") == pytest.approx(score_of(whole, "food"), abs=0.01)


def test_a_threshold_of_the_user_holds_for_what_was_learned() -> None:
    by = head(forest_nature=9.0)
    assert filed(by).album == FOREST
    assert filed(by, "[album.forest-nature]\nthreshold = 0.99999\n").album == "review"


# Why


def test_a_learned_album_says_what_it_was_learned_from_and_which_classes_point_there() -> None:
    (reason, *_) = filed(head(forest_nature=9.0), valley=0.05).reasons
    assert load_wording().say(reason, "en") == (
        "looks like “Forest & nature”, as learned from 460 photos of 9 sources; “valley” points there, too: "
        f"{dict(reason.values)['percent']}% sure"
    ).replace("Forest & nature", load_labels().title(FOREST, "en"))
    assert "460" in load_wording().say(reason, "zh")


def test_no_class_is_named_that_did_not_decide() -> None:
    """The map's strongest class for an album is no reason where the map would have said another album."""
    reasons = [str(reason) for reason in filed(head(forest_nature=9.0), pizza=0.3).reasons]
    assert not any("albums.content" in reason or f"class_index={PIZZA}" in reason for reason in reasons)
    (by_map, *_) = filed(head(), tabby=0.9).reasons
    assert by_map.code == "albums.content"


# The cache


def entry() -> FileEntry:
    return FileEntry("/photos/a.jpg", "/photos", 1000, 1_700_000_000_000_000_000, 42, 1, FileKind.PHOTO)


def remembered(folder: Path, by: Head | None) -> None:
    """A photo in the cache, as a run with this head leaves it."""
    random = np.random.default_rng(0)
    statistics = ImageStatistics(*random.random(len(ImageStatistics.__dataclass_fields__)).tolist())
    photo = Inspection(
        entry(), ContentId("ab" * 32), "jpeg", Metadata(), PixelSource.FULL, statistics, seen(None, tabby=0.5)
    )
    with InferenceCache.open(folder, KEY, by) as cache:
        cache.add(photo, random.random(EMBEDDING_SIZE).astype(np.float16), b"")


def inspected(folder: Path, by: Head) -> Prediction:
    """As a run sees it that may neither read a file nor make a network."""

    def refuse() -> object:
        raise AssertionError("a network was asked")

    settings = InspectionSettings(None, 1, 16)  # type: ignore[arg-type] # no reader: nothing may be read
    with InferenceCache.open(folder, KEY, by) as cache:
        result = inspect_files([entry()], settings, cache, refuse, lambda *_: None)  # type: ignore[arg-type]
    assert result.read_count == result.inference_count == 0
    prediction = result.inspections[entry().path].prediction
    assert prediction is not None
    return prediction


def test_photos_known_before_there_was_a_head_are_read_without_decoding_and_without_a_network(tmp_path: Path) -> None:
    remembered(tmp_path, None)
    by = load_head(RESNET18)
    assert by is not None
    late = inspected(tmp_path, by).readings
    remembered(tmp_path / "fresh", by)
    assert late == inspected(tmp_path / "fresh", by).readings
    assert len(late) == 2 * len(by.albums)
    assert inspected(tmp_path, by).readings == late  # kept


def test_what_was_read_comes_with_what_is_known_of_a_file(tmp_path: Path) -> None:
    """One look-up, be the file there or recalled; nothing is asked for a second time."""
    by = head("one", pets=1.0)
    remembered(tmp_path, by)
    with InferenceCache.open(tmp_path, KEY, by) as cache:
        known = cache.find_all([entry()])[entry().path].inspection
        recalled = cache.recall({entry().path: (entry(), ContentId("ab" * 32))})[entry().path]
    for one in (known, recalled):
        assert one is not None
        assert one.prediction is not None
        assert unpacked(one.prediction)[0] == pytest.approx(1.0, abs=0.01)


def test_what_is_not_whole_is_read_again(tmp_path: Path) -> None:
    by = head("one", pets=1.0)
    remembered(tmp_path, by)
    with closing(sqlite3.connect(tmp_path / CACHE_FILE)) as file, file:
        file.execute("UPDATE readings SET readings = x'00'")
    assert unpacked(inspected(tmp_path, by))[0] == pytest.approx(1.0, abs=0.01)


def test_a_new_head_reads_anew(tmp_path: Path) -> None:
    remembered(tmp_path, head("one", pets=1.0))
    assert unpacked(inspected(tmp_path, head("one", pets=3.0)))[0] == pytest.approx(1.0, abs=0.01)
    assert unpacked(inspected(tmp_path, head("two", pets=3.0)))[0] == pytest.approx(3.0, abs=0.01)


def unpacked(prediction: Prediction) -> NDArray[np.float16]:
    return np.frombuffer(prediction.readings, "<f2")


def test_preprocessing_is_not_touched() -> None:
    """A head is not a part of what a prediction depends on: the key of the cache stays, and with it what is remembered."""
    assert Preprocessing(256, 224, "bilinear", (0.5,) * 3, (0.5,) * 3).version == 1
