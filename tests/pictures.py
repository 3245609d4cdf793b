"""Real pictures that installed packages ship."""

from __future__ import annotations

import matplotlib.cbook
import numpy as np
import skimage.data
import sklearn.datasets
from PIL import Image


def cat() -> np.ndarray:
    """Chelsea the cat, by Stéfan van der Walt (CC0)."""
    return np.asarray(skimage.data.chelsea())


def coffee() -> np.ndarray:
    """A cup of espresso, by Rachel Michetti (CC0)."""
    return np.asarray(skimage.data.coffee())


def rocket() -> np.ndarray:
    """A rocket on its pad, by SpaceX (CC0)."""
    return np.asarray(skimage.data.rocket())


def flower() -> np.ndarray:
    """A dahlia, by dany13 (CC BY 2.0)."""
    return np.asarray(sklearn.datasets.load_sample_image("flower.jpg"))


def temple() -> np.ndarray:
    """The Summer Palace in Beijing, by Harvey Barrison (CC BY 2.0)."""
    return np.asarray(sklearn.datasets.load_sample_image("china.jpg"))


def portrait() -> np.ndarray:
    """Grace Hopper, by James S. Davis, U.S. Navy (public domain)."""
    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    return np.asarray(Image.open(path).convert("RGB"))


def page() -> np.ndarray:
    """A scanned page of print, of scikit-image (public domain)."""
    return np.asarray(Image.fromarray(skimage.data.page()).convert("RGB"))
