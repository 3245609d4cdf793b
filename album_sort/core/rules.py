"""The album of one photo: correction, then rules, then scores with evidence against a threshold, then its trip, else review.

Every outcome carries the reasons that led to it; `explain`, the report and the tests read the same fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from album_sort.core.album_rules import AlbumRules
from album_sort.core.calibration import DEFAULT_PRECISION_TARGET, Calibration
from album_sort.core.ready_rules import ReadyRules
from album_sort.core.scoring import score_predictions
from album_sort.types import (
    REVIEW,
    TRAVEL,
    VIDEOS,
    AlbumId,
    AlbumScore,
    Assignment,
    Evidence,
    FileKind,
    PhotoFacts,
    Prediction,
    Ranking,
    Reason,
)

ALSO_FROM = 0.3
"""A photo may also be found in an album that is at least this likely: two albums can be right at once."""

NAMED_FROM = 0.02
"""A class that gives the album less is not worth naming as the reason."""

PART_FROM = 0.5
"""A part of an album (pasta, of food) gets a photo when it holds at least this share of the album's probability."""

NEVER_TRAVEL = frozenset({AlbumId("screenshots"), AlbumId("documents")})
"""An unsure photo that looks most like one of these is no picture of the trip during which it was made."""


@dataclass(frozen=True, slots=True, eq=False)
class FilingPolicy:
    """What is the same for all photos of a run: the rules, how to read the scores, and how sure to be."""

    rules: AlbumRules
    calibration: Calibration
    precision_target: float = DEFAULT_PRECISION_TARGET

    def score(self, predictions: Sequence[Prediction | None]) -> NDArray[np.float64]:
        """(N, A) album probabilities by the network alone, in the order of `rules.albums`."""
        return score_predictions(predictions, self.rules.weights, self.calibration.temperature)

    def needed(self, album: AlbumId) -> float:
        """Least calibrated probability with which a photo is filed in this album."""
        return _needed(self, album)


@lru_cache(maxsize=256)
def _needed(policy: FilingPolicy, album: AlbumId) -> float:
    given = dict(policy.rules.thresholds).get(album)
    if given is not None:
        return given
    target = dict(policy.rules.precision_targets).get(album, policy.precision_target)
    return policy.calibration.threshold(target)


@dataclass(frozen=True, slots=True)
class _Decision:
    album: AlbumId
    probability: float
    decided_by: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One photo with everything weighed."""

    facts: PhotoFacts
    base: Sequence[float]
    policy: FilingPolicy
    ready: ReadyRules
    evidence: tuple[Evidence, ...]
    scores: dict[AlbumId, float]

    @property
    def rules(self) -> AlbumRules:
        return self.policy.rules


def assign(
    facts: PhotoFacts,
    base: Sequence[float],
    policy: FilingPolicy,
    evidence: Sequence[Evidence] = (),
    correction: AlbumId | None = None,
) -> Assignment:
    """Decide where a photo goes.

    `base`: the photo's row of `FilingPolicy.score`.
    `evidence`: from the picture, its metadata and its trip; for shipped albums, also where the user merged them.
    `correction`: the album the user filed this content under; beats everything.
    """
    rules = policy.rules
    ready = ReadyRules.of(rules)
    pieces = _resolved(evidence, rules)
    scores = ready.scores(base, pieces)
    leans = tuple(piece for rule in ready.leaning if rule.check.holds(facts, scores) for piece in rule.leans)
    if leans:
        pieces += leans
        scores = ready.scores(base, pieces)
    case = _Case(facts, base, policy, ready, pieces, scores)
    decision = _by_correction(correction, rules) or _by_rule(case) or _by_content(case)
    return Assignment(
        content_id=facts.group.content_id,
        album=decision.album,
        probability=decision.probability,
        scores=Ranking(rules.albums, list(scores.values())),
        also=_also(decision, case),
        reasons=decision.reasons,
        evidence=pieces,
        decided_by=decision.decided_by,
    )


def _resolved(evidence: Sequence[Evidence], rules: AlbumRules) -> tuple[Evidence, ...]:
    """Evidence for a merged album speaks for the album it went into; for a removed one it is dropped."""
    if not rules.merged:
        return tuple(evidence)
    found = ((rules.resolve(piece.album), piece) for piece in evidence)
    return tuple(
        piece if album == piece.album else Evidence(album, piece.weight, piece.reason)
        for album, piece in found
        if album is not None
    )


def _by_correction(correction: AlbumId | None, rules: AlbumRules) -> _Decision | None:
    if correction is None:
        return None
    album = rules.resolve(correction) or correction
    return _Decision(album, 1.0, "correction", (Reason.of("albums.correction", album=album),))


def _by_rule(case: _Case) -> _Decision | None:
    for rule in case.ready.filing:
        if rule.check.holds(case.facts, case.scores):
            return _Decision(rule.album, 1.0, f"rule:{rule.rule_id}", (Reason.of("albums.rule", rule=rule.rule_id),))
    return None


def _by_content(case: _Case) -> _Decision:
    """The most likely album if it is likely enough; else the trip's, else review."""
    best, runner_up = _best_two(case)
    probability = case.policy.calibration.probability(best.probability)
    needed = case.policy.needed(best.album)
    if probability < needed:
        return (
            _by_trip(case, best, probability)
            or _video(case)
            or _to_review(case, (best, runner_up), probability, needed)
        )
    reasons = (_content_reason(case, best.album, probability), *_speaking_for(best.album, case.evidence))
    for rule in case.ready.renaming.get(best.album, ()):
        if rule.check.holds(case.facts, case.scores):
            said = Reason.of("albums.rule-instead", rule=rule.rule_id, album=rule.album, other=best.album)
            return _Decision(rule.album, probability, f"rule:{rule.rule_id}", (said, *reasons))
    return _Decision(_part(best.album, case), probability, _decider(case, best.album), reasons)


