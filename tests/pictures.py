"""Real pictures that installed packages ship."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def _shipped(package: str, file: str) -> np.ndarray:
    """(height, width, 3), not to be written to, of a file in a package, which is not imported: that takes two seconds."""
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed: pip install album-sort[test]"
    assert spec.origin is not None
    with Image.open(Path(spec.origin).parent / file) as image:
        picture = np.array(image.convert("RGB"))
    picture.setflags(write=False)
    return picture


def cat() -> np.ndarray:
    """Chelsea the cat, by Stéfan van der Walt (CC0)."""
    return _shipped("skimage", "data/chelsea.png")


def coffee() -> np.ndarray:
    """A cup of espresso, by Rachel Michetti (CC0)."""
    return _shipped("skimage", "data/coffee.png")


def rocket() -> np.ndarray:
    """A rocket on its pad, by SpaceX (CC0)."""
    return _shipped("skimage", "data/rocket.jpg")


def flower() -> np.ndarray:
    """A dahlia, by dany13 (CC BY 2.0)."""
    return _shipped("sklearn", "datasets/images/flower.jpg")


def temple() -> np.ndarray:
    """The Summer Palace in Beijing, by Harvey Barrison (CC BY 2.0)."""
    return _shipped("sklearn", "datasets/images/china.jpg")


def portrait() -> np.ndarray:
    """Grace Hopper, by James S. Davis, U.S. Navy (public domain)."""
    return _shipped("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


def page() -> np.ndarray:
    """A scanned page of print, of scikit-image (public domain)."""
    return _shipped("skimage", "data/page.png")
