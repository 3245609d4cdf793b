"""What was learned from corrections, as evidence of photos that look like the corrected ones: in a run, and of one picture alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.scoring import PRIOR_FLOOR
from album_sort.core.learning.corrections import Teaching
from album_sort.types import AlbumId, Assignment, ContentId, Evidence, Reason

_MARGIN = 0.15
"""Log-odds beyond what an album asks for: the sum of all evidence is rounded, and albums that are hardly possible count a little."""


def target_of(album: AlbumId, policy: FilingPolicy) -> float:
    """The precision that an album is to be filed with, 0..1."""
    return dict(policy.rules.precision_targets).get(album, policy.precision_target)


def likely_followers(
    teachings: Sequence[Teaching], embeddings: NDArray[np.float16], policy: FilingPolicy
) -> Iterator[tuple[int, Teaching, float]]:
    """Of (N, 512) photos the rows that look like corrected ones, with the surest of what was learned, and its log-odds."""
    least = [one.model.threshold(target_of(one.kind.album, policy)) for one in teachings]
    scores = np.stack([one.score(embeddings) for one in teachings], axis=1)
    scores = np.where(scores >= least, scores, -np.inf)
    best = scores.argmax(axis=1).tolist()
    for row, column in enumerate(best):
        if np.isfinite(scores[row, column]):
            yield row, teachings[column], float(scores[row, column])


def may_follow(teaching: Teaching, unaided: Assignment) -> bool:
    """Whether a photo lies where the corrected ones lay, and no rule of the user's has put it there."""
    return unaided.album in teaching.kind.sources and not unaided.decided_by.startswith("rule:")


def evidence_of_teaching(
    teaching: Teaching,
    log_odds: float,
    unaided: Assignment,
    embedding: NDArray[np.float16],
    *,
    policy: FilingPolicy,
    place: Callable[[ContentId], str],
) -> Evidence:
    """What makes a photo as likely in the album (or not in it) as was learned, whatever else speaks of it.

    `embedding`: (512,). `place` says where a person finds a photo.
    """
    album = teaching.kind.album
    before = next((one.probability for one in unaided.scores if one.album == album), 0.0)
    needed = _log_odds(policy.score_needed(album))
    if teaching.kind.is_away:
        weight = min(-log_odds, needed - _MARGIN) - _log_odds(before)
    else:
        weight = max(log_odds, needed) + _MARGIN - _log_odds(before)
    likeness = teaching.model.nearest(embedding, 1)
    values: dict[str, str | int] = {
        "album": album,
        "photos": max(likeness.like, 1),
        "of": len(teaching.kind.positive),
        "nearest": place(teaching.kind.positive[likeness.nearest[0]]),
    }
    code = "albums.like-taken-out" if teaching.kind.is_away else "albums.like-corrections"
    return Evidence(album, round(weight, 2), Reason.of(code, **values))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, PRIOR_FLOOR), 1.0 - 1e-9)
    return math.log(bounded / (1.0 - bounded))
