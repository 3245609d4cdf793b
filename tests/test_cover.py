"""Which photo stands for an album."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.albums.cover import Candidates, CoverFacts, CoverRank, cover_rank
from album_sort.types import AlbumId, ContentId

PETS, DOCUMENTS = AlbumId("pets"), AlbumId("documents")
GOOD = CoverFacts(PETS, 0.97, size_px=(4000, 3000))
SHARP, BLURRED = 0.2, 0.1


def ranked(facts: CoverFacts, detail: float = SHARP) -> CoverRank:
    return cover_rank(facts, detail)


@pytest.mark.parametrize(
    "worse",
    [
        replace(GOOD, is_whole=False),
        replace(GOOD, paper=0.3),
        replace(GOOD, top_class=999),
        replace(GOOD, sure=0.6),
        replace(GOOD, size_px=(3000, 4000)),
        replace(GOOD, size_px=(9000, 2000)),
        replace(GOOD, size_px=(320, 240)),
        replace(GOOD, size_px=None),
    ],
    ids=["damaged or film", "like paper", "homely", "unsure", "upright", "panorama", "tiny", "unknown size"],
)
def test_a_sure_whole_wide_photo_of_a_thing_to_look_at_stands_for_its_album(worse: CoverFacts) -> None:
    assert ranked(GOOD) > ranked(worse, detail=1.0)


def test_a_sharp_one_goes_before_a_surer_blurred_one_and_sharp_enough_is_sharp_enough() -> None:
    assert ranked(GOOD, SHARP) > ranked(replace(GOOD, sure=0.99), BLURRED)
    assert ranked(replace(GOOD, sure=0.99), SHARP) > ranked(GOOD, detail=0.35)


def test_a_little_less_sure_but_handsome_goes_first() -> None:
    assert ranked(GOOD) > ranked(replace(GOOD, sure=1.0, size_px=(3000, 4000)))


def test_what_a_person_put_there_is_sure() -> None:
    assert ranked(replace(GOOD, sure=0.02, is_placed=True)) > ranked(GOOD)


def test_paper_stands_for_papers_and_the_most_legible_one_first() -> None:
    receipt = CoverFacts(DOCUMENTS, 0.97, paper=0.97, top_class=922, size_px=(4000, 3000))
    assert ranked(receipt, 0.35) > ranked(receipt, SHARP)
    assert ranked(receipt)[0]


_DAYS = st.sampled_from([None, date(2025, 5, 1), date(2025, 5, 2)])


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 0.7, 0.9, 0.95]), _DAYS, st.integers(0, 9)), max_size=50),
    st.randoms(use_true_random=False),
)
def test_candidates_are_the_best_of_different_moments_whatever_comes_first(
    photos: list[tuple[float, date | None, int]], random: object
) -> None:
    """As if the best one were taken again and again, passing over what is more of the same."""
    named = [
        (replace(GOOD, sure=sure), ContentId(f"{number:064x}"), day, ContentId(f"{day} {burst}") if burst else None)
        for number, (sure, day, burst) in enumerate(photos)
    ]
    expected: list[ContentId] = []
    bursts: list[object] = []
    days: list[object] = []
    for _, content_id, day, burst in sorted(named, key=lambda one: (cover_rank(one[0]), one[1]), reverse=True):
        if burst not in bursts and days.count(day) < 8 and len(expected) < 12:
            expected.append(content_id)
            bursts += [burst] if burst else []
            days += [day] if day else []
    random.shuffle(named)  # type: ignore[attr-defined]
    found = Candidates(12)
    for one in named:
        found.add(*one)
    assert [content_id for _, content_id in found] == expected
