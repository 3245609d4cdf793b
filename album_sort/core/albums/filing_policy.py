"""What is the same for all photos of a run: the rules, how to read the scores, how sure to be, and what was taught."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.blend import score_with_head
from album_sort.core.albums.calibration import DEFAULT_PRECISION_TARGET, Calibration
from album_sort.core.albums.head import Head
from album_sort.core.albums.scoring import score_predictions
from album_sort.types import AlbumId, AlbumScore, Prediction, Ranking

MOST_NAMED = 5
LEAST_NAMED = 0.005
"""Probability below which an album is not worth a word: it would be shown as 0%."""
_TOGETHER = 1024
"""Photos scored at once: a row depends on no other, and the head's tables of all of them took a kilobyte a photo."""
LEFT_BY_OTHERS = 0.9
"""What remains of a taught album's probability where nothing speaks for the others: each of them has a little at least."""


@dataclass(frozen=True, slots=True, eq=False)
class FilingPolicy:
    """What is the same for all photos of a run: the rules, how to read the scores, and how sure to be."""

    rules: AlbumRules
    calibration: Calibration
    precision_target: float = DEFAULT_PRECISION_TARGET
    head: Head | None = None
    """What was learned beyond the class map; None where the map decides alone."""
    taught: Mapping[AlbumId, float] = field(default_factory=dict)
    """Albums that a person has taught, with the log-odds from which each files: measured, not to be calibrated once more."""

    def score(self, predictions: Sequence[Prediction | None]) -> NDArray[np.float64]:
        """(N, A) album probabilities by the network alone, head included, in the order of `rules.albums`."""
        if self.head is None:
            return self.score_by_map(predictions)
        scores = np.empty((len(predictions), len(self.rules.albums)))
        for start in range(0, len(predictions), _TOGETHER):
            some = predictions[start : start + _TOGETHER]
            scores[start : start + _TOGETHER] = score_with_head(
                some, self.rules, self.head, self.calibration.temperature
            )
        return scores

    def score_by_map(self, predictions: Sequence[Prediction | None]) -> NDArray[np.float64]:
        """(N, A) the same by the class map alone."""
        return score_predictions(predictions, self.rules.weights, self.calibration.temperature)

    def needed(self, album: AlbumId) -> float:
        """Least probability, as `sure_of` gives it, with which a photo is filed in this album."""
        return _needed(self, album)

    def score_needed(self, album: AlbumId) -> float:
        """Least score of the network and all evidence, within 1e-6, with which a photo is filed in this album."""
        low, high = 0.0, 1.0
        while high - low > 1e-6:
            middle = (low + high) / 2.0
            low, high = (low, middle) if self.sure_of(album, middle) >= self.needed(album) else (middle, high)
        return high

    def sure_of(self, album: AlbumId, score: float) -> float:
        """The probability that a score stands for: calibrated, or as measured where a person has taught the album."""
        return score if album in self.taught else self.calibration.probability(score)

    def likeliest(self, scores: Iterable[AlbumScore]) -> tuple[AlbumScore, ...]:
        """The albums worth naming of one photo with the probabilities that their scores stand for, most likely first.

        Whoever shows a figure to a person shows these, so that the reasons, the report and the server say the same.
        """
        pairs = scores.pairs() if isinstance(scores, Ranking) else ((one.album, one.probability) for one in scores)
        sure = [
            (album, probability) for album, score in pairs if (probability := self.sure_of(album, score)) >= LEAST_NAMED
        ]
        sure.sort(key=_probability, reverse=True)
        return tuple(AlbumScore(album, probability) for album, probability in sure[:MOST_NAMED])


def _probability(pair: tuple[AlbumId, float]) -> float:
    return pair[1]


@lru_cache(maxsize=256)
def _needed(policy: FilingPolicy, album: AlbumId) -> float:
    given = dict(policy.rules.thresholds).get(album)
    if given is not None:
        return given
    if album in policy.taught:
        return LEFT_BY_OTHERS / (1.0 + math.exp(-policy.taught[album]))
    target = dict(policy.rules.precision_targets).get(album, policy.precision_target)
    return policy.calibration.threshold(target)
