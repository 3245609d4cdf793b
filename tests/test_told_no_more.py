"""What /predict hears of corrections: nothing by what was taught with one that has been taken back, until a run has learned anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from album_sort.core.learning.corrections import Kind, Teaching, learn_kind
from album_sort.pipeline.bearings import Bearings
from album_sort.pipeline.remembered import Remembered
from album_sort.settings import Settings
from album_sort.types import AlbumId, ContentId
from album_sort.types.corrections import Correction
from tests.learning_builders import crowd, photos_of

PETS, WILDLIFE, FOOD = AlbumId("pets"), AlbumId("wildlife"), AlbumId("food")
POSITIVE = tuple(ContentId(f"{n:064x}") for n in range(12))
NEGATIVE = tuple(ContentId(f"{n:064x}") for n in range(50, 53))


def said(content: ContentId, album: AlbumId) -> Correction:
    return Correction(content, album, datetime(2026, 1, 1))


@pytest.fixture(scope="module")
def teaching() -> Teaching:
    """Twelve photos that were put into Wildlife, and three that were taken out of it."""
    rows = dict(zip((*POSITIVE, *NEGATIVE), np.concatenate([photos_of(1, 12), photos_of(3, 3)]), strict=True))
    others = crowd(400)
    learned = learn_kind(
        Kind(WILDLIFE, False, POSITIVE, NEGATIVE, (PETS,)), rows, (others, [PETS] * len(others)), "net", 0.95
    )
    assert learned is not None
    return learned


def heard(teaching: Teaching, corrections: dict[ContentId, Correction]) -> bool:
    remembered = Remembered(corrections=corrections, teachings=(teaching,))
    return bool(Bearings.of(Settings(), remembered, "0" * 64, "net").teachings)


def test_what_was_taught_is_heard_while_a_person_says_all_of_it(teaching: Teaching) -> None:
    told = {content: said(content, WILDLIFE) for content in POSITIVE} | {one: said(one, FOOD) for one in NEGATIVE}
    assert heard(teaching, told)
    for back in (POSITIVE[3], NEGATIVE[0]):
        assert not heard(teaching, {content: one for content, one in told.items() if content != back}), "taken back"
    assert not heard(teaching, told | {POSITIVE[3]: said(POSITIVE[3], FOOD)}), "put elsewhere"
    assert not heard(teaching, told | {NEGATIVE[0]: said(NEGATIVE[0], WILDLIFE)}), "put back into it"
    assert heard(teaching, told | {ContentId(f"{99:064x}"): said(ContentId(f"{99:064x}"), FOOD)}), "of another photo"


def test_of_photos_that_were_only_taken_out_the_same(teaching: Teaching) -> None:
    """The counter-examples of these are photos that a person has confirmed where they lie."""
    away = replace(teaching, kind=replace(teaching.kind, is_away=True))
    told = {content: said(content, AlbumId("My cat")) for content in POSITIVE}
    told |= {one: said(one, WILDLIFE) for one in NEGATIVE}
    assert not heard(away, {**told, POSITIVE[0]: said(POSITIVE[0], WILDLIFE)})
    assert not heard(away, {content: one for content, one in told.items() if content not in NEGATIVE})
    assert heard(away, told)
