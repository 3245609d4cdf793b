"""ResNet-18 in 16-bit integers answers as fp32 does, without torch, whatever the batch; no picture makes a sum overflow."""

from __future__ import annotations

import contextlib
import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from album_sort.classifier import int16_lowering, runner
from album_sort.classifier.int16_conversion import convert_resnet18
from album_sort.classifier.int16_lowering import MOST, reach
from album_sort.classifier.int16_network import CLASSES, Int16Network, Int16Tensors, int16_runs_here
from album_sort.classifier.int16_plain import convert_plain, folded_layers
from album_sort.classifier.kept import keep, read_kept
from album_sort.classifier.networks import load_state_dict
from album_sort.classifier.plain_weights import read_plain_weights
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.rivals import Measure, Network, measure_in_turns
from album_sort.classifier.runner import Classifier
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.errors import UsageError
from album_sort.images import decode_picture
from album_sort.types import EMBEDDING_SIZE, Precision
from tests.conftest import REPOSITORY
from tests.network_builders import SHARED, STAND_IN, calibration_views, damaged, published_int8, random_resnet18

Views = NDArray[np.uint8]

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.skipif(not int16_runs_here(), reason="needs AVX2, and a C compiler at the installation"),
]


@contextlib.contextmanager
def torch_threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Of torch, which waits for its others by spinning: beside other tests that took twice the time."""
    with torch_threads(1):
        yield


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> WeightsFile:
    return random_resnet18(tmp_path_factory.mktemp("weights") / "random.pth")


@pytest.fixture(scope="module")
def tensors(resnet18: WeightsFile) -> Int16Tensors:
    with torch_threads(2):
        converted, moved = convert_resnet18(resnet18, load_state_dict(resnet18), calibration_views())
    assert converted is not None
    assert moved < 0.01
    return converted


@pytest.fixture
def ready(resnet18: WeightsFile, tensors: Int16Tensors) -> WeightsFile:
    """The same weights, for tests of what is done with a conversion: theirs takes no time."""
    return replace(resnet18, backbone=replace(RESNET18, convert_int16=lambda *_: (tensors, 0.0)))


@pytest.fixture(scope="module")
def kept(resnet18: WeightsFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of converted weights after a first run."""
    folder = tmp_path_factory.mktemp("converted")
    with torch_threads(1):
        classifier(resnet18, folder)
    return folder


