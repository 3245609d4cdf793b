"""Small words of the evidence modules: soft thresholds and matching of names. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and beyond, straight between; `low` > `high` turns it round."""
    position = (value - low) / (high - low)
    # Asked two dozen times of each photo: comparisons take a third of the time of min() and max().
    if 0.0 < position < 1.0:
        return position
    return 1.0 if position >= 1.0 else 0.0


def words_of(name: str) -> str:
    """A file name as lower-case words between single spaces, accents and full-width forms folded, so that patterns stay short."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.findall(r"[^\W_]+", folded))


_DIGITS = str.maketrans("123456789", "000000000")


@lru_cache(maxsize=1)  # each photo's is asked for twice, one time after the other
def shape_of(name: str) -> str:
    """A file name with every digit a 0: a camera's names have few shapes, and what asks for no certain digit is matched once for each."""
    return name.translate(_DIGITS)


def round_weight(weight: float) -> float:
    """Two digits: finer steps would pretend a knowledge that likelihood ratios do not have."""
    return round(float(weight), 2)
