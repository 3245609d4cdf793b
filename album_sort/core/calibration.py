"""From scores to honest probabilities, and from one wanted precision to thresholds, for one set of weights.

How sure a network sounds depends on its weights (PhotoPrism's thresholds, tuned for one network, filed 54 % of the photos
with another and 82 % with a third), so each set of weights has its own file in `labels/calibration/`, made by
benchmarks/calibrate.py; weights without a file get `DEFAULT`, which asks for more.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_left
from dataclasses import dataclass

from album_sort.errors import UsageError
from album_sort.types import AlbumId

DEFAULT_PRECISION_TARGET = 0.95


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What filing everything at or above a probability was seen to give."""

    probability: float
    """Calibrated probability of the album to file under."""
    precision: float
    """Share of right ones among those filed that may be promised (lower end of the likely range), 0..1."""
    coverage: float
    """Share of all photos that is filed."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How to read the scores that one set of weights leads to."""

    weights_sha256: str
    """Of the weights file; empty for the conservative default."""
    temperature: float
    """Of the softmax; above 1 tones down a network that is too sure of itself."""
    slope: float
    """P(right) = sigmoid(intercept + slope x log-odds of the album's score + the album's own shift)."""
    intercept: float
    shifts: tuple[tuple[AlbumId, float], ...] = ()
    """Per album, shrunk towards 0 by how few photos there were."""
    curve: tuple[CurvePoint, ...] = ()
    """By rising probability."""
    photos: int = 0
    """How many labelled photos it was made from."""
    error_before: float = 0.0
    """Expected calibration error of the plain sums, measured on sources that were left out."""
    error_after: float = 0.0

    def probability(self, album: AlbumId, score: float) -> float:
        """How likely a photo with this score for its best album is right there."""
        clipped = min(max(score, 1e-6), 1.0 - 1e-6)
        shift = next((value for name, value in self.shifts if name == album), 0.0)
        z = self.intercept + self.slope * math.log(clipped / (1.0 - clipped)) + shift
        return 1.0 / (1.0 + math.exp(-z))

    def threshold(self, precision_target: float) -> float:
        """Least probability to file with, so that the share of right ones among those filed is at least the target.

        A target beyond what the curve has seen asks for the target itself as each photo's probability, and
        never for less than the curve's last point.
        """
        reached = [point.precision for point in self.curve]
        if not reached:
            return precision_target
        if precision_target > reached[-1]:
            return max(precision_target, self.curve[-1].probability)
        i = bisect_left(reached, precision_target)
        if i == 0:
            return self.curve[0].probability
        low, high = self.curve[i - 1], self.curve[i]
        share = (precision_target - low.precision) / (high.precision - low.precision)
        return low.probability + share * (high.probability - low.probability)


DEFAULT = Calibration(weights_sha256="", temperature=1.2, slope=0.8, intercept=-0.4)
"""For weights nobody has calibrated: takes scores for less than they say, and wants each single photo's probability to
reach the precision that is asked for, which files fewer photos than a measured curve would."""


def parse_calibration(text: str, file_name: str) -> Calibration:
    """A calibration file's content; raises UsageError when it is none (a damaged install)."""
    try:
        data = tomllib.loads(text)
        return Calibration(
            weights_sha256=data["weights_sha256"],
            temperature=float(data["temperature"]),
            slope=float(data["slope"]),
            intercept=float(data["intercept"]),
            shifts=tuple((AlbumId(album), float(shift)) for album, shift in sorted(data.get("shifts", {}).items())),
            curve=tuple(CurvePoint(*map(float, row)) for row in data.get("curve", [])),
            photos=int(data.get("photos", 0)),
            error_before=float(data.get("error_before", 0.0)),
            error_after=float(data.get("error_after", 0.0)),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"{file_name} is no calibration: {error}"
        raise UsageError(
            msg, hint="Reinstall album-sort, or make the file again with benchmarks/calibrate.py."
        ) from error
