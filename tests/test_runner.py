"""Batches of views to answers: the same whatever the batch, in order, and right for pictures that everybody knows."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from album_sort.classifier.backbones import BACKBONES
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.runner import Classifier
from album_sort.classifier.torch_startup import import_torchvision
from album_sort.classifier.weights import WeightsQuery, find_weights
from album_sort.images import decode_picture
from album_sort.types import EMBEDDING_SIZE, TOP_CLASSES, Precision
from tests.builders import picture_jpeg
from tests.network_builders import SHARED, STAND_IN, calibration_views

# Class and probability of the three most likely, by EfficientNet-Lite0 in fp32: Egyptian cat, tiger cat and tabby;
# espresso, cup and plate rack. To renew them after a change of network or preprocessing, look at the pictures first.
GOLDEN = {
    "cat": ((285, 0.386), (282, 0.363), (281, 0.176)),
    "coffee": ((967, 0.957), (968, 0.013), (925, 0.008)),
}


def shipped(precision: Precision = Precision.FP32) -> Classifier:
    weights = find_weights(WeightsQuery("efficientnet-lite0"))
    with tempfile.TemporaryDirectory() as folder:  # what is converted is not to stay where the tests are run
        return Classifier(
            weights, precision, model_key="lite0", threads=1, converted=Path(folder), calibration=calibration_views
        )


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return shipped()


@pytest.fixture(scope="module")
def photos() -> list[NDArray[np.uint8]]:
    """Eight different photos of one view each."""
    return list(calibration_views()[:, None])


def view_of(pixels: NDArray[np.uint8], model: str) -> NDArray[np.uint8]:
    return decode_picture(picture_jpeg(pixels), BACKBONES[model].preprocessing).views


def probabilities(classifier: Classifier, photos: list[NDArray[np.uint8]]) -> list[dict[int, float]]:
    return [
        dict(zip(a.prediction.class_indices.tolist(), a.prediction.probabilities.tolist(), strict=True))
        for a in classifier.classify(photos)
    ]


@pytest.mark.parametrize(("precision", "tolerance"), [(Precision.FP32, 0.01), (Precision.AUTO, 0.03)])
@pytest.mark.parametrize("name", ["cat", "coffee"])
def test_the_shipped_network_knows_a_cat_and_a_cup_of_coffee(name: str, precision: Precision, tolerance: float) -> None:
    """The golden probabilities, closely in fp32 and a little less so in what `auto` chooses here."""
    (answer,) = shipped(precision).classify([view_of(getattr(skimage.data, name)(), "efficientnet-lite0")])
    found = dict(zip(answer.prediction.class_indices.tolist(), answer.prediction.probabilities.tolist(), strict=True))
    for index, probability in GOLDEN[name]:
        assert found[index] == pytest.approx(probability, abs=tolerance)


def test_a_prediction_holds_the_most_likely_classes_in_order(
    classifier: Classifier, photos: list[NDArray[np.uint8]]
) -> None:
    for answer in classifier.classify(photos):
        values = answer.prediction.probabilities
        assert len(values) == len(answer.prediction.class_indices) == TOP_CLASSES
        assert list(values) == sorted(values, reverse=True)
        assert 0.5 < values.sum() <= 1.0001
        assert len(set(answer.prediction.class_indices.tolist())) == TOP_CLASSES
        assert answer.prediction.model_key == "lite0"


def test_the_size_of_a_batch_changes_no_answer_beyond_rounding(
    classifier: Classifier, photos: list[NDArray[np.uint8]]
) -> None:
    together = probabilities(classifier, photos)
    alone = [probabilities(classifier, [photo])[0] for photo in photos]
    for one, other in zip(together, alone, strict=True):
        for index in list(one)[:10]:
            assert one[index] == pytest.approx(other[index], abs=1e-3)


def test_answers_come_in_the_order_of_the_photos(classifier: Classifier, photos: list[NDArray[np.uint8]]) -> None:
    forwards, backwards = classifier.classify(photos), classifier.classify(photos[::-1])[::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert one.prediction.top(1)[0].class_index == other.prediction.top(1)[0].class_index


def test_several_views_of_a_photo_are_averaged(classifier: Classifier, photos: list[NDArray[np.uint8]]) -> None:
    panorama = np.concatenate([photos[0], photos[1]])
    both = probabilities(classifier, [photos[2], panorama, photos[3]])
    left, right = probabilities(classifier, [photos[0]])[0], probabilities(classifier, [photos[1]])[0]
    for index in list(both[1])[:5]:
        if index in left and index in right:
            assert both[1][index] == pytest.approx((left[index] + right[index]) / 2, abs=1e-3)
    alone = probabilities(classifier, [photos[3]])[0]
    assert max(both[2], key=both[2].__getitem__) == max(alone, key=alone.__getitem__), (
        "the photo after it keeps its own views"
    )


def test_no_photos_no_answers(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_embeddings_are_near_for_alike_pictures(classifier: Classifier, photos: list[NDArray[np.uint8]]) -> None:
    """512 numbers, also of a network with 1280 features: the projection keeps angles."""
    mirrored = np.ascontiguousarray(photos[0][:, :, ::-1])
    first, again, other = (
        a.embedding.astype(np.float64) for a in classifier.classify([photos[0], mirrored, photos[4]])
    )
    assert first.shape == (EMBEDDING_SIZE,)

    def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(first, again) > 0.8 > cosine(first, other) + 0.1


def test_threads_are_bounded() -> None:
    shipped()
    assert torch.get_num_threads() == 1


@pytest.mark.shared
@pytest.mark.skipif(not STAND_IN.is_file(), reason="needs ../shared/weights and ../shared/photos")
@pytest.mark.parametrize("one_in", [15, pytest.param(5, marks=pytest.mark.long)])
def test_resnet18_answers_as_torchvisions_own_pipeline_does(one_in: int) -> None:
    """Plain torchvision transforms and fp32 network against our decoding and fp32 network: the same top-1 class.

    Decoding is scaled inside the JPEG transform here, so single photos near a tie may differ.
    """
    import_torchvision()
    from torchvision.models import ResNet18_Weights, resnet18  # noqa: PLC0415 - after its start-up

    with (SHARED / "photos" / "labelled.csv").open(newline="") as table:
        paths = [SHARED / "photos" / row["path"] for row in csv.DictReader(table)][::one_in]
    weights = find_weights(WeightsQuery("resnet18", STAND_IN))
    ours = Classifier(
        weights, Precision.FP32, model_key="k", threads=1, converted=Path(), calibration=calibration_views
    )
    theirs = resnet18(weights=None).eval()
    theirs.load_state_dict(torch.load(STAND_IN, weights_only=True))
    transforms = ResNet18_Weights.IMAGENET1K_V1.transforms()
    same = total = 0
    for path in paths:
        decoded = decode_picture(path.read_bytes(), RESNET18.preprocessing)
        if len(decoded.views) > 1:
            continue  # torchvision would lose the sides of a panorama
        total += 1
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        with torch.inference_mode():
            expected = int(theirs(transforms(image)[None]).argmax())
        same += ours.classify([decoded.views])[0].prediction.top(1)[0].class_index == expected
    assert total > 250 / one_in
    assert same / total >= 0.97
