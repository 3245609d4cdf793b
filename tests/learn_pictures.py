"""Photos to learn from: things in pictures that packages ship, as they are met in many places.

`python -m tests.learn_pictures FOLDER` makes them, for the examples of docs/guides/learn.md.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tests.builders import make_tree
from tests.pictures import cat, coffee, flower, portrait, rocket, temple

OTHERS = (coffee, rocket, flower, temple, portrait)


def crop(picture: np.ndarray, seed: int, size: int = 256) -> Image.Image:
    """A part of a picture in a light of its own."""
    random = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    side = int(min(height, width) * random.uniform(0.6, 0.95))
    top, left = int(random.integers(0, height - side + 1)), int(random.integers(0, width - side + 1))
    part = picture[top : top + side, left : left + side].astype(np.float32)
    lit = np.clip(part * random.uniform(0.6, 1.2, 3) + random.uniform(-20, 20), 0, 255).astype(np.uint8)
    image = Image.fromarray(lit).resize((size, size))
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if seed % 2 else image


def somewhere(picture: np.ndarray, seed: int) -> bytes:
    """The thing in a picture as it is met in many places: each time before something else, near or far."""
    random = np.random.default_rng(1000 + seed)
    photo = crop(OTHERS[seed % len(OTHERS)](), 500 + seed)
    side = int(random.uniform(150, 215))
    photo.paste(crop(picture, seed, side), tuple(random.integers(0, 256 - side, 2).tolist()))
    return as_jpeg(photo)


def as_jpeg(image: Image.Image) -> bytes:
    stream = BytesIO()
    image.save(stream, "JPEG", quality=88)
    return stream.getvalue()


def library(folder: Path) -> Path:
    """20 photos of a cat, and 75 of five other things."""
    files = {f"cat/{seed:02}.jpg": somewhere(cat(), seed) for seed in range(20)}
    for number, of_what in enumerate(OTHERS):
        files |= {f"other/{number}-{seed:02}.jpg": as_jpeg(crop(of_what(), 100 * number + seed)) for seed in range(15)}
    return make_tree(folder, files)


if __name__ == "__main__":
    library(Path(sys.argv[1]))