@pytest.fixture(scope="module")
def kept_int8(resnet18: WeightsFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a first run in int8, for tests that choose between both: that conversion takes two seconds."""
    folder = tmp_path_factory.mktemp("converted-int8")
    classifier(resnet18, folder, Precision.INT8)
    return folder


def kept_file(folder: Path) -> Path:
    (file,) = folder.glob("*-int16-v*.bin")
    return file


def no_calibration() -> Views:
    raise AssertionError("nothing was to be converted")


def classifier(
    weights: WeightsFile,
    folder: Path,
    precision: Precision = Precision.AUTO,
    calibration: Callable[[], Views] = calibration_views,
    measure: Measure | None = None,
) -> Classifier:
    return Classifier(
        weights, precision, model_key="k", threads=1, converted=folder, calibration=calibration, measure=measure
    )


def fp32(weights: WeightsFile, views: Views) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities and features by torch."""
    network: nn.Module = RESNET18.build()
    network.load_state_dict(load_state_dict(weights))
    features: list[torch.Tensor] = []
    network.get_submodule("avgpool").register_forward_hook(lambda _module, _inputs, output: features.append(output))
    mean, std = (torch.tensor(numbers) for numbers in (RESNET18.preprocessing.mean, RESNET18.preprocessing.std))
    with torch.inference_mode():
        logits = network(((torch.from_numpy(views) / 255 - mean) / std).permute(0, 3, 1, 2))
        return torch.softmax(logits, 1).numpy(), features[0].flatten(1).numpy()


def test_it_answers_as_fp32_does(resnet18: WeightsFile, tensors: Int16Tensors) -> None:
    """Features, too: to a hundredth of the largest; int8 is three times as far away."""
    views = np.ascontiguousarray(calibration_views()[:, ::-1])
    probabilities, features = Int16Network(tensors, 1, "").run(views)
    assert probabilities.shape == (len(views), CLASSES)
    assert features.shape == (len(views), EMBEDDING_SIZE)
    expected, expected_features = fp32(resnet18, views)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(probabilities, expected, atol=5e-4)
    np.testing.assert_allclose(features, expected_features, atol=0.02 * expected_features.max())


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_batch_order_and_threads_change_nothing(tensors: Int16Tensors, threads: int) -> None:
    """Not a bit: integers have no order of sums. Batches of many sizes use the same memory in turn."""
    views, network = calibration_views(), Int16Network(tensors, threads, "")
    together = network.run(views)[1]
    for size in (1, 3, 8, 5, 2):
        np.testing.assert_array_equal(network.run(views[:size])[1], together[:size])
    np.testing.assert_array_equal(network.run(views[::-1])[1], together[::-1])
    np.testing.assert_array_equal(Int16Network(tensors, 1, "").run(views)[1], together)


@pytest.mark.parametrize("pattern", ["black", "white", "checks", "noise", "stripes"])
def test_pictures_without_measure_stay_near_fp32(resnet18: WeightsFile, tensors: Int16Tensors, pattern: str) -> None:
    """What is beyond the ranges of the calibration pictures is cut off; an overflow would move more than 1."""
    views = np.zeros((1, 224, 224, 3), np.uint8)
    if pattern == "noise":
        views[:] = np.random.default_rng(1).choice(np.array([0, 255], np.uint8), views.shape)
    elif pattern == "white":
        views[:] = 255
    elif pattern == "checks":
        views[:, ::2, ::2] = views[:, 1::2, 1::2] = 255
    elif pattern == "stripes":
        views[:, :, ::3] = 255
    probabilities, _ = Int16Network(tensors, 1, "").run(views)
    expected, _ = fp32(resnet18, views)
    assert np.abs(probabilities - expected).sum() < 0.3


def test_transformed_activations_fit_into_16_bits() -> None:
    assert int(reach().max()) * MOST < 2**15
    # What the bound is worth: the transform itself, of activations that are none or all.
    transform = int16_lowering._INPUT_TRANSFORM
    random = np.random.default_rng(0)
    windows = random.integers(0, 2, (5000, 6, 6)) * MOST
    found = np.abs(transform @ windows @ transform.T).reshape(-1, 36).max(axis=0)
    assert (found <= reach() * MOST).all()
    assert (found > 0.4 * reach() * MOST).all()


@pytest.mark.parametrize("kind", ["normal", "equal", "one large", "zero"])
def test_no_sum_can_overflow(kind: str) -> None:
    weights = np.random.default_rng(2).standard_normal((512, 16))
    if kind == "equal":
        weights[:] = 0.1
    elif kind == "one large":
        weights[0] = 1e4
    elif kind == "zero":
        weights[:] = 0
    for most in (MOST, 68 * MOST, 1400):
        factor = int16_lowering._factor(weights, np.array(most))
        whole = np.rint(weights * factor)
        assert np.abs(whole).max() <= 32767
        assert (np.abs(whole).sum(axis=0) * most).max() < 2**31
        if kind == "normal":
            assert np.abs(whole / factor - weights).max() < 0.01


def test_a_conversion_is_always_the_same(tensors: Int16Tensors, kept: Path) -> None:
    """One by torch with two threads, the other as a run makes it, by numpy: ranges in doubles show neither's order of adding."""
    assert bytes(read_kept(kept_file(kept)) or b"") == tensors.to_bytes()


def test_weights_are_converted_once_and_kept_by_their_hash(resnet18: WeightsFile, kept: Path) -> None:
    assert resnet18.sha256[:16] in kept_file(kept).name
    again = classifier(resnet18, kept, calibration=no_calibration)
    assert again.precision is Precision.INT16
    assert again.note == "int16"


def test_with_kept_weights_torch_is_not_imported(resnet18: WeightsFile, kept: Path) -> None:
    code = f"""
import sys
from pathlib import Path
import numpy as np
from album_sort.classifier.runner import Classifier
from album_sort.classifier.weights import WeightsQuery, find_weights
from album_sort.types import Precision
weights = find_weights(WeightsQuery("resnet18", Path({str(resnet18.path)!r})))
classifier = Classifier(weights, Precision.AUTO, model_key="k", threads=1, converted=Path({str(kept)!r}), calibration=None)
print(len(classifier.classify([np.zeros((1, 224, 224, 3), np.uint8)])), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "text"])
def test_damaged_kept_weights_are_found_out(kept: Path, tmp_path: Path, damage: str) -> None:
    (tmp_path / "damaged").write_bytes(damaged(kept_file(kept).read_bytes(), damage))
    assert read_kept(tmp_path / "damaged") is None


def test_kept_weights_of_another_size_are_made_anew(ready: WeightsFile, kept: Path, tmp_path: Path) -> None:
    whole = kept_file(kept).read_bytes()
    keep(whole[32:-8], tmp_path / kept_file(kept).name)
    assert "converted now" in classifier(ready, tmp_path).note
    assert kept_file(tmp_path).read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_only_costs_time(ready: WeightsFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert classifier(ready, tmp_path / "file" / "below").precision is Precision.INT16


def test_published_int8_weights_run_as_the_numbers_they_stand_for(resnet18: WeightsFile, tmp_path: Path) -> None:
    views = calibration_views()
    published = published_int8(resnet18, tmp_path / "int8.pth", views)
    found = classifier(published, tmp_path / "converted")
    assert found.precision is Precision.INT16
    expected, _ = fp32(resnet18, views)
    for answer, row in zip(found.classify(list(views[:, None])), expected, strict=True):
        prediction = answer.prediction
        np.testing.assert_allclose(prediction.probabilities[:5], row[prediction.class_indices[:5]], atol=0.01)


def test_without_torch_a_conversion_that_answers_otherwise_is_refused(resnet18: WeightsFile) -> None:
    layers = folded_layers(read_plain_weights(resnet18.path) or {})
    assert layers is not None
    assert convert_plain(layers, calibration_views(), RESNET18.preprocessing, margin=1e-4)[0] is None


def test_a_conversion_starts_no_torch(resnet18: WeightsFile) -> None:
    """What torch has to say of a file, it says: one without a layer, one with a value that is none, published int8."""
    code = (
        "import sys; from pathlib import Path; from tests.network_builders import calibration_views\n"
        "from album_sort.classifier.resnet18 import RESNET18; from album_sort.classifier.weights import WeightsFile\n"
        f"weights = WeightsFile(RESNET18, Path({str(resnet18.path)!r}), 'a' * 64, '')\n"
        "assert RESNET18.convert_int16(weights, calibration_views)[0] is not None\n"
        "print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert told.stdout == "False\n", told.stderr
    state = dict(read_plain_weights(resnet18.path) or {})
    for name, value in {"conv1.weight": None, "bn1.running_var": -1, "fc.bias": np.nan}.items():
        other = dict(state)
        if value is None:
            del other[name]
        else:
            other[name] = np.full_like(state[name], value)
        assert folded_layers(other) is None


def test_a_conversion_that_answers_otherwise_is_refused(resnet18: WeightsFile, kept_int8: Path, tmp_path: Path) -> None:
    """`auto` then goes on in another precision, and `int16` is an error that says so."""
    converted, moved = convert_resnet18(resnet18, load_state_dict(resnet18), calibration_views(), margin=1e-4)
    assert converted is None
    assert moved > 0.35
    inexact = replace(resnet18, backbone=replace(RESNET18, convert_int16=lambda *_: (converted, moved)))
    shutil.copytree(kept_int8, tmp_path, dirs_exist_ok=True)
    assert classifier(inexact, tmp_path).precision is not Precision.INT16
    with pytest.raises(UsageError, match="not exact enough") as caught:
        classifier(inexact, tmp_path, Precision.INT16)
    assert "--precision auto" in caught.value.hint


@pytest.mark.parametrize(("seconds", "chosen"), [(0.5, Precision.INT8), (0.9, Precision.INT16)])
def test_auto_takes_int8_where_that_is_much_faster(
    ready: WeightsFile, kept_int8: Path, tmp_path: Path, seconds: float, chosen: Precision
) -> None:
    """Measured once, on the calibration pictures, and kept with the converted weights: also by runs that measure nothing."""
    measured = []
    shutil.copytree(kept_int8, tmp_path, dirs_exist_ok=True)

    def measure(networks: Sequence[Network], views: Views) -> Sequence[float]:
        measured.append((*[network.precision for network in networks], len(views)))
        return 1.0, seconds

    assert classifier(ready, tmp_path, measure=measure).precision is chosen
    assert measured == [(Precision.INT16, Precision.INT8, len(calibration_views()))]
    again = classifier(ready, tmp_path, calibration=no_calibration, measure=measure)
    assert again.precision is chosen
    assert len(measured) == 1
    assert classifier(ready, tmp_path, Precision.INT16).precision is Precision.INT16


def test_what_a_small_run_converts_is_measured_by_the_next_large_one(
    ready: WeightsFile, kept_int8: Path, tmp_path: Path
) -> None:
    """A first run over a few photos does not pay for torch's int8; whoever has many finds it."""
    for seconds, chosen in ((0.9, Precision.INT16), (0.5, Precision.INT8)):
        folder = tmp_path / str(seconds)
        assert classifier(ready, folder).precision is Precision.INT16
        assert not list(folder.glob("*-int8-*"))
        assert classifier(ready, folder, calibration=no_calibration).precision is Precision.INT16
        # The other conversion takes two seconds, too.
        shutil.copytree(kept_int8, folder, dirs_exist_ok=True)
        measured: list[int] = []

        def measure(
            networks: Sequence[Network], _views: Views, seconds: float = seconds, measured: list[int] = measured
        ) -> Sequence[float]:
            measured.append(len(networks))
            return 1.0, seconds

        assert classifier(ready, folder, measure=measure).precision is chosen
        assert classifier(ready, folder, measure=measure).precision is chosen
        assert len(measured) == 1


def test_weights_that_an_earlier_version_converted_stay_in_int16(
    resnet18: WeightsFile, kept: Path, tmp_path: Path
) -> None:
    shutil.copy(kept_file(kept), tmp_path)

    def measure(_networks: Sequence[Network], _views: Views) -> Sequence[float]:
        raise AssertionError("nothing was to be measured")

    assert classifier(resnet18, tmp_path, calibration=no_calibration, measure=measure).precision is Precision.INT16


def test_networks_are_measured_in_turns_and_the_slower_one_is_found() -> None:
    class Sums:
        precision, note = Precision.FP32, ""

        def __init__(self, times: int) -> None:
            self.times, self.runs = times, 0

        def run(self, views: Views) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            self.runs += 1
            for _ in range(self.times):
                np.sort(views, axis=None)
            return np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)

    slow, fast = Sums(8), Sums(1)
    found = measure_in_turns((slow, fast), np.zeros((1, 64, 64, 3), np.uint8))
    assert found[0] > 2 * found[1] > 0
    assert slow.runs == fast.runs > 1


