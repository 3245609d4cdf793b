"""Faces: found where they are the subject, not found where there are none, and never a reason to fail."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from album_sort.classify import faces
from album_sort.classify.face_boxes import squared, without_overlaps
from album_sort.classify.face_networks import CropNet, Layer
from album_sort.classify.faces import FaceFinder
from album_sort.types import FacesFound, ImageStatistics

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    found = FaceFinder.load()
    assert found is not None
    return found


def test_a_portrait_has_one_large_face(finder: FaceFinder) -> None:
    (found,) = finder.find([data.astronaut()])
    assert found.count == 1
    assert 0.02 < found.largest_share < 0.08
    assert found.confidence > 0.9


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "hubble_deep_field", "retina", "immunohistochemistry"])
def test_pictures_without_people_have_no_face(finder: FaceFinder, name: str) -> None:
    assert finder.find([getattr(data, name)()]) == [FacesFound()]


def test_a_turned_over_or_smaller_picture_has_the_same_faces(finder: FaceFinder) -> None:
    astronaut = data.astronaut()
    found = finder.find([astronaut[:, ::-1].copy(), astronaut[::2, ::2].copy()])
    assert [one.count for one in found] == [1, 1]


def test_it_does_not_matter_what_is_searched_together(finder: FaceFinder) -> None:
    """Pictures of one size share a batch; the numbers that are kept are those of each alone."""
    astronaut, coffee = data.astronaut(), data.coffee()
    pictures = [coffee, astronaut, coffee[:, ::-1].copy(), data.chelsea(), astronaut[::-1].copy(), astronaut]
    together = finder.find(pictures)
    alone = [finder.find([picture])[0] for picture in pictures]
    nothing = ImageStatistics(0.5)
    assert [nothing.with_faces(one) for one in together] == [nothing.with_faces(one) for one in alone]
    assert [one.count for one in together] == [0, 1, 0, 0, together[4].count, 1]


def test_faces_become_part_of_the_statistics() -> None:
    statistics = ImageStatistics(0.5)
    assert statistics.face_count == -1.0
    assert statistics.with_faces(FacesFound(2, 0.123456, 0.2, 0.98765)).faces_share == 0.2
    assert statistics.with_faces(FacesFound()).face_count == 0.0


def test_without_the_weights_nothing_is_said_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(faces, "distribution", missing)
    assert FaceFinder.load() is None


def test_weights_of_another_hash_are_never_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_content: bytes) -> None:
        pytest.fail("unpickled unknown bytes")

    monkeypatch.setattr(faces, "_unpacked", refuse)
    monkeypatch.setattr(faces, "WEIGHTS_SHA256", {"pnet": "0" * 64})
    assert FaceFinder.load() is None


@settings(deadline=None)  # each size anew makes torch choose its kernels anew
@given(st.integers(1, 60), st.integers(1, 60))
def test_pictures_too_small_for_a_face_have_none(finder: FaceFinder, height: int, width: int) -> None:
    assert finder.find([np.full((height, width, 3), 128, np.uint8)]) == [FacesFound()]


def test_a_box_that_lies_beyond_the_picture_is_black() -> None:
    image = torch.full((3, 40, 50), 200, dtype=torch.uint8)
    squares = np.array([[60, 50, 80, 70], [-90, 0, -50, 40], [-10, -10, 10, 10]], np.float32)
    beyond, beside, corner = faces._crops(image, squares, 24)
    assert beyond.shape == beside.shape == corner.shape == (1, 3, 24, 24)
    assert beyond.max() == beside.max() == 0
    assert corner[0, :, -1, -1].tolist() == [200, 200, 200]
    assert corner[0, :, 0, 0].tolist() == [0, 0, 0]


def test_a_convolution_is_the_sum_of_products_below_each_window() -> None:
    rng = np.random.default_rng(1)
    kernel, x = rng.normal(size=(3, 3, 2, 4)).astype(np.float32), rng.normal(size=(1, 2, 6, 5)).astype(np.float32)
    result = Layer(kernel, np.zeros(4, np.float32))(torch.from_numpy(x))
    expected = sum(kernel[i, j].T @ x[0, :, i : i + 4, j : j + 3].reshape(2, -1) for i in range(3) for j in range(3))
    assert result.shape == (1, 4, 4, 3)
    assert np.allclose(result.numpy().reshape(4, -1), expected, atol=1e-5)


def test_the_dense_layers_see_columns_before_rows_and_channels_last() -> None:
    """As TensorFlow flattened the picture for which the weights were made, in Keras's order of (width, height)."""
    kernel = np.arange(4, dtype=np.float32).reshape(4, 1)
    one = np.ones((1, 1), np.float32)
    identity = (np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32), np.ones(1, np.float32))
    dense = (kernel, np.zeros(1, np.float32), np.ones(1, np.float32))
    network = CropNet([*identity, *dense, one, np.zeros(1), np.concatenate((one, one), 1), np.zeros(2)], (None,))
    x = torch.tensor([[[[1.0, 10.0], [100.0, 1000.0]]]])
    boxes, probability = network(x)
    assert boxes.item() == 0 * 1 + 1 * 100 + 2 * 10 + 3 * 1000
    assert probability.item() == 0.5


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40]], np.float32)
    assert without_overlaps(boxes, np.array([0.8, 0.9, 0.5], np.float32), 0.5, 9).tolist() == [1, 2]


def test_squares_keep_centre_and_longer_side() -> None:
    assert squared(np.array([[0, 0, 10, 20]], np.float32)).tolist() == [[-5, 0, 15, 20]]
