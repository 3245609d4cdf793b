"""The album of one photo: correction, then rules, then scores with evidence against a threshold, then its trip, else review.

Every outcome carries the reasons that led to it; `explain`, the report and the tests read the same fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.blend import paper_columns, speaking_for
from album_sort.core.albums.compiled_rules import CompiledRules, ConditionCheck
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.ranking import ALSO_FROM, RankedAlbums, rank_albums
from album_sort.types import (
    REVIEW,
    TRAVEL,
    VIDEOS,
    AlbumId,
    Assignment,
    Evidence,
    FileKind,
    PhotoFacts,
    Prediction,
    Ranking,
    Reason,
)

PART_FROM = 0.5
"""A part of an album (pasta, of food) gets a photo when it holds at least this share of the album's probability."""

NEVER_TRAVEL = frozenset({AlbumId("screenshots"), AlbumId("documents")})
"""An unsure photo that looks most like one of these is not a picture of the trip during which it was made."""


_LEARNED = ("albums.learned", "albums.learned-one", "albums.learned-two", "albums.learned-three")
"""By how many classes are named."""


class _Decision(NamedTuple):
    album: AlbumId
    probability: float
    decided_by: str
    reasons: tuple[Reason, ...]


class _Case(NamedTuple):
    """One photo with everything weighed."""

    facts: PhotoFacts
    ranked: RankedAlbums
    policy: FilingPolicy
    compiled: CompiledRules
    evidence: tuple[Evidence, ...]

    @property
    def rules(self) -> AlbumRules:
        return self.policy.rules

    def score(self, album: AlbumId) -> float:
        """How likely an album of the rules is, evidence included."""
        return self.ranked.scores[self.compiled.columns[album]]

    def holds(self, check: ConditionCheck) -> bool:
        return check.holds(self.facts, self.ranked.scores)


def assign(
    facts: PhotoFacts,
    base: Sequence[float],
    policy: FilingPolicy,
    evidence: Sequence[Evidence] = (),
    correction: AlbumId | None = None,
) -> Assignment:
    """Decide where one photo goes, as `assign_photos` does."""
    return assign_photos([facts], np.array([base], dtype=np.float64), policy, [evidence], [correction])[0]


def assign_photos(
    photos: Sequence[PhotoFacts],
    base: NDArray[np.float64],
    policy: FilingPolicy,
    evidence: Sequence[Sequence[Evidence]],
    corrections: Sequence[AlbumId | None],
) -> list[Assignment]:
    """Decide where N photos go, each for itself.

    `base`: (N, A), the photos' rows of `FilingPolicy.score`.
    `evidence`: for each, from the picture, its metadata and its trip; for shipped albums, also where the user merged them.
    `correction`: for each, the album the user filed this content under; beats everything.
    """
    rules = policy.rules
    compiled = CompiledRules.of(rules)
    pieces = [_resolved(of_photo, rules) for of_photo in evidence]
    seen = Prediction.stack([facts.prediction for facts in photos])
    by_map = base if policy.head is None else policy.score_by_map([facts.prediction for facts in photos])
    base = _paper_first(base, by_map, pieces, compiled)
    scores = compiled.scores(base, pieces)
    leaning = _lean(photos, seen, scores, pieces, compiled)
    if leaning:
        scores[leaning] = compiled.scores(base[leaning], [pieces[number] for number in leaning])
    ranked = rank_albums(compiled, base, scores, seen, by_map)
    cases = (
        _Case(facts, numbers, policy, compiled, own) for facts, numbers, own in zip(photos, ranked, pieces, strict=True)
    )
    return [_assignment(case, correction) for case, correction in zip(cases, corrections, strict=True)]


def _paper_first(
    base: NDArray[np.float64],
    by_map: NDArray[np.float64],
    pieces: Sequence[Sequence[Evidence]],
    compiled: CompiledRules,
) -> NDArray[np.float64]:
    """Where evidence makes a photo a document or a screenshot by the class map alone, no head says otherwise."""
    if by_map is base:
        return base
    paper = paper_columns(compiled.rules)
    asked = speaking_for(pieces, frozenset(compiled.rules.albums[column] for column in paper))
    if not asked:
        return base
    whole = compiled.scores(by_map[asked], [pieces[number] for number in asked])[:, compiled.whole_columns]
    firm = [n for n, i in zip(asked, compiled.whole_columns[whole.argmax(axis=1)].tolist(), strict=True) if i in paper]
    kept = base.copy()
    kept[firm] = by_map[firm]
    return kept


def _lean(
    photos: Sequence[PhotoFacts],
    seen: tuple[NDArray[np.uint16], NDArray[np.float32]],
    scores: NDArray[np.float64],
    pieces: list[tuple[Evidence, ...]],
    compiled: CompiledRules,
) -> list[int]:
    """Adds the evidence of the rules that lean to the photos' pieces; the numbers of the photos that got some."""
    rows: list[list[float]] = scores.tolist()
    leaning: set[int] = set()
    for rule in compiled.leaning:
        for number in rule.check.rows(*seen):
            if rule.check.holds(photos[number], rows[number]):
                pieces[number] += rule.leans
                leaning.add(number)
    return sorted(leaning)