def test_where_it_does_not_run_torch_does_it(
    resnet18: WeightsFile, kept_int8: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(kept_int8, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(runner, "int16_runs_here", lambda: False)
    assert classifier(resnet18, tmp_path).precision is Precision.INT8
    with pytest.raises(UsageError, match="AVX2"):
        classifier(resnet18, tmp_path, Precision.INT16)


def test_a_network_that_our_code_does_not_know_has_none(tmp_path: Path) -> None:
    weights = find_weights(WeightsQuery("efficientnet-lite0"))
    unknown = replace(weights, backbone=replace(weights.backbone, convert_int16=None, read_int16=None))
    with pytest.raises(UsageError, match="EfficientNet-Lite0 has no int16 form"):
        classifier(unknown, tmp_path, Precision.INT16)


@pytest.mark.shared
@pytest.mark.skipif(not STAND_IN.is_file(), reason="needs ../shared/weights and ../shared/photos")
def test_trained_weights_keep_their_answers(tmp_path: Path) -> None:
    """Of everyday photos 98.6 % keep the most likely class of fp32 (docs/decisions/0008-int16.md); of one in twenty as many."""
    weights = find_weights(WeightsQuery("resnet18", STAND_IN))
    with (SHARED / "photos" / "labelled.csv").open(newline="") as table:
        paths = [SHARED / "photos" / row["path"] for row in csv.DictReader(table)][::20]
    views = [decode_picture(path.read_bytes(), RESNET18.preprocessing).views[:1] for path in paths]
    answers = classifier(weights, tmp_path).classify(views)
    expected, _ = fp32(weights, np.concatenate(views))
    same = [int(answer.prediction.class_indices[0]) for answer in answers] == expected.argmax(axis=1)
    assert same.mean() >= 0.96
