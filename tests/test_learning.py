"""An album learned from a few examples: what it finds, what it promises, and when it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from album_sort.core.learning.odds import Odds, honest_odds, promise
from album_sort.core.learning.questions import answered, next_questions
from album_sort.core.learning.single import learn_one
from album_sort.core.learning.values import CAP, Curve, Examples, LearnedAlbum, Refusal, RefusalCode, lowest
from tests.learning_builders import crowd, like, photos_of


def learned(examples: Examples, library: NDArray[np.float16]) -> LearnedAlbum:
    album = learn_one(examples, library)
    assert isinstance(album, LearnedAlbum), album
    return album


def refused(examples: Examples, library: NDArray[np.float16]) -> Refusal:
    refusal = learn_one(examples, library)
    assert isinstance(refusal, Refusal)
    return refusal


def test_photos_like_the_examples_are_found_and_others_are_not() -> None:
    album = learned(Examples(photos_of(1, 12)), crowd(1500))
    threshold = album.worth.threshold
    assert np.mean(album.score(photos_of(1, 50, seed=1)) >= threshold) > 0.9
    assert np.mean(album.score(crowd(1500, seed=1)) >= threshold) < 0.002


def test_photos_of_it_that_hide_in_the_library_are_found_too() -> None:
    hidden = photos_of(1, 45, seed=1)
    album = learned(Examples(photos_of(1, 12)), np.concatenate([crowd(1500), hidden]))
    assert np.mean(album.score(hidden) >= album.worth.threshold) > 0.7


def test_what_it_promises_holds_for_photos_that_nobody_has_shown() -> None:
    """`found`, `along_per_1000` and `false_per_1000` against the truth of a made library."""
    hidden, others = like(1, 2, 0.25, 30, seed=1), crowd(2000)
    album = learned(Examples(like(1, 2, 0.25, 20)), np.concatenate([others, hidden]))
    worth = album.worth
    truly_found = np.mean(album.score(like(1, 2, 0.25, 200, seed=2)) >= worth.threshold)
    assert worth.recall == pytest.approx(truly_found, abs=0.15)
    along = np.count_nonzero(album.score(np.concatenate([others, hidden])) >= worth.threshold)
    assert worth.along_per_1000 == pytest.approx(1000 * along / 2030)
    false = 1000 * np.mean(album.score(crowd(4000, seed=3)) >= worth.threshold)
    assert false < worth.false_per_1000 + 1


def test_log_odds_are_those_of_the_librarys_own_mix() -> None:
    """Of photos said to belong with a chance in one range, so many do: the expected calibration error is small."""
    album = learned(Examples(photos_of(1, 10)), np.concatenate([crowd(2000), photos_of(1, 20, seed=1)]))
    said = 1 / (1 + np.exp(-album.score(np.concatenate([crowd(4000, seed=2), photos_of(1, 40, seed=2)]))))
    belongs = np.arange(4040) >= 4000
    place = np.minimum((10 * said).astype(int), 9)
    assert np.abs(np.bincount(place, said - belongs, 10)).sum() / 4040 < 0.05


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_nothing_depends_on_the_order_of_examples_or_library(seed: int) -> None:
    random = np.random.default_rng(seed)
    library, positive, negative = crowd(300), photos_of(1, 6), crowd(3, seed=5)
    mixed, turned, other = random.permutation(300), random.permutation(6), random.permutation(3)
    first = learned(Examples(positive, negative), library)
    second = learned(Examples(positive[turned], negative[other]), library[mixed])
    np.testing.assert_array_equal(first.score(library)[mixed], second.score(library[mixed]))
    assert first.worth == second.worth
    assert first.curve == second.curve
    np.testing.assert_array_equal(first.alike_from[turned], second.alike_from)


def test_a_photos_number_does_not_depend_on_the_photos_beside_it() -> None:
    album, photos = learned(Examples(photos_of(1, 8)), crowd(400)), crowd(97, seed=3)
    np.testing.assert_array_equal(album.score(photos), [album.score(photo[None])[0] for photo in photos])


def test_the_log_odds_are_capped_and_a_damaged_embedding_belongs_nowhere() -> None:
    album = learned(Examples(photos_of(1, 40)), np.concatenate([crowd(1500), photos_of(1, 300, seed=1)]))
    broken = photos_of(1, 1)
    broken[0, 3] = np.nan
    said = album.score(np.concatenate([photos_of(1, 5, seed=2), crowd(200), broken]))
    assert np.abs(said).max() <= CAP
    assert said[-1] == -CAP


def test_examples_may_be_part_of_the_library_or_not() -> None:
    positive, library = photos_of(1, 8), crowd(400)
    apart, within = (
        learned(Examples(positive), library),
        learned(Examples(positive), np.concatenate([library, positive])),
    )
    np.testing.assert_array_equal(apart.score(library), within.score(library))
    assert apart.worth == within.worth


def test_a_damaged_embedding_in_the_library_changes_nothing() -> None:
    broken = np.full((2, photos_of(1, 1).shape[1]), np.nan, np.float16)
    positive, library = photos_of(1, 8), crowd(400)
    sound, damaged = (
        learned(Examples(positive), library),
        learned(Examples(positive), np.concatenate([broken, library])),
    )
    np.testing.assert_array_equal(sound.score(library), damaged.score(library))


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_examples_never_file(count: int) -> None:
    assert not learned(Examples(photos_of(1, count)), crowd(1500)).worth.supports_filing


def test_few_examples_file_only_if_those_left_out_are_found() -> None:
    library = crowd(5000)
    assert learned(Examples(photos_of(1, 6, spread=0.5)), library).worth.supports_filing
    weak = learn_one(Examples(crowd(6, seed=8)), library)
    assert isinstance(weak, Refusal) or not weak.worth.supports_filing


def test_doubles_of_one_photo_are_not_proof_of_each_other() -> None:
    """Eight shots of one burst: each is found by the others, and says nothing of another day."""
    burst = np.repeat(photos_of(1, 1), 8, axis=0)
    burst += np.asarray(0.01 * np.random.default_rng(0).standard_normal(burst.shape), np.float16)
    album = learned(Examples(burst), crowd(1000))
    assert album.worth.found == 0
    assert not album.worth.supports_filing


def test_groups_are_left_out_together() -> None:
    """Photos of two moments: with the other moment alone each is hardly found, which is what another day would be like."""
    moments = np.concatenate([like(1, 2, 0.05, 6), like(1, 2, 0.95, 6)])
    library = crowd(1000)
    alone = learned(Examples(moments), library).worth
    told = learn_one(Examples(moments, groups=np.repeat([0, 1], 6)), library)
    assert isinstance(told, Refusal) or told.worth.found < alone.found


def test_an_example_that_resembles_none_of_the_others_is_named() -> None:
    positive = photos_of(1, 12)
    positive[7] = photos_of(3, 1)[0]
    assert learned(Examples(positive), crowd(1500)).worth.outliers == (7,)


def test_examples_that_have_nothing_in_common_are_refused_with_the_photos() -> None:
    refusal = refused(Examples(crowd(10, seed=8)), crowd(1500))
    assert refusal.code is RefusalCode.SCATTERED
    assert len(refusal.positive) > 5
    assert refusal.share < 0.5


def test_a_photo_shown_as_belonging_and_as_not_is_refused_with_the_pair() -> None:
    positive, library = photos_of(1, 8), crowd(400)
    refusal = refused(Examples(positive, np.concatenate([crowd(2, seed=4), positive[5:6]])), library)
    assert (refusal.code, refusal.positive, refusal.negative) == (RefusalCode.CONTRADICTION, (5,), (2,))


def test_without_examples_or_without_a_library_nothing_is_learned() -> None:
    assert refused(Examples(photos_of(1, 0)), crowd(400)).code is RefusalCode.NO_EXAMPLES
    assert refused(Examples(photos_of(1, 8)), crowd(20)).code is RefusalCode.NO_LIBRARY


def test_counter_examples_keep_out_what_looks_alike() -> None:
    library = np.concatenate([crowd(1500), like(1, 2, 0.4, 20, seed=1)])
    examples = Examples(photos_of(1, 10))
    without = learned(examples, library).score(like(1, 2, 0.4, 50, seed=2))
    against = learned(Examples(examples.positive, like(1, 2, 0.4, 5)), library).score(like(1, 2, 0.4, 50, seed=2))
    assert np.median(against) < np.median(without) - 1


def test_a_higher_target_asks_for_more() -> None:
    album = learned(Examples(like(1, 2, 0.25, 20)), np.concatenate([crowd(1500), like(1, 2, 0.25, 30, seed=1)]))
    asked = [album.threshold(target) for target in (0.5, 0.8, 0.9, 0.95, 1.0)]
    assert asked == sorted(asked)
    assert asked[-1] == CAP


def test_a_photo_is_explained_by_the_examples_it_resembles() -> None:
    album = learned(Examples(photos_of(1, 12)), crowd(1000))
    same = album.nearest(album.examples[4], k=3)
    assert same.nearest[0] == 4
    assert same.cosines[0] == pytest.approx(1, abs=1e-5)
    another = album.nearest(photos_of(1, 1, seed=1)[0])
    assert (another.like, another.of) == (12, 12)
    assert album.nearest(crowd(1, seed=6)[0]).like <= 2


def test_questions_ask_for_what_is_likely_or_unsure_and_never_twice() -> None:
    hidden = photos_of(1, 30, seed=1)
    library = np.concatenate([crowd(1000), hidden])
    examples = Examples(photos_of(1, 4))
    asked = next_questions(learned(examples, library), examples, library, 10)
    assert len(set(asked.tolist())) == 10
    assert np.count_nonzero(asked >= 1000) >= 4
    more = answered(examples, library, asked, asked >= 1000)
    again = next_questions(learned(more, library), more, library, 10)
    assert not set(asked.tolist()) & set(again.tolist())


def test_answers_help() -> None:
    hidden, new = like(1, 2, 0.2, 40, seed=1), like(1, 2, 0.2, 100, seed=2)
    library, examples = np.concatenate([crowd(1500), hidden]), Examples(like(1, 2, 0.2, 3))
    before = learned(examples, library)
    asked = next_questions(before, examples, library, 20)
    after = learned(answered(examples, library, asked, asked >= 1500), library)
    assert after.worth.supports_filing
    assert np.mean(after.score(new) >= after.worth.threshold) > np.mean(before.score(new) >= before.worth.threshold)


def test_embeddings_of_another_length_are_refused() -> None:
    album = learned(Examples(photos_of(1, 8)), crowd(400))
    with pytest.raises(ValueError, match=r"\(1, 7\)"):
        album.score(np.zeros((1, 7), np.float16))


def made_scores(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of left-out examples, of photos that look like them and are not, and of a crowd."""
    random = np.random.default_rng(seed)
    return random.normal(3, 1, 25), random.normal(1.5, 1, 60), random.normal(-4, 1, 2000)


