"""Finds faces with MTCNN's weights from the `mtcnn` package: how many, how large. Imports torch: load it late.

Only faces that matter to a photo are looked for: a passer-by of twenty pixels makes no picture of people.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import groupby
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from album_sort.classify.face_boxes import Boxes, refined, squared, without_overlaps
from album_sort.classify.face_networks import (
    OUTPUT_SIDE,
    PROPOSAL_SIDE,
    PROPOSAL_STRIDE,
    REFINE_SIDE,
    Array,
    CropNet,
    ProposalNet,
    output_net,
    refine_net,
)
from album_sort.types import FacesFound

SEARCH_SIDE_PX = 256
"""Short side of the picture that is searched."""
SMALLEST_FACE_PX = 28
"""A face of this side takes 1 % of a 4:3 picture; smaller ones would double the time and say little."""
PYRAMID_STEP = 0.65
PROPOSAL_THRESHOLD, REFINE_THRESHOLD, OUTPUT_THRESHOLD = 0.75, 0.7, 0.9
PROPOSAL_OVERLAP, REFINE_OVERLAP, OUTPUT_OVERLAP = 0.6, 0.7, 0.4
MOST_PER_LEVEL, MOST_PROPOSALS, MOST_REFINED = 48, 16, 6

# Pickled by their makers: loaded only when the bytes are the known ones.
WEIGHTS_SHA256 = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Boxes (N, 4) in one picture's pixels with their probabilities (N,)."""

    boxes: Boxes
    scores: NDArray[np.float32]


_NOBODY = _Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class _Look:
    """A closer look: crops of `side` px, of which those above `threshold` stay."""

    network: CropNet
    side: int
    threshold: float
    overlap: float


@dataclass(frozen=True, slots=True)
class FaceFinder:
    """The three networks of MTCNN. Not to be shared between threads."""

    proposal: ProposalNet
    refine: _Look
    output: _Look

    @classmethod
    def load(cls) -> Self | None:
        """With the weights of the installed package; None when they are not installed or not the known ones."""
        try:
            package = distribution("mtcnn")
        except PackageNotFoundError:
            return None
        weights: list[list[Array]] = []
        for name, sha256 in WEIGHTS_SHA256.items():
            path = Path(str(package.locate_file(f"mtcnn/assets/weights/{name}.lz4")))
            content = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(content).hexdigest() != sha256:
                return None
            weights.append(_unpacked(content))
        return cls(
            ProposalNet(weights[0]),
            _Look(refine_net(weights[1]), REFINE_SIDE, REFINE_THRESHOLD, REFINE_OVERLAP),
            _Look(output_net(weights[2]), OUTPUT_SIDE, OUTPUT_THRESHOLD, OUTPUT_OVERLAP),
        )

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> list[FacesFound]:
        """Faces of upright pictures, uint8 (H, W, 3), of any sizes; those of one size are searched together."""
        found = [FacesFound()] * len(pictures)
        order = sorted(range(len(pictures)), key=lambda index: pictures[index].shape)
        with torch.inference_mode():
            for _, group in groupby(order, key=lambda index: pictures[index].shape):
                indices = list(group)
                images = _searched(torch.from_numpy(np.stack([pictures[index] for index in indices])))
                for index, faces in zip(indices, self._find(images), strict=True):
                    found[index] = _judged(faces, images.shape[3], images.shape[2])
        return found

    def _find(self, images: Tensor) -> list[_Candidates]:
        """Of uint8 (N, 3, H, W)."""
        faces = self._proposals(images)
        for look in (self.refine, self.output):
            faces = _looked_at_again(images, faces, look)
        return faces

    def _proposals(self, images: Tensor) -> list[_Candidates]:
        """Where the proposal network sees faces, at all sizes, most likely first."""
        count, _, height, width = images.shape
        levels: list[list[_Candidates]] = [[] for _ in range(count)]
        scale = PROPOSAL_SIDE / SMALLEST_FACE_PX
        level = images
        while min(height, width) * scale >= PROPOSAL_SIDE:
            # Each level from the one before: resizing the whole picture every time took as long as looking at it.
            level = _resized(level, (round(height * scale), round(width * scale)))
            corrections, probabilities = (part.numpy() for part in self.proposal(_normalised(level)))
            for found, moves, probability in zip(levels, corrections, probabilities, strict=True):
                found.append(_candidates(moves, probability, scale))
            scale *= PYRAMID_STEP
        return [_likely(found) for found in levels]


