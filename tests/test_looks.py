"""What albums are learned on: the embedding, and beside it what the classes say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from album_sort.core.learning.lesson import Lesson, TaughtAlbum, lesson_of_text, lesson_to_text
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import Examples, LearnedAlbum
from album_sort.core.looks import LOOK_SIZE, look_of
from album_sort.pipeline.teaching import Shelf, Sought, learn_albums
from album_sort.types import EMBEDDING_SIZE, AlbumId, ContentId, Prediction


def seen(classes: list[int], seed: int) -> Prediction:
    """A network that is sure of some classes, and finds sixty others hardly possible."""
    random = np.random.default_rng(seed)
    others = random.permutation(np.setdiff1d(np.arange(1000), classes))[: 64 - len(classes)]
    weights = np.concatenate([np.full(len(classes), 0.9 / len(classes)), np.full(len(others), 0.05 / len(others))])
    return Prediction("net", np.concatenate([classes, others]).astype(np.uint16), weights.astype(np.float32))


def looks(count: int, classes: list[int], seed: int) -> NDArray[np.float16]:
    """Photos whose embeddings say nothing, and whose classes say it all."""
    random = np.random.default_rng(seed)
    plain = np.abs(random.standard_normal((count, EMBEDDING_SIZE))).astype(np.float16)
    return np.stack([look_of(row, seen(classes or [seed % 900 + n], 7 * n + seed)) for n, row in enumerate(plain)])


def test_photos_of_one_class_are_alike_and_their_embeddings_are_as_they_were() -> None:
    embedding = np.ones(EMBEDDING_SIZE, np.float16)
    cat, other_cat, car = (look_of(embedding, seen(classes, n)) for n, classes in enumerate([[281], [281, 282], [817]]))
    assert cat.shape == (LOOK_SIZE,)
    np.testing.assert_array_equal(cat[:EMBEDDING_SIZE], embedding)
    told = [row[EMBEDDING_SIZE:].astype(np.float64) for row in (cat, other_cat, car)]
    assert np.linalg.norm(told[0] - told[1]) < np.linalg.norm(told[0] - told[2])


def test_an_album_is_learned_on_what_the_classes_say_where_the_embedding_was_cut() -> None:
    """Of a network that keeps its embedding whole, and of siblings, they are left out; what was learned on one reads the other."""
    library, shown = looks(120, [], 3), looks(10, [281], 5)
    of_library = Shelf(tuple(ContentId(f"{n:064x}") for n in range(len(library))), library)
    of_shown = Shelf(tuple(ContentId(f"{n:064x}") for n in range(900, 910)), shown)
    taught = TaughtAlbum(AlbumId("bello"), "Bello", of_shown.contents)
    cut, whole = (
        learn_albums((taught,), of_library, of_shown, key, Sought(0.95))
        for key in ("efficientnet-lite0-1-bf16-p1", "resnet18-1-int16-p1")
    )
    new = looks(20, [281], 11)
    assert isinstance(cut, Lesson)
    assert np.median(cut.score(new)) > np.max(cut.score(looks(40, [], 17)))
    assert not isinstance(whole, Lesson) or len(whole.models[0].weights) == EMBEDDING_SIZE
    again = lesson_of_text(lesson_to_text(cut))
    np.testing.assert_array_equal(again.score(new), cut.score(new))
    assert '"format":"album-sort lesson 3"' in lesson_to_text(cut), "older programs do not take it for one of theirs"
    with pytest.raises(ValueError, match="numbers of another"):
        lesson_of_text(lesson_to_text(cut).replace("lesson 3", "lesson 1", 1))


def test_what_was_learned_on_embeddings_reads_no_more_of_a_photo() -> None:
    library, shown = looks(80, [], 3), looks(8, [281], 5)
    rows = np.concatenate([shown, library])
    rows[:8, 40] += np.float16(9.0)
    album = learn_one(Examples(rows[:8, :EMBEDDING_SIZE]), rows[8:, :EMBEDDING_SIZE])
    assert isinstance(album, LearnedAlbum)
    np.testing.assert_array_equal(album.score(rows), album.score(rows[:, :EMBEDDING_SIZE]))
    assert album.nearest(rows[0]) == replace(album).nearest(rows[0, :EMBEDDING_SIZE])
