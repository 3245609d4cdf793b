"""How converted answers depend on engine, calibration inputs, last layer and margin: evidence of decisions 0001 (int8) and 0008 (int16).

    python benchmarks/bench_calibration.py PHOTOS WEIGHTS

PHOTOS is a folder, searched recursively. Every eighth photo is the `real` calibration, and stays out of the comparison. Writes
results/calibration_inputs.csv: for each choice the share of photos with the same most likely class as fp32, and the mean
probability moved (half the sum of absolute differences).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_classify import BATCH, decoded
from machine import write_rows
from numpy.typing import NDArray
from torch import Tensor, nn
from ways import calibration_views

from album_sort.classifier.int16_conversion import convert_resnet18
from album_sort.classifier.int16_network import Int16Network, int16_runs_here
from album_sort.classifier.networks import build_fp32, load_state_dict
from album_sort.classifier.resnet18 import RESNET18
from album_sort.classifier.torch_startup import silence
from album_sort.classifier.weights import WeightsQuery, find_weights

COUNT, SIDE = 64, 224
MARGINS = (0.85, 1.0, 1.25, 1.5, 2.0)


def noise() -> NDArray[np.uint8]:
    """Every pixel by chance."""
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)


def cloudy_noise() -> NDArray[np.uint8]:
    """1/f noise: the spectrum of photographs without their things."""
    random = np.random.default_rng(1)
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None])
    frequency[0, 0] = 1 / SIDE
    pictures = []
    for _ in range(COUNT):
        spectrum = np.fft.fft2(random.normal(size=(3, SIDE, SIDE))) / frequency ** random.uniform(0.8, 1.6)
        planes = np.fft.ifft2(spectrum).real
        planes = (planes - planes.mean()) / planes.std()
        mixed = np.einsum("ij,jhw->hwi", np.eye(3) * 0.3 + 0.7, planes)
        pictures.append(np.clip(mixed * 0.22 + 0.45, 0, 1) * 255)
    return np.stack(pictures).astype(np.uint8)


def normalised(views: NDArray[np.uint8]) -> Tensor:
    """(N, 3, S, S) as ResNet-18 wants it."""
    spec = RESNET18.preprocessing
    mean, std = torch.tensor(spec.mean), torch.tensor(spec.std)
    return ((torch.from_numpy(views) / 255 - mean) / std).permute(0, 3, 1, 2)


def probabilities(network: nn.Module, images: Tensor) -> Tensor:
    """(N, 1000)."""
    with torch.inference_mode():
        return torch.cat([network(images[i : i + BATCH]).softmax(1) for i in range(0, len(images), BATCH)])


def converted(state: dict[str, Tensor], engine: str, inputs: Tensor, *, last_layer_fp32: bool) -> nn.Module:
    """As album_sort.classifier.quantize does it, with choices."""
    quantization = torch.ao.quantization
    torch.backends.quantized.engine = engine
    network = RESNET18.build_quantizable()
    network.load_state_dict(state)
    network.fuse_model()
    network.qconfig = quantization.get_default_qconfig(engine)
    if last_layer_fp32:
        last = network.fc
        last.qconfig = None
        network.fc = nn.Sequential(quantization.DeQuantStub(), last)
        network.dequant = nn.Identity()
    prepared = quantization.prepare(network)
    with torch.inference_mode():
        prepared(inputs)
    return quantization.convert(prepared)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path)
    options = parser.parse_args()
    paths = sorted(path for path in options.photos.rglob("*") if path.is_file())
    views = np.concatenate([photo[:1] for photo in decoded(paths, RESNET18)])
    is_real = np.arange(len(views)) % 8 == 0
    images = normalised(views[~is_real])
    weights = find_weights(WeightsQuery("resnet18", options.weights))
    state = load_state_dict(weights)
    reference = probabilities(build_fp32(weights, state), images)
    inputs: dict[str, Callable[[], NDArray[np.uint8]]] = {
        "real photos": lambda: views[is_real],
        "shipped pictures": calibration_views,
        "1/f noise": cloudy_noise,
        "noise": noise,
    }
    rows: list[dict[str, object]] = []

    def add(engine: str, calibration: str, last_layer: str, found: Tensor) -> None:
        same = float((found.argmax(1) == reference.argmax(1)).float().mean())
        rows.append(
            {
                "engine": engine,
                "calibration": calibration,
                "last_layer": last_layer,
                "same_class": f"{same:.4f}",
                "moved": f"{float((found - reference).abs().sum(1).mean()) / 2:.4f}",
                "photos": len(images),
            }
        )
        print({key: str(value) for key, value in rows[-1].items()}, flush=True)

    for margin in MARGINS if int16_runs_here() else ():
        for name in ("real photos", "shipped pictures"):
            tensors, _ = convert_resnet18(weights, state, inputs[name](), margin=margin)
            if tensors is not None:
                found = Int16Network(tensors, 1, "").run(views[~is_real])[0]
                add("int16", f"{name}, margin {margin}", "fp32", torch.from_numpy(found))
    for engine in ("onednn", "x86"):
        for name, make in inputs.items():
            for last_layer_fp32 in (False, True):
                with silence():
                    network = converted(state, engine, normalised(make()), last_layer_fp32=last_layer_fp32)
                found = probabilities(network, images)
                add(engine, name, "fp32" if last_layer_fp32 else "int8", found)
    write_rows("calibration_inputs", rows)


if __name__ == "__main__":
    main()
