"""Finds faces with MTCNN's weights from the `mtcnn` package: how many, how large. Without that package nothing is said of people.

Only faces that matter to a photo are looked for: a passer-by of twenty pixels makes no picture of people.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.convolution import Array
from album_sort.images.people_boxes import Boxes, crops, refined, squared, without_overlaps
from album_sort.images.people_networks import (
    OUTPUT_SIDE,
    PROPOSAL_SIDE,
    PROPOSAL_STRIDE,
    REFINE_SIDE,
    CropNet,
    ProposalNet,
    likely,
    output_net,
    refine_net,
)
from album_sort.images.resample import resize_array

SEARCH_SIDE_PX = 256
"""Short side of the picture that is searched."""
SMALLEST_FACE_PX = 28
"""A face of this side takes 1 % of a 4:3 picture; smaller ones would double the time and say little."""
PYRAMID_STEP = 0.65
PROPOSAL_THRESHOLD, REFINE_THRESHOLD, OUTPUT_THRESHOLD = 0.85, 0.7, 0.9
_PROPOSAL_LOGIT = math.log(PROPOSAL_THRESHOLD / (1 - PROPOSAL_THRESHOLD))
PROPOSAL_OVERLAP = 0.6
MOST_PER_LEVEL, MOST_PROPOSALS, MOST_REFINED = 48, 10, 6

# Pickled by their makers: loaded only when the bytes are the known ones.
WEIGHTS_SHA256 = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}


@dataclass(frozen=True, slots=True)
class FacesFound:
    """What a search found; shares are parts of the picture's area."""

    count: int
    largest_share: float
    total_share: float
    confidence: float
    """Of the largest face."""


@dataclass(frozen=True, slots=True)
class _Finder:
    """The three networks of MTCNN."""

    proposal: ProposalNet
    refine: CropNet
    output: CropNet

    def find(self, rgb: NDArray[np.uint8]) -> tuple[Boxes, NDArray[np.float32]]:
        """Boxes (N, 4) in a picture (H, W, 3), and their probabilities."""
        boxes = self._proposals(rgb)
        for network, side, threshold, most in (
            (self.refine, REFINE_SIDE, REFINE_THRESHOLD, MOST_REFINED),
            (self.output, OUTPUT_SIDE, OUTPUT_THRESHOLD, MOST_REFINED),
        ):
            if not len(boxes):
                break
            squares = squared(boxes)
            corrections, probabilities = network(crops(rgb, squares, side))
            sure = probabilities > threshold
            boxes, scores = refined(squares[sure], corrections.T[sure]), probabilities[sure]
            kept = without_overlaps(boxes, scores, 0.7 if side == REFINE_SIDE else 0.4, most)
            boxes, scores = boxes[kept], scores[kept]
        else:
            return boxes, scores
        return np.empty((0, 4), np.float32), np.empty(0, np.float32)

    def _proposals(self, rgb: NDArray[np.uint8]) -> Boxes:
        """Where the proposal network sees faces, at all sizes, most likely first."""
        found, scores = [], []
        scale = PROPOSAL_SIDE / SMALLEST_FACE_PX
        height, width = rgb.shape[:2]
        level = rgb
        while min(height, width) * scale >= PROPOSAL_SIDE:
            # Each level from the one before: resizing the whole picture every time took as long as looking at it.
            level = resize_array(level, (round(width * scale), round(height * scale)), Image.Resampling.BILINEAR)
            corrections, above = self.proposal(level)
            # Few places are worth a probability.
            rows, columns = np.nonzero(above > _PROPOSAL_LOGIT)
            score = likely(above[rows, columns])
            best = np.argsort(-score, kind="stable")[:MOST_PER_LEVEL]
            rows, columns = rows[best], columns[best]
            corner = np.stack((columns, rows), axis=1).astype(np.float32) * PROPOSAL_STRIDE
            boxes = np.concatenate((corner, corner + PROPOSAL_SIDE), axis=1) / np.float32(scale)
            found.append(refined(boxes, corrections[:, rows, columns].T))
            scores.append(score[best])
            scale *= PYRAMID_STEP
        if not found:
            return np.empty((0, 4), np.float32)
        boxes, score = np.concatenate(found), np.concatenate(scores)
        best_boxes: Boxes = boxes[without_overlaps(boxes, score, PROPOSAL_OVERLAP, MOST_PROPOSALS)]
        return best_boxes


def find_faces(rgb: NDArray[np.uint8]) -> FacesFound | None:
    """Faces of an upright picture (H, W, 3); None when the weights are not installed or not the known ones."""
    finder = _finder()
    if finder is None:
        return None
    scale = SEARCH_SIDE_PX / min(rgb.shape[:2])
    if scale < 0.9:
        rgb = resize_array(rgb, (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)), Image.Resampling.BOX)
    height, width = rgb.shape[:2]
    boxes, scores = finder.find(rgb)
    if not len(boxes):
        return FacesFound(0, 0.0, 0.0, 0.0)
    limits = np.array([width, height] * 2, np.float32)
    inside = np.clip(boxes, 0, limits)
    shares = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1]) / (width * height)
    largest = int(np.argmax(shares))
    return FacesFound(len(boxes), float(shares[largest]), float(min(1.0, shares.sum())), float(scores[largest]))


@lru_cache(maxsize=1)
def _finder() -> _Finder | None:
    """The networks, loaded once per process."""
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
    return _Finder(ProposalNet(weights[0]), refine_net(weights[1]), output_net(weights[2]))


def _unpacked(content: bytes) -> list[Array]:
    """The arrays of a weights file whose hash has been checked."""
    import joblib  # noqa: PLC0415 - only who looks for faces pays for it

    arrays: list[Array] = joblib.load(io.BytesIO(content))
    return arrays