def _candidates(corrections: Array, probabilities: Array, scale: float) -> _Candidates:
    """The most likely boxes of one level of one picture, in the picture's pixels."""
    rows, columns = np.nonzero(probabilities > PROPOSAL_THRESHOLD)
    if not rows.size:
        return _NOBODY
    score = probabilities[rows, columns]
    best = np.argsort(-score, kind="stable")[:MOST_PER_LEVEL]
    rows, columns = rows[best], columns[best]
    corner = np.stack((columns, rows), axis=1).astype(np.float32) * PROPOSAL_STRIDE
    boxes = np.concatenate((corner, corner + PROPOSAL_SIDE), axis=1) / np.float32(scale)
    return _Candidates(refined(boxes, corrections[:, rows, columns].T), score[best])


def _likely(levels: Sequence[_Candidates]) -> _Candidates:
    """The best of all sizes."""
    found = [level for level in levels if level.scores.size]
    if not found:
        return _NOBODY
    boxes, scores = np.concatenate([f.boxes for f in found]), np.concatenate([f.scores for f in found])
    kept = without_overlaps(boxes, scores, PROPOSAL_OVERLAP, MOST_PROPOSALS)
    return _Candidates(boxes[kept], scores[kept])


def _looked_at_again(images: Tensor, faces: Sequence[_Candidates], look: _Look) -> list[_Candidates]:
    """What a closer look at all pictures' candidates leaves."""
    squares = [squared(found.boxes) for found in faces]
    crops = [crop for image, boxes in zip(images, squares, strict=True) for crop in _crops(image, boxes, look.side)]
    if not crops:
        return [_NOBODY] * len(faces)
    corrections, probabilities = (part.numpy() for part in look.network(_normalised(torch.cat(crops))))
    left, start = [], 0
    for boxes in squares:
        rows = slice(start, start + len(boxes))
        start += len(boxes)
        sure = probabilities[rows] > look.threshold
        moved, scores = refined(boxes[sure], corrections[rows][sure]), probabilities[rows][sure]
        kept = without_overlaps(moved, scores, look.overlap, MOST_REFINED)
        left.append(_Candidates(moved[kept], scores[kept]))
    return left


def _crops(image: Tensor, squares: Boxes, side: int) -> list[Tensor]:
    """Squares cut out of (3, H, W) and resized, uint8 (1, 3, side, side); black where they reach outside."""
    height, width = image.shape[1:]
    cut = []
    for left, top, right, bottom in np.rint(squares).astype(int).tolist():
        inside = image[None, :, max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        beyond = (max(-left, 0), max(right - width, 0), max(-top, 0), max(bottom - height, 0))
        if not inside.numel():
            cut.append(image.new_zeros((1, 3, side, side)))
            continue
        cut.append(_resized(functional.pad(inside, beyond) if any(beyond) else inside, (side, side)))
    return cut


def _searched(pictures: Tensor) -> Tensor:
    """uint8 (N, H, W, 3) to (N, 3, h, w), channels last in memory, with a short side of SEARCH_SIDE_PX where it was larger."""
    images = pictures.permute(0, 3, 1, 2)
    height, width = images.shape[2:]
    scale = SEARCH_SIDE_PX / min(height, width)
    return images if scale >= 0.9 else _resized(images, (round(height * scale), round(width * scale)))


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(images, size, mode="bilinear", antialias=True)


def _normalised(images: Tensor) -> Tensor:
    """About -1 to 1, as in training; channels last in memory, which convolutions and pooling prefer by far."""
    return images.float().sub_(127.5).mul_(1 / 128).contiguous(memory_format=torch.channels_last)


def _judged(faces: _Candidates, width: int, height: int) -> FacesFound:
    """Shares of the picture's area."""
    if not faces.scores.size:
        return FacesFound()
    inside = np.clip(faces.boxes, 0, np.array([width, height] * 2, np.float32))
    shares = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1]) / (width * height)
    largest = int(np.argmax(shares))
    total = float(min(1.0, shares.sum()))
    return FacesFound(len(shares), float(shares[largest]), total, float(faces.scores[largest]))


def _unpacked(content: bytes) -> list[Array]:
    """The arrays of a weights file whose hash has been checked."""
    import joblib  # noqa: PLC0415 - only who looks for faces pays for it

    arrays: list[Array] = joblib.load(io.BytesIO(content))
    return arrays
