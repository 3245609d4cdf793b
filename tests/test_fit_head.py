"""How heads are made: what the regression sees is what the program reads, and the same photos give the same bytes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from album_sort.core.albums.head import UNHEARD, Head
from benchmarks import fit_head
from benchmarks.fit_head import ALBUMS, Collection, Features, kept_embeddings, kept_prediction


@pytest.fixture(scope="module")
def collection() -> Collection:
    """Made-up photos of four sources: two albums, told apart by a few classes and a direction of the embedding."""
    random = np.random.default_rng(11)
    count = 80
    expected = np.array(["forest-nature" if number % 2 else "city" for number in range(count)])
    logs = random.normal(-8.0, 2.0, (count, 1000))
    pooled = random.random((count, 512))
    for row, album in enumerate(expected):
        logs[row, 970 if album == "city" else 979] += 6.0
        pooled[row, 3 if album == "city" else 4] += 4.0
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    source = np.array([f"source {number % 4}" for number in range(count)])
    right = np.array([[album == each for album in ALBUMS] for each in expected])
    return Collection(
        [kept_prediction(row) for row in logs.astype(np.float32)],
        kept_embeddings(pooled.astype(np.float32)),
        expected,
        right,
        source,
        source,
        np.array(["everyday"] * count),
        np.full((count, len(ALBUMS) + 1), -np.log(len(ALBUMS) + 1.0)),
        np.zeros((count, len(ALBUMS))),
    )


def fitted(collection: Collection, *, with_embedding: bool) -> tuple[bytes, np.ndarray]:
    features = Features.of(collection, with_embedding=with_embedding)
    weights, bias = fit_head.fit(collection, features, np.ones(len(collection.source), bool), 3e-3)
    return fit_head.as_file(collection, features, weights, bias), features.table @ weights + bias


@pytest.fixture(scope="module")
def fits(collection: Collection) -> dict[bool, tuple[bytes, np.ndarray]]:
    """With the embedding, and without it."""
    return {with_embedding: fitted(collection, with_embedding=with_embedding) for with_embedding in (True, False)}


@pytest.mark.parametrize("with_embedding", [True, False])
def test_the_program_reads_what_the_regression_saw(
    collection: Collection, fits: dict[bool, tuple[bytes, np.ndarray]], *, with_embedding: bool
) -> None:
    content, said = fits[with_embedding]
    with np.load(BytesIO(content)) as arrays:
        head = Head.of(arrays, "x")
    columns = [[*ALBUMS, "other"].index(album) for album in head.albums]
    for prediction, embedding, wanted in zip(collection.predictions, collection.embeddings, said, strict=True):
        read = np.frombuffer(head.read(prediction, embedding.astype(np.float16)), "<f2").astype(np.float64)
        # Weights are kept as small integers: a fiftieth of what is learned here.
        np.testing.assert_allclose(read, wanted[columns], atol=0.06)


def test_the_same_photos_give_the_same_bytes(
    collection: Collection, fits: dict[bool, tuple[bytes, np.ndarray]]
) -> None:
    assert fitted(collection, with_embedding=False)[0] == fits[False][0]


def test_what_was_learned_holds_for_a_source_that_was_left_out(collection: Collection) -> None:
    features = Features.of(collection, with_embedding=True)
    said = fit_head.left_out(collection, features, 3e-3)
    assert fit_head.mean_right(collection, said) > 0.95
    assert fit_head.mean_right(collection, np.zeros_like(said)) < 0.6
    assert not said[:, [ALBUMS.index(album) for album in UNHEARD]].any()


def test_a_source_counts_once_whatever_its_size() -> None:
    source, album = np.array(["large"] * 9 + ["small"]), np.array(["pets"] * 10)
    weight = fit_head.cell_weights(source, album, np.ones(10, bool))
    assert weight[:9].sum() == pytest.approx(weight[9])
