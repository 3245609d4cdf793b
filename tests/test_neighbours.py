"""Photos of the same minute lift an unsure one out of review, weakly, and what they have lifted stays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from album_sort.classifier.labels import load_wording
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.neighbours import near_in_time
from album_sort.pipeline.assigning import Decider, assign_all
from album_sort.pipeline.facts import AlbumTable, Library
from album_sort.pipeline.neighbours import lift_by_neighbours, lifted_as_text
from album_sort.pipeline.net import Net
from album_sort.pipeline.remembered import read_lifted
from album_sort.types import REVIEW, AlbumId, Assignment, ContentId, FileEntry, FileKind, PhotoFacts, PhotoGroup
from album_sort.types.corrections import Correction, HandReading
from tests import pictures
from tests.album_cases import PLAIN, facts_of, shipped_rules, trip_of
from tests.builders import make_tree, picture_jpeg, read_tree
from tests.conftest import Program

NOON = datetime(2026, 7, 4, 12)
PHONE = "Phone 7"
SURE_FOOD, MAYBE_FOOD = {"pizza": 0.9}, {"pizza": 0.4}
SURE_DOG, MAYBE_DOG = {"Labrador retriever": 0.9}, {"Labrador retriever": 0.4}
FOOD, PETS = AlbumId("food"), AlbumId("pets")


def photo(name: str, classes: Mapping[str, float], second: int = 0, camera: str = PHONE, **known: Any) -> PhotoFacts:
    """One of a run of photos; `second` after noon."""
    taken = (NOON + timedelta(seconds=second)).isoformat()
    file = FileEntry(f"photos/{name}.jpg", "photos", 1, 0, 0, 0, FileKind.PHOTO)
    group = PhotoGroup(file, ContentId(name.ljust(64, "0")))
    values: dict[str, Any] = {"taken": taken, "camera": camera, "group": group, **known}
    return facts_of(classes=classes, **values)


def decide(
    photos: Sequence[PhotoFacts],
    lies_in: Mapping[ContentId, AlbumId] | None = None,
    hand: HandReading | None = None,
    own: Sequence[PhotoFacts] | None = None,
) -> dict[str, Assignment]:
    """What becomes of the photos, by name; `own`: those of the run, where others are only known of."""
    policy = FilingPolicy(shipped_rules(), PLAIN, 0.6)

    def table(some: Sequence[PhotoFacts]) -> AlbumTable:
        return AlbumTable(policy.rules.albums, policy.score([facts.prediction for facts in some]))

    mine = photos if own is None else own
    library, net = Library(tuple(mine), (), {}, ()), Net(is_strict=True)
    whole = Decider(Library(tuple(photos), (), {}, ()), table(photos), policy, hand or HandReading())
    library, alone = assign_all(replace(whole, library=library, scores=table(mine)), net)
    found = lift_by_neighbours(library, alone, whole, lies_in or {}, net)
    return {one.content_id.rstrip("0"): one for one in found}


def albums(photos: Sequence[PhotoFacts], **known: object) -> dict[str, str]:
    return {name: one.album for name, one in decide(photos, **known).items()}  # type: ignore[arg-type]


DINNER = (photo("a", SURE_FOOD, 0), photo("b", SURE_FOOD, 20))


def test_two_sure_photos_of_the_minute_lift_an_unsure_one_and_say_so() -> None:
    unsure = photo("x", MAYBE_FOOD, 60)
    assert albums([unsure]) == {"x": REVIEW}
    lifted = decide([*DINNER, unsure])["x"]
    assert (lifted.album, lifted.reasons[0].code) == (FOOD, "albums.neighbours")
    wording = load_wording()
    assert wording.say(lifted.reasons[0], "en") == "2 photos taken within a minute of it are “Food”, too"
    assert wording.say(lifted.reasons[0], "zh") == "在它前后一分钟内拍摄的 2 张照片也属于“美食”"


@pytest.mark.parametrize(
    "others",
    [
        DINNER[:1],
        (DINNER[0], photo("b", SURE_FOOD, -1)),
        (DINNER[0], photo("b", SURE_FOOD, 20, camera="Phone 8")),
        (DINNER[0], photo("b", SURE_FOOD, 20, camera="")),
        (DINNER[0], photo("b", SURE_FOOD, taken="2026-07-04")),
        (DINNER[0], photo("b", SURE_DOG, 20)),
        (photo("a", SURE_DOG, 0), photo("b", SURE_DOG, 20)),
        (DINNER[0], photo("b", MAYBE_FOOD, 20)),
        (DINNER[0], DINNER[0]),
    ],
    ids=["one", "too early", "another camera", "no camera", "no hour", "one", "another subject", "unsure", "a copy"],
)
def test_less_does_not(others: tuple[PhotoFacts, ...]) -> None:
    assert albums([*others, photo("x", MAYBE_FOOD, 60)])["x"] == REVIEW


def test_a_sure_photo_stays_what_it_is_and_so_does_one_that_looks_like_something_else() -> None:
    """A family photographs dinner, then the dog, within a minute."""
    assert albums([*DINNER, photo("x", SURE_DOG, 30)])["x"] == PETS
    assert albums([*DINNER, photo("x", MAYBE_DOG, 30)])["x"] == REVIEW
    assert albums([*DINNER, photo("x", {"pizza": 0.1}, 30)])["x"] == REVIEW
    dogs = [photo(name, SURE_DOG, second) for name, second in (("c", 25), ("d", 26), ("e", 28))]
    assert albums([*DINNER, *dogs, photo("x", MAYBE_FOOD, 30)])["x"] == FOOD


def test_the_unsure_say_nothing_of_each_other() -> None:
    """A word is not passed on: only what is sure by itself speaks."""
    chain = [photo(name, MAYBE_FOOD, second) for name, second in (("x", 50), ("y", 100), ("z", 150))]
    assert albums([*DINNER, *chain]) == {"a": FOOD, "b": FOOD, "x": FOOD, "y": REVIEW, "z": REVIEW}


def test_paper_and_screens_are_none_of_it() -> None:
    paper, maybe_paper = {"menu": 0.95}, {"menu": 0.5}
    receipts = [photo("a", paper, 0), photo("b", paper, 20)]
    alone = albums([*receipts, photo("x", maybe_paper, 500)])
    assert albums([*receipts, photo("x", maybe_paper, 30)]) == alone


def test_a_photo_goes_with_its_trip_before_its_minute() -> None:
    """What lies with its trip does not move because somebody adds photos of that minute."""
    trip = trip_of("2026-07 Ulm")
    assert albums([*DINNER, photo("x", MAYBE_FOOD, 30, trip=trip, away_from_home=True)])["x"] == "travel"


def test_neighbours_that_are_not_part_of_the_run_speak_too() -> None:
    unsure = photo("x", MAYBE_FOOD, 30)
    assert albums([*DINNER, unsure], own=[unsure]) == {"x": FOOD}


def test_whom_a_person_corrected_is_no_witness() -> None:
    said = {one.group.content_id: Correction(one.group.content_id, PETS, NOON) for one in DINNER[:1]}
    assert albums([*DINNER, photo("x", MAYBE_FOOD, 30)], hand=HandReading(said))["x"] == REVIEW


@pytest.mark.parametrize("known", [{}, {"trip": trip_of("2026-07 Ulm"), "away_from_home": True}], ids=["home", "trip"])
def test_what_was_lifted_stays_when_its_neighbours_are_gone(known: dict[str, Any]) -> None:
    unsure = photo("x", MAYBE_FOOD, 30, **known)
    lies_in = {unsure.group.content_id: FOOD}
    kept = decide([unsure], lies_in)["x"]
    assert (kept.album, kept.reasons[0].code) == (FOOD, "albums.neighbours-before")
    said = load_wording().say(kept.reasons[0], "en")
    assert said == "when it was filed, photos taken within a minute of it were “Food”, too"
    assert read_lifted(lifted_as_text([kept], lies_in)) == {unsure.group.content_id[:16]}


def test_what_looks_like_something_else_by_now_does_not_stay() -> None:
    unsure = photo("x", MAYBE_DOG, 30)
    lies_in = {unsure.group.content_id: FOOD}
    found = decide([unsure], lies_in)
    assert found["x"].album == REVIEW
    assert read_lifted(lifted_as_text(found.values(), lies_in)) == frozenset()
    assert read_lifted(lifted_as_text([], lies_in)) == {unsure.group.content_id[:16]}, "it was no part of this run"


@pytest.mark.parametrize("text", ["", "x", "{}", "[1, null]", '"a"', "[" * 100_000], ids=range(6))
def test_a_damaged_memory_is_none(text: str) -> None:
    assert read_lifted(text) == frozenset()


_CLASSES = st.sampled_from((SURE_FOOD, MAYBE_FOOD, SURE_DOG, MAYBE_DOG, {"pizza": 0.4, "Labrador retriever": 0.35}))
_RUN = st.lists(st.tuples(_CLASSES, st.integers(0, 200), st.sampled_from((PHONE, "Phone 8"))), min_size=1, max_size=9)


@given(_RUN, st.data())
def test_more_photos_only_say_more_and_their_order_says_nothing(
    rows: list[tuple[dict[str, float], int, str]], data: st.DataObject
) -> None:
    """Photos to come send nothing back to review, and move nothing from one album to another."""
    photos = [photo(f"{number + 1:x}", *row) for number, row in enumerate(rows)]
    everything = albums(photos)
    assert albums(data.draw(st.permutations(photos))) == everything
    some = data.draw(st.lists(st.sampled_from(photos), unique_by=id, min_size=1))
    for name, album in albums(some).items():
        assert album in (REVIEW, everything[name])


@given(_RUN)
def test_near_are_those_of_the_camera_within_a_minute(rows: list[tuple[dict[str, float], int, str]]) -> None:
    photos = [photo(f"{number + 1:x}", *row) for number, row in enumerate(rows)]
    for number, found in near_in_time(photos, range(len(photos))).items():
        assert set(found) == {
            other
            for other, (_, second, camera) in enumerate(rows)
            if other != number and camera == rows[number][2] and abs(second - rows[number][1]) <= 60
        }


def burst(names: Sequence[str]) -> dict[str, bytes]:
    """A cup of coffee, several times within a minute, once out of focus."""
    cup = Image.fromarray(pictures.coffee())
    width, height = cup.size
    shots = {
        "plain.jpg": cup,
        "flip.jpg": cup.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "crop.jpg": cup.crop((width // 10, height // 10, width * 9 // 10, height * 9 // 10)),
        "blurred.jpg": cup.filter(ImageFilter.GaussianBlur(20)),
    }
    return {
        name: picture_jpeg(np.asarray(shots[name]), taken=NOON + timedelta(seconds=10 * number), camera=("", PHONE))
        for number, name in enumerate(shots)
        if name in names
    }


def filed(albums_folder: Path) -> dict[str, str]:
    """Folder of the album by name of the photo."""
    tree = read_tree(albums_folder)
    return {path.rsplit("/", 1)[1]: path.split("/", 1)[0] for path in tree if path.endswith(".jpg") and path[0] != "."}


def why_blurred(folder: Path) -> str:
    """The first reason that the newest report gives for the blurred photo."""
    report = sorted((folder / "albums/.album-sort/runs").iterdir())[-1] / "report.jsonl"
    rows = map(json.loads, report.read_text("utf-8").splitlines())
    return str(next(row["why"][0] for row in rows if row.get("source", "").endswith("blurred.jpg")))


def test_what_neighbours_lifted_stays_where_it_is_whatever_becomes_of_them(tmp_path: Path, album_sort: Program) -> None:
    make_tree(tmp_path / "photos", burst(["blurred.jpg"]))
    sort = ("photos", "--out", "albums", "--model", "efficientnet-lite0", "--offline")
    assert album_sort(*sort, cwd=tmp_path).code == 0
    assert filed(tmp_path / "albums") == {"blurred.jpg": "Review"}

    make_tree(tmp_path / "photos", burst(["plain.jpg", "flip.jpg", "crop.jpg"]))
    assert album_sort(*sort, cwd=tmp_path).code == 0
    everything = dict.fromkeys(("blurred.jpg", "plain.jpg", "flip.jpg", "crop.jpg"), "Food")
    assert filed(tmp_path / "albums") == everything
    assert why_blurred(tmp_path) == "3 photos taken within a minute of it are “Food”, too"

    # The good shot is chosen, the others go, here and there; a photo is added, so that all is decided again; and of those that
    # are gone nothing is known any more, since the cache was cleared.
    for name in ("plain.jpg", "flip.jpg"):
        (tmp_path / "photos" / name).unlink()
        next((tmp_path / "albums").glob(f"*/*/{name}")).unlink()
    cat = picture_jpeg(pictures.cat(), taken=NOON + timedelta(seconds=5), camera=("", PHONE))
    make_tree(tmp_path / "photos", {"cat.jpg": cat})
    assert album_sort(*sort, cwd=tmp_path, ALBUM_SORT_CACHE_DIR=str(tmp_path / "cleared")).code == 0
    assert filed(tmp_path / "albums") == {"blurred.jpg": "Food", "crop.jpg": "Food", "cat.jpg": "Pets"}
    assert why_blurred(tmp_path) == "when it was filed, photos taken within a minute of it were “Food”, too"

    # A destination that never saw the others does not lift it: what stays is what was decided.
    assert album_sort("photos", "--out", "new", *sort[3:], cwd=tmp_path).code == 0
    assert filed(tmp_path / "new")["blurred.jpg"] == "Review"
