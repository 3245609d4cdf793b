"""Class probabilities become album probabilities."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from album_sort.core.albums.scoring import (
    PRIOR_FLOOR,
    album_probabilities,
    at_temperature,
    odds_factors,
    score_predictions,
    sum_log_odds,
    with_evidence,
)
from album_sort.types import AlbumId, Evidence, Prediction, Ranking, Reason

PETS, FOOD, HOME = AlbumId("pets"), AlbumId("food"), AlbumId("home")
ALBUMS = (PETS, FOOD, HOME)


def weights() -> NDArray[np.float32]:
    """Classes 0 to 9 are breeds, 10 to 19 dishes, 20 is a suit that is half home; the others say nothing."""
    table = np.zeros((1000, 3), dtype=np.float32)
    table[0:10, 0] = 1.0
    table[10:20, 1] = 1.0
    table[20, 2] = 0.5
    return table


def prediction(**classes: float) -> Prediction:
    """`prediction(c3=0.2)`: class 3 with probability 0.2."""
    pairs = sorted(((p, int(name[1:])) for name, p in classes.items()), reverse=True)
    return Prediction(
        "test",
        np.array([index for _, index in pairs], dtype=np.uint16),
        np.array([p for p, _ in pairs], dtype=np.float32),
    )


def random_predictions(count: int, kept: int = 64, seed: int = 0) -> list[Prediction]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        probabilities = np.sort(generator.dirichlet(np.full(1000, 0.02)))[::-1][:kept]
        found.append(
            Prediction("test", generator.permutation(1000)[:kept].astype(np.uint16), probabilities.astype(np.float32))
        )
    return found


def test_siblings_add_up() -> None:
    """Three breeds at 0.2 are a dog with 0.6."""
    scores = score_predictions([prediction(c1=0.2, c2=0.2, c3=0.2)], weights())
    assert scores[0] == pytest.approx([0.6, 0.0, 0.0])


def test_a_class_gives_an_album_its_weight_only() -> None:
    assert score_predictions([prediction(c20=0.8)], weights())[0, 2] == pytest.approx(0.4)


def test_a_photo_without_prediction_scores_nothing() -> None:
    assert not score_predictions([None, prediction(c1=0.9)], weights())[0].any()


def test_the_order_of_photos_and_their_number_change_no_bit() -> None:
    predictions = random_predictions(50)
    together = score_predictions(predictions, weights(), 1.3)
    assert (score_predictions(predictions[::-1], weights(), 1.3)[::-1] == together).all()
    for row, single in zip(together, predictions, strict=True):
        assert (score_predictions([single], weights(), 1.3)[0] == row).all()


def test_a_shorter_prediction_scores_as_it_would_alone() -> None:
    short, long = prediction(c1=0.5, c11=0.2), random_predictions(1)[0]
    alone = score_predictions([short], weights(), 1.5)[0]
    assert (score_predictions([long, short], weights(), 1.5)[1] == alone).all()


def test_temperature_one_changes_nothing() -> None:
    probabilities = np.array([[0.5, 0.3, 0.1]])
    assert at_temperature(probabilities, 1.0) == pytest.approx(probabilities)


def test_temperature_over_the_kept_classes_is_that_over_all_classes() -> None:
    """Taking the unknown tail as even is off by less than 0.05, and never changes which class leads."""
    generator = np.random.default_rng(3)
    logits = generator.normal(0, 2.5, (20, 1000))
    everything = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    cooled = np.exp(logits / 1.3) / np.exp(logits / 1.3).sum(axis=1, keepdims=True)
    order = np.argsort(-everything, axis=1)[:, :64]
    kept = at_temperature(np.take_along_axis(everything, order, axis=1), 1.3)
    assert np.abs(kept - np.take_along_axis(cooled, order, axis=1)).max() < 0.05
    assert not kept.argmax(axis=1).any()


def test_ten_thousand_photos_are_scored_in_a_fraction_of_a_second() -> None:
    generator = np.random.default_rng(1)
    indices = generator.integers(0, 1000, (10_000, 64)).astype(np.uint16)
    probabilities = generator.dirichlet(np.full(65, 0.1), 10_000)[:, :64].astype(np.float32)
    table = generator.random((1000, 21)).astype(np.float32)
    start = time.process_time()
    album_probabilities(indices, probabilities, table, 1.2)
    # 0.2 s on one quiet core; what others do on the machine is not counted, and a slow one has room
    assert time.process_time() - start < 3.0


def weighed(base: Sequence[float], log_odds: Sequence[float]) -> list[float]:
    """Probabilities after evidence of these weights."""
    return [float(p) for p in with_evidence(np.array([base]), odds_factors(np.array([log_odds])))[0]]


@given(
    st.lists(st.floats(0.0, 0.3), min_size=3, max_size=3),
    st.integers(0, 2),
    st.floats(-5, 5),
)
def test_evidence_moves_log_odds_by_its_weight(base: list[float], column: int, weight: float) -> None:
    """The algebra of evidence: adding w to one album adds w to its log-odds against all others."""
    log_odds = [0.0, 0.0, 0.0]
    before = weighed(base, log_odds)
    log_odds[column] = weight
    after = weighed(base, log_odds)

    def logit(p: float) -> float:
        return math.log(p / (1 - p))

    assert logit(after[column]) - logit(before[column]) == pytest.approx(weight, abs=1e-6)
    assert sum(after) <= 1.0


def test_evidence_can_lift_an_album_the_network_has_no_class_for() -> None:
    assert weighed([0.2, 0.1, 0.0], [0.0, 0.0, 8.0])[2] > 0.9


def test_without_evidence_an_album_is_never_quite_impossible() -> None:
    assert weighed([1.0, 0.0, 0.0], [0.0, 0.0, 0.0])[1] == pytest.approx(PRIOR_FLOOR, rel=0.05)


def test_huge_evidence_does_not_overflow() -> None:
    assert weighed([0.1, 0.1, 0.1], [1000.0, -1000.0, 0.0])[0] == pytest.approx(1.0)


def test_evidence_for_an_album_that_is_not_there_is_ignored() -> None:
    evidence = [
        Evidence(PETS, 1.0, Reason("x")),
        Evidence(PETS, 0.5, Reason("y")),
        Evidence(AlbumId("gone"), 9.0, Reason("z")),
    ]
    assert sum_log_odds({PETS: 0, FOOD: 1, HOME: 2}, [(), evidence]).tolist() == [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]]


def test_predictions_of_different_lengths_stand_in_one_table() -> None:
    long, short = random_predictions(1, 5)[0], Prediction.from_float16("test", b"\x07\x00" + np.float16(0.5).tobytes())
    indices, probabilities = Prediction.stack([None, short, long])
    assert indices[:2].tolist() == [[0] * 5, [7, 0, 0, 0, 0]]
    assert probabilities[:2].tolist() == [[0.0] * 5, [0.5, 0.0, 0.0, 0.0, 0.0]]
    assert indices[2].tolist() == long.class_indices.tolist()
    assert probabilities[2].tolist() == long.probabilities.tolist()


def test_no_predictions_make_an_empty_table() -> None:
    assert Prediction.stack([None, None])[0].shape == (2, 0)


def test_equal_scores_are_ranked_in_the_order_of_albums() -> None:
    assert [score.album for score in Ranking(ALBUMS, [0.2, 0.5, 0.2])] == [FOOD, PETS, HOME]


def test_what_is_no_number_says_nothing() -> None:
    """Of a damaged cache, or of weights that make a network run wild: the other photos are judged all the same."""
    wild = Prediction("key", np.array([1, 2], np.uint16), np.array([np.nan, np.inf], np.float32))
    scores = score_predictions([wild, prediction(c1=0.9)], weights())
    assert not scores[0].any()
    assert scores[1].any()
