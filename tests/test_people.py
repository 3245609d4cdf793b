"""Faces: found where they are the subject, not found where there are none, and never a reason to fail."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from album_sort.images import convolution, people
from album_sort.images.people import find_faces
from album_sort.images.people_boxes import squared, without_overlaps
from album_sort.images.people_networks import Layer, max_pool
from album_sort.images.statistics import measure_statistics
from tests.native_builders import needs_library

Picture = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def _fresh_finder() -> None:
    """Each test loads the weights anew, so that none sees another's missing ones."""
    people._finder.cache_clear()


def test_a_portrait_has_one_large_face() -> None:
    found = find_faces(data.astronaut())
    assert found is not None
    assert found.count == 1
    assert 0.02 < found.largest_share < 0.08
    assert found.confidence > 0.9


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "hubble_deep_field", "retina", "immunohistochemistry"])
def test_pictures_without_people_have_no_face(name: str) -> None:
    found = find_faces(getattr(data, name)())
    assert found is not None
    assert found.count == 0


def test_a_turned_over_or_smaller_picture_has_the_same_faces() -> None:
    astronaut = data.astronaut()
    for picture in (astronaut[:, ::-1].copy(), astronaut[::2, ::2].copy()):
        found = find_faces(picture)
        assert found is not None
        assert found.count == 1


def test_faces_are_part_of_the_statistics_unless_not_wanted() -> None:
    astronaut = data.astronaut()
    assert measure_statistics(astronaut, 512, 512).face_count == 1.0
    assert measure_statistics(astronaut, 512, 512, faces=False).face_count == -1.0


def test_without_the_weights_nothing_is_said_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(people, "distribution", missing)
    assert find_faces(data.astronaut()) is None
    people._finder.cache_clear()


def test_weights_of_another_hash_are_never_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_content: bytes) -> None:
        pytest.fail("unpickled unknown bytes")

    monkeypatch.setattr(people, "_unpacked", refuse)
    monkeypatch.setattr(people, "WEIGHTS_SHA256", {"pnet": "0" * 64})
    assert find_faces(data.astronaut()) is None
    people._finder.cache_clear()


@given(st.integers(1, 60), st.integers(1, 60))
def test_pictures_too_small_for_a_face_have_none(height: int, width: int) -> None:
    found = find_faces(np.full((height, width, 3), 128, np.uint8))
    assert found is not None
    assert found.count == 0


def test_a_convolution_is_the_sum_of_products_below_each_window() -> None:
    rng = np.random.default_rng(1)
    kernel, x = rng.normal(size=(3, 3, 2, 4)).astype(np.float32), rng.normal(size=(2, 1, 6, 5)).astype(np.float32)
    result = Layer(kernel, np.zeros(4, np.float32)).convolve(x)
    expected = sum(kernel[i, j].T @ x[:, 0, i : i + 4, j : j + 3].reshape(2, -1) for i in range(3) for j in range(3))
    assert result.shape == (4, 1, 4, 3)
    assert np.allclose(result.reshape(4, -1), expected, atol=1e-5)


def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "native_library", lambda: None)


@needs_library
@given(
    shape=st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(3, 20), st.integers(3, 40)),
    outs=st.integers(1, 17),
    side=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_the_compiled_convolution_sums_as_numpy_does(
    shape: tuple[int, int, int, int], outs: int, side: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, kernel = (rng.normal(size=size).astype(np.float32) for size in (shape, (side, side, shape[0], outs)))
    layer = Layer(kernel, rng.normal(size=outs).astype(np.float32), rng.normal(size=outs).astype(np.float32))
    assert np.allclose(layer.activate(x), layer.prelu(layer.convolve(x)), atol=1e-3)


@needs_library
@pytest.mark.parametrize("size", [(11, 60), (16, 20), (24, 25), (110, 147)])
def test_the_compiled_proposals_are_those_of_numpy(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    finder = people._finder()
    assert finder is not None
    picture = np.asarray(Image.fromarray(data.astronaut()).resize(size[::-1]))
    assert convolution.propose(picture, finder.proposal._tensors) is not None
    corrections, probabilities = finder.proposal(picture)
    without_library(monkeypatch)
    expected_corrections, expected = finder.proposal(picture)
    assert np.allclose(probabilities, expected, atol=1e-4)
    assert np.allclose(corrections, expected_corrections, atol=1e-3)


@needs_library
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_without_the_compiled_library_the_same_faces_are_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = getattr(data, name)()
    found = find_faces(picture)
    without_library(monkeypatch)
    expected = find_faces(picture)
    assert found is not None
    assert expected is not None
    assert found.count == expected.count
    assert found.largest_share == pytest.approx(expected.largest_share, abs=1e-3)
    assert found.confidence == pytest.approx(expected.confidence, abs=1e-3)


def test_pooling_takes_the_largest_and_keeps_windows_over_the_edge_when_asked() -> None:
    x = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
    assert max_pool(x, 2, pad=False)[0, 0].tolist() == [[6, 8], [16, 18]]
    assert max_pool(x, 2, pad=True)[0, 0].tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]


@needs_library
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(3, 30), st.integers(3, 70)),
    side=st.integers(2, 3),
    pad=st.booleans(),
    seed=st.integers(0, 9),
)
def test_the_compiled_pooling_is_that_of_numpy(
    shape: tuple[int, int, int, int], side: int, pad: bool, seed: int
) -> None:
    x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    # A part of something wider, as convolutions hand it over.
    part = np.concatenate((x, x), axis=3)[..., : shape[3]]
    pooled = max_pool(part, side, pad=pad)
    with pytest.MonkeyPatch.context() as patch:
        without_library(patch)
        assert np.array_equal(max_pool(part, side, pad=pad), pooled)


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40]], np.float32)
    assert without_overlaps(boxes, np.array([0.8, 0.9, 0.5], np.float32), 0.5, 9).tolist() == [1, 2]


def test_squares_keep_centre_and_longer_side() -> None:
    assert squared(np.array([[0, 0, 10, 20]], np.float32)).tolist() == [[-5, 0, 15, 20]]
