"""The album of one photo: correction, then rules, then scores with evidence against a threshold, then its trip, else review.

Every outcome carries the reasons that led to it; `explain`, the report and the tests read the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.album_rules import AlbumRules, FilingRule
from album_sort.core.calibration import DEFAULT_PRECISION_TARGET, Calibration
from album_sort.core.conditions import holds
from album_sort.core.scoring import ranked, score_predictions, sum_log_odds, with_evidence
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
        given = dict(self.rules.thresholds).get(album)
        if given is not None:
            return given
        return self.calibration.threshold(dict(self.rules.precision_targets).get(album, self.precision_target))


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
    evidence: tuple[Evidence, ...]
    scores: dict[AlbumId, float]
    ranking: tuple[AlbumScore, ...]
    """All of `scores`, most likely first."""

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
    pieces = _resolved(evidence, rules)
    scores = _scores(base, rules, pieces)
    leans = _leans(facts, rules, scores)
    if leans:
        pieces += leans
        scores = _scores(base, rules, pieces)
    ranking = ranked(tuple(scores), tuple(scores.values()))
    case = _Case(facts, base, policy, pieces, scores, ranking)
    decision = _by_correction(correction, rules) or _by_rule(case) or _by_content(case)
    return Assignment(
        content_id=facts.group.content_id,
        album=decision.album,
        probability=decision.probability,
        scores=ranking,
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


def _scores(base: Sequence[float], rules: AlbumRules, evidence: Sequence[Evidence]) -> dict[AlbumId, float]:
    """Probability of each album; an album with parts has that of all of them together."""
    said = sum_log_odds(rules.albums, evidence)
    log_odds = [prior + weight for prior, weight in zip(rules.prior_log_odds, said, strict=True)]
    if not rules.parts:
        return dict(zip(rules.albums, with_evidence(base, log_odds), strict=True))
    # What speaks for food speaks for pasta too.
    parts = [(i, family) for i, family in enumerate(rules.families) if family != i]
    for i, family in parts:
        log_odds[i] += said[family]
    columns = with_evidence(base, log_odds)
    scores = dict(zip(rules.albums, columns, strict=True))
    for i, family in parts:
        scores[rules.albums[family]] += columns[i]
    return scores


def _leans(facts: PhotoFacts, rules: AlbumRules, scores: Mapping[AlbumId, float]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(album, weight, _rule_reason(rule))
        for rule in rules.rules
        if rule.leans and holds(rule.when, facts, scores)
        for album, weight in rule.leans
    )


def _rule_reason(rule: FilingRule, **values: str) -> Reason:
    return Reason.of("albums.rule-instead" if values else "albums.rule", rule=rule.rule_id, **values)


def _by_correction(correction: AlbumId | None, rules: AlbumRules) -> _Decision | None:
    if correction is None:
        return None
    album = rules.resolve(correction) or correction
    return _Decision(album, 1.0, "correction", (Reason.of("albums.correction", album=album),))


def _by_rule(case: _Case) -> _Decision | None:
    for rule in case.rules.rules:
        if rule.album is not None and rule.instead_of is None and holds(rule.when, case.facts, case.scores):
            return _Decision(rule.album, 1.0, f"rule:{rule.rule_id}", (_rule_reason(rule),))
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
    for rule in case.rules.rules:
        if rule.album is not None and rule.instead_of == best.album and holds(rule.when, case.facts, case.scores):
            said = _rule_reason(rule, album=rule.album, other=best.album)
            return _Decision(rule.album, probability, f"rule:{rule.rule_id}", (said, *reasons))
    return _Decision(_part(best.album, case.rules, case.scores), probability, _decider(case, best.album), reasons)


def _best_two(case: _Case) -> tuple[AlbumScore, AlbumScore]:
    whole = _whole_albums(case)
    return whole[0], whole[1] if len(whole) > 1 else AlbumScore(REVIEW, 0.0)


def _decider(case: _Case, album: AlbumId) -> str:
    """Whether the network alone would have said the same."""
    if not case.evidence:
        return "content"
    alone = _scores(case.base, case.rules, ())
    return "content" if max(alone.values()) == alone[album] else "evidence"


def _part(album: AlbumId, rules: AlbumRules, scores: Mapping[AlbumId, float]) -> AlbumId:
    column = rules.albums.index(album)
    parts = [rules.albums[i] for i, family in enumerate(rules.families) if family == column and i != column]
    if not parts:
        return album
    largest = max(parts, key=lambda part: scores[part])
    return largest if scores[largest] >= PART_FROM * scores[album] else album


def _content_reason(case: _Case, album: AlbumId, probability: float) -> Reason:
    """Names the class that says most for the album, if any class does."""
    percent = round(100 * probability)
    rules, prediction = case.rules, case.facts.prediction
    if prediction is not None and album in rules.albums:
        column = rules.albums.index(album)
        members = [i for i, family in enumerate(rules.families) if family == column]
        said = rules.weights[prediction.class_indices][:, members].sum(axis=1) * prediction.probabilities
        if len(said) and said.max() >= NAMED_FROM:
            top = int(prediction.class_indices[int(said.argmax())])
            return Reason.of("albums.content", album=album, class_index=top, percent=percent)
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


def _whole_albums(case: _Case) -> tuple[AlbumScore, ...]:
    """The ranking without parts of other albums."""
    parts = case.rules.parts
    return tuple(score for score in case.ranking if score.album not in parts) if parts else case.ranking


def _also(decision: _Decision, case: _Case) -> tuple[AlbumId, ...]:
    if decision.album == REVIEW or decision.decided_by == "correction":
        return ()
    own = {decision.album, case.rules.family_of(decision.album)}
    likely = (score for score in _whole_albums(case) if score.probability >= ALSO_FROM)
    return tuple(score.album for score in likely if score.album not in own)
