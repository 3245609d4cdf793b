"""Small words of the evidence modules: soft thresholds and matching of names. Pure."""

from __future__ import annotations

import re
import unicodedata


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low` and below, 1 at `high` and beyond, straight between; `low` > `high` turns it round."""
    position = (value - low) / (high - low)
    return min(1.0, max(0.0, position))


def words_of(name: str) -> str:
    """A file name as lower-case words between single spaces, accents and full-width forms folded, so that patterns stay short."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.findall(r"[^\W_]+", folded))


def round_weight(weight: float) -> float:
    """Two digits: finer steps would pretend a knowledge that likelihood ratios do not have."""
    return round(float(weight), 2)
