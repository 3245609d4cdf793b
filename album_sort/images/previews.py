"""When an embedded preview may stand for its picture: large enough, of the same shape, showing the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Previews are rounded to whole or even pixels: 1 % of 240 is 2.4. Black bars around another shape are far beyond.
_ASPECT_TOLERANCE = 0.015

_COMPARED_WIDTH = 48
_MIN_CORRELATION = 0.8
_FLAT_DEVIATION = 6.0
_MAX_FLAT_DIFFERENCE = 16.0


def is_usable_size(preview: tuple[int, int], full: tuple[int, int], crop_px: int) -> bool:
    """Whether a preview's (width, height) suffices: as stored, both before turning.

    Its short side must have the pixels of the network's input: then resizing blows it up by at most 256/224.
    """
    if min(preview) < crop_px or min(full) < 1:
        return False
    ratio = (preview[0] / preview[1]) / (full[0] / full[1])
    return abs(ratio - 1.0) <= _ASPECT_TOLERANCE


def same_scene(preview: NDArray[np.uint8], top: NDArray[np.uint8] | None, full_height_px: int) -> bool:
    """Whether a preview shows the picture whose top rows (at an eighth of its size) are given.

    Editing programs are known to leave the preview of the unedited photo behind. Without top rows: no.
    """
    if top is None:
        return False
    rows = max(1, round(preview.shape[0] * top.shape[0] * 8 / full_height_px))
    size = (_COMPARED_WIDTH, max(2, round(_COMPARED_WIDTH * rows / preview.shape[1])))
    ours = _grey(preview[:rows], size)
    theirs = _grey(top, size)
    if min(ours.std(), theirs.std()) < _FLAT_DEVIATION:
        # A clear sky has no structure to correlate, but it has a brightness.
        return bool(np.abs(ours - theirs).mean() < _MAX_FLAT_DIFFERENCE)
    return bool(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] >= _MIN_CORRELATION)


def _grey(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    small = Image.fromarray(rgb).convert("L").resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32)
