"""Values that are made quickly are the values that they would be otherwise; of a ranking, the first is found without sorting."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.types import AlbumId, AlbumScore, FileEntry, FileKind, Ranking
from album_sort.types.quickly import quickly_made


@dataclass(frozen=True, slots=True)
class Slowly:
    number: int
    text: str = "none"
    held: list[int] = field(default_factory=list)
    double: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.number)


@quickly_made
@dataclass(frozen=True, slots=True)
class Quickly:
    number: int
    text: str = "none"
    held: list[int] = field(default_factory=list)
    double: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.number)


@given(
    number=st.integers(), more=st.fixed_dictionaries({}, optional={"text": st.text(), "held": st.lists(st.integers())})
)
def test_a_value_made_quickly_has_the_same_fields(number: int, more: dict[str, object]) -> None:
    slow, quick = Slowly(number, **more), Quickly(number, **more)  # type: ignore[arg-type]
    assert [getattr(quick, one.name) for one in fields(quick)] == [getattr(slow, one.name) for one in fields(slow)]
    assert type(quick) is Quickly
    for again in (replace(quick), copy.copy(quick), pickle.loads(pickle.dumps(quick))):  # noqa: S301 - our own
        assert again == quick
        assert type(again) is Quickly


def test_a_value_made_quickly_cannot_be_changed_and_shares_no_list() -> None:
    quick = Quickly(1)
    with pytest.raises(FrozenInstanceError):
        quick.number = 2  # type: ignore[misc]
    assert quick.held is not Quickly(1).held


@pytest.mark.parametrize("arguments", [(), (1, "a", [], 4)])
def test_a_value_made_quickly_takes_no_other_arguments(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Quickly(*arguments)  # type: ignore[arg-type]


def test_a_file_is_made_quickly() -> None:
    """That is what the decorator is for; a class that loses it would only be slow."""
    made = FileEntry.__init__.__code__.co_names
    assert "__class__" in made
    assert FileEntry("a", "b", 1, 2, 3, 4, FileKind.PHOTO) == FileEntry("a", "b", 1, 2, 3, 4, FileKind.PHOTO)


ALBUMS = tuple(AlbumId(name) for name in "abcdef")


@given(
    probabilities=st.lists(st.sampled_from((0.0, 0.1, 0.25, 0.5)), min_size=6, max_size=6),
    without=st.frozensets(st.sampled_from(ALBUMS)),
)
def test_the_leading_album_is_the_first_of_the_ranking(probabilities: list[float], without: frozenset[AlbumId]) -> None:
    ranking = Ranking(ALBUMS, probabilities)
    assert ranking.leading(without) == next((one for one in ranking if one.album not in without), None)
    assert ranking.leading() == AlbumScore(ranking[0].album, ranking[0].probability)