def wrong_ones(curve: Curve, odds: Odds, alike: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(odds.of(alike) >= lowest(curve, 0.95)))


@pytest.mark.parametrize("seed", range(3))
def test_a_promise_counts_what_was_denied(seed: int) -> None:
    """The answer no to the likeliest wrong ones takes them out of what is filed; of photos to come as many are as likely wrong."""
    positive, alike, crowd_of = made_scores(seed)
    denied, library = np.sort(alike)[-15:], np.concatenate([np.sort(alike)[:-15], crowd_of])
    hidden, nothing = np.zeros(len(library), np.bool_), np.zeros(0)
    odds, belongs = honest_odds(positive, denied, library, hidden)
    curve = promise(odds.of(positive), odds.of(np.concatenate([library, denied])), belongs, odds.share, len(denied))
    assert wrong_ones(curve, odds, alike) <= 2
    deaf, said = honest_odds(positive, nothing, library, hidden)
    assert wrong_ones(promise(deaf.of(positive), deaf.of(library), said, deaf.share, 0), deaf, alike) >= 6


@pytest.mark.parametrize("seed", range(3))
def test_what_looks_alike_in_great_number_is_not_counted_on_before_anybody_was_asked(seed: int) -> None:
    """A tenth of the library that looks like the examples is no proof that a tenth belongs."""
    positive, alike, crowd_of = made_scores(seed)
    library = np.concatenate([alike, crowd_of])
    odds, belongs = honest_odds(positive, np.zeros(0), library, np.arange(len(library)) < 60)
    said = odds.of(library)
    cautious, counted = (promise(odds.of(positive), said, belongs, odds.share, denied) for denied in (0, 20))
    assert lowest(cautious, 0.95) > lowest(counted, 0.95)
