"""Siblings that a closer look tells apart: on made embeddings, in which they are the same as wholes and differ in one part of five."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from album_sort.core.learning.lesson import Lesson, NewerLessonError, TaughtAlbum, lesson_of_text, lesson_to_text
from album_sort.core.learning.portable import siblings_of_json, siblings_to_json
from album_sort.core.learning.siblings import (
    Closer,
    Seen,
    find_alike,
    learn_siblings,
    likely_any,
    study_siblings,
    tell_apart,
)
from album_sort.core.learning.values import Examples, LearnedAlbums, Refusal, RefusalCode
from album_sort.types import CLOSER_VIEWS, EMBEDDING_SIZE, AlbumId, ContentId
from tests.learning_builders import crowd, like, photos_of

THING = 1
EXAMPLES = 10


def parts_of(kind: int, count: int, seed: int) -> NDArray[np.float16]:
    """(N, 5, D): somewhere the thing, with what tells its kinds apart; before a part of the crowd everywhere else."""
    random = np.random.default_rng(seed)
    parts = crowd(count * CLOSER_VIEWS, seed + 50).reshape(count, CLOSER_VIEWS, -1)
    shown = like(THING, 20 + kind, 0.45, count, seed)
    parts[np.arange(count), random.integers(0, CLOSER_VIEWS, count)] = shown
    return parts


def wholes(count: int, seed: int) -> NDArray[np.float16]:
    """The same of every kind."""
    return photos_of(THING, count, seed)


def looked_at() -> tuple[LearnedAlbums, NDArray[np.float16]]:
    """Two kinds, ten examples of each, in a library in which twelve more of each hide."""
    classes = [Examples(wholes(EXAMPLES, kind)) for kind in range(2)]
    library = np.concatenate([crowd(400), wholes(12, 10), wholes(12, 11)])
    closer = np.concatenate([parts_of(2, 400, 9), parts_of(0, 12, 10), parts_of(1, 12, 11)])
    study = study_siblings(classes, library)
    assert not isinstance(study, Refusal)
    rows, least = likely_any(study)
    assert set(rows.tolist()) >= set(range(405, 420)), "what hides is worth a look"
    assert len(rows) < 100, "little else is"
    shown = np.concatenate([parts_of(kind, EXAMPLES, kind) for kind in range(2)])
    looks = Closer(shown, shown[:0], rows, closer[rows], least)
    seen = Seen.closer(study, looks)
    assert find_alike(study, classes, seen) is None
    return tell_apart(study, classes, seen), library


def test_what_no_whole_tells_apart_a_part_does_wherever_it_is() -> None:
    alike = learn_siblings([Examples(wholes(EXAMPLES, kind)) for kind in range(2)], looked_at()[1])
    assert isinstance(alike, Refusal)
    assert alike.code is RefusalCode.ALIKE
    learned, _ = looked_at()
    for kind in range(2):
        assert learned.albums[kind].worth.found >= 8
        parts = parts_of(kind, 30, 70 + kind)
        scores = learned.score(wholes(30, 70 + kind), parts)
        assert np.mean(scores[:, kind] > scores[:, 1 - kind]) >= 0.95
        turned = learned.score(wholes(30, 70 + kind), np.roll(parts, 2, axis=1))
        assert turned == pytest.approx(scores, abs=1e-3), "wherever in the picture it is"


def test_what_is_none_of_them_or_was_not_looked_at_gets_no_word() -> None:
    learned, _ = looked_at()
    parts = parts_of(0, 10, 5)
    unseen = np.full_like(parts, np.nan)
    assert np.isneginf(learned.score(wholes(10, 5), unseen)).all()
    others = crowd(200, 77)
    assert learned.closer_from is not None
    unlikely = learned.any_of_them(others) < learned.closer_from
    assert unlikely.mean() > 0.9
    assert np.isneginf(learned.score(others, parts_of(0, 200, 5))[unlikely]).all()
    with pytest.raises(ValueError, match="closer look"):
        learned.score(others)


def test_a_photo_says_the_same_whoever_is_beside_it() -> None:
    learned, _ = looked_at()
    rows, parts = wholes(9, 3), parts_of(1, 9, 3)
    together = learned.score(rows, parts)
    alone = [learned.score(rows[[row]], parts[[row]])[0] for row in range(9)]
    assert np.array_equal(together, np.stack(alone))


def lesson() -> Lesson:
    learned, _ = looked_at()
    pad = EMBEDDING_SIZE - len(learned.albums[0].weights)
    wide = tuple(
        replace(
            one,
            space=replace(one.space, centre=np.pad(one.space.centre, (0, pad))),
            weights=np.pad(one.weights, (0, pad)),
            examples=np.pad(one.examples, ((0, 0), (0, pad))),
        )
        for one in learned.albums
    )
    model = replace(learned, albums=wide, weights=np.pad(learned.weights, ((0, 0), (0, pad))))
    shown = [tuple(ContentId(f"{100 * kind + number:064x}") for number in range(EXAMPLES)) for kind in range(2)]
    return Lesson(tuple(TaughtAlbum(AlbumId(name), name, shown[n]) for n, name in enumerate("ab")), model, "net")


def test_it_is_carried_in_a_form_of_its_own_to_the_last_bit() -> None:
    learned, _ = looked_at()
    again = siblings_of_json(siblings_to_json(learned))
    assert again.closer_from == learned.closer_from
    rows, parts = wholes(5, 3), parts_of(1, 5, 3)
    assert np.array_equal(again.score(rows, parts), learned.score(rows, parts))
    text = lesson_to_text(lesson())
    values = json.loads(text)
    assert values["format"] == "album-sort lesson 2", (
        "a program that cannot look closer does not take it for one of its own"
    )
    assert lesson_of_text(text).looks_closer
    with pytest.raises(ValueError, match="numbers of another"):
        lesson_of_text(json.dumps(values | {"format": "album-sort lesson 1"}))
    with pytest.raises(NewerLessonError):
        lesson_of_text(json.dumps(values | {"format": "album-sort lesson 4"}))


def test_only_photos_that_some_album_could_take_are_worth_a_look() -> None:
    taught = lesson()
    model = taught.model
    assert isinstance(model, LearnedAlbums)
    assert model.closer_from is not None
    rows = np.pad(np.concatenate([wholes(20, 4), crowd(200, 4)]), ((0, 0), (0, EMBEDDING_SIZE - 48)))
    gate = model.any_of_them(rows)
    low, high = 0.0, 3.0
    assert not taught.worth_a_look(rows, {}).any(), "none of its albums files"
    assert np.array_equal(taught.worth_a_look(rows, {AlbumId("a"): high, AlbumId("b"): low}), gate >= low)
    assert np.array_equal(taught.worth_a_look(rows, {AlbumId("b"): high}), gate >= high)
    far_below = np.asarray(taught.worth_a_look(rows, {AlbumId("a"): -8.0}))
    assert np.array_equal(far_below, gate >= model.closer_from)
