"""EfficientNet-Lite0 in 16-bit integers: as fp32 answers, the same in every batch and on every machine, and without torch."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from album_sort.classifier.backbones import shipping
from album_sort.classifier.int16_network import int16_runs_here
from album_sort.classifier.lite0_conversion import RANGES, convert_lite0, convert_weights
from album_sort.classifier.lite0_int16 import Lite0Network, Lite0Tensors
from album_sort.classifier.lite0_measuring import measure
from album_sort.classifier.lite0_shape import Kind, layer_table, layers
from album_sort.classifier.plain_weights import read_plain_weights
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.native import LITE0_FARTHEST, LITE0_MOST
from album_sort.types import Precision
from tests.builders import make_jpeg, make_tree
from tests.conftest import REPOSITORY
from tests.test_int16 import calibration_views

runs_here = pytest.mark.skipif(not int16_runs_here(), reason="needs AVX2, and a C compiler at the installation")

CONVERTED = "17edd22af68ef5e3"
"""Begins the SHA-256 of the converted weights: the same wherever this runs."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> WeightsFile:
    return find_weights(WeightsQuery(shipping().name, cache_folder=tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def tensors(weights: WeightsFile) -> Lite0Tensors:
    converted, moved = convert_weights(weights, lambda: pytest.fail("the shipped weights need no pictures"))
    assert converted is not None
    assert moved == 0
    return converted


def noise(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (count, 224, 224, 3), np.uint8)


def test_weights_are_read_without_torch_as_torch_reads_them(weights: WeightsFile) -> None:
    ours = read_plain_weights(weights.path)
    theirs = torch.load(weights.path, weights_only=True)
    assert ours is not None
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name].numpy()) for name in theirs)


def test_a_file_of_another_kind_or_a_damaged_one_is_left_to_torch(weights: WeightsFile, tmp_path: Path) -> None:
    content = weights.path.read_bytes()
    repeated = io.BytesIO()
    torch.save({"a": torch.zeros(1).expand(10**12)}, repeated)
    brains = io.BytesIO()
    torch.save({"a": torch.zeros(3, dtype=torch.bfloat16)}, brains)
    newer = io.BytesIO()
    torch.save({"a": torch.zeros(3)}, newer)
    packed = io.BytesIO()
    with zipfile.ZipFile(newer) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as deflated:
        for name in plain.namelist():
            deflated.writestr(name, plain.read(name))
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(os.getcwd, 2))
    evil = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(os.getcwd, 2)
    for bad in (
        b"",
        content[:100],
        content[: len(content) // 2],
        brains.getvalue(),
        repeated.getvalue(),
        packed.getvalue(),
        hostile.getvalue(),
        newer.getvalue()[:-9],
        evil,
        pickle.dumps([1]),
    ):
        (tmp_path / "w.pth").write_bytes(bad)
        assert read_plain_weights(tmp_path / "w.pth") is None
    assert read_plain_weights(tmp_path / "none.pth") is None


def test_files_of_today_are_read_without_torch_too(tmp_path: Path) -> None:
    state = {"a": torch.arange(6.0)[1:5:2], "b": torch.rand(3, 4).half().T, "n": torch.tensor(7), "c": torch.rand(2, 3)}
    state["d"] = state["c"][1]
    torch.save(OrderedDict(state), tmp_path / "w.pth")
    found = read_plain_weights(tmp_path / "w.pth")
    assert found is not None
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        assert (found[name].dtype, found[name].shape) == (tensor.numpy().dtype, tensor.numpy().shape)
        assert np.array_equal(found[name], tensor.numpy())


def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(6.0)[1:5:2]}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    found = read_plain_weights(tmp_path / "w.pth")
    assert found is not None
    assert found["a"].tolist() == [1.0, 3.0]
    content = (tmp_path / "w.pth").read_bytes()
    assert content.count(b"K\x06N") == 1, "the size of the storage"
    (tmp_path / "w.pth").write_bytes(content.replace(b"K\x06N", b"K\x03N"))
    assert read_plain_weights(tmp_path / "w.pth") is None


