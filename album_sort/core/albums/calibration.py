"""From scores to honest probabilities, and from one wanted precision to a threshold, for one set of weights.

How sure a network sounds depends on its weights (thresholds tuned for one network leave half of the photos without a label
with the next), so each set of weights has its own file in `labels/calibration/`, made by benchmarks/calibrate.py;
weights without a file get `DEFAULT`, which asks for more.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_left
from dataclasses import dataclass

from album_sort.errors import UsageError
from album_sort.sentences import sentence

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
    """How to read the scores that one set of weights leads to.

    The same two numbers for all albums: there are too few labelled photos for each album's own, which did worse on
    sources that were left out (docs/concepts/calibration.md).
    """

    weights_sha256: str
    """Of the weights file; empty for the conservative default."""
    temperature: float
    """Of the softmax; above 1 tones down a network that is too sure of itself."""
    slope: float
    """P(right) = sigmoid(intercept + slope x log-odds of the album's score)."""
    intercept: float
    curve: tuple[CurvePoint, ...] = ()
    """By rising probability; precision never falls."""
    photos: int = 0
    """How many labelled photos it was made from."""
    error_before: float = 0.0
    """Expected calibration error of the scores themselves."""
    error_after: float = 0.0
    """And of the calibrated probabilities, each source of photos being judged by what the others taught."""

    def probability(self, score: float) -> float:
        """How likely a photo whose best album has this score is right there."""
        clipped = min(max(score, 1e-6), 1.0 - 1e-6)
        z = self.intercept + self.slope * math.log(clipped / (1.0 - clipped))
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


DEFAULT = Calibration(
    weights_sha256="",
    temperature=1.1,
    slope=1.1,
    intercept=0.6,
    curve=(
        CurvePoint(0.50, 0.880, 1.0),
        CurvePoint(0.72, 0.910, 1.0),
        CurvePoint(0.82, 0.935, 1.0),
        CurvePoint(0.87, 0.950, 1.0),
        CurvePoint(0.93, 0.965, 1.0),
        CurvePoint(0.965, 0.980, 1.0),
    ),
)
"""For weights nobody has calibrated: each number on the careful side of both networks that were (benchmarks/results/accuracy.csv,
method `album-sort, uncalibrated`). Its coverage is not known and stands as 1."""


def parse_calibration(text: str, file_name: str) -> Calibration:
    """A calibration file's content; raises UsageError when it is none (a damaged install)."""
    try:
        data = tomllib.loads(text)
        return Calibration(
            weights_sha256=data["weights_sha256"],
            temperature=float(data["temperature"]),
            slope=float(data["slope"]),
            intercept=float(data["intercept"]),
            curve=tuple(CurvePoint(*map(float, row)) for row in data["curve"]),
            photos=int(data["photos"]),
            error_before=float(data["error_before"]),
            error_after=float(data["error_after"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        hint = sentence("rules.install-album-sort-again")
        raise UsageError(sentence("rules.is-not-a-calibration", file_name=file_name, error=error), hint=hint) from error