def _assignment(case: _Case, correction: AlbumId | None) -> Assignment:
    decision = _by_correction(correction, case.rules) or _by_rule(case) or _by_content(case)
    return Assignment(
        case.facts.group.content_id,
        decision.album,
        decision.probability,
        Ranking(case.rules.albums, case.ranked.scores),
        _also(decision, case),
        decision.reasons,
        case.evidence,
        decision.decided_by,
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
    for rule in case.compiled.filing:
        if case.holds(rule.check):
            return _Decision(rule.album, 1.0, f"rule:{rule.rule_id}", (Reason.of("albums.rule", rule=rule.rule_id),))
    return None


def _by_content(case: _Case) -> _Decision:
    """The most likely album if it is likely enough; else the trip's, else review."""
    best = case.ranked.best
    probability = case.policy.sure_of(best.album, best.probability)
    needed = case.policy.needed(best.album)
    if probability < needed:
        return _by_trip(case, probability) or _video(case) or _to_review(case, probability, needed)
    speaking = _speaking_for(best.album, case.evidence)
    if speaking and _decider(case) == "evidence":
        # A face, a screen's size: what the network says the picture looks like did not lead here, and would mislead.
        reasons = (*speaking, Reason.of("albums.likely", album=best.album, percent=round(100 * probability)))
    else:
        reasons = (_content_reason(case, best.album, probability), *speaking)
    for rule in case.compiled.renaming.get(best.album, ()):
        if case.holds(rule.check):
            said = Reason.of("albums.rule-instead", rule=rule.rule_id, album=rule.album, other=best.album)
            return _Decision(rule.album, probability, f"rule:{rule.rule_id}", (said, *reasons))
    return _Decision(_part(best.album, case), probability, _decider(case), reasons)


def _decider(case: _Case) -> str:
    """Whether the network alone would have said the same, and been sure enough of it."""
    if not case.evidence:
        return "content"
    best, policy = case.ranked.best.album, case.policy
    is_sure = policy.sure_of(best, case.ranked.alone) >= policy.needed(best)
    return "content" if case.ranked.is_first_alone and is_sure else "evidence"


def _part(album: AlbumId, case: _Case) -> AlbumId:
    parts = case.compiled.parts_of.get(album, ())
    if not parts:
        return album
    largest = max(parts, key=case.score)
    return largest if case.score(largest) >= PART_FROM * case.score(album) else album


def _content_reason(case: _Case, album: AlbumId, probability: float) -> Reason:
    """Names the class that says most for the album, if any class does; else what it was learned from."""
    percent, named = round(100 * probability), case.ranked.named_class
    if named is not None:
        return Reason.of("albums.content", album=album, class_index=named, percent=percent)
    return _learned_reason(case, album, percent) or Reason.of("albums.likely", album=album, percent=percent)


def _learned_reason(case: _Case, album: AlbumId, percent: int) -> Reason | None:
    """Where a head put the album first: how much it has seen of it, and the classes that point there too."""
    head, prediction = case.policy.head, case.facts.prediction
    if head is None or prediction is None or not prediction.readings or not case.ranked.is_first_alone:
        return None
    if album not in head.albums:
        return None
    column = head.albums.index(album)
    classes = head.pointing(prediction, album, case.ranked.runner_up.album)
    names = ("class_index", "class_index_2", "class_index_3")
    return Reason.of(
        _LEARNED[len(classes)],
        album=album,
        percent=percent,
        photos=head.photos[column],
        sources=head.sources[column],
        **{name: int(index) for name, index in zip(names, classes, strict=False)},
    )


def _speaking_for(album: AlbumId, evidence: Sequence[Evidence]) -> tuple[Reason, ...]:
    speaking = [piece for piece in evidence if piece.album == album and piece.weight > 0]
    return tuple(piece.reason for piece in sorted(speaking, key=lambda piece: -piece.weight))


def _by_trip(case: _Case, probability: float) -> _Decision | None:
    """Unsure photos of a journey go with it. A busy day at home is not a journey."""
    trip, away, best = case.facts.trip, case.facts.away_from_home, case.ranked.best
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


def _to_review(case: _Case, probability: float, needed: float) -> _Decision:
    first, second = case.ranked.best, case.ranked.runner_up
    if case.facts.prediction is None and not case.evidence:
        return _Decision(REVIEW, 0.0, "review", (Reason.of("albums.no-pixels"),))
    reason = Reason.of(
        "albums.unsure",
        album=first.album,
        percent=round(100 * probability),
        other=second.album,
        other_percent=round(100 * case.policy.sure_of(second.album, second.probability)),
        needed_percent=round(100 * needed),
    )
    return _Decision(REVIEW, probability, "review", (reason,))


def _also(decision: _Decision, case: _Case) -> tuple[AlbumId, ...]:
    if decision.album == REVIEW or decision.decided_by == "correction":
        return ()
    ranked = case.ranked
    if ranked.likely < 2:
        likely = [ranked.best.album] if ranked.likely else []
    else:
        likely = [album for album in case.compiled.whole if case.score(album) >= ALSO_FROM]
    own = {decision.album, case.rules.family_of(decision.album)} if likely else ()
    return tuple(sorted((album for album in likely if album not in own), key=case.score, reverse=True))