def _best_two(case: _Case) -> tuple[AlbumScore, AlbumScore]:
    """The most likely whole albums; of equal ones the first in the order of the rules."""
    whole = case.ready.whole
    probabilities = [case.scores[album] for album in whole]
    first = max(probabilities)
    best = AlbumScore(whole[probabilities.index(first)], first)
    probabilities[probabilities.index(first)] = -1.0
    second = max(probabilities)
    return best, AlbumScore(whole[probabilities.index(second)], second) if second >= 0.0 else AlbumScore(REVIEW, 0.0)


def _decider(case: _Case, album: AlbumId) -> str:
    """Whether the network alone would have said the same."""
    return "content" if not case.evidence or case.ready.is_first(album, case.base) else "evidence"


def _part(album: AlbumId, case: _Case) -> AlbumId:
    parts = case.ready.parts_of.get(album, ())
    if not parts:
        return album
    largest = max(parts, key=case.scores.__getitem__)
    return largest if case.scores[largest] >= PART_FROM * case.scores[album] else album


def _content_reason(case: _Case, album: AlbumId, probability: float) -> Reason:
    """Names the class that says most for the album, if any class does."""
    percent = round(100 * probability)
    column, prediction = case.ready.columns.get(album), case.facts.prediction
    if prediction is not None and column is not None:
        classes = prediction.class_indices
        said = case.ready.family_weights[column][classes] * prediction.probabilities
        most = int(said.argmax()) if len(said) else 0
        if len(said) and said[most] >= NAMED_FROM:
            return Reason.of("albums.content", album=album, class_index=int(classes[most]), percent=percent)
    return Reason.of("albums.likely", album=album, percent=percent)


def _speaking_for(album: AlbumId, evidence: Sequence[Evidence]) -> tuple[Reason, ...]:
    speaking = [piece for piece in evidence if piece.album == album and piece.weight > 0]
    return tuple(piece.reason for piece in sorted(speaking, key=lambda piece: -piece.weight))


def _by_trip(case: _Case, best: AlbumScore, probability: float) -> _Decision | None:
    """Unsure photos of a journey go with it. A busy day at home is no journey."""
    trip, away = case.facts.trip, case.facts.away_from_home
    if trip is None or away is False or (trip.is_day_trip and away is None):
        return None
    if best.album in NEVER_TRAVEL and best.probability >= ALSO_FROM:
        return None
    theme = None if trip.theme is None else case.rules.resolve(trip.theme)
    if theme is not None:
        reason = Reason.of("albums.trip-theme", album=theme, trip=trip.title)
        return _Decision(theme, probability, "trip-theme", (reason,))
    album = case.rules.resolve(TRAVEL)
    return (
        None if album is None else _Decision(album, probability, "trip", (Reason.of("albums.travel", trip=trip.title),))
    )


def _video(case: _Case) -> _Decision | None:
    """Nobody has looked into a video, but everybody sees that it is one: no case for review."""
    album = case.rules.resolve(VIDEOS)
    if case.facts.group.primary.kind is not FileKind.VIDEO or album is None:
        return None
    return _Decision(album, 1.0, "video", (Reason.of("albums.video"),))


def _to_review(case: _Case, guesses: tuple[AlbumScore, AlbumScore], probability: float, needed: float) -> _Decision:
    first, second = guesses
    if case.facts.prediction is None and not case.evidence:
        return _Decision(REVIEW, 0.0, "review", (Reason.of("albums.no-pixels"),))
    reason = Reason.of(
        "albums.unsure",
        album=first.album,
        percent=round(100 * first.probability),
        other=second.album,
        other_percent=round(100 * second.probability),
        needed_percent=round(100 * needed),
    )
    return _Decision(REVIEW, probability, "review", (reason,))


def _also(decision: _Decision, case: _Case) -> tuple[AlbumId, ...]:
    if decision.album == REVIEW or decision.decided_by == "correction":
        return ()
    likely = [album for album in case.ready.whole if case.scores[album] >= ALSO_FROM]
    own = {decision.album, case.rules.family_of(decision.album)} if likely else ()
    return tuple(sorted((album for album in likely if album not in own), key=case.scores.__getitem__, reverse=True))
