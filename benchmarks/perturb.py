"""Does the head hold for weights that differ from those it was learned with in the last four 3x3 convolutions?

    python -m benchmarks.perturb ../shared/photos/labelled.csv --work WORK --weights WEIGHTS

The development weights are torchvision's IMAGENET1K_V1 but for these four. Each is moved here, as int8 rounds it (per channel and per
tensor) and by noise of so many percent of its own spread, the whole network rounded to int8 as well; the labelled photos are then
filed with the head and the calibration as shipped. Writes benchmarks/results/head_perturbed.csv (rows of ways not asked for are kept).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from album_sort.classifier.networks import build_fp32, load_state_dict
from album_sort.images import decode_picture
from album_sort.pipeline.policy import load_calibration, load_head
from album_sort.state.codec import pack_embedding, pack_prediction, unpack_embedding, unpack_prediction
from album_sort.types import REVIEW, Prediction
from benchmarks.labelled import add_arguments, file_all, read_labelled

OUT = Path("benchmarks/results/head_perturbed.csv")
WAYS = ("int8 per channel", "int8 per tensor", "noise 5 %", "noise 10 %", "noise 20 %", "noise 30 %", "all int8")
CONVOLUTIONS = ("layer4.0.conv1", "layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2")


def main() -> None:
    """Moves, classifies, files, counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--moved", nargs="*", default=WAYS, help="ways of moving the weights (default: all)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    weights, photos = read_labelled(args)
    spec = weights.backbone.preprocessing
    paths = [Path(photo.facts.group.primary.path) for photo in photos]
    views = np.stack([decode_picture(path.read_bytes(), spec, suffix=path.suffix.lower()).views[0] for path in paths])
    head, calibration = load_head(weights.sha256), load_calibration(weights.sha256)
    rows: list[dict[str, str | float]] = []
    before = None
    for what in ("none", *args.moved):
        network = build_fp32(weights, load_state_dict(weights)).float().eval()
        move(network, what)
        filed = []
        for photo, (prediction, embedding) in zip(photos, look(network, views, spec), strict=True):
            seen = unpack_prediction("", pack_prediction(prediction))
            seen = seen.read_as(head.read(seen, unpack_embedding(pack_embedding(embedding)))) if head else seen
            filed.append(replace(photo, prediction=seen, facts=replace(photo.facts, prediction=seen)))
        answers = file_all(filed, calibration, 0.95, head=head)
        albums = [answer.album for answer in answers]
        before = before or albums
        ours = [(p, a) for p, a in zip(photos, answers, strict=True) if p.counts]
        kept = [(p, a) for p, a in ours if a.album != REVIEW]
        rows.append(
            {
                "weights": weights.sha256[:8],
                "moved": what,
                "best": round(sum(p.is_right(a.scores[0].album) for p, a in ours) / len(ours), 4),
                "accuracy": round(sum(p.is_right(a.album) for p, a in kept) / len(ours), 4),
                "precision_of_filed": round(sum(p.is_right(a.album) for p, a in kept) / len(kept), 4),
                "coverage": round(len(kept) / len(ours), 4),
                "same_album": round(sum(a == b for a, b in zip(albums, before, strict=True)) / len(albums), 4),
            }
        )
        print(rows[-1], flush=True)
    known: list[dict[str, str | float]] = []
    if OUT.is_file():
        with OUT.open(newline="", encoding="utf-8") as handle:
            known = [row for row in csv.DictReader(handle) if row["moved"] not in {each["moved"] for each in rows}]
    with OUT.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*known, *rows])


def move(network: torch.nn.Module, what: str) -> None:
    """Changes weights in place."""
    generator = torch.Generator().manual_seed(1809)
    for name, layer in network.named_modules():
        if not isinstance(layer, torch.nn.Conv2d) or not (what == "all int8" or name in CONVOLUTIONS):
            continue
        held = layer.weight.data
        if "int8" in what:
            scale = held.abs().amax() if "tensor" in what else held.abs().amax(dim=(1, 2, 3), keepdim=True)
            scale = scale.clamp(min=1e-12)  # a channel may be empty
            layer.weight.data = (held / scale * 127).round() / 127 * scale
        elif what.startswith("noise"):
            share = float(what.split()[1]) / 100
            layer.weight.data = held + share * held.std() * torch.randn(held.shape, generator=generator)


def look(network: torch.nn.Module, views: np.ndarray, spec: object) -> list[tuple[Prediction, np.ndarray]]:
    """Prediction and embedding of each view."""
    values = asdict(spec)  # type: ignore[call-overload]
    mean, std = (torch.tensor(values[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    pooled: list[torch.Tensor] = []
    network.fc.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    found = []
    with torch.inference_mode():
        for start in range(0, len(views), 16):
            images = torch.from_numpy(views[start : start + 16]).permute(0, 3, 1, 2).float() / 255
            probabilities = torch.softmax(network((images - mean) / std), dim=1).numpy()
            for row, features in zip(probabilities, pooled.pop().numpy(), strict=True):
                order = np.argsort(-row, kind="stable")[:64]
                found.append((Prediction("", order.astype(np.uint16), row[order]), features.astype(np.float16)))
    return found


if __name__ == "__main__":
    main()
