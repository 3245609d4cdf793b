"""Boxes around faces: squares, corrections, overlaps, crops. A box is (left, top, right, bottom) in pixels, float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from album_sort.images.resample import resize_array

Boxes = NDArray[np.float32]


def squared(boxes: Boxes) -> Boxes:
    """The squares with the same centres and the longer sides."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate((centre - half, centre + half), axis=1)


def refined(boxes: Boxes, corrections: Boxes) -> Boxes:
    """Boxes moved by corrections (N, 4) in parts of their width and height."""
    sides = boxes[:, 2:] - boxes[:, :2]
    moved: Boxes = boxes + corrections * np.concatenate((sides, sides), axis=1)
    return moved


def without_overlaps(boxes: Boxes, scores: NDArray[np.float32], overlap: float, most: int) -> NDArray[np.intp]:
    """Indices of at most `most` boxes, best first, none of which has more than `overlap` (intersection over union) with a better one."""
    order = np.argsort(-scores, kind="stable")
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size and len(kept) < most:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.maximum(0.0, high - low).prod(axis=1)
        order = order[shared <= overlap * (area[best] + area[order] - shared)]
    return np.array(kept, np.intp)


def crops(rgb: NDArray[np.uint8], squares: Boxes, side: int) -> NDArray[np.uint8]:
    """Squares cut out of (H, W, 3) and resized: (N, side, side, 3); black where they reach outside."""
    height, width = rgb.shape[:2]
    pixels = np.empty((len(squares), side, side, 3), np.uint8)
    for index, (left, top, right, bottom) in enumerate(np.rint(squares).astype(int).tolist()):
        inside = rgb[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        cut = inside
        if min(left, top) < 0 or right > width or bottom > height:
            cut = np.zeros((bottom - top, right - left, 3), np.uint8)
            above, beside = max(-top, 0), max(-left, 0)
            cut[above : above + inside.shape[0], beside : beside + inside.shape[1]] = inside
        pixels[index] = resize_array(cut, (side, side), Image.Resampling.BILINEAR)
    return pixels
