"""int8 weights are made once, always the same, kept, and used only where they answer as fp32 does."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from album_sort.classifier import quantize
from album_sort.classifier.networks import load_state_dict
from album_sort.classifier.precision import PreparedNetwork, prepare_network
from album_sort.classifier.quantize import load_kept, select_engine
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.runner import Classifier
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.errors import UsageError
from album_sort.types import Precision
from tests.network_builders import STAND_IN, calibration_views, damaged, published_int8, random_resnet18

# torch announces the end of its quantized tensors whenever one is made; the program does it in silence.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> WeightsFile:
    return random_resnet18(tmp_path_factory.mktemp("weights") / "random.pth")


def no_calibration() -> NDArray[np.uint8]:
    raise AssertionError("nothing was to be converted")


def kept_file(folder: Path) -> Path:
    (kept,) = folder.iterdir()
    return kept


def tensors(path: Path) -> list[bytes]:
    """Every tensor of a kept network as bytes; the file itself holds its own name."""
    state = torch.load(io.BytesIO(path.read_bytes()[32:]), weights_only=True)
    return [
        value.int_repr().numpy().tobytes() if value.is_quantized else value.numpy().tobytes()
        for value in state.values()
        if isinstance(value, torch.Tensor)
    ]


@contextlib.contextmanager
def torch_threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
        assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def first(resnet18: WeightsFile, tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedNetwork, Path]:
    """What a first run converts, by one thread, and the file that it keeps: each conversion takes a second and more."""
    folder = tmp_path_factory.mktemp("converted")
    with torch_threads(1):
        prepared = prepare_network(resnet18, Precision.AUTO, folder, calibration_views)
    return prepared, kept_file(folder)


@pytest.fixture
def kept(first: tuple[PreparedNetwork, Path]) -> Path:
    return first[1]


def test_fp32_weights_are_converted_once_and_kept_by_their_hash(
    resnet18: WeightsFile, first: tuple[PreparedNetwork, Path]
) -> None:
    prepared, kept = first
    assert prepared.precision is Precision.INT8
    assert "converted now" in prepared.note
    assert resnet18.sha256[:16] in kept.name

    second = prepare_network(resnet18, Precision.AUTO, kept.parent, no_calibration)
    assert "converted now" not in second.note
    images = torch.from_numpy(calibration_views()).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        assert torch.equal(prepared.network(images), second.network(images))


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "text"])
def test_a_damaged_kept_network_is_found_out(kept: Path, tmp_path: Path, damage: str) -> None:
    (tmp_path / "damaged").write_bytes(damaged(kept.read_bytes(), damage))
    assert load_kept(tmp_path / "damaged", RESNET18) is None


def test_a_damaged_kept_network_is_made_anew_always_the_same_whatever_the_threads(
    resnet18: WeightsFile, kept: Path, tmp_path: Path
) -> None:
    (tmp_path / kept.name).write_bytes(kept.read_bytes()[:-1])
    with torch_threads(2):
        again = prepare_network(resnet18, Precision.INT8, tmp_path, calibration_views)
    assert "converted now" in again.note
    assert tensors(tmp_path / kept.name) == tensors(kept)


def test_a_folder_that_cannot_be_written_to_only_costs_time(
    resnet18: WeightsFile, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes of the conversion is there already: this one is about what is done with it."""
    monkeypatch.setattr(quantize, "_convert", lambda *_: load_kept(kept, RESNET18))
    (tmp_path / "file").write_bytes(b"")
    prepared = prepare_network(resnet18, Precision.INT8, tmp_path / "file" / "below", calibration_views)
    assert prepared.precision is Precision.INT8
    assert "converted now" in prepared.note


def test_a_conversion_that_answers_otherwise_is_refused(
    resnet18: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` then goes on in another precision, and `int8` is an error that says so; both of one conversion."""
    weights, converted = ill_conditioned(resnet18, tmp_path / "ill.pth"), tmp_path / "converted"
    with torch_threads(1), silence():
        found = quantize.convert_int8(weights, load_state_dict(weights), converted, calibration_views)
    monkeypatch.setattr(quantize, "convert_int8", lambda *_: found)
    prepared = prepare_network(weights, Precision.AUTO, converted, calibration_views)
    assert prepared.precision is not Precision.INT8
    assert not converted.exists()
    with pytest.raises(UsageError, match="not exact enough") as caught:
        prepare_network(weights, Precision.INT8, converted, calibration_views)
    assert "--precision auto" in caught.value.hint


def ill_conditioned(weights: WeightsFile, path: Path) -> WeightsFile:
    """The same answers in fp32, but one feature is ten thousand times the others: they fall between two int8 steps."""
    state = torch.load(weights.path, weights_only=True)
    state["layer4.1.bn2.weight"][0] *= 10_000
    state["layer4.0.bn2.weight"][0] *= 10_000
    state["fc.weight"] *= 100
    state["fc.weight"][:, 0] /= 10_000
    torch.save(state, path)
    return find_weights(WeightsQuery("resnet18", path))


def test_int8_weights_as_torchvision_publishes_them_run_as_they_are(resnet18: WeightsFile, tmp_path: Path) -> None:
    views = calibration_views()
    published = published_int8(resnet18, tmp_path / "int8.pth", views)
    converted = tmp_path / "converted"
    answers = {}
    for name, weights, precision in (
        ("int8", published, Precision.INT8),
        ("fp32", resnet18, Precision.FP32),
    ):
        classifier = Classifier(
            weights, precision, model_key="k", threads=1, converted=converted, calibration=no_calibration
        )
        assert classifier.precision == Precision(name)
        answers[name] = [answer.prediction.probabilities[0] for answer in classifier.classify(list(views[:, None]))]
    np.testing.assert_allclose(answers["int8"], answers["fp32"], atol=0.05)
    assert not converted.exists()


def test_the_engine_is_one_that_torch_has_here() -> None:
    engine = select_engine()
    assert engine in torch.backends.quantized.supported_engines
    assert torch.backends.quantized.engine == engine


@pytest.mark.shared
@pytest.mark.skipif(not STAND_IN.is_file(), reason="needs ../shared/weights")
def test_trained_weights_keep_their_answers_in_int8(tmp_path: Path) -> None:
    """Of pictures that the conversion has not seen: flipped, the calibration pictures show the network something new."""
    weights = find_weights(WeightsQuery("resnet18", STAND_IN))
    views = list(np.ascontiguousarray(calibration_views()[:, :, ::-1])[:, None])
    top = {}
    for precision in (Precision.INT8, Precision.FP32):
        classifier = Classifier(
            weights, precision, model_key="k", threads=1, converted=tmp_path, calibration=calibration_views
        )
        top[precision] = [int(answer.prediction.class_indices[0]) for answer in classifier.classify(views)]
    same = sum(a == b for a, b in zip(top[Precision.INT8], top[Precision.FP32], strict=True))
    assert same >= len(views) - 1
