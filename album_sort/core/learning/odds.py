"""From scores to log-odds that are honest against the library, hidden positives and all.

A library is a mixture: photos of the album that nobody has shown, and all others. How many there are, and which score means what, are
found in turns: by the odds of now each photo of the library counts partly as one and partly as the other, by these shares the line from
scores to log-odds is fitted again. What positives look like is told by the examples alone, each by its score when it was left out. What
was shown as not belonging is a photo of the library like any other, but for one thing: it is known to be wrong. Without it the answers of
a person would take out of the count just those photos that come along wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.values import Curve, lowest

_TURNS = 12
_LEAST_SHARE = 0.003
"""Who shows an album expects to find more of it: 3 in 1,000 at least."""
_MOST_SHARE = 0.3
_UNSEEN = 0.3
"""Wrong ones beyond what was seen, in a promise of precision: none in a thousand is not none in a million."""
_DENIED = 0.5
"""What a photo that was denied counts as right in a promise: it never comes along itself, only its like among the photos to come."""
EXPECTED_SHARE = 0.01
"""Of the library, what is expected to belong before anybody has answered, unless more than that was shown."""
_PLAINLY_APART, _AT_PRECISION = 0.9, 0.95
"""Share of the left-out examples found at this precision, from which what looks like them is taken for what it looks like."""
_LITTLE_DOUBT = 0.3
"""Between a doubt for each that adds up and none, by which whatever looks alike would be right; a line needs some to have an end."""


@dataclass(frozen=True, slots=True)
class Odds:
    """A line from scores to log-odds."""

    slope: float
    intercept: float
    share: float
    """Of the library that belongs, examples aside, 0..1."""

    def of(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) log-odds at the library's own mix."""
        return self.slope * scores + self.intercept


def honest_odds(
    positive: NDArray[np.float64],
    negative: NDArray[np.float64],
    library: NDArray[np.float64],
    hidden: NDArray[np.bool_],
) -> tuple[Odds, NDArray[np.float64]]:
    """The line, and how likely each photo of the library and then each negative belongs (M + N,), for `promise`.

    From (P,), (N,) and (M,) scores of photos that were left out while the scores were learned.

    `hidden` (M,) is a first guess of what belongs; from none at all the turns would end where nothing more is found.
    """
    others = np.concatenate([library, negative])
    is_open = np.arange(len(others)) < len(library)
    belongs = np.where(np.append(hidden, np.zeros(len(negative), np.bool_)), 0.9, 0.0)
    share = _share(len(positive), belongs)
    line = np.array([1.0, -float(np.quantile(others, 1.0 - share))])
    for _ in range(_TURNS):
        line = _platt(positive, others, belongs, share, line)
        belongs = _chance(line[0] * others + line[1]) * is_open
        share = _share(len(positive), belongs)
    # Doubt of a few hundredths about each of many photos that are plainly alike would add up to many wrong ones.
    likely = _platt(positive, others, belongs, share, line, doubt=_LITTLE_DOUBT)
    likelihood = np.where(is_open, _chance(likely[0] * others + likely[1]), _DENIED)
    return Odds(float(line[0]), float(line[1]), share), likelihood


def _share(examples: int, belongs: NDArray[np.float64]) -> float:
    found = (float(belongs.sum()) + examples) / (len(belongs) + examples)
    return min(max(found, _LEAST_SHARE), _MOST_SHARE)


def _platt(
    positive: NDArray[np.float64],
    library: NDArray[np.float64],
    belongs: NDArray[np.float64],
    share: float,
    start: NDArray[np.float64],
    *,
    doubt: float = 1.0,
) -> NDArray[np.float64]:
    """Slope and intercept with Laplace's targets: of n photos that all belong, n + 1 in n + 2 is what may be said.

    n counts the examples and what is found in the library; by the examples alone, ten of them would never be sure of anything.
    With less `doubt` it is nearly the likeliest line.
    """
    count = len(positive)
    scores = np.concatenate([positive, library])
    against = 1.0 - belongs
    counted = np.concatenate([np.full(count, share / count), (1.0 - share) * against / against.sum()])
    alike = count + float(belongs[belongs > 0.5].sum())
    targets = np.concatenate(
        [np.full(count, (alike + doubt) / (alike + 2 * doubt)), np.full(len(library), doubt / (len(library) + 2))]
    )
    features = np.stack([scores, np.ones(len(scores))], axis=1)
    line = start.copy()
    for _ in range(50):
        said = _chance(features @ line)
        slope = features.T @ (counted * (said - targets))
        bend = (features.T * (counted * said * (1.0 - said))) @ features + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        # A line that is far off bends so little that a whole step leaves the map.
        line -= step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        if float(np.abs(step).max()) < 1e-8:
            break
    line[0] = max(line[0], 1e-3)  # what was shown never speaks against itself
    return line


def promise(
    positive: NDArray[np.float64],
    others: NDArray[np.float64],
    belongs: NDArray[np.float64],
    share: float,
    denied: int,
    *,
    expected_share: float = EXPECTED_SHARE,
) -> Curve:
    """(log-odds, precision), both rising, of (P,) and (M,) log-odds of photos that were left out; `belongs` (M,) as `honest_odds` says.

    That much of a library looks like the examples is no proof that it belongs: sunsets with people look like sunsets. Unless the examples
    are plainly apart from all else, a promise counts on no more than is expected or was shown; each photo that was denied (`denied`), for
    it was asked about as one of the likeliest, lets it count on so much more.
    """
    curve = precision_curve(positive, others, belongs, share)
    expected = max(expected_share, len(positive) / (len(positive) + len(others))) * (1 + denied)
    if share <= expected or np.mean(positive >= lowest(curve, _AT_PRECISION)) >= _PLAINLY_APART:
        return curve
    return precision_curve(positive, others, belongs, expected)


def precision_curve(
    positive: NDArray[np.float64], library: NDArray[np.float64], belongs: NDArray[np.float64], share: float
) -> Curve:
    """The same if so large a share of all belongs.

    Of what is filed from there on, the share of right ones: so many as the examples say, against what of the library is not likely right.
    """
    against = 1.0 - belongs
    said = np.concatenate([positive, library])
    right = np.concatenate([np.full(len(positive), share * len(library) / len(positive)), np.zeros(len(library))])
    wrong = np.concatenate([np.zeros(len(positive)), (1.0 - share) * len(library) * against / against.sum()])
    order = np.argsort(-said, kind="stable")
    ours, theirs = np.cumsum(right[order]), np.cumsum(wrong[order]) + _UNSEEN
    precision = (ours / (ours + theirs))[::-1]
    rises = np.append(True, precision[1:] > np.maximum.accumulate(precision)[:-1])
    return tuple(zip(said[order][::-1][rises].tolist(), precision[rises].tolist(), strict=True))


def _chance(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -log_odds))
    return chance
