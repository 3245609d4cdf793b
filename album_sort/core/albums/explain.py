"""Why one photo is where it is, in words: classes, scores, evidence, the rule that decided, sources, the runner-up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from album_sort.core.damage import damage_reason
from album_sort.core.together import why_together
from album_sort.core.wording import Wording
from album_sort.types import (
    REVIEW,
    AlbumScore,
    Assignment,
    LabelSet,
    PhotoFacts,
    PositionSource,
    Reason,
    TimePrecision,
    TimeSource,
)

SHOWN_CLASSES = 5
SHOWN_SCORES = 5
LEAST_SHOWN = 0.005
"""Less than half a percent is not worth a line."""


LEAST_NEXT = 0.05
"""An album that is less likely than that is not a rival worth a word."""

_SHOWN_OF_DATE = {TimePrecision.YEAR: 4, TimePrecision.MONTH: 7, TimePrecision.DAY: 10}
"""Characters of `2024-05-01 10:00`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines, in the language asked for."""

    heading: str
    lines: tuple[str, ...]


def explain(
    assignment: Assignment,
    facts: PhotoFacts,
    labels: LabelSet,
    lang: str,
    wording: Wording,
    *,
    with_figures: bool = True,
    likeliest: Sequence[AlbumScore] | None = None,
) -> tuple[Section, ...]:
    """All that led to a photo's album, the most important first. `wording` knows the user's own titles.

    `likeliest` are the albums with the probabilities that their scores stand for (`FilingPolicy.likeliest`): the figures are those of the
    reasons and the report. Without it the scores stand as they are. Without figures it says the same in words, with the one percentage
    that was decided by.
    """
    named = assignment.scores if likeliest is None else tuple(likeliest)
    sections = (
        ("explain.decision", (*_decision(assignment), *_damage(facts))),
        ("explain.runner-up", _runner_up(assignment, named, wording, lang, with_figures=with_figures)),
        *(
            (("explain.scores", _scores(named)), *_figures(assignment, facts, labels, wording, lang))
            if with_figures
            else _words(assignment, facts, wording, lang)
        ),
        ("explain.when-and-where", (*_when_and_where(facts), *facts.position_why)),
        ("explain.files", why_together(facts.group, wording, lang)),
    )
    shown = [(heading, tuple(wording.say(reason, lang) for reason in reasons)) for heading, reasons in sections]
    return tuple(Section(wording.say(Reason(heading), lang), lines) for heading, lines in shown if lines)


_Sections = tuple[tuple[str, Iterator[Reason]], ...]


def _figures(assignment: Assignment, facts: PhotoFacts, labels: LabelSet, wording: Wording, lang: str) -> _Sections:
    return (
        ("explain.evidence", _evidence(assignment, wording, lang)),
        ("explain.classes", _classes(facts, labels, lang)),
    )


def _words(assignment: Assignment, facts: PhotoFacts, wording: Wording, lang: str) -> _Sections:
    """For and against, the strongest first; what the picture looks like."""
    pieces = sorted(assignment.evidence, key=lambda piece: -abs(piece.weight))
    told = (
        Reason.of("explain.for" if piece.weight > 0 else "explain.against", album=piece.album, said=said)
        for piece in pieces
        for said in [wording.say(piece.reason, lang)]
    )
    top = facts.prediction.top(SHOWN_CLASSES) if facts.prediction is not None else ()
    seen = (Reason.of("explain.seen", class_index=int(score.class_index)) for score in top)
    return ("explain.for-and-against", told), ("explain.looks-like", seen)


def _is_decided_beside_content(assignment: Assignment) -> bool:
    return assignment.decided_by in ("correction", "trip", "trip-theme") or assignment.decided_by.startswith("rule:")


def _decision(assignment: Assignment) -> Iterator[Reason]:
    if assignment.album == REVIEW:
        yield Reason.of("explain.review", album=REVIEW)
    elif _is_decided_beside_content(assignment):
        yield Reason.of("explain.put", album=assignment.album)
    else:
        yield Reason.of("explain.filed", album=assignment.album, percent=round(100 * assignment.probability))
    yield from assignment.reasons
    for album in assignment.also:
        yield Reason.of("explain.also", album=album)


def _damage(facts: PhotoFacts) -> Iterator[Reason]:
    reason = damage_reason(facts.metadata.missing_share)
    if reason is not None:
        yield reason


def _scores(named: Sequence[AlbumScore]) -> Iterator[Reason]:
    for score in named[:SHOWN_SCORES]:
        if score.probability >= LEAST_SHOWN:
            yield Reason.of("explain.score", album=score.album, percent=round(100 * score.probability, 1))


def _evidence(assignment: Assignment, wording: Wording, lang: str) -> Iterator[Reason]:
    for piece in sorted(assignment.evidence, key=lambda piece: -abs(piece.weight)):
        said = wording.say(piece.reason, lang)
        yield Reason.of("explain.piece", album=piece.album, weight=f"{piece.weight:+.1f}", said=said)


def _classes(facts: PhotoFacts, labels: LabelSet, lang: str) -> Iterator[Reason]:
    if facts.prediction is None:
        return
    for score in facts.prediction.top(SHOWN_CLASSES):
        shares = labels.class_albums[score.class_index]
        spoken = ", ".join(f"{labels.title(album, lang)} {round(100 * share)}%" for album, share in shares)
        values = {"class_index": int(score.class_index), "percent": round(100 * score.probability, 1)}
        yield Reason.of("explain.class", **values, spoken=spoken) if spoken else Reason.of("explain.mute", **values)


def _when_and_where(facts: PhotoFacts) -> Iterator[Reason]:
    time = facts.capture_time
    if time is None:
        yield Reason("explain.no-date")
    else:
        # A day is not a midnight: what is not known is not shown.
        local = time.local.isoformat(sep=" ", timespec="minutes")[: _SHOWN_OF_DATE.get(time.precision)]
        # When a copy was written says nothing of when the photo was taken.
        if time.source is TimeSource.MTIME:
            yield Reason.of("explain.file-date", local=local)
        else:
            yield Reason.of("explain.date", local=local, precision=str(time.precision))
        yield from facts.time_why
    if facts.place is not None:
        place, source = facts.place, facts.place.source
        values = {"place": place.name, "country": place.country}
        km = round(place.distance_km, 1)
        # What is no name of a tag, a format or a program is said in a sentence of its own (`position_why`).
        if source in (PositionSource.PERSON, PositionSource.INFERRED):
            yield Reason.of("explain.place", **values, distance_km=km)
        else:
            yield Reason.of("explain.place-by", **values, distance_km=km, source=str(source))
    else:
        yield Reason("explain.no-place")
    if facts.season is not None:
        yield Reason.of("explain.season", season=facts.season)
    if facts.trip is not None:
        yield Reason.of("explain.trip", trip=facts.trip.title)


def _runner_up(
    assignment: Assignment, named: Sequence[AlbumScore], wording: Wording, lang: str, *, with_figures: bool
) -> Iterator[Reason]:
    """What would have had to differ."""
    if not assignment.scores:
        return
    first = assignment.scores[0]
    if _is_decided_beside_content(assignment):
        percent = next((100 * one.probability for one in named if one.album == first.album), 0.0)
        values = {"percent": round(percent)} if with_figures else {}
        yield Reason.of("explain.by-content" if with_figures else "explain.alone", album=first.album, **values)
        return
    second = next((score for score in assignment.scores[1:] if score.album != assignment.album), None)
    if assignment.album == REVIEW or second is None:
        return
    gap = math.log(max(first.probability, 1e-9) / max(second.probability, 1e-9))
    if with_figures:
        yield Reason.of("explain.gap", other=second.album, weight=round(gap, 1), times=_times(gap))
    elif second.probability >= LEAST_NEXT:
        yield Reason.of("explain.next", other=second.album)
    for piece in assignment.evidence:
        helps = piece.weight if piece.album == first.album else -piece.weight if piece.album == second.album else 0.0
        if helps > gap:
            yield Reason.of("explain.without", said=wording.say(piece.reason, lang), other=second.album)


def _times(log_odds: float) -> str:
    """Odds as people say them."""
    odds = math.exp(min(log_odds, 10.0))
    return ">1000" if odds > 1000 else f"{odds:.2g}" if odds < 100 else f"{odds:.0f}"
