"""Numbers taken from a small upright picture: evidence beside the network. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageStatistics:
    """Colour, luminance and texture of a picture of about 256 px; every share is 0..1."""

    mean_luminance: float
    """0 black to 1 white (Rec. 601 luma)."""
