"""A weights file is tensors of the right network, or refused in words; no file can run code."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from album_sort.classifier import int16_network
from album_sort.classifier.efficientnet_lite0_layers import SamePadConv2d
from album_sort.classifier.int16_network import Int16Tensors
from album_sort.classifier.networks import build_fp32, fault_of, fuse_batch_norms, load_state_dict
from album_sort.classifier.precision import has_bf16, prepare_network
from album_sort.classifier.weights import WeightsFile, WeightsQuery, find_weights
from album_sort.errors import ModelError, UsageError
from album_sort.types import Precision
from tests.network_builders import calibration_views, published_int8, random_resnet18


def given(path: Path, model: str = "resnet18") -> WeightsFile:
    return find_weights(WeightsQuery(model, path))


def load(weights: WeightsFile) -> torch.nn.Module:
    return build_fp32(weights, load_state_dict(weights))


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> WeightsFile:
    return random_resnet18(tmp_path_factory.mktemp("weights") / "random.pth")


def test_weights_of_float16_are_widened(resnet18: WeightsFile, tmp_path: Path) -> None:
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in load_state_dict(resnet18).items()
    }
    torch.save(half, tmp_path / "half.pth")
    weights = given(tmp_path / "half.pth")
    assert {p.dtype for p in build_fp32(weights, load_state_dict(weights)).parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "content",
    [b"", b"just a text", b"<html>", b"PK\x03\x04 not a zip", b"\x80\x04N.", b"\x80\x02}q\x00.", bytes(5000)],
    ids=["empty", "text", "html", "zip", "none", "empty dict", "zeros"],
)
def test_what_is_no_state_dict_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.pth"):
        load_state_dict(given(tmp_path / "odd.pth"))


def test_a_file_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    (tmp_path / "hostile.pth").write_bytes(pickle.dumps(Hostile()))
    torch.save({"fc.weight": Hostile()}, tmp_path / "zipped.pth")
    for name in ("hostile.pth", "zipped.pth"):
        with pytest.raises(ModelError, match="cannot be read as the weights"):
            load_state_dict(given(tmp_path / name))
    assert not (tmp_path / "ran").exists()


def test_damaged_weights_are_refused_or_harmless_but_never_a_surprise(resnet18: WeightsFile, tmp_path: Path) -> None:
    """Cuts and changed bytes all over the file end in our error; what torch checks by CRC cannot pass."""
    whole, chance = resnet18.path.read_bytes(), random.Random(7)  # noqa: S311 - not a secret
    path = tmp_path / "damaged.pth"
    for _ in range(6):
        damaged = bytearray(whole)
        for _ in range(50):
            damaged[
                chance.choice((chance.randrange(3000), chance.randrange(len(whole)), -chance.randrange(1, 9000)))
            ] ^= 0xFF
        path.write_bytes(damaged[: chance.choice((len(whole), chance.randrange(len(whole))))])
        with pytest.raises(ModelError):
            load(given(path))


def test_weights_of_another_network_are_refused_naming_both(resnet18: WeightsFile, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not fit EfficientNet-Lite0"):
        build_fp32(given(resnet18.path, "efficientnet-lite0"), load_state_dict(resnet18))
    state = load_state_dict(resnet18)
    state["fc.weight"], state["fc.bias"] = state["fc.weight"][:365], state["fc.bias"][:365]
    torch.save(state, tmp_path / "places365.pth")
    with pytest.raises(ModelError, match="does not fit ResNet-18") as caught:
        load(given(tmp_path / "places365.pth"))
    assert "1000-class" in caught.value.hint


def test_int8_weights_cannot_run_in_other_precisions(resnet18: WeightsFile, tmp_path: Path) -> None:
    int8 = published_int8(resnet18, tmp_path / "int8.pth", calibration_views())
    for precision in (Precision.FP32, Precision.BF16):
        with pytest.raises(UsageError, match=f"cannot run as {precision}") as caught:
            prepare_network(int8, precision, tmp_path, calibration_views)
        assert "--precision int8" in caught.value.hint


def test_efficientnet_lite0_has_no_int8_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lose accuracy"):
        prepare_network(find_weights(WeightsQuery("efficientnet-lite0")), Precision.INT8, tmp_path, calibration_views)


@pytest.mark.parametrize("model", ["resnet18", "efficientnet-lite0"])
def test_folding_batch_norms_changes_nothing_but_rounding(resnet18: WeightsFile, model: str) -> None:
    weights = resnet18 if model == "resnet18" else find_weights(WeightsQuery(model))
    state = load_state_dict(weights)
    images = torch.from_numpy(calibration_views()).permute(0, 3, 1, 2)[:2] / 255
    with torch.inference_mode():
        plain, folded = build_fp32(weights, state)(images), fuse_batch_norms(build_fp32(weights, state))(images)
    assert not any(
        isinstance(module, torch.nn.BatchNorm2d) for module in fuse_batch_norms(build_fp32(weights, state)).modules()
    )
    np.testing.assert_allclose(folded.numpy(), plain.numpy(), rtol=1e-3, atol=1e-3 * float(plain.abs().max()))


@pytest.mark.parametrize(("size", "kernel", "stride"), [(224, 3, 2), (56, 5, 2), (7, 3, 1), (7, 3, 2), (15, 5, 2)])
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int) -> None:
    """The output has ceil(size / stride) pixels, and the odd pixel of padding comes last."""
    conv = SamePadConv2d(1, 1, kernel, stride, bias=False)
    torch.nn.init.ones_(conv.weight)
    with torch.inference_mode():
        out = conv(torch.ones(1, 1, size, size))
    assert out.shape[-1] == -(-size // stride)
    total = max((out.shape[-1] - 1) * stride + kernel - size, 0)
    assert float(out[0, 0, 0, 0]) == (kernel - total // 2) ** 2


def test_bf16_is_used_exactly_where_the_processor_has_it(tmp_path: Path) -> None:
    prepared = prepare_network(
        find_weights(WeightsQuery("efficientnet-lite0")), Precision.AUTO, tmp_path, calibration_views
    )
    assert prepared.precision is (Precision.BF16 if has_bf16() else Precision.FP32)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["conv1.weight", "layer4.1.bn2.running_mean", "fc.bias"])
def test_weights_with_values_that_are_no_numbers_are_refused_by_name(
    resnet18: WeightsFile, tmp_path: Path, name: str, bad: float
) -> None:
    state = torch.load(resnet18.path, weights_only=True)
    state[name].view(-1)[-1] = bad
    torch.save(state, tmp_path / "bad.pth")
    with pytest.raises(ModelError, match=f"its tensor '{name}' holds values that are not numbers"):
        load_state_dict(given(tmp_path / "bad.pth"))


def test_a_negative_variance_is_refused_by_name(resnet18: WeightsFile, tmp_path: Path) -> None:
    state = torch.load(resnet18.path, weights_only=True)
    state["layer2.0.bn1.running_var"][3] = -1e-3
    torch.save(state, tmp_path / "bad.pth")
    with pytest.raises(ModelError, match=r"'layer2\.0\.bn1\.running_var' holds a negative variance"):
        load_state_dict(given(tmp_path / "bad.pth"))


def test_the_network_that_ships_is_looked_at_the_same_way(tmp_path: Path) -> None:
    state = torch.load(find_weights(WeightsQuery("efficientnet-lite0")).path, weights_only=True)
    name = next(name for name in state if name.endswith("running_var"))
    state[name][0] = float("nan")
    torch.save(state, tmp_path / "lite.pth")
    with pytest.raises(ModelError, match="holds values that are not numbers"):
        load_state_dict(given(tmp_path / "lite.pth", "efficientnet-lite0"))


def test_int8_weights_are_looked_at_down_to_their_scales(resnet18: WeightsFile, tmp_path: Path) -> None:
    published_int8(resnet18, tmp_path / "int8.pth", calibration_views())
    state = torch.load(tmp_path / "int8.pth", weights_only=True)
    assert fault_of(state) == ""
    scale = next(name for name in state if name.endswith("scale"))
    assert "holds values that are not numbers" in fault_of({**state, scale: torch.tensor(float("nan"))})
    weights = state["conv1.weight"]
    scales = weights.q_per_channel_scales().clone()
    scales[0] = float("inf")
    bent = torch._make_per_channel_quantized_tensor(weights.int_repr(), scales, weights.q_per_channel_zero_points(), 0)
    assert "'conv1.weight' holds values" in fault_of({**state, "conv1.weight": bent})


def test_a_converted_network_that_was_kept_with_values_that_are_no_numbers_is_made_anew() -> None:
    size = sum(count * dtype.itemsize for count, dtype in int16_network._SIZES.values())
    assert Int16Tensors.of_bytes(memoryview(bytes(size))) is not None
    assert Int16Tensors.of_bytes(memoryview(bytes(size - 4) + np.float32("nan").tobytes())) is not None, "of the levels"
    start = int16_network._SIZES["weights"][0] * 2
    bad = bytearray(size)
    bad[start : start + 4] = np.float32("nan").tobytes()
    assert Int16Tensors.of_bytes(memoryview(bytes(bad))) is None
