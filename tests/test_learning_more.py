"""Siblings told apart, and a learned album as text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from album_sort.core.learning.portable import of_json, to_json
from album_sort.core.learning.siblings import learn_siblings
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import CAP, Examples, LearnedAlbum, LearnedAlbums, Refusal, RefusalCode
from tests.learning_builders import SIZE, crowd, like, photos_of


def siblings_of(*classes: Examples) -> LearnedAlbums:
    albums = learn_siblings(classes, crowd(1500))
    assert isinstance(albums, LearnedAlbums), albums
    return albums


def test_siblings_that_look_alike_are_told_apart() -> None:
    shares = (0.0, 0.35, 0.7)
    albums = siblings_of(*(Examples(like(1, 2, share, 10)) for share in shares))
    for place, share in enumerate(shares):
        said = albums.score(like(1, 2, share, 60, seed=2))
        assert np.mean(said.argmax(axis=1) == place) > 0.85
    assert np.mean(albums.score(crowd(1000, seed=3)) > 0) < 0.005
    assert np.abs(albums.score(crowd(100, seed=3))).max() <= CAP


def test_siblings_are_the_same_in_any_order() -> None:
    first, second, photos = Examples(photos_of(1, 8)), Examples(like(1, 2, 0.5, 9)), crowd(200, seed=4)
    one, other = siblings_of(first, second), siblings_of(second, first)
    np.testing.assert_allclose(one.score(photos)[:, ::-1], other.score(photos), atol=1e-4)
    assert [album.worth.found for album in one.albums] == [album.worth.found for album in reversed(other.albums)]


def test_siblings_that_overlap_are_refused_with_the_pair_and_its_photos() -> None:
    same = photos_of(1, 24)
    refusal = learn_siblings([Examples(same[:12]), Examples(photos_of(5, 12)), Examples(same[12:])], crowd(1500))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.siblings) == (RefusalCode.ALIKE, (0, 2))
    assert refusal.positive
    assert max(refusal.positive + refusal.negative) < 12


def of_seven(kinds: tuple[int, ...], seed: int, apart: float = 0.4) -> list[Examples]:
    """Five photos of each; those of one number are photos of one thing."""
    random = np.random.default_rng(seed)
    offsets = [np.random.default_rng(777 + kind).standard_normal(SIZE) for kind in kinds]
    return [
        Examples(np.asarray(photos_of(1, 1)[0] + apart * one + random.normal(0, 0.8, (5, SIZE)), np.float16))
        for one in offsets
    ]


def test_of_many_pairs_the_worst_is_refused_only_where_it_is_evidently_worse() -> None:
    """Twenty-one pairs of five examples: one of them looks alike by chance. Two that are one thing, or seven, are named all the same."""
    apart = [learn_siblings(of_seven(tuple(range(7)), seed), crowd(400)) for seed in range(4)]
    assert sum(isinstance(one, Refusal) for one in apart) <= 1
    for kinds in ((0, 0, 2, 3, 4, 5, 6), (0,) * 7):
        found = [learn_siblings(of_seven(kinds, seed, 0.8), crowd(400)) for seed in range(4)]
        assert sum(isinstance(one, Refusal) and one.code is RefusalCode.ALIKE for one in found) >= 3


def test_a_sibling_alone_is_an_album() -> None:
    alone = siblings_of(Examples(photos_of(1, 8)))
    album = learn_one(Examples(photos_of(1, 8)), crowd(1500))
    assert isinstance(album, LearnedAlbum)
    np.testing.assert_allclose(alone.score(crowd(50, seed=1))[:, 0], album.score(crowd(50, seed=1)), atol=1e-6)


def test_a_learned_album_is_the_same_after_a_journey_as_text() -> None:
    album = learn_one(Examples(photos_of(1, 8)), crowd(400))
    assert isinstance(album, LearnedAlbum)
    back, photos = of_json(to_json(album)), crowd(50, seed=2)
    np.testing.assert_array_equal(back.score(photos), album.score(photos))
    assert (back.worth, back.curve, back.prior) == (album.worth, album.curve, album.prior)
    assert back.nearest(photos[0]) == album.nearest(photos[0])


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"weights": "AAAA"},
        {"weights": "not base64"},
        {"centre": None},
        {"curve": 5},
        {"intercept": float("nan")},
        {"worth": {}},
        {"alike_from": ""},
    ],
)
def test_a_damaged_text_is_refused(change: dict[str, object]) -> None:
    album = learn_one(Examples(photos_of(1, 8)), crowd(400))
    assert isinstance(album, LearnedAlbum)
    with pytest.raises(ValueError, match=r".+"):
        of_json(json.dumps(json.loads(to_json(album)) | change))
    with pytest.raises(ValueError, match=r".+"):
        of_json("[]")
