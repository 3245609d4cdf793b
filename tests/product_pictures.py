"""Products of one maker that differ by print: cartons with one picture and one colour, and a word that says what is in them.

`python -m tests.product_pictures FOLDER [BACKGROUNDS...]` makes seven kinds, forty photos of each, in a folder each, before parts of the
pictures given (or of those that packages ship): what benchmarks/bench_learn.py --fine is measured on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.pictures import coffee, flower, portrait, rocket, temple

KINDS = ("COCOA", "VANILLA", "ALMOND", "CHERRY", "BANANA", "HONEY", "LEMON")

_WIDE, _HIGH = 300, 420
_COLOURS = (
    (120, 72, 40),
    (236, 210, 120),
    (196, 150, 100),
    (170, 30, 50),
    (240, 220, 70),
    (225, 150, 40),
    (235, 235, 90),
)


def carton(kind: int, *, by_word_alone: bool = True) -> Image.Image:
    """One side of a carton. The kinds differ by the word on it alone, or by the colour of a round picture and a stripe, too."""
    face = Image.new("RGB", (_WIDE, _HIGH), (245, 243, 235))
    draw, word = ImageDraw.Draw(face), KINDS[kind]
    draw.rectangle((0, 0, _WIDE, 70), fill=(22, 70, 140))
    draw.text((_WIDE // 2, 36), "NORDHOF", font=ImageFont.load_default(40), fill="white", anchor="mm")
    size = 76 if len(word) < 6 else 64
    lines = (150, 250, 350) if by_word_alone else (140,)
    for y in lines:
        draw.text((_WIDE // 2, y), word, font=ImageFont.load_default(size), fill=(30, 30, 30), anchor="mm")
    if not by_word_alone:
        draw.ellipse((90, 215, 210, 335), fill=_COLOURS[kind], outline=(60, 60, 60), width=3)
        draw.rectangle((0, 370, _WIDE, 400), fill=_COLOURS[kind])
    return face


def product_photo(
    kind: int,
    seed: int,
    *,
    backgrounds: Sequence[Callable[[], np.ndarray]],
    by_word_alone: bool = True,
    scales: tuple[float, float] = (1.1, 1.6),
) -> bytes:
    """A carton at some angle, size and light, before a part of another picture: a JPEG of 1024 by 768."""
    random = np.random.default_rng(7919 * kind + seed)
    behind = Image.fromarray(backgrounds[int(random.integers(len(backgrounds)))]())
    side = random.uniform(0.5, 0.95)
    wide, high = (max(8, int(length * side)) for length in behind.size)
    left, top = int(random.uniform(0, behind.width - wide)), int(random.uniform(0, behind.height - high))
    photo = behind.crop((left, top, left + wide, top + high)).resize((1024, 768))
    face = carton(kind, by_word_alone=by_word_alone).convert("RGBA")
    scale = random.uniform(*scales)
    face = face.resize((int(_WIDE * scale * random.uniform(0.8, 1.0)), int(_HIGH * scale)), Image.Resampling.LANCZOS)
    face = face.rotate(random.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
    x = int((1024 - face.width) * random.uniform(0.25, 0.75))
    y = int((768 - face.height) * random.uniform(0.25, 0.75))
    photo.paste(face, (x, y), face)
    lit = np.asarray(photo, np.float32) * random.uniform(0.6, 1.15) * random.uniform(0.9, 1.1, 3)
    lit += random.normal(0, 4, lit.shape)
    stream = BytesIO()
    Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=88)
    return stream.getvalue()


SHIPPED = (coffee, rocket, flower, temple, portrait)


def _main(folder: Path, given: Sequence[str]) -> None:
    backgrounds: list[Callable[[], np.ndarray]] = [
        lambda path=path: np.asarray(Image.open(path).convert("RGB").resize((1024, 768)))  # type: ignore[misc]
        for path in given
    ]
    for kind, word in enumerate(KINDS):
        (folder / word).mkdir(parents=True, exist_ok=True)
        for seed in range(40):
            photo = product_photo(kind, seed, backgrounds=backgrounds or SHIPPED, by_word_alone=False)
            (folder / word / f"{seed:02}.jpg").write_bytes(photo)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2:])