@runs_here
def test_it_answers_as_fp32_does_and_what_is_known_of_it_is_what_is_measured(
    weights: WeightsFile, tensors: Lite0Tensors
) -> None:
    measured = measure(weights, calibration_views_of(weights))
    assert np.allclose(measured.ranges, RANGES, rtol=0.01)
    found, features = tensors.network(1, "").run(measured.views)
    assert found.argmax(1).tolist() == measured.expected.argmax(1).tolist()
    assert np.abs(found - measured.expected).sum(1).max() / 2 < 0.01
    assert features.shape == (len(found), 1280)


def calibration_views_of(weights: WeightsFile) -> NDArray[np.uint8]:
    assert weights.backbone.preprocessing.crop_px == 224
    return calibration_views()


@runs_here
def test_batch_order_and_threads_change_nothing(tensors: Lite0Tensors) -> None:
    views = noise(5)
    together = tensors.network(1, "").run(views)
    for found in (tensors.network(3, "").run(views), [part[::-1] for part in tensors.network(2, "").run(views[::-1])]):
        assert all(np.array_equal(one, other) for one, other in zip(found, together, strict=True))
    alone = tensors.network(1, "").run(views[3:4])
    assert np.array_equal(alone[1], together[1][3:4])
    assert np.array_equal(alone[0], together[0][3:4])


def in_plain_numbers(tensors: Lite0Tensors, view: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1280,) the features of one picture by whole numbers in numpy, as slow and as plain as can be: what the C code must give."""
    x = wide = np.zeros(0)
    weights, scales = tensors.weights.astype(np.float64), tensors.scales
    for layer, row in zip(layers(), layer_table(), strict=True):
        own = weights[row[8] :][: layer.weights]
        scale, bias = scales[row[9] :][: layer.padded_out], scales[row[9] + layer.padded_out :][: layer.padded_out]
        rows = layer.weights // layer.padded_out
        matrix = own.reshape(-1, rows // 2, 16, 2).transpose(1, 3, 0, 2).reshape(rows, -1)
        if layer.kind is Kind.STEM:
            levels = np.take_along_axis(tensors.levels.reshape(3, 256), view.reshape(-1, 3).T.astype(int), 1).T
            image = np.pad(levels.reshape(224, 224, 3).astype(np.float64), ((0, 1), (0, 1), (0, 0)))
            parts = [image[i : i + 224 : 2, j : j + 224 : 2] for i in range(3) for j in range(3)]
            sums = np.concatenate(parts, 2) @ matrix[:27]
        elif layer.kind is Kind.DEPTHWISE:
            back = np.argsort(np.array([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]))
            order = (np.arange(layer.padded_out).reshape(-1, 16)[:, back]).ravel()
            matrix, scale, bias = matrix[:, order], scale[order], bias[order]
            before, stride, side = (layer.kernel - layer.stride) // 2, layer.stride, layer.side_out
            padded = np.pad(wide, ((before, 4), (before, 4), (0, 0)))
            ends = stride * (side - 1) + 1
            sums = sum(
                padded[i : i + ends : stride, j : j + ends : stride] * matrix[layer.kernel * i + j]
                for i in range(layer.kernel)
                for j in range(layer.kernel)
            )
        else:
            sums = (x if layer.kind in (Kind.EXPAND, Kind.HEAD) else wide) @ matrix
        assert np.abs(sums).max() < 2**31
        values = sums.astype(np.float32) * scale + bias
        if layer.adds:
            values += x.astype(np.float32) * scales[row[9] + 2 * layer.padded_out]
        if layer.kind is Kind.PROJECT:
            x = np.clip(np.rint(values), -LITE0_FARTHEST, LITE0_FARTHEST).astype(np.float64)
        else:
            wide = np.clip(np.rint(values), 0, LITE0_MOST).astype(np.float64)
    unit = np.float32(6 / LITE0_MOST / 49)
    return wide.sum((0, 1)).astype(np.float32) * unit


@runs_here
def test_the_code_in_c_gives_what_whole_numbers_give_bit_for_bit(tensors: Lite0Tensors) -> None:
    view = noise(1)[0]
    assert np.array_equal(tensors.network(1, "").run(view[None])[1][0], in_plain_numbers(tensors, view))


@runs_here
@pytest.mark.parametrize("value", [0, 255])
def test_weights_as_large_as_can_be_overflow_no_sum(weights: WeightsFile, value: int) -> None:
    """All of one sign, so that nothing evens out: the plain numbers check each sum."""
    state = dict(read_plain_weights(weights.path) or {})
    for layer in layers():
        name = f"{layer.convolution}.weight"
        state[name] = np.full_like(state[name], 1e6)
    made = convert_lite0(state, weights.backbone.preprocessing)
    view = np.full((224, 224, 3), value, np.uint8)
    assert np.array_equal(made.network(1, "").run(view[None])[1][0], in_plain_numbers(made, view))


def test_what_was_kept_is_read_again_and_nothing_else(tensors: Lite0Tensors) -> None:
    content = tensors.to_bytes()
    again = Lite0Tensors.of_bytes(memoryview(content))
    assert again is not None
    assert again.to_bytes() == content
    assert Lite0Tensors.of_bytes(memoryview(content[:-2])) is None
    start = tensors.weights.nbytes
    assert (
        Lite0Tensors.of_bytes(memoryview(content[:start] + np.float32("nan").tobytes() + content[start + 4 :])) is None
    )


def test_the_conversion_is_the_same_everywhere(tensors: Lite0Tensors) -> None:
    assert hashlib.sha256(tensors.weights.tobytes()).hexdigest()[:16] == CONVERTED
    assert isinstance(tensors.network(1, "x"), Lite0Network)
    assert tensors.network(1, "x").precision is Precision.INT16


@runs_here
def test_other_weights_are_measured_and_kept_only_where_they_agree(weights: WeightsFile, tmp_path: Path) -> None:
    state = torch.load(weights.path, weights_only=True)
    state["_fc.bias"] = state["_fc.bias"] + 0.5
    own = tmp_path / "own.pth"
    torch.save(state, own)
    converted, moved = convert_weights(WeightsFile(weights.backbone, own, "0" * 64, "given"), calibration_views)
    assert converted is not None
    assert 0 < moved < 0.05


def without_torch(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A first run over two photos where torch cannot be imported, as if it were not installed."""
    make_tree(folder, {f"in/{n}.jpg": make_jpeg(n) for n in range(2)})
    return call_without_torch(folder, "in", "--out", "out", "--offline", "--model", "efficientnet-lite0", *options)


def call_without_torch(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.modules |= dict.fromkeys(('torch', 'torchvision')); from album_sort.cli import app; app.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "ALBUM_SORT_CACHE_DIR": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


@runs_here
def test_a_first_run_with_the_shipped_network_needs_no_torch(tmp_path: Path) -> None:
    done = without_torch(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 photos" in done.stdout


def test_a_network_that_only_torch_knows_the_address_of_is_not_fetched_without_it(tmp_path: Path) -> None:
    refused = call_without_torch(tmp_path, "models", "fetch")
    assert refused.returncode == 4
    assert "torch is not installed" in refused.stderr
    assert "--model efficientnet-lite0" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_needs_torch_says_so_where_it_is_not_installed(tmp_path: Path) -> None:
    refused = without_torch(tmp_path, "--precision", "fp32")
    assert refused.returncode == 2
    assert "torch is not installed" in refused.stderr
    assert "pip install torch" in refused.stderr
    assert "Traceback" not in refused.stderr
